//! Stores token buckets in `LinksTable`: `pk = RATE#{key_id}`, `sk = RATE`, one number `full_at` (microseconds since the Unix
//! epoch).
//!
//! Taking tokens moves `full_at` into the future, without a read or a lock: one write replaces a full bucket on the condition
//! that it is still full, another write moves a used bucket on the condition that it still has the tokens. If the condition
//! does not hold, DynamoDB returns the bucket, which tells what to try next.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use waypost_domain::access::rate_limit::{Bucket, Micros, RateLimit, Taken, TokenBuckets};
use waypost_domain::{StoreError, StoreErrorKind};

use super::{Item, text};
use crate::error::{broken, store_error};

/// How often to try while others take from the same bucket. After that the caller is refused, which is mostly right: it
/// sends many requests.
const ATTEMPTS: u32 = 4;
/// How long taking tokens may delay a request. A slower table counts as unavailable.
const TIMEOUT: Duration = Duration::from_millis(500);
/// How long an item is kept after its bucket is full, in seconds.
const KEPT_SECONDS: i64 = 3600;
const OPERATION: &str = "limits.take";

/// Token buckets in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoBuckets {
    client: Client,
    table: String,
}

/// The outcome of one attempt.
enum Outcome {
    Taken(Bucket),
    /// The condition did not hold. `None` means that there is no item, which is a full bucket.
    Missed(Option<Bucket>),
}

impl DynamoBuckets {
    /// Buckets in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Takes from a bucket that is full at `now`.
    async fn take_from_full(
        &self,
        key_id: &str,
        limit: RateLimit,
        tokens: u32,
        now: Micros,
    ) -> Result<Outcome, StoreError> {
        let after = Bucket { full_at: now }.without(limit, tokens, now);
        let request = self
            .update(key_id, limit, now)
            .update_expression("SET full_at = :after, #ttl = :ttl")
            .condition_expression("attribute_not_exists(pk) OR full_at <= :now")
            .expression_attribute_values(":after", number(after.full_at));
        run(request).await
    }

    /// Takes from a bucket that is not full at `now` but has `tokens`.
    async fn take_from_used(
        &self,
        key_id: &str,
        limit: RateLimit,
        tokens: u32,
        now: Micros,
    ) -> Result<Outcome, StoreError> {
        let cost = Bucket { full_at: now }.without(limit, tokens, now).full_at - now;
        let request = self
            .update(key_id, limit, now)
            .update_expression("SET full_at = full_at + :cost, #ttl = :ttl")
            .condition_expression("full_at > :now AND full_at <= :latest")
            .expression_attribute_values(":cost", number(cost))
            .expression_attribute_values(":latest", number(Bucket::latest_full_at(limit, tokens, now)));
        run(request).await
    }

    fn update(&self, key_id: &str, limit: RateLimit, now: Micros) -> UpdateItemFluentBuilder {
        let fills_by = now / 1_000_000 + i64::try_from(limit.window_seconds()).unwrap_or(0);
        self.client
            .update_item()
            .table_name(&self.table)
            .key("pk", text(format!("RATE#{key_id}")))
            .key("sk", text("RATE"))
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":now", number(now))
            .expression_attribute_values(":ttl", number(fills_by + KEPT_SECONDS))
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

#[async_trait]
impl TokenBuckets for DynamoBuckets {
    async fn take(&self, key_id: &str, limit: RateLimit, wanted: u32, now: Micros) -> Result<Taken, StoreError> {
        tokio::time::timeout(TIMEOUT, self.take_unbounded(key_id, limit, wanted, now))
            .await
            .map_err(|elapsed| StoreError::new(OPERATION, StoreErrorKind::Unavailable, elapsed))?
    }
}

impl DynamoBuckets {
    async fn take_unbounded(
        &self,
        key_id: &str,
        limit: RateLimit,
        wanted: u32,
        now: Micros,
    ) -> Result<Taken, StoreError> {
        // A caller that wants several tokens has just used up others, so the bucket is not full.
        let mut seen = (wanted > 1).then_some(Bucket { full_at: now + 1 });
        let mut tokens = wanted;
        for _ in 0..ATTEMPTS {
            let outcome = match seen.filter(|bucket| bucket.full_at > now) {
                None => self.take_from_full(key_id, limit, tokens, now).await?,
                Some(_) => self.take_from_used(key_id, limit, tokens, now).await?,
            };
            match outcome {
                Outcome::Taken(bucket) => return Ok(Taken { tokens, bucket }),
                Outcome::Missed(bucket) => {
                    let available = bucket.map_or(limit.burst(), |bucket| bucket.available(limit, now));
                    tokens = wanted.min(available);
                    seen = bucket;
                    if tokens == 0 {
                        break;
                    }
                }
            }
        }
        Ok(Taken { tokens: 0, bucket: seen.unwrap_or(Bucket { full_at: now }) })
    }
}

async fn run(request: UpdateItemFluentBuilder) -> Result<Outcome, StoreError> {
    match request.send().await {
        Ok(answer) => Ok(Outcome::Taken(bucket_from(&answer.attributes.unwrap_or_default())?)),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(missed)) => {
                Ok(Outcome::Missed(missed.item().map(bucket_from).transpose()?))
            }
            _ => Err(store_error(OPERATION, error)),
        },
    }
}

fn bucket_from(item: &Item) -> Result<Bucket, StoreError> {
    let full_at = item.get("full_at").and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok());
    full_at.map(|full_at| Bucket { full_at }).ok_or_else(|| broken(OPERATION, "the item is not a bucket"))
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
