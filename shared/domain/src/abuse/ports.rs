//! Declares what reports of links need from outside.

use async_trait::async_trait;

use super::report::{AbuseReport, ReportStatus};
use crate::links::id::LinkId;
use crate::values::error::StoreError;

/// Keeps the report of each link until [`AbuseReport::KEPT_SECONDS`] after it was reported last.
#[async_trait]
pub trait AbuseReportStore: Send + Sync {
    /// Returns the report of a link with the number of its changes. Sees every write that finished before.
    async fn get(&self, link: &LinkId) -> Result<Option<(AbuseReport, u64)>, StoreError>;
    /// Writes `report` if the stored one has had `before` changes (`None`: if there is none). Returns whether it did.
    async fn put(&self, report: &AbuseReport, before: Option<u64>) -> Result<bool, StoreError>;
    /// Deletes the report of a link. Returns whether there was one.
    async fn remove(&self, link: &LinkId) -> Result<bool, StoreError>;
}

/// Lists reports.
#[async_trait]
pub trait AbuseReportIndex: Send + Sync {
    /// Returns the `limit` reports of this status with the greatest [`AbuseReport::list_key`] below `before`, the greatest first. May lag
    /// behind a write by less than a second.
    async fn latest(
        &self,
        status: ReportStatus,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<AbuseReport>, StoreError>;
}

/// Counts reports by the hour.
#[async_trait]
pub trait ReportLimit: Send + Sync {
    /// Counts a report in the `hour` (since the Unix epoch) of the visitor with the name `who`, or without a name of all visitors. Returns
    /// whether it is one of the first `limit`.
    async fn count(&self, who: Option<&str>, hour: i64, limit: u32) -> Result<bool, StoreError>;
}
