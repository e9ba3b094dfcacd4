//! Many links at once, by PartiQL: in a batch of `INSERT` statements, one whose key exists fails alone with `DuplicateItem`.
//! (BatchWriteItem knows no conditions and would overwrite; a transaction fails as a whole and costs twice as much.)

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeValue, BatchStatementErrorCodeEnum as Code, BatchStatementRequest, BatchStatementResponse,
    KeysAndAttributes,
};
use waypost_domain::imports::ports::LinkBatch;
use waypost_domain::{Link, LinkId, StoreError, StoreErrorKind};

use super::links::{item_of, key, link_from};
use super::{Item, broken, kind_of, store_error};
use crate::backoff::Backoff;

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

    /// The statement that inserts `item`. The names of attributes are ours; the values are parameters.
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

/// What a statement came to: inserted, taken, or `None` if it must be tried again.
fn inserted(response: &BatchStatementResponse) -> Result<Option<bool>, StoreError> {
    let Some(error) = &response.error else { return Ok(Some(true)) };
    let code = error.code.as_ref();
    match code {
        Some(Code::DuplicateItem) => Ok(Some(false)),
        Some(Code::TransactionConflict) => Ok(None),
        _ if kind_of(code.map(Code::as_str)) != StoreErrorKind::Broken => Ok(None),
        _ => Err(broken(INSERT, format!("{code:?}: {}", error.message.as_deref().unwrap_or_default()))),
    }
}

#[async_trait]
impl LinkBatch for DynamoLinkBatch {
    async fn insert_all(&self, links: &[Link]) -> Result<Vec<bool>, StoreError> {
        let mut results: Vec<Option<bool>> = vec![None; links.len()];
        let statements: Vec<_> = links.iter().map(|link| self.insert(item_of(link)?)).collect::<Result<_, _>>()?;
        let mut backoff = Backoff::default();
        loop {
            let open: Vec<usize> = (0..links.len()).filter(|&index| results[index].is_none()).collect();
            if open.is_empty() {
                return Ok(results.into_iter().flatten().collect());
            }
            let batch = open.iter().map(|&index| statements[index].clone()).collect();
            let failure = match self.execute(batch).await {
                Ok(responses) => {
                    for (&index, response) in open.iter().zip(&responses) {
                        results[index] = inserted(response)?;
                    }
                    StoreError::new(INSERT, StoreErrorKind::Throttled, "the table does not take the batch")
                }
                Err(error) if error.is_retryable() => error,
                Err(error) => return Err(error),
            };
            if open.iter().any(|&index| results[index].is_some()) {
                backoff.progress();
            }
            if open.iter().any(|&index| results[index].is_none()) && !backoff.wait().await {
                return Err(failure);
            }
        }
    }

    async fn get_all(&self, ids: &[LinkId]) -> Result<Vec<Option<Link>>, StoreError> {
        let mut open: Vec<Item> = ids.iter().map(key).collect();
        let mut found: HashMap<LinkId, Link> = HashMap::new();
        let mut backoff = Backoff::default();
        while !open.is_empty() {
            let before = open.len();
            let keys = KeysAndAttributes::builder().set_keys(Some(open)).consistent_read(true).build();
            let keys = keys.map_err(|error| broken(GET, error))?;
            let output = self.client.batch_get_item().request_items(&self.table, keys).send().await;
            let output = output.map_err(|error| store_error(GET, error))?;
            for item in output.responses.into_iter().flat_map(|mut tables| tables.remove(&self.table)).flatten() {
                let link = link_from(item, GET)?;
                found.insert(link.id.clone(), link);
            }
            open = output
                .unprocessed_keys
                .and_then(|mut tables| tables.remove(&self.table))
                .map(|keys| keys.keys)
                .unwrap_or_default();
            if open.len() < before {
                backoff.progress();
            }
            if !open.is_empty() && !backoff.wait().await {
                return Err(StoreError::new(GET, StoreErrorKind::Throttled, "keys stay unprocessed"));
            }
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
    use aws_sdk_dynamodb::types::BatchStatementError;
    use aws_smithy_types::retry::RetryConfig;
    use waypost_domain::memory::link;

    use crate::replay::Replay;

    /// A batch writer whose table gives these answers (status, body), one after the other.
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

    #[tokio::test(start_paused = true)]
    async fn only_what_a_busy_table_did_not_take_is_sent_again() {
        let mixed =
            r#"{"Responses": [{}, {"Error": {"Code": "ThrottlingError"}}, {"Error": {"Code": "DuplicateItem"}}]}"#;
        let (batch, replay) = answering(&[(200, mixed), (400, BUSY), (200, r#"{"Responses": [{}]}"#)]);
        let links = ["a", "b", "c"].map(|slug| link("acme", slug, "https://example.com/"));
        assert_eq!(batch.insert_all(&links).await.unwrap(), [true, true, false]);
        let last = replay.requests().last().unwrap().body().bytes().unwrap().to_vec();
        let last = String::from_utf8(last).unwrap();
        assert!(last.contains("LINK#go.example.com#b") && !last.contains("LINK#go.example.com#a"), "{last}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_table_that_stays_busy_is_an_error_that_can_be_tried_again() {
        let (batch, replay) = answering(&[(400, BUSY); 12]);
        let error = batch.insert_all(&[link("acme", "a", "https://example.com/")]).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Throttled, "{error}");
        assert_eq!(replay.requests().len(), 12);
    }

    fn response(code: &str) -> BatchStatementResponse {
        let error = BatchStatementError::builder().code(Code::from(code)).build();
        BatchStatementResponse::builder().error(error).build()
    }

    #[test]
    fn a_busy_table_is_asked_again_and_a_broken_request_is_not() {
        assert!(matches!(inserted(&BatchStatementResponse::builder().build()), Ok(Some(true))));
        assert!(matches!(inserted(&response("DuplicateItem")), Ok(Some(false))));
        for code in [
            "ProvisionedThroughputExceeded",
            "RequestLimitExceeded",
            "ThrottlingError",
            "InternalServerError",
            "TransactionConflict",
        ] {
            assert!(matches!(inserted(&response(code)), Ok(None)), "{code}");
        }
        for code in ["AccessDenied", "ValidationError", "ResourceNotFound", "ItemCollectionSizeLimitExceeded"] {
            assert!(inserted(&response(code)).is_err_and(|error| !error.is_retryable()), "{code}");
        }
    }
}
