//! Asks for statistics with any query string. An answer must be bounded, have a reason for every null, and be a table too.

#![no_main]

use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;
use url::form_urlencoded::parse;
use waypost_domain::Role;
use waypost_domain::analytics::stats::answer::Stats;
use waypost_domain::analytics::stats::csv::to_csv;
use waypost_domain::analytics::stats::ports::StatsPorts;
use waypost_domain::analytics::stats::read_link_stats::read_link_stats;
use waypost_domain::analytics::stats::read_tag_stats::read_tag_stats;
use waypost_domain::analytics::stats::read_workspace_stats::read_workspace_stats;
use waypost_domain::analytics::stats::request::StatsRequest;
use waypost_domain::links::ports::LinkWriter;
use waypost_domain::testing::analytics::MemoryAggregates;
use waypost_domain::testing::links::MemoryLinks;
use waypost_domain::testing::samples::{caller, link};
use waypost_domain::testing::system::FixedClock;

/// The greatest number of steps: a day by minute, and the hour that summer time adds.
const MAX_STEPS: usize = 1_500;

fuzz_target!(|query: &str| {
    let mut request = StatsRequest::default();
    for (name, value) in parse(query.as_bytes()) {
        let field = match name.as_ref() {
            "from" => &mut request.from,
            "to" => &mut request.to,
            "tz" => &mut request.tz,
            "interval" => &mut request.interval,
            "group_by" => &mut request.group_by,
            "filter" => &mut request.filter,
            "compare" => &mut request.compare,
            "limit" => {
                request.limit = value.parse().ok();
                continue;
            }
            _ => continue,
        };
        *field = Some(value.into_owned());
    }
    let (links, aggregates) = (MemoryLinks::default(), MemoryAggregates::default());
    let mut docs = link("acme", "docs", "https://example.com/");
    docs.tags = vec!["guides".to_owned()];
    assert!(block_on(links.insert(&docs)).expect("memory does not fail"));
    let (clock, viewer) = (FixedClock::at("2026-01-31T12:30:00Z"), caller("acme", Role::Viewer));
    let ports = StatsPorts { links: &links, index: &links, moves: &links, aggregates: &aggregates, clock: &clock };
    let tags = ["guides".to_owned()];
    for answer in [
        block_on(read_link_stats(&ports, &viewer, &docs.address, &request)),
        block_on(read_tag_stats(&ports, &viewer, &tags, &request)),
        block_on(read_workspace_stats(&ports, &viewer, &request)),
    ] {
        match answer {
            Ok(stats) => check(&stats),
            Err(error) => assert!(matches!(error, waypost_domain::Error::Invalid(_)), "{error}"),
        }
    }
});

fn check(stats: &Stats) {
    assert!((1..=MAX_STEPS).contains(&stats.series.items.len()), "{}", stats.series.items.len());
    let has_reason = |path: &str| stats.null_because.contains_key(path);
    assert_eq!(stats.totals.clicks.is_none(), has_reason("totals.clicks"));
    assert_eq!(stats.totals.visitors.is_none(), has_reason("totals.visitors"));
    for (dimension, top) in &stats.top {
        assert_eq!(top.is_none(), has_reason(&format!("top.{dimension}")), "{dimension}");
    }
    assert!(to_csv(stats).ends_with("\r\n"));
}
