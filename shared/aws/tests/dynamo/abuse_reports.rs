//! Tests reports of links against an embedded DynamoDB.

use std::sync::Arc;

use waypost_aws::dynamo::abuse_reports::DynamoAbuseReports;
use waypost_domain::abuse::file::{FileReportPorts, Filed, file_report};
use waypost_domain::abuse::new_report::NewReport;
use waypost_domain::abuse::ports::{AbuseReportIndex, AbuseReportStore, ReportLimit};
use waypost_domain::abuse::report::{AbuseReport, ReportStatus};
use waypost_domain::testing::clicks::MemorySalts;
use waypost_domain::testing::samples::link_with_id;
use waypost_domain::testing::system::SeededRandom;
use waypost_domain::values::block_list::BlockReason;
use waypost_domain::{Link, Timestamp};

use crate::support::{LINKS_TABLE, dynamodb};

fn link(n: i64) -> Link {
    link_with_id("acme", &format!("slug-{n}"), "https://evil.example/x", &n.to_string())
}

fn at(minute: i64) -> Timestamp {
    Timestamp::parse("2026-01-02T03:00:00Z").unwrap().plus_seconds(60 * minute)
}

fn longest() -> NewReport {
    let (comment, email) = (Some("\u{1f4a9}".repeat(500)), Some("é".repeat(254)));
    NewReport { reason: BlockReason::Phishing, comment, email }
}

async fn file(reports: &DynamoAbuseReports, n: i64, minute: i64) {
    let ports = FileReportPorts {
        store: Arc::new(reports.clone()),
        limit: Arc::new(reports.clone()),
        salts: Arc::new(MemorySalts::default()),
        random: Arc::new(SeededRandom::new(1)),
    };
    let address = Some(std::net::Ipv4Addr::from(u32::try_from(minute).unwrap()).into());
    assert_eq!(file_report(&ports, &link(n), &longest(), address, at(minute)).await.unwrap(), Filed::Taken);
}

#[tokio::test]
async fn reports_are_read_as_written_and_change_on_condition() {
    let reports = DynamoAbuseReports::new(dynamodb().await, LINKS_TABLE);
    let id = link(1).id();
    assert_eq!(reports.get(&id).await.unwrap(), None);
    for minute in 0..15 {
        file(&reports, 1, minute).await;
    }
    let (report, changes) = reports.get(&id).await.unwrap().unwrap();
    assert_eq!((report.count, report.first.len(), changes), (15, AbuseReport::MAX_ENTRIES, 15));
    assert_eq!(report.first[0].comment, longest().comment);
    let closed = AbuseReport { status: ReportStatus::Closed, note: Some("known".to_owned()), ..report.clone() };
    assert!(!reports.put(&closed, Some(changes - 1)).await.unwrap() && !reports.put(&closed, None).await.unwrap());
    assert!(reports.put(&closed, Some(changes)).await.unwrap());
    // Its answer got lost, so it comes again.
    assert!(reports.put(&closed, Some(changes)).await.unwrap());
    assert_eq!(reports.get(&id).await.unwrap(), Some((closed, changes + 1)));
    assert_eq!(reports.latest(ReportStatus::Open, None, 9).await.unwrap(), []);
    assert!(reports.remove(&id).await.unwrap() && !reports.remove(&id).await.unwrap());
}

#[tokio::test]
async fn lists_have_the_last_reported_first_and_all_pages() {
    let reports = DynamoAbuseReports::new(dynamodb().await, LINKS_TABLE);
    for n in 0..60 {
        file(&reports, n, n).await;
    }
    file(&reports, 7, 61).await;
    let all = reports.latest(ReportStatus::Open, None, 1000).await.unwrap();
    let slugs: Vec<&str> = all.iter().map(|report| report.slug.as_str()).collect();
    assert_eq!((slugs.len(), &slugs[..3], slugs[59]), (60, &["slug-7", "slug-59", "slug-58"][..], "slug-0"));
    let rest = reports.latest(ReportStatus::Open, Some(&all[9].list_key()), 40).await.unwrap();
    assert_eq!(rest, all[10..50]);
    assert_eq!(reports.latest(ReportStatus::Closed, None, 9).await.unwrap(), []);
}

#[tokio::test]
async fn reports_are_counted_by_visitor_and_hour() {
    let reports = DynamoAbuseReports::new(dynamodb().await, LINKS_TABLE);
    for (who, hour, limit, allowed) in [
        (Some("a"), 1, 2, true),
        (Some("a"), 1, 2, true),
        (Some("a"), 1, 2, false),
        (Some("a"), 2, 2, true),
        (Some("b"), 1, 2, true),
        (None, 1, 1, true),
        (None, 1, 1, false),
    ] {
        assert_eq!(reports.count(who, hour, limit).await.unwrap(), allowed, "{who:?} {hour}");
    }
}
