//! Implements the ports of reports of links in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::clicks::MemorySalts;
use super::outage::{lock, outage};
use super::system::SeededRandom;
use crate::abuse::file::FileReportPorts;
use crate::abuse::ports::{AbuseReportIndex, AbuseReportStore, ReportLimit};
use crate::abuse::report::{AbuseReport, ReportStatus};
use crate::links::id::LinkId;
use crate::values::error::StoreError;

/// Reports and their counts by hour, which can fail.
#[derive(Default)]
pub struct MemoryReports {
    reports: Mutex<BTreeMap<String, (AbuseReport, u64)>>,
    counts: Mutex<HashMap<(Option<String>, i64), u32>>,
    failing: AtomicBool,
    conflicts: AtomicUsize,
}

impl MemoryReports {
    /// Makes every later call fail, or work again.
    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }

    /// Makes the next `times` writes find a report that another writer has just changed.
    pub fn conflicts(&self, times: usize) {
        self.conflicts.store(times, Ordering::SeqCst);
    }

    /// Returns the names of the visitors whose reports were counted.
    pub fn names(&self) -> Vec<String> {
        lock(&self.counts).keys().filter_map(|(name, _)| name.clone()).collect()
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.failing.load(Ordering::SeqCst) { Err(outage("abuse_reports")) } else { Ok(()) }
    }
}

/// Makes the ports of visitors' reports over `reports`.
pub fn file_report_ports(reports: &Arc<MemoryReports>) -> FileReportPorts {
    FileReportPorts {
        store: reports.clone(),
        limit: reports.clone(),
        salts: Arc::new(MemorySalts::default()),
        random: Arc::new(SeededRandom::new(1)),
    }
}

#[async_trait]
impl AbuseReportStore for MemoryReports {
    async fn get(&self, link: &LinkId) -> Result<Option<(AbuseReport, u64)>, StoreError> {
        self.check()?;
        Ok(lock(&self.reports).get(link.as_str()).cloned())
    }

    async fn put(&self, report: &AbuseReport, before: Option<u64>) -> Result<bool, StoreError> {
        self.check()?;
        let decrement = |left: usize| left.checked_sub(1);
        if self.conflicts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, decrement).is_ok() {
            return Ok(false);
        }
        let mut reports = lock(&self.reports);
        if reports.get(report.link_id.as_str()).map(|(_, changes)| *changes) != before {
            return Ok(false);
        }
        reports.insert(report.link_id.to_string(), (report.clone(), before.unwrap_or(0) + 1));
        Ok(true)
    }

    async fn remove(&self, link: &LinkId) -> Result<bool, StoreError> {
        self.check()?;
        Ok(lock(&self.reports).remove(link.as_str()).is_some())
    }
}

#[async_trait]
impl AbuseReportIndex for MemoryReports {
    async fn latest(
        &self,
        status: ReportStatus,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<AbuseReport>, StoreError> {
        self.check()?;
        let reports = lock(&self.reports);
        let of_status = reports.values().map(|(report, _)| report).filter(|report| report.status == status);
        let sorted: BTreeMap<String, &AbuseReport> = of_status.map(|report| (report.list_key(), report)).collect();
        let below = sorted.into_iter().rev().filter(|(key, _)| before.is_none_or(|before| key.as_str() < before));
        Ok(below.take(limit).map(|(_, report)| report.clone()).collect())
    }
}

#[async_trait]
impl ReportLimit for MemoryReports {
    async fn count(&self, who: Option<&str>, hour: i64, limit: u32) -> Result<bool, StoreError> {
        self.check()?;
        let mut counts = lock(&self.counts);
        let count = counts.entry((who.map(str::to_owned), hour)).or_default();
        let allowed = *count < limit;
        *count += u32::from(allowed);
        Ok(allowed)
    }
}
