//! Counts failed sign-ins in `LinksTable`, deleted an hour after their window: `pk = SIGNIN#{name of the address}`, `sk = WINDOW#{window}`.
//! The salt of the names of a window is `pk = SIGNIN#SALT`, `sk = WINDOW#{window}`.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::StoreError;
use waypost_domain::access::sessions::limit_sign_in::WINDOW_SECONDS;
use waypost_domain::access::sessions::ports::SignInAttempts;

use super::attempts::{begin, number, take_back};
use super::conditional_writes::put_if_absent;
use super::{Item, text};
use crate::error::{broken, store_error};

/// How long an item is kept after its window began, in seconds. It has no use after the window.
const KEPT_SECONDS: i64 = WINDOW_SECONDS + 3600;
/// In place of a name, which has hexadecimal digits only.
const SALT: &str = "SALT";

/// Failed sign-ins in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoSignInAttempts {
    client: Client,
    table: String,
}

impl DynamoSignInAttempts {
    /// Attempts in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    async fn read_salt(&self, window: i64, consistent: bool) -> Result<Option<[u8; 32]>, StoreError> {
        const OPERATION: &str = "sign_in_attempts.read_salt";
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key(SALT, window)));
        let found = get.consistent_read(consistent).send().await.map_err(|error| store_error(OPERATION, error))?;
        let Some(item) = found.item else { return Ok(None) };
        let salt = item.get("salt").and_then(|salt| salt.as_b().ok()).and_then(|salt| salt.as_ref().try_into().ok());
        salt.map(Some).ok_or_else(|| broken(OPERATION, "the salt is not 32 bytes"))
    }
}

#[async_trait]
impl SignInAttempts for DynamoSignInAttempts {
    async fn salt(&self, window: i64, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        if let Some(salt) = self.read_salt(window, false).await? {
            return Ok(salt);
        }
        let mut item = key(SALT, window);
        item.insert("salt".to_owned(), AttributeValue::B(Blob::new(fresh)));
        item.insert("ttl".to_owned(), number(expiry(window)));
        if put_if_absent(&self.client, &self.table, "sign_in_attempts.write_salt", item).await? {
            return Ok(fresh);
        }
        let salt = self.read_salt(window, true).await?;
        salt.ok_or_else(|| broken("sign_in_attempts.read_salt", "the salt disappeared while it was read"))
    }

    async fn begin(&self, who: &str, window: i64, limit: u32) -> Result<bool, StoreError> {
        let item = (self.table.as_str(), key(who, window));
        begin(&self.client, "sign_in_attempts.begin", item, limit, expiry(window)).await
    }

    async fn take_back(&self, who: &str, window: i64) -> Result<(), StoreError> {
        take_back(&self.client, "sign_in_attempts.take_back", (&self.table, key(who, window))).await
    }
}

fn key(who: &str, window: i64) -> Item {
    Item::from([("pk".to_owned(), text(format!("SIGNIN#{who}"))), ("sk".to_owned(), text(format!("WINDOW#{window}")))])
}

fn expiry(window: i64) -> i64 {
    window.saturating_mul(WINDOW_SECONDS).saturating_add(KEPT_SECONDS)
}
