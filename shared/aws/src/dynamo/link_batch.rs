//! Writes many links at once, by PartiQL: in a batch of `INSERT` statements, one whose key exists fails alone with
//! `DuplicateItem`. (BatchWriteItem has no conditions and would overwrite; a transaction fails as a whole and costs twice as
//! much.)

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeValue, BatchStatementErrorCodeEnum as Code, BatchStatementRequest, BatchStatementResponse,
    KeysAndAttributes,
};
use waypost_domain::links::ports::{Inserted, LinkBatch, LinkWriter, Occupant, Relocation};
use waypost_domain::{Link, LinkAddress, StoreError, StoreErrorKind, Timestamp};

use super::Item;
use super::links::{DynamoLinks, item_of, key};
use super::stored_link::{Alias, Stored, address_in, stored_from};
use crate::backoff::Backoff;
use crate::error::{broken, kind_of, store_error};

/// Batches of links in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoLinkBatch {
    client: Client,
    table: String,
}

impl DynamoLinkBatch {
    /// Links in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Makes the statement that inserts `item`. It quotes the attributes' names, which are Waypost's own, and passes the values
    /// as parameters.
    fn insert(&self, item: Item) -> Result<BatchStatementRequest, StoreError> {
        let (names, values): (Vec<String>, Vec<AttributeValue>) =
            item.into_iter().map(|(name, value)| (format!("'{name}': ?"), value)).unzip();
        BatchStatementRequest::builder()
            .statement(format!("INSERT INTO \"{}\" VALUE {{{}}}", self.table, names.join(", ")))
            .set_parameters(Some(values))
            .build()
            .map_err(|error| broken(INSERT, error))
    }

    async fn execute(&self, statements: Vec<BatchStatementRequest>) -> Result<Vec<BatchStatementResponse>, StoreError> {
        let count = statements.len();
        let output = self.client.batch_execute_statement().set_statements(Some(statements)).send().await;
        let responses = output.map_err(|error| store_error(INSERT, error))?.responses.unwrap_or_default();
        if responses.len() != count {
            return Err(broken(INSERT, format!("{} answers to {count} statements", responses.len())));
        }
        Ok(responses)
    }
}

const INSERT: &str = "links.insert_all";
const GET: &str = "links.get_all";

/// Reads the result of a statement.
fn inserted(response: &BatchStatementResponse) -> Result<Inserted, StoreError> {
    let Some(error) = &response.error else { return Ok(Inserted::Written) };
    let code = error.code.as_ref();
    match code {
        Some(Code::DuplicateItem) => Ok(Inserted::Taken),
        Some(Code::TransactionConflict) => Ok(Inserted::Busy),
        _ if kind_of(code.map(Code::as_str)) != StoreErrorKind::Broken => Ok(Inserted::Busy),
        _ => Err(broken(INSERT, format!("{code:?}: {}", error.message.as_deref().unwrap_or_default()))),
    }
}

#[async_trait]
impl LinkBatch for DynamoLinkBatch {
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<Inserted>, StoreError> {
        let statements: Vec<_> = links.iter().map(|link| self.insert(item_of(link)?)).collect::<Result<_, _>>()?;
        let mut backoff = Backoff::default();
        loop {
            match self.execute(statements.clone()).await {
                Ok(responses) => return responses.iter().map(inserted).collect(),
                // Links that were written are reported as taken next time; their origin identifies them.
                Err(error) if error.kind == StoreErrorKind::Unavailable => {
                    if !backoff.wait().await {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn replace(&self, seen: &Link, next: &Link) -> Result<bool, StoreError> {
        DynamoLinks::new(self.client.clone(), &self.table).replace(seen, next).await
    }

    async fn relocate(&self, seen: &Link, next: &Link, now: Timestamp) -> Result<Relocation, StoreError> {
        DynamoLinks::new(self.client.clone(), &self.table).relocate(seen, next, now).await
    }

    async fn insert_one(&self, link: &Link) -> Result<bool, StoreError> {
        DynamoLinks::new(self.client.clone(), &self.table).insert(link).await
    }

    async fn get_all(&self, addresses: &[LinkAddress]) -> Result<Vec<Occupant>, StoreError> {
        let found = self.stored(addresses.iter().collect()).await?;
        let targets: HashSet<&LinkAddress> = found.values().filter_map(alias_of).map(|alias| &alias.alias_of).collect();
        let behind = self.stored(targets.into_iter().collect()).await?;
        let occupant = |address: &LinkAddress| match found.get(address) {
            None => Occupant::Nobody,
            Some(Stored::Link(link)) => Occupant::Link(link.clone()),
            Some(Stored::Reserved(reservation)) => Occupant::Reserved(reservation.reserved_for.clone()),
            Some(Stored::Alias(alias)) => match behind.get(&alias.alias_of) {
                Some(Stored::Link(link)) if link.id() == alias.link_id => Occupant::Link(link.clone()),
                // The link has moved between the two reads. Whoever takes the address for free finds it taken, and asks again.
                _ => Occupant::Nobody,
            },
        };
        Ok(addresses.iter().map(occupant).collect())
    }
}

fn alias_of(stored: &Stored) -> Option<&Alias> {
    if let Stored::Alias(alias) = stored { Some(alias) } else { None }
}

impl DynamoLinkBatch {
    /// Reads what stands at these addresses, each once.
    async fn stored(&self, addresses: Vec<&LinkAddress>) -> Result<HashMap<LinkAddress, Stored>, StoreError> {
        let mut open: Vec<Item> = addresses.into_iter().map(key).collect();
        let mut found = HashMap::new();
        let mut backoff = Backoff::default();
        while !open.is_empty() {
            let before = open.len();
            let keys = KeysAndAttributes::builder().set_keys(Some(open)).consistent_read(true).build();
            let keys = keys.map_err(|error| broken(GET, error))?;
            let output = self.client.batch_get_item().request_items(&self.table, keys).send().await;
            let output = output.map_err(|error| store_error(GET, error))?;
            for item in output.responses.into_iter().flat_map(|mut tables| tables.remove(&self.table)).flatten() {
                let address = address_in(&item).ok_or_else(|| broken(GET, "an item has the key of no address"))?;
                found.insert(address, stored_from(item, GET)?);
            }
            open = output
                .unprocessed_keys
                .and_then(|mut tables| tables.remove(&self.table))
                .map(|keys| keys.keys)
                .unwrap_or_default();
            if open.len() < before {
                backoff.reset();
            }
            if !open.is_empty() && !backoff.wait().await {
                return Err(StoreError::new(GET, StoreErrorKind::Throttled, "keys remain unprocessed"));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
    use aws_sdk_dynamodb::types::BatchStatementError;
    use aws_smithy_types::retry::RetryConfig;
    use waypost_domain::testing::samples::link;

    use crate::replay::Replay;

    /// Makes a batch writer whose table gives these answers (status, body), one after the other.
    fn answering(answers: &[(u16, &'static str)]) -> (DynamoLinkBatch, Replay) {
        let replay = Replay::new(answers.iter().map(|(status, body)| (*status, Vec::new(), *body)));
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .http_client(replay.client());
        (DynamoLinkBatch::new(Client::from_conf(config.build()), "links"), replay)
    }

    const BUSY: &str = r#"{"__type": "com.amazon.coral.availability#ThrottlingException", "message": "Rate exceeded"}"#;

    #[tokio::test]
    async fn a_busy_table_is_reported_and_not_asked_again() {
        let mixed =
            r#"{"Responses": [{}, {"Error": {"Code": "ThrottlingError"}}, {"Error": {"Code": "DuplicateItem"}}]}"#;
        let (batch, replay) = answering(&[(200, mixed), (400, BUSY)]);
        let links = ["a", "b", "c"].map(|slug| link("acme", slug, "https://example.com/"));
        let inserted = batch.insert_all(&links).await.unwrap();
        assert_eq!(inserted, [Inserted::Written, Inserted::Busy, Inserted::Taken]);
        let error = batch.insert_all(&links).await.unwrap_err();
        assert_eq!((error.kind, replay.requests().len()), (StoreErrorKind::Throttled, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unavailable_table_is_asked_again_within_bounds() {
        const AWAY: &str = r#"{"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": "away"}"#;
        let (batch, replay) = answering(&[(500, AWAY), (200, r#"{"Responses": [{}]}"#)]);
        let link = [link("acme", "a", "https://example.com/")];
        assert_eq!(batch.insert_all(&link).await.unwrap(), [Inserted::Written]);
        assert_eq!(replay.requests().len(), 2);
        let (batch, replay) = answering(&[(500, AWAY); 12]);
        let error = batch.insert_all(&link).await.unwrap_err();
        assert_eq!((error.kind, replay.requests().len()), (StoreErrorKind::Unavailable, 12), "{error}");
    }

    fn response(code: &str) -> BatchStatementResponse {
        let error = BatchStatementError::builder().code(Code::from(code)).build();
        BatchStatementResponse::builder().error(error).build()
    }

    #[test]
    fn a_busy_table_is_asked_again_and_a_broken_request_is_not() {
        assert!(matches!(inserted(&BatchStatementResponse::builder().build()), Ok(Inserted::Written)));
        assert!(matches!(inserted(&response("DuplicateItem")), Ok(Inserted::Taken)));
        for code in [
            "ProvisionedThroughputExceeded",
            "RequestLimitExceeded",
            "ThrottlingError",
            "InternalServerError",
            "TransactionConflict",
        ] {
            assert!(matches!(inserted(&response(code)), Ok(Inserted::Busy)), "{code}");
        }
        for code in ["AccessDenied", "ValidationError", "ResourceNotFound", "ItemCollectionSizeLimitExceeded"] {
            assert!(inserted(&response(code)).is_err_and(|error| !error.is_retryable()), "{code}");
        }
    }
}
