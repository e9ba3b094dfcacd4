//! Tests of the use cases over clicks that the real fold counted.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::answer::{AllTime, Numbers, Stats, Step, Top};
use super::csv::to_csv;
use super::ports::StatsPorts;
use super::read_all_time::read_all_time;
use super::read_link_stats::read_link_stats;
use super::read_range_clicks::{ClickRange, read_range_clicks};
use super::read_tag_stats::{MAX_LINKS, read_tag_stats};
use super::read_workspace_stats::read_workspace_stats;
use super::request::StatsRequest;
use crate::access::key::Role;
use crate::analytics::ingest::aggregate_clicks::{AggregateClicksPorts, aggregate_clicks};
use crate::analytics::ingest::record::Received;
use crate::analytics::ingest::user_agent::tests::{AGENTS, CHROME, GOOGLEBOT, IPHONE};
use crate::analytics::model::dimension::Dimension;
use crate::clicks::click::Click;
use crate::links::address::LinkAddress;
use crate::links::id::LinkId;
use crate::links::link::Link;
use crate::links::ports::{LinkWriter, Relocation};
use crate::testing::analytics::{MemoryAggregates, MemoryQuarantine, click, received};
use crate::testing::links::MemoryLinks;
use crate::testing::outage::outage;
use crate::testing::samples::{caller, link, link_with_id};
use crate::testing::system::FixedClock;
use crate::values::error::Error;
use crate::values::slug::Slug;
use crate::values::timestamp::Timestamp;

const NOW: &str = "2026-01-31T12:00:00Z";

struct Fixture {
    links: MemoryLinks,
    aggregates: MemoryAggregates,
}

/// A click of the fixture: slug, time, shard, user agent, country, visitor.
type Clicked = (&'static str, &'static str, u64, &'static str, Option<&'static str>, &'static str);

const CLICKS: [Clicked; 7] = [
    ("a", "2026-01-02T03:00:00Z", 0, CHROME, Some("DE"), "v1"),
    ("a", "2026-01-02T03:10:00Z", 1, CHROME, Some("DE"), "v1"),
    ("a", "2026-01-02T23:00:00Z", 1, IPHONE, Some("FR"), "v2"),
    ("a", "2026-01-02T23:59:00Z", 2, GOOGLEBOT, Some("US"), "bot"),
    ("a", "2026-01-05T00:00:00Z", 0, CHROME, None, "v3"),
    ("a", "2026-01-30T00:00:00Z", 0, CHROME, Some("DE"), "v4"),
    ("b", "2026-01-30T00:07:00Z", 0, CHROME, Some("AT"), "v4"),
];

fn made((slug, time, shard, agent, country, visitor): Clicked, sequence: u64) -> Received<'static> {
    let mut click = click(slug, time);
    click.user_agent = Some(agent.to_owned());
    click.country = country.map(str::to_owned);
    click.visitor = Some(visitor.to_owned());
    received(shard, sequence, &click)
}

impl Fixture {
    async fn new() -> Self {
        let clicks: Vec<_> = CLICKS.into_iter().zip(1..).map(|(clicked, sequence)| made(clicked, sequence)).collect();
        Self::of(&clicks).await
    }

    /// Makes the links `a` (tags `x`, `y`), `b` (`y`) and, in the workspace `other`, `o` (`x`, `y`). Counts `clicks`.
    async fn of(clicks: &[Received<'_>]) -> Self {
        let (links, aggregates) = (MemoryLinks::default(), MemoryAggregates::default());
        for (workspace, slug, tags) in
            [("acme", "a", &["x", "y"][..]), ("acme", "b", &["y"]), ("other", "o", &["x", "y"])]
        {
            let mut link = link(workspace, slug, "https://example.com/");
            link.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
            links.insert(&link).await.unwrap();
        }
        let quarantine = &MemoryQuarantine::default();
        let ports = AggregateClicksPorts { agents: &AGENTS, store: &aggregates, quarantine, archive: None };
        let result = aggregate_clicks(&ports, clicks).await;
        assert!(result.failed.is_empty());
        Self { links, aggregates }
    }

    fn ports<'a>(&'a self, clock: &'a FixedClock) -> StatsPorts<'a> {
        StatsPorts { links: &self.links, index: &self.links, moves: &self.links, aggregates: &self.aggregates, clock }
    }

    async fn link(&self, workspace: &str, request: &StatsRequest) -> Result<Stats, Error> {
        let address = link("acme", "a", "https://example.com/").address;
        let (clock, caller) = (FixedClock::at(NOW), caller(workspace, Role::Viewer));
        read_link_stats(&self.ports(&clock), &caller, &address, request).await
    }

    async fn workspace(&self, workspace: &str, request: &StatsRequest) -> Result<Stats, Error> {
        read_workspace_stats(&self.ports(&FixedClock::at(NOW)), &caller(workspace, Role::Viewer), request).await
    }

    async fn tagged(&self, workspace: &str, tags: &[&str], request: &StatsRequest) -> Result<Stats, Error> {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let (clock, caller) = (FixedClock::at(NOW), caller(workspace, Role::Viewer));
        read_tag_stats(&self.ports(&clock), &caller, &tags, request).await
    }
}

fn request(from: &str, to: &str) -> StatsRequest {
    StatsRequest { from: Some(from.to_owned()), to: Some(to.to_owned()), ..StatsRequest::default() }
}

fn with(request: StatsRequest, set: impl FnOnce(&mut StatsRequest)) -> StatsRequest {
    let mut request = request;
    set(&mut request);
    request
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn numbers(clicks: u64, bots: u64, visitors: u64) -> Numbers {
    Numbers { clicks: Some(clicks), bots: Some(bots), visitors: Some(visitors) }
}

fn steps(stats: &Stats) -> Vec<(&str, Numbers)> {
    stats.series.items.iter().map(|Step { start, numbers }| (start.as_str(), *numbers)).collect()
}

/// Returns the steps with clicks, and their clicks.
fn clicks(stats: &Stats) -> Vec<(&str, u64)> {
    let all = stats.series.items.iter().map(|step| (step.start.as_str(), step.numbers.clicks.unwrap()));
    all.filter(|(_, clicks)| *clicks > 0).collect()
}

fn top(stats: &Stats, dimension: Dimension) -> &Top {
    stats.top[&dimension].as_ref().unwrap()
}

fn values(stats: &Stats, dimension: Dimension) -> Vec<(&str, u64)> {
    top(stats, dimension).items.iter().map(|item| (item.value.as_str(), item.clicks)).collect()
}

#[tokio::test]
async fn lanes_and_days_are_added_up() {
    let request = with(request("2026-01-01", "2026-01-05"), |r| r.group_by = text("country,bot"));
    let stats = Fixture::new().await.link("acme", &request).await.unwrap();
    assert_eq!(stats.totals, numbers(4, 1, 3));
    assert_eq!(
        steps(&stats),
        [
            ("2026-01-01", numbers(0, 0, 0)),
            ("2026-01-02", numbers(3, 1, 2)),
            ("2026-01-03", numbers(0, 0, 0)),
            ("2026-01-04", numbers(0, 0, 0)),
            ("2026-01-05", numbers(1, 0, 1)),
        ]
    );
    let country = top(&stats, Dimension::Country);
    assert_eq!(
        (values(&stats, Dimension::Country), country.other, country.unknown),
        (vec![("DE", 2), ("FR", 1)], 0, 1)
    );
    assert_eq!((values(&stats, Dimension::Bot), stats.top.len()), (vec![("Googlebot", 1)], 2));
    assert!(stats.exact && stats.null_because.is_empty(), "{stats:?}");
    let time = |text: &str| Some(Timestamp::parse(text).unwrap());
    let (first, last) = (time("2026-01-02T03:00:00Z"), time("2026-01-30T00:00:00Z"));
    assert_eq!(stats.all_time, Some(AllTime { clicks: 5, bots: 1, first_click_at: first, last_click_at: last }));
}

#[tokio::test]
async fn hours_and_days_are_those_of_the_time_zone() {
    let fixture = Fixture::new().await;
    let ask = |interval: &str, zone: &str| {
        with(request("2026-01-02", "2026-01-03"), |r| (r.interval, r.tz) = (text(interval), text(zone)))
    };
    let days = fixture.link("acme", &ask("day", "Europe/Berlin")).await.unwrap();
    assert_eq!(clicks(&days), [("2026-01-02", 2), ("2026-01-03", 1)], "23:00 in UTC is the next day in Berlin");
    assert_eq!((days.exact, days.totals.bots, days.totals.visitors), (true, Some(1), None));
    let hours = fixture.link("acme", &ask("hour", "Europe/Berlin")).await.unwrap();
    assert_eq!(clicks(&hours), [("2026-01-02T04:00:00+01:00", 2), ("2026-01-03T00:00:00+01:00", 1)]);
    assert_eq!((hours.series.items.len(), hours.series.items[0].numbers.visitors), (48, None));
    let kolkata = fixture.link("acme", &ask("hour", "Asia/Kolkata")).await.unwrap();
    assert_eq!(clicks(&kolkata), [("2026-01-02T08:30:00+05:30", 2), ("2026-01-03T04:30:00+05:30", 1)]);
    assert!(!kolkata.exact);
}

#[tokio::test]
async fn minutes_are_read_from_hours() {
    let fixture = Fixture::new().await;
    let ask = with(request("2026-01-29T23:30:00Z", "2026-01-30T00:30:00Z"), |r| r.interval = text("minute"));
    let stats = fixture.tagged("acme", &["y"], &ask).await.unwrap();
    assert_eq!(clicks(&stats), [("2026-01-30T00:00:00Z", 1), ("2026-01-30T00:07:00Z", 1)]);
    assert_eq!((stats.series.items.len(), stats.totals), (60, Numbers { visitors: None, ..numbers(2, 0, 0) }));
    assert!(stats.exact && stats.null_because["totals.visitors"].contains("minute"));
}

#[tokio::test]
async fn bots_are_counted_by_minute_too() {
    let bot = ("a", "2026-01-30T01:05:00Z", 0, GOOGLEBOT, None, "bot");
    let fixture = Fixture::of(&[made(bot, 1)]).await;
    let ask = with(request("2026-01-30T01:00:00Z", "2026-01-30T02:00:00Z"), |r| r.interval = text("minute"));
    let stats = fixture.link("acme", &ask).await.unwrap();
    let by_minute: Vec<_> = stats.series.items.iter().map(|step| step.numbers.bots.unwrap()).collect();
    assert_eq!((by_minute[5], by_minute.iter().sum::<u64>(), stats.totals.bots), (1, 1, Some(1)));
}

#[tokio::test]
async fn errors_of_a_filter_are_added_up_by_day() {
    // More values than a day has room for.
    let mut clicks = Vec::new();
    for (day, values) in [("2026-01-02T03:00:00Z", 250), ("2026-01-03T03:00:00Z", 450)] {
        for n in 0..values {
            let mut click = click("a", day);
            (click.user_agent, click.utm.source) = (text(CHROME), Some(format!("source {n}")));
            clicks.push(received(0, clicks.len() as u64 + 1, &click));
        }
    }
    let fixture = Fixture::of(&clicks).await;
    let mut errors = Vec::new();
    for (from, to) in [("2026-01-02", "2026-01-02"), ("2026-01-03", "2026-01-03"), ("2026-01-02", "2026-01-03")] {
        let ask = with(request(from, to), |r| r.filter = text("utm_source:elsewhere"));
        errors.push(fixture.link("acme", &ask).await.unwrap().filter_error.unwrap());
    }
    assert!(errors[0] > 0 && errors[1] > errors[0], "{errors:?}");
    assert_eq!(errors[2], errors[0] + errors[1]);
}

#[tokio::test]
async fn filter_counts_one_value() {
    let fixture = Fixture::new().await;
    let ask = |filter: &str| {
        with(request("2026-01-01", "2026-01-31"), |r| (r.filter, r.interval) = (text(filter), text("month")))
    };
    let people = fixture.link("acme", &ask("country:DE")).await.unwrap();
    let expected = Numbers { clicks: Some(3), bots: None, visitors: None };
    assert_eq!((people.totals, steps(&people)), (expected, vec![("2026-01-01", expected)]));
    assert_eq!(people.filter_error, Some(0));
    let bots = fixture.link("acme", &ask("bot:Googlebot")).await.unwrap();
    assert_eq!(bots.totals, Numbers { clicks: None, bots: Some(1), visitors: None });
    assert_eq!(fixture.link("acme", &ask("country:IT")).await.unwrap().totals.clicks, Some(0));
    assert_eq!(fixture.link("acme", &ask("country:de")).await.unwrap().totals.clicks, Some(3));
    assert_eq!(fixture.link("acme", &ask("bot:googlebot")).await.unwrap().totals.bots, Some(1));
    assert!(fixture.link("acme", &ask("country:UK")).await.is_err());
}

#[tokio::test]
async fn filter_counts_one_link_of_a_workspace_or_of_a_tag() {
    let fixture = Fixture::new().await;
    let ask = |filter: &str, zone: &str| {
        with(request("2026-01-01", "2026-01-31"), |r| (r.filter, r.tz) = (text(filter), text(zone)))
    };
    for (link, clicks) in [("GO.example.com/a", 5), ("go.example.com/b", 1), ("go.example.com/A", 0)] {
        let expected = Numbers { clicks: Some(clicks), bots: None, visitors: None };
        let of_workspace = fixture.workspace("acme", &ask(&format!("link:{link}"), "UTC")).await.unwrap();
        let tagged = fixture.tagged("acme", &["y"], &ask(&format!("link:{link}"), "UTC")).await.unwrap();
        assert_eq!((of_workspace.totals, tagged.totals), (expected, expected), "{link}");
        assert_eq!((tagged.links, tagged.filter_error), (Some(2), Some(0)), "{link}");
    }
    let other = fixture.tagged("acme", &["x"], &ask("link:go.example.com/b", "UTC")).await.unwrap();
    assert_eq!(other.totals.clicks, Some(0), "the link does not have the tag");
    let berlin = fixture.tagged("acme", &["y"], &ask("link:go.example.com/a", "Europe/Berlin")).await.unwrap();
    assert_eq!(clicks(&berlin)[1], ("2026-01-03", 1), "the hours of a link are known");
    assert!(fixture.workspace("acme", &ask("link:go.example.com/a", "Europe/Berlin")).await.is_err());
}

#[tokio::test]
async fn today_outside_utc_has_clicks_and_says_why_the_rest_is_null() {
    // It is 21:00 on 31 January in Tokyo, and the day began at 15:00 of the day before in UTC.
    let of = |time, country| ("a", time, 0, CHROME, Some(country), "v1");
    let clicks = [of("2026-01-30T14:59:00Z", "DE"), of("2026-01-30T15:00:00Z", "FR"), of("2026-01-31T11:00:00Z", "FR")];
    let clicks: Vec<_> = clicks.into_iter().zip(1..).map(|(clicked, sequence)| made(clicked, sequence)).collect();
    let fixture = Fixture::of(&clicks).await;
    let ask = |set: fn(&mut StatsRequest)| {
        with(request("2026-01-31", "2026-01-31"), |r| {
            (r.tz, r.group_by) = (text("Asia/Tokyo"), text("country,link"));
            set(r);
        })
    };
    let today = fixture.tagged("acme", &["y"], &ask(|_| {})).await.unwrap();
    assert_eq!(today.totals, Numbers { clicks: Some(2), bots: Some(0), visitors: None });
    assert_eq!((today.exact, &today.top[&Dimension::Country]), (true, &None));
    assert_eq!(values(&today, Dimension::Link), [("go.example.com/a", 2)], "the hours of each link are known");
    let names: Vec<&str> = today.null_because.keys().map(String::as_str).collect();
    assert_eq!(names, ["series.items.visitors", "top.country", "totals.visitors"]);
    let table = to_csv(&today);
    assert!(
        table.contains("country,null,") && table.contains("day in UTC") && table.contains("link,value,"),
        "{table}"
    );
    let utc = fixture.tagged("acme", &["y"], &ask(|r| r.tz = None)).await.unwrap();
    assert_eq!((utc.totals, values(&utc, Dimension::Country)), (numbers(1, 0, 1), vec![("FR", 1)]));
}

#[tokio::test]
async fn visitors_are_known_for_steps_that_are_days_of_utc() {
    let fixture = Fixture::new().await;
    // The first step begins at noon.
    let ask = with(request("2026-01-01T12:00:00Z", "2026-01-03T00:00:00Z"), |r| r.compare = text("previous_period"));
    let stats = fixture.link("acme", &ask).await.unwrap();
    let visitors: Vec<_> = stats.series.items.iter().map(|step| step.numbers.visitors).collect();
    assert_eq!((visitors, stats.totals.visitors), (vec![None, Some(2)], None));
    assert_eq!(stats.change.unwrap().before.visitors, None);
    for field in
        ["totals.visitors", "series.items.visitors", "change.before.visitors", "change.visitors", "change.clicks"]
    {
        assert!(stats.null_because.contains_key(field), "{field}: {:?}", stats.null_because);
    }
    let by_hour = with(request("2026-01-02", "2026-01-02"), |r| r.interval = text("hour"));
    let stats = fixture.link("acme", &by_hour).await.unwrap();
    assert_eq!((stats.totals, stats.series.items[3].numbers.visitors), (numbers(3, 1, 2), None));
}

#[tokio::test]
async fn clicks_without_hours_are_exact_only_in_whole_days() {
    let fixture = Fixture::new().await;
    let day = |set: fn(&mut StatsRequest)| with(request("2026-01-02", "2026-01-03"), set);
    fixture.aggregates.forget_hours();
    for (ask, exact) in [
        (day(|_| {}), true),
        (day(|r| r.interval = text("month")), true),
        (day(|r| r.interval = text("hour")), false),
        (day(|r| r.tz = text("Europe/Berlin")), false),
        // The day is in the range and in one step, although the range begins within a day.
        (with(request("2026-01-01T12:00:00Z", "2026-01-04T00:00:00Z"), |r| r.interval = text("day")), true),
    ] {
        let stats = fixture.link("acme", &ask).await.unwrap();
        assert_eq!((stats.exact, stats.totals.clicks), (exact, Some(3)), "{ask:?}");
    }
    let new_york = day(|r| r.tz = text("America/New_York"));
    let stats = fixture.link("acme", &new_york).await.unwrap();
    assert_eq!(clicks(&stats), [("2026-01-02", 3)], "they count as clicks of noon");
}

/// The answer shows no values of the period before: they would be read for nothing.
#[tokio::test]
async fn values_are_read_only_of_the_period_that_shows_them() {
    let fixture = Fixture::new().await;
    let ask = with(request("2026-01-05", "2026-01-06"), |r| {
        (r.compare, r.group_by) = (text("previous_period"), text("country"));
    });
    fixture.workspace("acme", &ask).await.unwrap();
    let asked: BTreeSet<_> = fixture.aggregates.asked().into_iter().map(|parts| parts.dimensions).collect();
    assert_eq!(asked, BTreeSet::from([vec![], vec![Dimension::Country]]));
}

#[tokio::test]
async fn change_compares_with_the_period_before() {
    let fixture = Fixture::new().await;
    let ask = with(request("2026-01-05", "2026-01-07"), |r| r.compare = text("previous_period"));
    let stats = fixture.link("acme", &ask).await.unwrap();
    let change = stats.change.unwrap();
    assert_eq!((change.from.as_str(), change.before), ("2026-01-02T00:00:00Z", numbers(3, 1, 2)));
    assert_eq!((change.clicks, change.bots, change.visitors), (Some(-0.6667), Some(-1.0), Some(-0.5)));
}

#[tokio::test]
async fn reason_tells_an_unknown_number_before_from_none() {
    // Summer time ends on the day before: it has 25 hours, of two days of UTC.
    let ask = with(request("2025-10-27", "2025-10-27"), |r| {
        (r.tz, r.compare) = (text("Europe/London"), text("previous_period"));
    });
    let stats = Fixture::new().await.link("acme", &ask).await.unwrap();
    assert_eq!((stats.totals.visitors, stats.change.unwrap().before.visitors), (Some(0), None));
    assert!(stats.null_because["change.visitors"].contains("not known for both periods"));
    assert!(stats.null_because["change.clicks"].contains("the period before has none"));
}

#[tokio::test]
async fn workspace_adds_up_all_its_links() {
    let fixture = Fixture::new().await;
    let ask = with(request("2026-01-01", "2026-01-31"), |r| r.group_by = text("link,country"));
    let stats = fixture.workspace("acme", &ask).await.unwrap();
    assert_eq!(stats.totals, numbers(6, 1, 4), "a person who clicks on two links on a day is one visitor");
    assert_eq!(values(&stats, Dimension::Link), [("go.example.com/a", 5), ("go.example.com/b", 1)]);
    assert_eq!(top(&stats, Dimension::Country).unknown, 1);
    assert_eq!((stats.domain, stats.all_time), (None, None));
    let other = fixture.workspace("other", &ask).await.unwrap();
    assert_eq!(other.totals, numbers(0, 0, 0));
}

#[tokio::test]
async fn links_with_a_tag_are_added_up() {
    let fixture = Fixture::new().await;
    let ask = with(request("2026-01-01", "2026-01-31"), |r| (r.group_by, r.limit) = (text("link,country"), Some(1)));
    let both = fixture.tagged("acme", &["y"], &ask).await.unwrap();
    assert_eq!((both.totals, both.links, both.tags.clone()), (numbers(6, 1, 4), Some(2), Some(vec!["y".to_owned()])));
    assert_eq!(values(&both, Dimension::Link), [("go.example.com/a", 5)]);
    assert_eq!((top(&both, Dimension::Link).other, values(&both, Dimension::Country)), (1, vec![("DE", 3)]));
    let one = fixture.tagged("acme", &["x", "none"], &ask).await.unwrap();
    assert_eq!((one.totals, one.links), (numbers(5, 1, 4), Some(1)), "any of the tags");
    let other = fixture.tagged("other", &["x"], &ask).await.unwrap();
    assert_eq!((other.totals, other.links), (numbers(0, 0, 0), Some(1)), "its own link only");
    let none = fixture.tagged("third", &["x"], &ask).await.unwrap();
    assert_eq!((none.totals.clicks, none.links), (Some(0), Some(0)));
}

#[tokio::test]
async fn too_many_links_are_refused() {
    let fixture = Fixture::new().await;
    for n in 0..=MAX_LINKS {
        let mut link = link("acme", &format!("many{n}"), "https://example.com/");
        link.tags = vec![if n < 30 { "some" } else { "rest" }.to_owned(), "many".to_owned()];
        link.tags.extend((n < MAX_LINKS).then(|| "hundred".to_owned()));
        fixture.links.insert(&link).await.unwrap();
    }
    let pointer = |result: Result<Stats, Error>| match result.unwrap_err() {
        Error::Invalid(errors) => errors[0].pointer.clone(),
        other => panic!("{other}"),
    };
    let month = request("2026-01-01", "2026-01-31");
    assert_eq!(pointer(fixture.tagged("acme", &["many"], &month).await), "tag");
    assert_eq!(fixture.tagged("acme", &["some"], &month).await.unwrap().links, Some(30));
    assert_eq!(fixture.tagged("acme", &["hundred"], &month).await.unwrap().links, Some(MAX_LINKS));
    assert_eq!(pointer(fixture.tagged("acme", &["some"], &request("2025-02-01", "2026-01-31")).await), "from");
    let half = request("2025-08-01", "2026-01-31");
    assert_eq!(fixture.tagged("acme", &["some"], &half).await.unwrap().links, Some(30));
    let compared = with(half, |r| r.compare = text("previous_period"));
    assert_eq!(pointer(fixture.tagged("acme", &["some"], &compared).await), "from", "both periods count");
    assert_eq!(pointer(fixture.tagged("acme", &[""], &month).await), "tag");
}

#[tokio::test]
async fn foreign_link_is_not_found() {
    let fixture = Fixture::new().await;
    let stats = fixture.link("other", &StatsRequest::default()).await;
    assert!(matches!(stats, Err(Error::NotFound("link"))), "{stats:?}");
}

#[tokio::test]
async fn slug_of_a_former_owner_has_no_clicks() {
    let fixture = Fixture::new().await;
    let mut taken = link("other", "a", "https://example.com/");
    fixture.links.forget(&taken.address);
    taken.tags = vec!["taken".to_owned()];
    fixture.links.insert(&taken).await.unwrap();
    let ask = request("2026-01-01", "2026-01-31");
    let stats = fixture.link("other", &ask).await.unwrap();
    assert_eq!((stats.totals.clicks, stats.all_time.unwrap().clicks), (Some(0), 0));
    assert_eq!(fixture.tagged("other", &["taken"], &ask).await.unwrap().totals.clicks, Some(0));
    assert_eq!(read_all_time(&fixture.aggregates, &taken).await.unwrap().clicks, 0);
}

/// Makes the record of a click of a person on `link` at its address.
fn clicked(link: &Link, id: Option<LinkId>, sequence: u64) -> Received<'static> {
    let mut click = click(link.address.slug.as_str(), "2026-01-20T00:00:00Z");
    (click.user_agent, click.link_id) = (Some(CHROME.to_owned()), id);
    received(0, sequence, &click)
}

fn at(link: &Link, slug: &str) -> Link {
    let address = LinkAddress { slug: Slug::parse(slug).unwrap(), ..link.address.clone() };
    Link { address, revision: link.revision + 1, ..link.clone().with_stored_id() }
}

#[tokio::test]
async fn clicks_stay_with_their_link_and_never_come_from_a_former_one() {
    let first = link_with_id("acme", "docs", "https://example.com/", "1");
    let again = link_with_id("acme", "docs", "https://example.com/", "2");
    let moved = at(&again, "moved");
    let links = [(&first, 3), (&again, 1), (&moved, 2)];
    let all = links.iter().flat_map(|(link, clicks)| std::iter::repeat_n(*link, *clicks));
    let records: Vec<_> = all.zip(1..).map(|(link, sequence)| clicked(link, Some(link.id()), sequence)).collect();
    let fixture = Fixture::of(&records).await;
    let now = first.created_at;
    fixture.links.insert(&first).await.unwrap();
    assert!(fixture.links.delete(&first, now).await.unwrap());
    assert!(fixture.links.insert(&again).await.unwrap());
    let ask = with(request("2026-01-01", "2026-01-31"), |r| r.group_by = text("link"));
    let caller = caller("acme", Role::Viewer);
    let clock = FixedClock::at(NOW);
    let (ports, all) = (fixture.ports(&clock), request("2026-01-01", "2026-01-31"));
    let before = read_link_stats(&ports, &caller, &again.address, &all).await.unwrap();
    assert_eq!(before.totals.clicks, Some(3), "those of the former link do not count");
    assert_eq!(fixture.links.relocate(&again, &moved, now).await.unwrap(), Relocation::Done);
    let after = read_link_stats(&ports, &caller, &moved.address, &all).await.unwrap();
    assert_eq!((after.totals.clicks, after.all_time.unwrap().clicks), (Some(3), 3));
    assert_eq!((after.link_id, after.slug.as_ref()), (Some(again.id()), Some(&moved.address.slug)));
    assert_eq!(after.domain.as_ref(), Some(&moved.address.domain));
    let stats = fixture.workspace("acme", &ask).await.unwrap();
    let shown: Vec<_> = stats.top[&Dimension::Link]
        .as_ref()
        .unwrap()
        .items
        .iter()
        .map(|item| (item.value.as_str(), item.link_id.clone(), item.clicks))
        .collect();
    let expected = [("go.example.com/docs", Some(first.id()), 3), ("go.example.com/moved", Some(again.id()), 3)];
    assert_eq!(shown, expected);
    for (address, expected) in [("moved", 3), ("docs", 4), ("none", 0)] {
        let ask =
            with(request("2026-01-01", "2026-01-31"), |r| r.filter = text(&format!("link:go.example.com/{address}")));
        assert_eq!(fixture.workspace("acme", &ask).await.unwrap().totals.clicks, Some(expected), "{address}");
    }
}

#[tokio::test]
async fn link_from_before_the_ids_keeps_its_clicks() {
    let old = link("acme", "old", "https://example.com/");
    let moved = at(&old, "moved");
    let records = [
        clicked(&old, None, 1),
        clicked(&old, None, 2),
        clicked(&old, Some(old.id()), 3),
        clicked(&moved, Some(old.id()), 4),
    ];
    let fixture = Fixture::of(&records).await;
    let ask = with(request("2026-01-01", "2026-01-31"), |r| r.group_by = text("link"));
    fixture.links.insert(&old).await.unwrap();
    assert_eq!(read_all_time(&fixture.aggregates, &old).await.unwrap().clicks, 4);
    fixture.links.relocate(&old, &moved, old.created_at).await.unwrap();
    assert_eq!(read_all_time(&fixture.aggregates, &moved).await.unwrap().clicks, 4);
    let stats = fixture.workspace("acme", &ask).await.unwrap();
    assert_eq!(values(&stats, Dimension::Link), [("go.example.com/moved", 4)]);
    let ask = with(request("2026-01-01", "2026-01-31"), |r| r.filter = text("link:go.example.com/moved"));
    assert_eq!(fixture.workspace("acme", &ask).await.unwrap().totals.clicks, Some(4));
    let new = link_with_id("acme", "old", "https://example.com/", "1");
    assert!(fixture.links.insert(&new).await.unwrap());
    assert_eq!(read_all_time(&fixture.aggregates, &new).await.unwrap().clicks, 0);
}

#[tokio::test]
async fn failing_store_is_an_error() {
    let fixture = Fixture::new().await;
    fixture.aggregates.fail(true);
    let expected = outage("aggregates.range").to_string();
    for stats in [
        fixture.link("acme", &StatsRequest::default()).await,
        fixture.tagged("acme", &["x"], &StatsRequest::default()).await,
        fixture.workspace("acme", &StatsRequest::default()).await,
    ] {
        assert_eq!(stats.unwrap_err().to_string(), expected);
    }
}

#[tokio::test]
async fn table_has_the_series_or_the_top_values() {
    let fixture = Fixture::new().await;
    let series = fixture.link("acme", &request("2026-01-01", "2026-01-05")).await.unwrap();
    let expected = "start,clicks,bots,visitors\r\n2026-01-01,0,0,0\r\n2026-01-02,3,1,2\r\n2026-01-03,0,0,0\r\n\
                    2026-01-04,0,0,0\r\n2026-01-05,1,0,1\r\n";
    assert_eq!(to_csv(&series), expected);
    let ask = with(request("2026-01-01", "2026-01-05"), |r| (r.group_by, r.limit) = (text("country"), Some(1)));
    let top = fixture.link("acme", &ask).await.unwrap();
    let expected =
        "dimension,kind,value,clicks,error\r\ncountry,value,DE,2,0\r\ncountry,other,,1,\r\ncountry,unknown,,1,\r\n";
    assert_eq!(to_csv(&top), expected);
}

/// Generates clicks at any time of two months, in any of three lanes.
fn any_clicks() -> impl Strategy<Value = Vec<(Click, u64)>> {
    // From 2025-12-01 on.
    let one = (0_i64..60 * 24 * 60, 0_u64..3, 0..CLICKS.len(), 0_u8..9, prop::bool::ANY);
    prop::collection::vec(one, 0..60).prop_map(|all| {
        let of = |(minute, lane, kind, visitor, slug): (i64, u64, usize, u8, bool)| {
            let (_, _, _, agent, country, _) = CLICKS[kind];
            let mut click = click("a", NOW);
            click.time = Timestamp::from_millis((1_764_547_200 + minute * 60) * 1000).unwrap();
            click.slug = Slug::parse(if slug { "a" } else { "b" }).unwrap();
            click.user_agent = Some(agent.to_owned());
            click.country = country.map(str::to_owned);
            click.visitor = Some(format!("v{visitor}"));
            (click, lane)
        };
        all.into_iter().map(of).collect()
    })
}

fn records(clicks: &[(Click, u64)]) -> Vec<Received<'static>> {
    clicks.iter().zip(1..).map(|((click, lane), sequence)| received(*lane, sequence, click)).collect()
}

/// Collects the paths of all nulls in `value`, without the indices of lists.
fn collect_nulls(value: &serde_json::Value, path: &str, nulls: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Null => drop(nulls.insert(path.trim_start_matches('.').to_owned())),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect_nulls(item, path, nulls)),
        serde_json::Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| collect_nulls(value, &format!("{path}.{name}"), nulls));
        }
        _ => {}
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn zone_and_interval() -> impl Strategy<Value = (String, String)> {
    let zones = ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Pacific/Apia", "America/Los_Angeles"];
    let intervals = ["hour", "day", "week", "month"];
    (prop::sample::select(zones.to_vec()), prop::sample::select(intervals.to_vec()))
        .prop_map(|(a, b)| (a.to_owned(), b.to_owned()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn series_adds_up_to_the_totals_and_to_all_clicks(
        clicks in any_clicks(), (zone, interval) in zone_and_interval(), from in 1_u8..20, days in 0_u8..11,
    ) {
        let fixture = block_on(Fixture::of(&records(&clicks)));
        let ask = request(&format!("2025-12-{from:02}"), &format!("2025-12-{:02}", from + days));
        let ask = with(ask, |r| (r.tz, r.interval, r.group_by) = (Some(zone), Some(interval), text("all")));
        let stats = block_on(fixture.workspace("acme", &ask)).unwrap();
        let sum = |of: fn(&Numbers) -> Option<u64>| -> u64 {
            stats.series.items.iter().map(|step| of(&step.numbers).unwrap()).sum()
        };
        prop_assert_eq!(Some(sum(|numbers| numbers.clicks)), stats.totals.clicks);
        prop_assert_eq!(Some(sum(|numbers| numbers.bots)), stats.totals.bots);
        // An hour of UTC is in the range if it begins in it.
        let hour = |time: i64| time.div_euclid(3600) * 3600;
        let within = |click: &Click| {
            let (from, to): (jiff::Timestamp, jiff::Timestamp) = (stats.from.parse().unwrap(), stats.to.parse().unwrap());
            (from.as_second()..to.as_second()).contains(&hour(click.time.as_seconds()))
        };
        let all = clicks.iter().filter(|(click, _)| within(click)).count() as u64;
        prop_assert_eq!(stats.totals.clicks.unwrap() + stats.totals.bots.unwrap(), all);
        for (dimension, top) in stats.top.iter().filter_map(|(dimension, top)| Some((dimension, top.as_ref()?))) {
            let of = if dimension.is_of_bots() { stats.totals.bots } else { stats.totals.clicks };
            prop_assert_eq!(Some(top.items.iter().map(|item| item.clicks).sum::<u64>() + top.other + top.unknown), of);
        }
    }

    /// All that is not null is what a count of the single clicks gives, and each null has its reason.
    #[test]
    fn answer_is_exact_or_null_with_a_reason(
        clicks in any_clicks(), (zone, interval) in zone_and_interval(),
        (from, to) in (0_i64..60 * 24 * 4, 0_i64..12 * 24 * 4).prop_map(|(from, length)| (from, from + length + 4)),
        dates: bool, by_tag: bool, compare: bool,
    ) {
        let fixture = block_on(Fixture::of(&records(&clicks)));
        let second = |quarter: i64| 1_764_547_200 + quarter * 900;
        let name = |quarter: i64| {
            let time = Timestamp::from_millis(second(quarter) * 1000).unwrap().to_string();
            if dates { time[..10].to_owned() } else { time }
        };
        let ask = with(request(&name(from), &name(to)), |r| {
            (r.tz, r.interval, r.group_by) = (Some(zone), Some(interval), text("country,link"));
            r.compare = compare.then(|| "previous_period".to_owned());
        });
        let answer = if by_tag {
            block_on(fixture.tagged("acme", &["y"], &ask))
        } else {
            block_on(fixture.workspace("acme", &ask))
        };
        let stats = match answer { Ok(stats) => stats, Err(Error::Invalid(_)) => return Ok(()), Err(error) => panic!("{error}") };
        let bound = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
        let within = (bound(&stats.from), bound(&stats.to));
        let in_range = |click: &&Click| (within.0..within.1).contains(&click.time.as_seconds());
        let people = || {
            let all = clicks.iter().map(|(click, _)| click).filter(in_range);
            all.filter(|click| click.user_agent.as_deref() != Some(GOOGLEBOT))
        };
        prop_assert_eq!(stats.totals.clicks, Some(people().count() as u64));
        if let Some(visitors) = stats.totals.visitors {
            let distinct: BTreeSet<_> = people().map(|click| click.visitor.clone()).collect();
            prop_assert_eq!(visitors, distinct.len() as u64);
        }
        if let Some(top) = &stats.top[&Dimension::Country] {
            for item in &top.items {
                let truth = people().filter(|click| click.country.as_ref() == Some(&item.value)).count() as u64;
                prop_assert_eq!(item.clicks, truth, "{}", item.value);
            }
        }
        if stats.exact && !dates {
            prop_assert_eq!(within, (second(from), second(to)));
        }
        let json = serde_json::to_value(&stats).unwrap();
        let mut nulls = BTreeSet::new();
        collect_nulls(&json, "", &mut nulls);
        let reasons: BTreeSet<String> = stats.null_because.keys().cloned().collect();
        prop_assert_eq!(nulls, reasons);
    }

    #[test]
    fn lanes_links_and_order_do_not_matter(clicks in any_clicks(), (zone, interval) in zone_and_interval()) {
        let ask = with(request("2025-12-05", "2025-12-20"), |r| {
            (r.tz, r.interval, r.group_by) = (Some(zone), Some(interval), text("all"));
        });
        let one_lane: Vec<_> = clicks.iter().map(|(click, _)| (click.clone(), 0)).collect();
        let reversed: Vec<_> = clicks.iter().rev().map(|(click, lane)| (click.clone(), 2 - lane)).collect();
        let of = |clicks: &[(Click, u64)]| {
            let fixture = block_on(Fixture::of(&records(clicks)));
            let tagged = block_on(fixture.tagged("acme", &["y"], &ask)).unwrap();
            (block_on(fixture.workspace("acme", &ask)).unwrap(), tagged)
        };
        let (workspace, tagged) = of(&clicks);
        prop_assert_eq!(&of(&one_lane), &(workspace.clone(), tagged.clone()));
        prop_assert_eq!(&of(&reversed), &(workspace.clone(), tagged.clone()));
        // All links have the tag. Their clicks are known by hour, those of the workspace are not.
        let mut tagged = Stats { tags: None, links: None, ..tagged };
        if workspace.top[&Dimension::Link].is_none() {
            tagged.top.insert(Dimension::Link, None);
            tagged.null_because.extend(workspace.null_because.get_key_value("top.link").map(|(path, why)| (path.clone(), *why)));
        }
        prop_assert_eq!(tagged, workspace);
    }

    #[test]
    fn table_has_the_numbers_of_the_series(clicks in any_clicks(), (zone, interval) in zone_and_interval()) {
        let fixture = block_on(Fixture::of(&records(&clicks)));
        let ask = with(request("2025-12-05", "2025-12-20"), |r| (r.tz, r.interval) = (Some(zone), Some(interval)));
        let stats = block_on(fixture.link("acme", &ask)).unwrap();
        let table = to_csv(&stats);
        let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split(',').collect()).collect();
        prop_assert_eq!(rows.len(), stats.series.items.len());
        for (row, step) in rows.iter().zip(&stats.series.items) {
            let cell = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
            let Numbers { clicks, bots, visitors } = step.numbers;
            prop_assert_eq!(row, &[step.start.as_str(), &cell(clicks), &cell(bots), &cell(visitors)]);
        }
    }
}

#[test]
fn dimensions_are_found_by_name() {
    let names: BTreeMap<String, Dimension> =
        Dimension::OF_LINK.into_iter().chain(Dimension::OF_BOTS).map(|of| (of.to_string(), of)).collect();
    assert_eq!(names.len(), Dimension::OF_LINK.len() + Dimension::OF_BOTS.len());
    assert!(names.iter().all(|(name, dimension)| Dimension::named(name) == Some(*dimension)));
}

#[tokio::test]
async fn utm_values_that_differ_in_case_are_one_value_in_its_first_spelling() {
    let spelt = |time: &str, shard, sequence, source: &str| {
        let mut click = click("a", time);
        (click.user_agent, click.utm.source) = (text(CHROME), text(source));
        received(shard, sequence, &click)
    };
    let fixture = Fixture::of(&[
        spelt("2026-01-05T03:00:00Z", 0, 1, "GOOGLE"),
        spelt("2026-01-06T03:00:00Z", 0, 2, "google"),
        spelt("2026-01-06T03:00:01Z", 0, 3, "GooGle"),
        spelt("2026-01-02T03:00:00Z", 1, 4, "Google"),
        spelt("2026-01-02T03:00:00Z", 1, 5, "Newsletter"),
    ])
    .await;
    let january = || request("2026-01-01", "2026-01-31");
    let grouped = with(january(), |request| request.group_by = text("utm_source"));
    for stats in
        [fixture.link("acme", &grouped).await.unwrap(), fixture.tagged("acme", &["x"], &grouped).await.unwrap()]
    {
        let top = stats.top[&Dimension::UtmSource].as_ref().unwrap();
        let items: Vec<_> = top.items.iter().map(|item| (item.value.as_str(), item.clicks)).collect();
        assert_eq!(items, [("Google", 4), ("Newsletter", 1)]);
    }
    let same_day = [spelt("2026-01-05T03:00:00Z", 0, 1, "news"), spelt("2026-01-05T03:00:00Z", 1, 1, "News")];
    let stats = Fixture::of(&same_day).await.link("acme", &grouped).await.unwrap();
    assert_eq!(values(&stats, Dimension::UtmSource), [("News", 2)], "of one day the first in sort order");
    let filtered = with(january(), |request| request.filter = text("utm_source:gOOGLE"));
    assert_eq!(fixture.link("acme", &filtered).await.unwrap().totals.clicks, Some(4));
}

#[tokio::test]
async fn clicks_of_several_links_are_those_of_each() {
    let fixture = Fixture::new().await;
    let links = fixture.links.all();
    for (from, to, tz) in [
        ("2026-01-02", "2026-01-05", None),
        ("2026-01-02T03:00:00Z", "2026-01-02T23:00:00Z", None),
        ("2026-01-30", "2026-01-30", None),
        ("2026-01-30", "2026-01-30", Some("Asia/Tokyo")),
        // Its clicks are those of 30 January in UTC.
        ("2026-01-29", "2026-01-29", Some("America/New_York")),
        ("2026-01-01", "2026-01-31", Some("Asia/Kolkata")),
    ] {
        let tz = tz.map(str::to_owned);
        let range = ClickRange { from: text(from), to: text(to), tz: tz.clone() };
        let range = range.check(100, Timestamp::parse(NOW).unwrap()).unwrap().unwrap();
        let clicks = read_range_clicks(&fixture.aggregates, links.iter(), &range).await.unwrap();
        for (link, clicks) in links.iter().zip(&clicks) {
            let clock = FixedClock::at(NOW);
            let (ports, caller) = (fixture.ports(&clock), caller(link.workspace.as_str(), Role::Viewer));
            let request = with(request(from, to), |request| request.tz.clone_from(&tz));
            let stats = read_link_stats(&ports, &caller, &link.address, &request).await.unwrap();
            assert_eq!(Some(*clicks), stats.totals.clicks, "{} {from} {to} {tz:?}", link.address);
        }
        assert!(clicks.iter().sum::<u64>() > 0, "{from} {to}");
    }
    let now = Timestamp::parse(NOW).unwrap();
    assert!(ClickRange::default().check(100, now).unwrap().is_none());
    let year = ClickRange { from: text("2025-02-01"), ..ClickRange::default() };
    assert!(year.check(27, now).is_ok());
    let Err(Error::Invalid(errors)) = year.check(28, now) else { panic!("too many") };
    assert_eq!(errors[0].pointer, "clicks_from");
}
