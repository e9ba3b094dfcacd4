//! Takes the report of a visitor.

use std::net::IpAddr;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::new_report::NewReport;
use super::ports::{AbuseReportStore, ReportLimit};
use super::report::AbuseReport;
use crate::links::link::Link;
use crate::ports::Random;
use crate::redirect::ports::SaltStore;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::hex::hex;
use crate::values::network::network_of;
use crate::values::timestamp::Timestamp;

/// How many reports an address (of IPv6, a /64) may file in an hour.
pub const REPORTS_OF_AN_ADDRESS: u32 = 5;
/// How many reports all visitors of the stack may file in an hour.
pub const REPORTS_OF_ALL: u32 = 300;
/// How often a report is tried that others change at the same time. Few, since the visitor waits: see the time budget of the redirect.
const ATTEMPTS: usize = 2;

/// The ports of [`file_report`].
#[derive(Clone)]
pub struct FileReportPorts {
    /// Keeps the reports.
    pub store: Arc<dyn AbuseReportStore>,
    /// Bounds how many there are.
    pub limit: Arc<dyn ReportLimit>,
    /// Keeps the day's salt, so that nobody can tell an address from its name.
    pub salts: Arc<dyn SaltStore>,
    /// Makes a new day's salt.
    pub random: Arc<dyn Random>,
}

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filed {
    /// It is kept.
    Taken,
    /// There were too many in this hour.
    TooMany {
        /// When the next hour begins, in seconds; at least 1.
        retry_after_seconds: u32,
    },
}

/// Adds the report of a visitor with this `address` to that of `link`.
///
/// # Errors
/// Those of the ports; then the report may be counted and is not kept.
pub async fn file_report(
    ports: &FileReportPorts,
    link: &Link,
    new: &NewReport,
    address: Option<IpAddr>,
    now: Timestamp,
) -> Result<Filed, StoreError> {
    let hour = now.as_seconds().div_euclid(3600);
    let who = name_of(ports, address, now).await?;
    // The address first, so that a single visitor cannot use up what there is for all.
    let allowed = ports.limit.count(Some(&who), hour, REPORTS_OF_AN_ADDRESS).await?
        && ports.limit.count(None, hour, REPORTS_OF_ALL).await?;
    if !allowed {
        tracing::warn!(event = "abuse.refused", domain = %link.address.domain, slug = %link.address.slug);
        let seconds_of_hour = u32::try_from(now.as_seconds().rem_euclid(3600)).unwrap_or(0);
        return Ok(Filed::TooMany { retry_after_seconds: 3600 - seconds_of_hour });
    }
    for _ in 0..ATTEMPTS {
        let (earlier, before) = ports.store.get(&link.id()).await?.unzip();
        let report = AbuseReport::with(earlier, link, new, now);
        if ports.store.put(&report, before).await? {
            let AbuseReport { link_id, domain, slug, workspace, count, .. } = &report;
            tracing::warn!(event = "abuse.reported", %link_id, %domain, %slug, %workspace, count, reason = %new.reason);
            return Ok(Filed::Taken);
        }
    }
    let busy = "other visitors keep reporting the same link";
    Err(StoreError::new("abuse_reports.put", StoreErrorKind::Throttled, busy))
}

/// Makes a name for the visitors of an address. Once the day's salt is deleted, nobody can make it again.
async fn name_of(ports: &FileReportPorts, address: Option<IpAddr>, now: Timestamp) -> Result<String, StoreError> {
    let mut fresh = [0_u8; 32];
    ports.random.fill(&mut fresh);
    let salt = ports.salts.salt(&now.date(), fresh).await?;
    let digest = Sha256::new().chain_update(salt).chain_update(b"waypost reports").chain_update(network_of(address));
    Ok(hex(&digest.finalize()[..8]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abuse::new_report::ReportForm;
    use crate::abuse::report::ReportStatus;
    use crate::testing::abuse::{MemoryReports, file_report_ports};
    use crate::testing::samples::link;

    fn at(time: &str) -> Timestamp {
        Timestamp::parse(time).unwrap()
    }

    fn new(reason: &str) -> NewReport {
        NewReport::parse(&ReportForm { reason, comment: "It asks for my password.", email: "a@example.com" }).unwrap()
    }

    fn address(n: u32) -> Option<IpAddr> {
        Some(IpAddr::V4((0xc633_6400 + n).into()))
    }

    const HOUR: &str = "2026-01-02T03:00:01Z";

    #[tokio::test]
    async fn second_report_of_a_link_counts_up_and_opens_it_again() {
        let store = Arc::new(MemoryReports::default());
        let (ports, link) = (file_report_ports(&store), link("acme", "docs", "https://evil.example/x"));
        for (n, reason) in [(1, "phishing"), (2, "spam"), (3, "phishing")] {
            assert_eq!(file_report(&ports, &link, &new(reason), address(n), at(HOUR)).await.unwrap(), Filed::Taken);
        }
        let (mut report, changes) = store.get(&link.id()).await.unwrap().unwrap();
        assert_eq!((report.count, report.first.len(), changes), (3, 3, 3));
        assert_eq!(report.reasons, [("phishing".to_owned(), 2), ("spam".to_owned(), 1)].into());
        assert_eq!((report.url.as_str(), report.workspace.as_str()), ("https://evil.example/x", "acme"));
        (report.status, report.closed_at) = (ReportStatus::Closed, Some(at(HOUR)));
        assert!(store.put(&report, Some(changes)).await.unwrap());
        file_report(&ports, &link, &new("other"), address(4), at("2026-01-03T03:00:00Z")).await.unwrap();
        let (report, _) = store.get(&link.id()).await.unwrap().unwrap();
        assert_eq!((report.status, report.closed_at, report.count), (ReportStatus::Open, None, 4));
        assert_eq!((report.first_reported_at, report.last_reported_at), (at(HOUR), at("2026-01-03T03:00:00Z")));
    }

    #[tokio::test]
    async fn first_entries_stay_and_the_item_is_bounded() {
        let store = Arc::new(MemoryReports::default());
        let (ports, link) = (file_report_ports(&store), link("acme", "docs", "https://evil.example/"));
        let longest =
            NewReport { comment: Some("\u{1f4a9}".repeat(500)), email: Some("é".repeat(254)), ..new("spam") };
        for n in 0..30 {
            assert_eq!(file_report(&ports, &link, &longest, address(n), at(HOUR)).await.unwrap(), Filed::Taken);
        }
        let (report, _) = store.get(&link.id()).await.unwrap().unwrap();
        assert_eq!((report.count, report.first.len()), (30, AbuseReport::MAX_ENTRIES));
        assert!(serde_json::to_vec(&report).unwrap().len() < 32_000);
    }

    #[tokio::test]
    async fn an_address_and_all_addresses_have_limits_by_the_hour() {
        let store = Arc::new(MemoryReports::default());
        let (ports, link) = (file_report_ports(&store), link("acme", "docs", "https://evil.example/"));
        let file = async |address, time| file_report(&ports, &link, &new("spam"), address, at(time)).await.unwrap();
        for _ in 0..REPORTS_OF_AN_ADDRESS {
            assert_eq!(file(address(1), HOUR).await, Filed::Taken);
        }
        assert_eq!(file(address(1), HOUR).await, Filed::TooMany { retry_after_seconds: 3599 });
        assert_eq!(file(address(1), "2026-01-02T04:00:00Z").await, Filed::Taken);
        for n in REPORTS_OF_AN_ADDRESS..REPORTS_OF_ALL {
            assert_eq!(file(address(1 + n), HOUR).await, Filed::Taken, "{n}");
        }
        let late = "2026-01-02T03:59:59.9Z";
        assert_eq!(file(address(1000), late).await, Filed::TooMany { retry_after_seconds: 1 });
        // Visitors without an address have one limit together.
        let mut taken = 0;
        for _ in 0..10 {
            taken += u32::from(file(None, "2026-01-02T05:00:00Z").await == Filed::Taken);
        }
        assert_eq!(taken, REPORTS_OF_AN_ADDRESS);
    }

    #[tokio::test]
    async fn addresses_of_one_network_are_one_and_none_is_kept() {
        let store = Arc::new(MemoryReports::default());
        let (ports, link) = (file_report_ports(&store), link("acme", "docs", "https://evil.example/"));
        let mut taken = 0;
        for n in 0..9 {
            let address = format!("2001:db8:1:2::{n}").parse().ok();
            let filed = file_report(&ports, &link, &new("spam"), address, at(HOUR)).await.unwrap();
            taken += u32::from(filed == Filed::Taken);
        }
        assert_eq!(taken, REPORTS_OF_AN_ADDRESS);
        assert!(store.names().iter().all(|name| !name.contains("2001") && name.len() == 16), "{:?}", store.names());
    }

    #[tokio::test]
    async fn concurrent_reports_are_all_counted_and_outages_are_errors() {
        let store = Arc::new(MemoryReports::default());
        let (ports, link) = (file_report_ports(&store), link("acme", "docs", "https://evil.example/"));
        store.conflicts(1);
        assert_eq!(file_report(&ports, &link, &new("spam"), address(1), at(HOUR)).await.unwrap(), Filed::Taken);
        store.conflicts(ATTEMPTS);
        assert!(file_report(&ports, &link, &new("spam"), address(2), at(HOUR)).await.is_err());
        store.conflicts(0);
        store.fail(true);
        assert!(file_report(&ports, &link, &new("spam"), address(3), at(HOUR)).await.is_err());
        store.fail(false);
        assert_eq!(store.get(&link.id()).await.unwrap().unwrap().0.count, 1);
    }
}
