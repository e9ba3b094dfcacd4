//! Stores reports of links in `LinksTable`: `pk = REPORT#{link id}`, `sk = REPORT`, with the number of its changes in `revision`. The
//! index `list` lists them under `list_pk = REPORTS#{status}`, `list_sk = {last_reported_at}#{link id}`. The reports of an hour are
//! counted in `pk = REPORTER#{name, or all}`, `sk = HOUR#{hour since 1970}`.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use waypost_domain::abuse::ports::{AbuseReportIndex, AbuseReportStore, ReportLimit};
use waypost_domain::abuse::report::{AbuseReport, ReportStatus};
use waypost_domain::{LinkId, StoreError};

use super::conditional_writes::{put_if_absent, put_next, was_written};
use super::newest::newest;
use super::{Item, text};
use crate::error::{broken, store_error};

/// How long the count of an hour is kept after it began, in seconds.
const COUNT_KEPT_SECONDS: i64 = 2 * 3600;
/// How many reports are read at a time: with the longest ones less than the 1 MB of a page.
const AT_A_TIME: usize = 25;
const REVISION: &str = "revision";

/// Reports in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoAbuseReports {
    client: Client,
    table: String,
}

impl DynamoAbuseReports {
    /// Reports in `table`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

#[async_trait]
impl AbuseReportStore for DynamoAbuseReports {
    async fn get(&self, link: &LinkId) -> Result<Option<(AbuseReport, u64)>, StoreError> {
        const OPERATION: &str = "abuse_reports.get";
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key(link))).consistent_read(true);
        let Some(item) = get.send().await.map_err(|error| store_error(OPERATION, error))?.item else { return Ok(None) };
        let revision = item.get(REVISION).and_then(|value| value.as_n().ok()?.parse().ok());
        let revision = revision.ok_or_else(|| broken(OPERATION, "the item has no revision"))?;
        Ok(Some((report_from(item, OPERATION)?, revision)))
    }

    async fn put(&self, report: &AbuseReport, before: Option<u64>) -> Result<bool, StoreError> {
        const OPERATION: &str = "abuse_reports.put";
        let revision = before.unwrap_or(0) + 1;
        let mut item: Item = serde_dynamo::to_item(report).map_err(|error| broken(OPERATION, error))?;
        item.extend(key(&report.link_id));
        item.insert("list_pk".to_owned(), text(list_pk(report.status)));
        item.insert("list_sk".to_owned(), text(report.list_key()));
        item.insert(REVISION.to_owned(), number(revision));
        item.insert("ttl".to_owned(), number(report.last_reported_at.as_seconds() + AbuseReport::KEPT_SECONDS));
        let written = match before {
            None => put_if_absent(&self.client, &self.table, OPERATION, item).await?,
            Some(_) => put_next(&self.client, &self.table, OPERATION, (item, revision)).await?,
        };
        // The first attempt of this write may have succeeded although its answer was lost.
        Ok(written || self.get(&report.link_id).await?.is_some_and(|found| found == (report.clone(), revision)))
    }

    async fn remove(&self, link: &LinkId) -> Result<bool, StoreError> {
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key(link)));
        let deleted = delete.return_values(ReturnValue::AllOld).send().await;
        Ok(deleted.map_err(|error| store_error("abuse_reports.remove", error))?.attributes.is_some())
    }
}

#[async_trait]
impl AbuseReportIndex for DynamoAbuseReports {
    async fn latest(
        &self,
        status: ReportStatus,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<AbuseReport>, StoreError> {
        const OPERATION: &str = "abuse_reports.latest";
        let mut reports: Vec<AbuseReport> = Vec::new();
        while reports.len() < limit {
            let last = reports.last().map(AbuseReport::list_key);
            let before = last.as_deref().or(before);
            let wanted = AT_A_TIME.min(limit - reports.len());
            let items = newest(&self.client, &self.table, OPERATION, (list_pk(status), before), wanted).await?;
            let found = items.len();
            for item in items {
                reports.push(report_from(item, OPERATION)?);
            }
            if found < wanted {
                break;
            }
        }
        Ok(reports)
    }
}

#[async_trait]
impl ReportLimit for DynamoAbuseReports {
    async fn count(&self, who: Option<&str>, hour: i64, limit: u32) -> Result<bool, StoreError> {
        let key = Item::from([
            ("pk".to_owned(), text(format!("REPORTER#{}", who.unwrap_or("all")))),
            ("sk".to_owned(), text(format!("HOUR#{hour}"))),
        ]);
        let update = self.client.update_item().table_name(&self.table).set_key(Some(key));
        let result = update
            .update_expression("ADD reports :one SET #ttl = :ttl")
            .condition_expression("attribute_not_exists(reports) OR reports < :limit")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":limit", number(limit))
            .expression_attribute_values(":ttl", number(hour * 3600 + COUNT_KEPT_SECONDS))
            .send()
            .await;
        was_written("abuse_reports.count", result)
    }
}

fn key(link: &LinkId) -> Item {
    Item::from([("pk".to_owned(), text(format!("REPORT#{link}"))), ("sk".to_owned(), text("REPORT"))])
}

fn list_pk(status: ReportStatus) -> String {
    format!("REPORTS#{}", status.as_str())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn report_from(item: Item, operation: &'static str) -> Result<AbuseReport, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| broken(operation, format!("the item is not a report: {error}")))
}
