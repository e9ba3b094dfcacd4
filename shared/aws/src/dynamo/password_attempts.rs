//! Counts password attempts by link and minute: `pk = TRY#{domain}#{slug}`, deleted some time later. `sk = TRY#{minute}` counts
//! those of all visitors, `sk = TRY#{minute}#{name}` those of one.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use waypost_domain::redirect::ports::PasswordAttempts;
use waypost_domain::{LinkAddress, StoreError, Timestamp};

use super::attempts::{begin, take_back};
use super::{Item, text};

/// How long a minute's item is kept, in seconds. It has no use after the minute.
const KEPT_SECONDS: i64 = 3600;

/// Attempts in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoPasswordAttempts {
    client: Client,
    table: String,
}

impl DynamoPasswordAttempts {
    /// Attempts in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

#[async_trait]
impl PasswordAttempts for DynamoPasswordAttempts {
    async fn begin(
        &self,
        address: &LinkAddress,
        who: Option<&str>,
        now: Timestamp,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let (item, expiry) = ((self.table.as_str(), key(address, who, now)), now.as_seconds() + KEPT_SECONDS);
        begin(&self.client, "attempts.begin", item, limit, expiry).await
    }

    async fn take_back(&self, address: &LinkAddress, who: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
        take_back(&self.client, "attempts.take_back", (&self.table, key(address, who, now))).await
    }
}

fn key(address: &LinkAddress, who: Option<&str>, now: Timestamp) -> Item {
    let minute = now.as_seconds().div_euclid(60);
    let name = who.map(|who| format!("#{who}")).unwrap_or_default();
    Item::from([
        ("pk".to_owned(), text(format!("TRY#{}#{}", address.domain, address.slug))),
        ("sk".to_owned(), text(format!("TRY#{minute}{name}"))),
    ])
}
