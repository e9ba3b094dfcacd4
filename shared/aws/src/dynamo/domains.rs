//! Stores the settings of domains in `LinksTable`: `pk = DOMAIN#{domain}`, `sk = DOMAIN`.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use waypost_domain::domains::ports::{DomainReader, DomainWriter};
use waypost_domain::domains::settings::DomainSettings;
use waypost_domain::{Domain, StoreError};

use super::conditional_writes::{put_if_absent, put_next};
use super::{Item, text};
use crate::error::{broken, store_error};

/// Settings of domains in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoDomains {
    client: Client,
    table: String,
    is_consistent: bool,
}

impl DynamoDomains {
    /// Settings in `table`. Reads may lag behind a write by less than a second.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), is_consistent: false }
    }

    /// Makes reads see every write that finished before.
    pub fn consistent(self) -> Self {
        Self { is_consistent: true, ..self }
    }

    async fn read(&self, domain: &Domain, is_consistent: bool) -> Result<Option<DomainSettings>, StoreError> {
        const OPERATION: &str = "domains.get";
        let read = self.client.get_item().table_name(&self.table).set_key(Some(key(domain)));
        let found = read.consistent_read(is_consistent).send().await.map_err(|error| store_error(OPERATION, error))?;
        let decoded = found.item.map(serde_dynamo::from_item).transpose();
        decoded.map_err(|error| broken(OPERATION, format!("the item has no settings of a domain: {error}")))
    }
}

#[async_trait]
impl DomainReader for DynamoDomains {
    async fn settings(&self, domain: &Domain) -> Result<Option<DomainSettings>, StoreError> {
        self.read(domain, self.is_consistent).await
    }
}

#[async_trait]
impl DomainWriter for DynamoDomains {
    async fn replace(&self, next: &DomainSettings) -> Result<bool, StoreError> {
        const OPERATION: &str = "domains.replace";
        let mut item: Item = serde_dynamo::to_item(next).map_err(|error| broken(OPERATION, error))?;
        item.extend(key(&next.domain));
        let made = match next.revision {
            0 | 1 => put_if_absent(&self.client, &self.table, OPERATION, item).await?,
            revision => put_next(&self.client, &self.table, OPERATION, (item, revision)).await?,
        };
        // The first attempt of this write may have succeeded although its answer was lost.
        Ok(made || self.read(&next.domain, true).await?.as_ref() == Some(next))
    }
}

fn key(domain: &Domain) -> Item {
    Item::from([("pk".to_owned(), text(format!("DOMAIN#{domain}"))), ("sk".to_owned(), text("DOMAIN"))])
}
