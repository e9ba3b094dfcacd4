//! Reads what the clicks of a link add up to.

use std::collections::BTreeMap;

use serde::Serialize;

use super::aggregate::{day_range, link_pk, total_range};
use super::ports::AggregateReader;
use super::visitors::VisitorUnion;
use super::{Aggregate, Counts, Day, Dimension, Tally};
use crate::find_link::find_link;
use crate::ports::{Clock, LinkReader};
use crate::{Caller, Domain, Error, LinkId, Slug, StoreError, StoreErrorKind, Timestamp};

/// The greatest number of days in a range.
pub const MAX_DAYS: i64 = 366;
/// The greatest number of days in a range by hour.
pub const MAX_DAYS_BY_HOUR: i64 = 31;
/// How many days end with today where the request names none.
pub const DEFAULT_DAYS: i64 = 30;
/// The greatest number of values of each dimension.
pub const MAX_TOP: usize = 100;
/// The number of values of each dimension where the request does not say.
pub const DEFAULT_TOP: usize = 10;

/// What a request asks for, as it says it.
#[derive(Debug, Clone, Default)]
pub struct StatsRequest<'a> {
    /// The first day, `2026-01-01`; [`DEFAULT_DAYS`] with `to` as the last one if absent.
    pub from: Option<&'a str>,
    /// The last day; today in UTC if absent.
    pub to: Option<&'a str>,
    /// `day`, the default, or `hour`.
    pub interval: Option<&'a str>,
    /// How many values of each dimension; [`DEFAULT_TOP`] if absent.
    pub limit: Option<usize>,
}

/// The width of a step in a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum Interval {
    /// Days in UTC.
    Day,
    /// Hours in UTC.
    Hour,
}

/// The statistics of one link. Days and hours are those of UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LinkStats {
    /// The link's domain.
    pub domain: Domain,
    /// The link's slug.
    pub slug: Slug,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
    /// The sums.
    pub totals: Totals,
    /// The sums by time, without gaps.
    pub series: Series,
    /// The most frequent values of each dimension in the range.
    pub top: BTreeMap<Dimension, Top>,
}

/// Sums of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "LinkTotals"))]
pub struct Totals {
    /// Clicks of people in the range.
    pub clicks: u64,
    /// Clicks of bots in the range.
    pub bots: u64,
    /// Visitors in the range, estimated. Who comes on two days is two visitors.
    pub visitors: u64,
    /// Clicks of people since the link exists.
    pub all_time_clicks: u64,
    /// Clicks of bots since the link exists.
    pub all_time_bots: u64,
    /// The first click of a person ever.
    pub first_click_at: Option<Timestamp>,
    /// The last click of a person ever.
    pub last_click_at: Option<Timestamp>,
}

/// Sums by time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Series {
    /// The width of a step.
    pub interval: Interval,
    /// Every step of the range, the oldest first.
    pub items: Vec<Step>,
}

/// One step of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Step {
    /// When it begins: `2026-01-02`, or `2026-01-02T13:00:00Z`.
    pub start: String,
    /// Clicks of people.
    pub clicks: u64,
    /// Clicks of bots. Of days only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bots: Option<u64>,
    /// Visitors, estimated. Of days only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visitors: Option<u64>,
}

/// The most frequent values of a dimension. `items`, `other` and `unknown` add up to the clicks in the range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Top {
    /// The most frequent first.
    pub items: Vec<TopItem>,
    /// Clicks with other values.
    pub other: u64,
    /// Clicks without a value.
    pub unknown: u64,
}

/// A value of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct TopItem {
    /// The value.
    pub value: String,
    /// Clicks of people with it.
    pub clicks: u64,
}

/// The statistics of the link `id`, if the caller's workspace owns it.
///
/// # Errors
/// [`Error::NotFound`] for a foreign link or none, [`Error::Invalid`] for a range that cannot be read or is too long.
pub async fn read_stats(
    links: &dyn LinkReader,
    aggregates: &dyn AggregateReader,
    clock: &dyn Clock,
    caller: &Caller,
    id: &LinkId,
    request: &StatsRequest<'_>,
) -> Result<LinkStats, Error> {
    let range = Range::parse(request, Day::of(clock.now()))?;
    find_link(links, caller, id).await?;
    let pk = link_pk(id);
    let (mut days, mut total) = (Days::default(), Tally::default());
    let (first, last) = day_range(range.from, range.to);
    let (first_total, last_total) = total_range();
    let read_days = each(aggregates, &pk, &first, &last, |item| days.add(&item));
    let read_total = each(aggregates, &pk, &first_total, &last_total, |item| {
        total.merge(&item.tally);
        Ok(())
    });
    futures::future::try_join(read_days, read_total).await?;
    Ok(days.into_stats(id, &range, &total))
}

/// Calls `add` with every aggregate of a range, page by page.
async fn each(
    aggregates: &dyn AggregateReader,
    pk: &str,
    first: &str,
    last: &str,
    mut add: impl FnMut(Aggregate) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = aggregates.range(pk, first, last, after.as_deref()).await?;
        page.items.into_iter().try_for_each(&mut add)?;
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

struct Range {
    from: Day,
    to: Day,
    interval: Interval,
    limit: usize,
}

impl Range {
    fn parse(request: &StatsRequest<'_>, today: Day) -> Result<Self, Error> {
        let day = |name: &str, text: &str| Day::parse(text).map_err(|error| Error::invalid(name, error));
        let to = request.to.map_or(Ok(today), |text| day("to", text))?;
        let from = request.from.map_or(Ok(to.plus(1 - DEFAULT_DAYS)), |text| day("from", text))?;
        let (interval, max_days) = match request.interval {
            None | Some("day") => (Interval::Day, MAX_DAYS),
            Some("hour") => (Interval::Hour, MAX_DAYS_BY_HOUR),
            Some(_) => return Err(Error::invalid("interval", "must be day or hour")),
        };
        let days = to.days_since(from) + 1;
        if days < 1 {
            return Err(Error::invalid("from", "must not be after to"));
        }
        if days > max_days {
            return Err(Error::invalid("from", format!("must be at most {max_days} days before the end of the range")));
        }
        let limit = request.limit.unwrap_or(DEFAULT_TOP);
        if !(1..=MAX_TOP).contains(&limit) {
            return Err(Error::invalid("limit", format!("must be 1 to {MAX_TOP}")));
        }
        Ok(Self { from, to, interval, limit })
    }

    fn days(&self) -> impl Iterator<Item = Day> {
        (0..=self.to.days_since(self.from)).map(|days| self.from.plus(days))
    }
}

/// The aggregates of a range of days, added up as they come: the lanes of a day, and all days.
#[derive(Default)]
struct Days {
    all: Tally,
    all_visitors: VisitorUnion,
    by_day: BTreeMap<Day, OneDay>,
}

#[derive(Default)]
struct OneDay {
    clicks: u64,
    bots: u64,
    hours: BTreeMap<u8, u64>,
    visitors: VisitorUnion,
}

impl Days {
    fn add(&mut self, item: &Aggregate) -> Result<(), StoreError> {
        let day = item.key.day_of().ok_or_else(|| {
            let detail = format!("the item {} {} is no day", item.key.pk, item.key.sk);
            StoreError::new("aggregates.range", StoreErrorKind::Broken, detail)
        })?;
        let one = self.by_day.entry(day).or_default();
        one.clicks += item.tally.clicks;
        one.bots += item.tally.bots;
        for (hour, clicks) in &item.tally.hours {
            *one.hours.entry(*hour).or_default() += clicks;
        }
        one.visitors.add(&item.tally.visitors);
        self.all.merge(&item.tally);
        self.all_visitors.add(&item.tally.visitors);
        Ok(())
    }

    fn into_stats(mut self, id: &LinkId, range: &Range, total: &Tally) -> LinkStats {
        let clicks = self.all.clicks;
        let top = Dimension::OF_LINK.into_iter().map(|dimension| {
            let counts = self.all.dimensions.remove(&dimension).unwrap_or_default();
            (dimension, top(&counts, clicks, range.limit))
        });
        LinkStats {
            domain: id.domain.clone(),
            slug: id.slug.clone(),
            from: range.from,
            to: range.to,
            top: top.collect(),
            totals: Totals {
                clicks,
                bots: self.all.bots,
                visitors: self.all_visitors.estimate(),
                all_time_clicks: total.clicks,
                all_time_bots: total.bots,
                first_click_at: total.first_click_at,
                last_click_at: total.last_click_at,
            },
            series: Series { interval: range.interval, items: self.steps(range) },
        }
    }

    fn steps(mut self, range: &Range) -> Vec<Step> {
        let days = range.days().map(|day| (day, self.by_day.remove(&day).unwrap_or_default()));
        match range.interval {
            Interval::Day => days
                .map(|(day, one)| Step {
                    start: day.to_string(),
                    clicks: one.clicks,
                    bots: Some(one.bots),
                    visitors: Some(one.visitors.estimate()),
                })
                .collect(),
            Interval::Hour => days
                .flat_map(|(day, one)| {
                    (0..24).map(move |hour| Step {
                        start: format!("{day}T{hour:02}:00:00Z"),
                        clicks: one.hours.get(&hour).copied().unwrap_or(0),
                        bots: None,
                        visitors: None,
                    })
                })
                .collect(),
        }
    }
}

fn top(counts: &Counts, clicks: u64, limit: usize) -> Top {
    let items: Vec<TopItem> =
        counts.top(limit).into_iter().map(|(value, clicks)| TopItem { value: value.to_owned(), clicks }).collect();
    let known = counts.sum();
    let other = known - items.iter().map(|item| item.clicks).sum::<u64>();
    Top { items, other, unknown: clicks.saturating_sub(known) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;
    use crate::analytics::aggregate_clicks::aggregate_clicks;
    use crate::analytics::memory::{MemoryAggregates, MemoryQuarantine, click, received};
    use crate::analytics::user_agent::tests::{AGENTS, CHROME, GOOGLEBOT, IPHONE};
    use crate::memory::{FixedClock, MemoryLinks, caller, link, outage};
    use crate::ports::LinkWriter;

    const NOW: &str = "2026-01-31T12:00:00Z";

    struct Fixture {
        links: MemoryLinks,
        aggregates: MemoryAggregates,
    }

    impl Fixture {
        async fn new() -> Self {
            let (links, aggregates) = (MemoryLinks::default(), MemoryAggregates::default());
            links.insert(&link("acme", "a", "https://example.com/")).await.unwrap();
            let mut clicks = Vec::new();
            for (day, hour, shard, agent, country, visitor) in [
                (2, 3, 0, CHROME, Some("DE"), "v1"),
                (2, 3, 1, CHROME, Some("DE"), "v1"),
                (2, 23, 1, IPHONE, Some("FR"), "v2"),
                (2, 23, 2, GOOGLEBOT, Some("US"), "bot"),
                (5, 0, 0, CHROME, None, "v3"),
                (30, 0, 0, CHROME, Some("DE"), "v4"),
            ] {
                let mut click = click("a", &format!("2026-01-{day:02}T{hour:02}:00:00Z"));
                click.user_agent = Some(agent.to_owned());
                click.country = country.map(str::to_owned);
                click.visitor = Some(visitor.to_owned());
                clicks.push(received(shard, clicks.len() as u64, &click));
            }
            let result = aggregate_clicks(&clicks, &AGENTS, &aggregates, &MemoryQuarantine::default()).await;
            assert!(result.failed.is_empty());
            Self { links, aggregates }
        }

        async fn read(&self, workspace: &str, request: StatsRequest<'_>) -> Result<LinkStats, Error> {
            let id = link("acme", "a", "https://example.com/").id;
            let (clock, caller) = (FixedClock::at(NOW), caller(workspace, Role::Viewer));
            read_stats(&self.links, &self.aggregates, &clock, &caller, &id, &request).await
        }
    }

    #[tokio::test]
    async fn lanes_and_days_are_summed() {
        let fixture = Fixture::new().await;
        let request = StatsRequest { from: Some("2026-01-01"), to: Some("2026-01-05"), ..StatsRequest::default() };
        let stats = fixture.read("acme", request).await.unwrap();
        assert_eq!((stats.totals.clicks, stats.totals.bots, stats.totals.visitors), (4, 1, 3));
        assert_eq!((stats.totals.all_time_clicks, stats.totals.all_time_bots), (5, 1));
        assert_eq!(stats.totals.last_click_at.unwrap().to_string(), "2026-01-30T00:00:00.000Z");
        assert_eq!(stats.totals.first_click_at.unwrap().to_string(), "2026-01-02T03:00:00.000Z");
        let days: Vec<_> =
            stats.series.items.iter().map(|s| (s.start.as_str(), s.clicks, s.bots, s.visitors)).collect();
        assert_eq!(
            days,
            [
                ("2026-01-01", 0, Some(0), Some(0)),
                ("2026-01-02", 3, Some(1), Some(2)),
                ("2026-01-03", 0, Some(0), Some(0)),
                ("2026-01-04", 0, Some(0), Some(0)),
                ("2026-01-05", 1, Some(0), Some(1)),
            ]
        );
        let country = &stats.top[&Dimension::Country];
        let items: Vec<_> = country.items.iter().map(|item| (item.value.as_str(), item.clicks)).collect();
        assert_eq!((items, country.other, country.unknown), (vec![("DE", 2), ("FR", 1)], 0, 1));
        assert_eq!(stats.top.len(), Dimension::OF_LINK.len());
    }

    #[tokio::test]
    async fn hours_are_those_of_utc_and_without_gaps() {
        let fixture = Fixture::new().await;
        let request =
            StatsRequest { from: Some("2026-01-02"), to: Some("2026-01-02"), interval: Some("hour"), limit: Some(1) };
        let stats = fixture.read("acme", request).await.unwrap();
        assert_eq!(stats.series.items.len(), 24);
        assert_eq!(stats.series.items[3].start, "2026-01-02T03:00:00Z");
        let clicks: Vec<u64> = stats.series.items.iter().map(|step| step.clicks).collect();
        assert_eq!((clicks[3], clicks[23], clicks.iter().sum::<u64>()), (2, 1, 3));
        let country = &stats.top[&Dimension::Country];
        assert_eq!((country.items.len(), country.other), (1, 1), "beyond the limit is other");
    }

    #[tokio::test]
    async fn the_range_ends_today_by_default() {
        let stats = Fixture::new().await.read("acme", StatsRequest::default()).await.unwrap();
        assert_eq!((stats.from.to_string(), stats.to.to_string()), ("2026-01-02".to_owned(), "2026-01-31".to_owned()));
        assert_eq!((stats.series.items.len(), stats.totals.clicks), (30, 5));
    }

    #[tokio::test]
    async fn a_foreign_link_looks_like_none() {
        let fixture = Fixture::new().await;
        let foreign = fixture.read("other", StatsRequest::default()).await;
        assert!(matches!(foreign, Err(Error::NotFound("link"))));
    }

    #[tokio::test]
    async fn what_is_wrong_with_a_range_is_named() {
        let fixture = Fixture::new().await;
        for (from, to, interval, limit, pointer) in [
            (Some("yesterday"), None, None, None, "from"),
            (None, Some("2026-02-30"), None, None, "to"),
            (Some("2026-02-01"), None, None, None, "from"),
            (Some("2025-01-30"), None, None, None, "from"),
            (Some("2025-12-31"), None, Some("hour"), None, "from"),
            (None, None, Some("week"), None, "interval"),
            (None, None, None, Some(0), "limit"),
            (None, None, None, Some(101), "limit"),
        ] {
            let request = StatsRequest { from, to, interval, limit };
            match fixture.read("acme", request).await {
                Err(Error::Invalid(errors)) => assert_eq!(errors[0].pointer, pointer),
                other => panic!("{from:?} {to:?} {interval:?} {limit:?}: {other:?}"),
            }
        }
        let year = StatsRequest { from: Some("2025-01-31"), ..StatsRequest::default() };
        assert_eq!(fixture.read("acme", year).await.unwrap().series.items.len(), 366);
    }

    #[tokio::test]
    async fn a_store_that_is_away_is_an_error() {
        let fixture = Fixture::new().await;
        fixture.aggregates.fail(true);
        let kind = match fixture.read("acme", StatsRequest::default()).await {
            Err(Error::Store(error)) => error.kind,
            other => panic!("{other:?}"),
        };
        assert_eq!(kind, outage("x").kind);
    }
}
