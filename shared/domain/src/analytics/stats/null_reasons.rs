//! Says why numbers are null in an answer.

use std::collections::BTreeMap;

use super::answer::{Change, Numbers, Stats};
use super::interval::Interval;
use super::request::StatsQuery;

const VISITORS: &str =
    "visitors are counted by day in UTC, and the range is not whole days of UTC: ask with tz=UTC and dates";
const VISITORS_BEFORE: &str =
    "visitors are counted by day in UTC, and the period before is not whole days of UTC: ask with tz=UTC and dates";
const VISITORS_OF_STEPS: &str = "visitors are counted by day in UTC, and not every step is whole days of UTC: \
                                 ask with tz=UTC, dates, and an interval of day, week or month";
const VISITORS_BY_MINUTE: &str = "visitors are counted by day in UTC, not by minute: ask with interval=day";
const VISITORS_OF_A_VALUE: &str = "visitors are not counted by value: ask without filter";
const BOTS_OF_A_VALUE: &str = "the filter is by a value that only clicks of people have";
const CLICKS_OF_A_VALUE: &str = "the filter is by a value that only clicks of bots have";
const TOP: &str = "values are counted by day in UTC, and the range is not whole days of UTC: ask with tz=UTC and dates";
const NONE_BEFORE: &str = "the period before has none, so that there is no ratio";
const NOT_COMPARABLE: &str = "the number is not known for both periods";

/// Returns the reason for each null in the numbers of `stats`, by the path of the field. A path has no index of a list.
pub(super) fn null_reasons(stats: &Stats, query: &StatsQuery) -> BTreeMap<String, &'static str> {
    let visitors = |by_day| match (&query.filter, query.period.interval) {
        (Some(_), _) => VISITORS_OF_A_VALUE,
        (None, Interval::Minute) => VISITORS_BY_MINUTE,
        (None, _) => by_day,
    };
    let mut reasons = BTreeMap::new();
    let mut add = |path: &str, numbers: &Numbers, visitors| {
        let reasons_of_numbers = [
            ("clicks", numbers.clicks, CLICKS_OF_A_VALUE),
            ("bots", numbers.bots, BOTS_OF_A_VALUE),
            ("visitors", numbers.visitors, visitors),
        ];
        for (name, _, reason) in reasons_of_numbers.into_iter().filter(|(_, number, _)| number.is_none()) {
            reasons.insert(format!("{path}.{name}"), reason);
        }
    };
    add("totals", &stats.totals, visitors(VISITORS));
    stats.series.items.iter().for_each(|step| add("series.items", &step.numbers, visitors(VISITORS_OF_STEPS)));
    if let Some(Change { before, clicks, bots, visitors: ratio, .. }) = &stats.change {
        add("change.before", before, visitors(VISITORS_BEFORE));
        for (name, ratio, before, now) in [
            ("clicks", clicks, before.clicks, stats.totals.clicks),
            ("bots", bots, before.bots, stats.totals.bots),
            ("visitors", ratio, before.visitors, stats.totals.visitors),
        ] {
            let reason = if before.is_some() && now.is_some() { NONE_BEFORE } else { NOT_COMPARABLE };
            if ratio.is_none() {
                reasons.insert(format!("change.{name}"), reason);
            }
        }
    }
    let unknown = stats.top.iter().filter(|(_, top)| top.is_none());
    reasons.extend(unknown.map(|(dimension, _)| (format!("top.{dimension}"), TOP)));
    reasons
}
