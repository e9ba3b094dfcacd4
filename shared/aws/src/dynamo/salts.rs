//! Stores the daily salt of visitor hashes in `LinksTable`: `pk = SALT#{date}`, `sk = SALT`, deleted after 48 hours.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::redirect::ports::SaltStore;
use waypost_domain::{StoreError, Timestamp};

use super::conditional_writes::put_if_absent;
use super::{Item, text};
use crate::error::{broken, store_error};

/// How long a salt is kept after its day began, in seconds. Without the salt, nobody can compute a visitor hash of that day
/// again.
const KEPT_SECONDS: i64 = 48 * 3600;

/// Salts in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoSalts {
    client: Client,
    table: String,
}

impl DynamoSalts {
    /// Salts in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    async fn read(&self, date: &str, consistent: bool) -> Result<Option<[u8; 32]>, StoreError> {
        const OPERATION: &str = "salts.read";
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(date)))
            .consistent_read(consistent)
            .send()
            .await
            .map_err(|error| store_error(OPERATION, error))?;
        let Some(item) = found.item else { return Ok(None) };
        let salt = item.get("salt").and_then(|salt| salt.as_b().ok()).and_then(|salt| salt.as_ref().try_into().ok());
        salt.map(Some).ok_or_else(|| broken(OPERATION, "the salt is not 32 bytes"))
    }

    /// Writes `salt` if the day has none. Says whether it did.
    async fn write(&self, date: &str, salt: [u8; 32]) -> Result<bool, StoreError> {
        const OPERATION: &str = "salts.write";
        let day = Timestamp::parse(&format!("{date}T00:00:00Z")).map_err(|error| broken(OPERATION, error))?;
        let mut item = key(date);
        item.insert("salt".to_owned(), AttributeValue::B(Blob::new(salt)));
        let expiry = day.plus_seconds(KEPT_SECONDS).as_seconds();
        item.insert("ttl".to_owned(), AttributeValue::N(expiry.to_string()));
        put_if_absent(&self.client, &self.table, OPERATION, item).await
    }
}

#[async_trait]
impl SaltStore for DynamoSalts {
    async fn salt(&self, date: &str, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        if let Some(salt) = self.read(date, false).await? {
            return Ok(salt);
        }
        if self.write(date, fresh).await? {
            return Ok(fresh);
        }
        self.read(date, true).await?.ok_or_else(|| broken("salts.read", "the salt disappeared while it was read"))
    }
}

fn key(date: &str) -> Item {
    Item::from([("pk".to_owned(), text(format!("SALT#{date}"))), ("sk".to_owned(), text("SALT"))])
}
