//! Stores claims of idempotency keys in `LinksTable`: `pk = IDEM#{workspace}#{key}`, `sk = IDEM`, deleted after a day.
//!
//! `until` is the end of the lease. A record with a `status` is finished.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::StoreError;
use waypost_domain::access::idempotency::{Answer, Claim, Claimed, IdempotencyStore};

use super::conditional_writes::was_written;
use super::{Item, text};
use crate::error::{broken, store_error};

/// How often to try again if a record disappears between the claim that it refused and the read that follows.
const ATTEMPTS: usize = 3;

/// Claims in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoIdempotency {
    client: Client,
    table: String,
}

impl DynamoIdempotency {
    /// Claims in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Writes the claim if there is no record, an old one, or an abandoned one of the same request. Says whether it did.
    async fn write(&self, claim: &Claim) -> Result<bool, StoreError> {
        let (now, number) = (claim.now, |seconds: i64| AttributeValue::N(seconds.to_string()));
        let result = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(key(claim)))
            .item("request", text(&claim.request))
            .item("owner", text(&claim.owner))
            .item("until", number(now.plus_seconds(Claim::LEASE_SECONDS).as_seconds()))
            .item("ttl", number(now.plus_seconds(Claim::KEPT_SECONDS).as_seconds()))
            .condition_expression(
                "attribute_not_exists(pk) OR #ttl <= :now \
                 OR (attribute_not_exists(#status) AND #until <= :now AND #request = :request)",
            )
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#request", "request")
            .expression_attribute_values(":now", number(now.as_seconds()))
            .expression_attribute_values(":request", text(&claim.request))
            .send()
            .await;
        was_written("idempotency.claim", result)
    }

    async fn read(&self, claim: &Claim) -> Result<Option<Item>, StoreError> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key(claim))).consistent_read(true);
        Ok(get.send().await.map_err(|error| store_error("idempotency.read", error))?.item)
    }
}

#[async_trait]
impl IdempotencyStore for DynamoIdempotency {
    async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        for _ in 0..ATTEMPTS {
            if self.write(claim).await? {
                return Ok(Claimed::Yes);
            }
            if let Some(item) = self.read(claim).await? {
                return outcome_of(&item, claim);
            }
        }
        Ok(Claimed::Busy)
    }

    async fn finish(&self, claim: &Claim, answer: &Answer) -> Result<(), StoreError> {
        const OPERATION: &str = "idempotency.finish";
        let headers = serde_json::to_string(&answer.headers).map_err(|error| broken(OPERATION, error))?;
        let result = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(claim)))
            .update_expression("SET #status = :status, #headers = :headers, #body = :body, #sealed = :sealed")
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#headers", "headers")
            .expression_attribute_names("#body", "body")
            .expression_attribute_names("#sealed", "sealed")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":sealed", AttributeValue::Bool(answer.sealed))
            .expression_attribute_values(":status", AttributeValue::N(answer.status.to_string()))
            .expression_attribute_values(":headers", text(headers))
            .expression_attribute_values(":body", AttributeValue::B(Blob::new(answer.body.as_slice())))
            .expression_attribute_values(":owner", text(&claim.owner))
            .send()
            .await;
        // Another owner that took the claim over finishes it.
        was_written(OPERATION, result).map(drop)
    }

    async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        let result = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(claim)))
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", text(&claim.owner))
            .send()
            .await;
        was_written("idempotency.release", result).map(drop)
    }
}

/// Reads from the record that refused `claim` what came of it.
fn outcome_of(item: &Item, claim: &Claim) -> Result<Claimed, StoreError> {
    let attribute = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str);
    if attribute("request") != Some(claim.request.as_str()) {
        return Ok(Claimed::Other);
    }
    let Some(status) = item.get("status") else {
        // The first attempt of this claim may have succeeded although its answer was lost.
        let ours = attribute("owner") == Some(claim.owner.as_str());
        return Ok(if ours { Claimed::Yes } else { Claimed::Busy });
    };
    let status = status.as_n().ok().and_then(|status| status.parse().ok());
    let headers = attribute("headers").and_then(|json| serde_json::from_str(json).ok());
    let body = item.get("body").and_then(|body| body.as_b().ok()).map(|body| body.as_ref().to_vec());
    let sealed = item.get("sealed").and_then(|sealed| sealed.as_bool().ok()).copied().unwrap_or_default();
    match (status, headers, body) {
        (Some(status), Some(headers), Some(body)) => Ok(Claimed::Done(Answer { status, headers, body, sealed })),
        _ => Err(broken("idempotency.read", "the kept answer cannot be read")),
    }
}

fn key(claim: &Claim) -> Item {
    let pk = format!("IDEM#{}#{}", claim.workspace, claim.key);
    Item::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text("IDEM"))])
}
