//! Tests the statistics of visits to no link over events that the real fold counted.

use super::answer::{AllTime, Numbers, Stats, Top};
use super::csv::to_csv;
use super::read_misses::{MissPorts, read_misses};
use super::request::StatsRequest;
use crate::access::key::Role;
use crate::analytics::ingest::aggregate_clicks::{AggregateClicksPorts, aggregate_clicks};
use crate::analytics::ingest::record::Received;
use crate::analytics::ingest::user_agent::tests::{AGENTS, CHROME, GOOGLEBOT};
use crate::analytics::model::dimension::Dimension;
use crate::clicks::click::Click;
use crate::clicks::miss::Miss;
use crate::testing::analytics::{MemoryAggregates, MemoryQuarantine, click, miss, received, received_miss};
use crate::testing::samples::caller;
use crate::testing::system::FixedClock;
use crate::values::domains::Domains;
use crate::values::error::Error;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// A miss: path, time, shard, owner of the domain, user agent, visitor, more of people and bots.
type Missed = (&'static str, &'static str, u64, Option<&'static str>, &'static str, &'static str, (u32, u32));

const MISSES: [Missed; 6] = [
    ("/none", "2026-01-02T03:00:00Z", 0, None, CHROME, "v1", (0, 0)),
    ("/none", "2026-01-02T03:30:00Z", 1, None, CHROME, "v2", (0, 0)),
    ("/docz", "2026-01-02T23:00:00Z", 0, None, CHROME, "v1", (7, 3)),
    ("/wp-login.php", "2026-01-02T23:10:00Z", 0, None, GOOGLEBOT, "bot", (0, 0)),
    ("/none", "2026-01-03T00:00:00Z", 0, None, CHROME, "v3", (0, 0)),
    ("/secret", "2026-01-02T03:00:00Z", 0, Some("former"), CHROME, "v1", (0, 0)),
];

fn made((path, time, shard, owner, agent, visitor, more): Missed, sequence: u64) -> Received<'static> {
    let mut made = Miss {
        workspace: owner.map(|owner| WorkspaceId::parse(owner).unwrap()),
        user_agent: Some(agent.to_owned()),
        visitor: Some(visitor.to_owned()),
        country: Some("CH".to_owned()),
        ..miss(path, time)
    };
    (made.miss.more, made.miss.more_bots) = more;
    received_miss(shard, sequence, &made)
}

async fn counted(records: &[Received<'_>]) -> MemoryAggregates {
    let aggregates = MemoryAggregates::default();
    let quarantine = &MemoryQuarantine::default();
    let ports = AggregateClicksPorts { agents: &AGENTS, store: &aggregates, quarantine, archive: None };
    assert_eq!(aggregate_clicks(&ports, records).await.failed, Vec::<String>::new());
    aggregates
}

async fn misses() -> MemoryAggregates {
    let records: Vec<_> = MISSES.into_iter().zip(1..).map(|(missed, sequence)| made(missed, sequence)).collect();
    counted(&records).await
}

async fn read(
    aggregates: &MemoryAggregates,
    (workspace, domain): (&str, &str),
    request: &StatsRequest,
) -> Result<Stats, Error> {
    let (clock, domains) = (FixedClock::at("2026-01-31T12:00:00Z"), "go.example.com,acme.example=acme");
    let (domains, operator) = (Domains::parse(domains).unwrap(), WorkspaceId::parse("ops").unwrap());
    let ports = MissPorts { aggregates, clock: &clock, domains: &domains, operator: &operator };
    read_misses(&ports, &caller(workspace, Role::Viewer), domain, request).await
}

fn days() -> StatsRequest {
    let day = |day: &str| Some(format!("2026-01-{day}"));
    StatsRequest { from: day("02"), to: day("03"), ..StatsRequest::default() }
}

const OPERATOR: (&str, &str) = ("ops", "go.example.com");

#[tokio::test]
async fn misses_are_counted_by_path_and_day_with_bots_apart() {
    let request = StatsRequest { group_by: Some("all".to_owned()), ..days() };
    let stats = read(&misses().await, OPERATOR, &request).await.unwrap();
    assert_eq!(stats.totals, Numbers { clicks: Some(11), bots: Some(4), visitors: Some(3) });
    let steps: Vec<_> = stats.series.items.iter().map(|step| (step.numbers.clicks, step.numbers.bots)).collect();
    assert_eq!(steps, [(Some(10), Some(4)), (Some(1), Some(0))]);
    let top = |dimension| stats.top[&dimension].clone().unwrap();
    let values = |top: &Top| top.items.iter().map(|item| (item.value.clone(), item.clicks)).collect::<Vec<_>>();
    let paths = top(Dimension::Path);
    assert_eq!(values(&paths), [("/none".to_owned(), 3), ("/docz".to_owned(), 1)]);
    assert_eq!((paths.other, paths.unknown), (0, 7), "nothing is known of those that were held back");
    assert_eq!(values(&top(Dimension::Country)), [("CH".to_owned(), 4)]);
    assert_eq!(values(&top(Dimension::Bot)), [("Googlebot".to_owned(), 1)]);
    assert!(!stats.top.contains_key(&Dimension::Link) && !stats.top.contains_key(&Dimension::UtmSource));
    let at = |text| Timestamp::parse(text).ok();
    let (first_click_at, last_click_at) = (at(MISSES[0].1), at(MISSES[4].1));
    assert_eq!(stats.all_time, Some(AllTime { clicks: 11, bots: 4, first_click_at, last_click_at }));
    assert!(to_csv(&stats).contains("path,value,\"/none\",3,0\r\n"), "{}", to_csv(&stats));
}

#[tokio::test]
async fn hours_and_filters_are_known_and_minutes_are_not() {
    let aggregates = misses().await;
    let by_path = StatsRequest { filter: Some("path:/none".to_owned()), ..days() };
    assert_eq!(read(&aggregates, OPERATOR, &by_path).await.unwrap().totals.clicks, Some(3));
    let time = |text: &str| Some(text.to_owned());
    let (from, to) = (time("2026-01-02T23:00:00Z"), time("2026-01-03T00:00:00Z"));
    let by_hour = StatsRequest { from, to, interval: time("hour"), ..StatsRequest::default() };
    let stats = read(&aggregates, OPERATOR, &by_hour).await.unwrap();
    assert_eq!((stats.totals.clicks, stats.totals.bots, stats.exact), (Some(8), Some(4), true));
    for (request, pointer) in [
        (StatsRequest { interval: Some("minute".to_owned()), from: None, ..days() }, "interval"),
        (StatsRequest { group_by: Some("link".to_owned()), ..days() }, "group_by"),
        (StatsRequest { group_by: Some("utm_source".to_owned()), ..days() }, "group_by"),
    ] {
        let Err(Error::Invalid(errors)) = read(&aggregates, OPERATOR, &request).await else { panic!("{request:?}") };
        assert!(errors.iter().any(|error| error.pointer == pointer), "{errors:?}");
    }
}

#[tokio::test]
async fn only_the_workspace_that_manages_the_domain_sees_its_misses() {
    let aggregates = misses().await;
    let answer = async |workspace, domain| read(&aggregates, (workspace, domain), &days()).await;
    assert!(matches!(answer("acme", "go.example.com").await, Err(Error::Forbidden(_))));
    for (workspace, domain) in [("ops", "acme.example"), ("acme", "other.example"), ("acme", "a b"), ("acme", "")] {
        assert!(matches!(answer(workspace, domain).await, Err(Error::NotFound("domain"))), "{workspace} {domain}");
    }
    let none = answer("acme", "ACME.example").await.unwrap();
    assert_eq!((none.totals.clicks, none.domain.unwrap().as_str()), (Some(0), "acme.example"));
}

#[tokio::test]
async fn former_owner_takes_its_misses_along() {
    let stats = read(&misses().await, OPERATOR, &StatsRequest { group_by: Some("path".into()), ..days() }).await;
    let paths = stats.unwrap().top[&Dimension::Path].clone().unwrap();
    assert!(paths.items.iter().all(|item| item.value != "/secret"), "{paths:?}");
}

#[tokio::test]
async fn misses_are_no_clicks_of_a_workspace() {
    let aggregates = misses().await;
    let keys: Vec<String> = aggregates.all().iter().map(|item| item.key.pk.to_string()).collect();
    assert!(keys.iter().all(|pk| pk.starts_with("MISSES#")), "{keys:?}");
    assert!(aggregates.all().iter().all(|item| !item.key.sk.starts_with("HOUR#")));
}

#[tokio::test]
async fn scan_of_random_paths_keeps_its_bounds_and_the_frequent_paths() {
    let time = "2026-01-02T03:00:00Z";
    let person = |path: &str, sequence| {
        received_miss(0, sequence, &Miss { user_agent: Some(CHROME.to_owned()), ..miss(path, time) })
    };
    let paths =
        (0..5_000_u64).map(|n| if n % 50 == 0 { "/none".to_owned() } else { format!("/{n}{}", "x".repeat(200)) });
    let records: Vec<_> = paths.zip(1..).map(|(path, sequence)| person(&path, sequence)).collect();
    let aggregates = counted(&records).await;
    let day = aggregates.all().into_iter().find(|item| item.key.sk.starts_with("DAY#")).unwrap();
    let counts = &day.tally.dimensions[&Dimension::Path];
    assert!(counts.len() <= Dimension::Path.max_values());
    assert!(serde_json::to_vec(&day.tally).unwrap().len() < 100_000);
    let stats = read(&aggregates, OPERATOR, &StatsRequest { group_by: Some("path".into()), ..days() }).await.unwrap();
    let top = stats.top[&Dimension::Path].clone().unwrap();
    assert_eq!((top.items[0].value.as_str(), stats.totals.clicks), ("/none", Some(5_000)));
    assert!(top.items[0].clicks <= 100 && top.items[0].clicks + top.items[0].error >= 100, "{top:?}");
}

#[tokio::test]
async fn repeated_miss_counts_once_and_clicks_beside_it_too() {
    let sent = Miss { user_agent: Some(CHROME.to_owned()), ..miss("/none", "2026-01-02T03:00:00Z") };
    let click = Click { user_agent: Some(CHROME.to_owned()), ..click("a", "2026-01-02T03:00:00Z") };
    let records = [received_miss(0, 1, &sent), received(0, 2, &click), received_miss(0, 3, &sent)];
    let aggregates = counted(&records).await;
    for _ in 0..2 {
        let quarantine = &MemoryQuarantine::default();
        let ports = AggregateClicksPorts { agents: &AGENTS, store: &aggregates, quarantine, archive: None };
        aggregate_clicks(&ports, &records).await;
        let clicks: Vec<_> = aggregates.all().iter().map(|item| (item.key.pk.to_string(), item.tally.clicks)).collect();
        assert!(clicks.iter().all(|(_, clicks)| *clicks == 1) && clicks.len() == 6, "{clicks:?}");
    }
}
