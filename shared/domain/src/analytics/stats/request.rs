//! Checks requests for statistics.

use jiff::ToSpan;

use super::filter::Filter;
use super::interval::Interval;
use super::period::{Bound, Period};
use super::subject::Subject;
use super::zone::Zone;
use crate::analytics::model::day::Day;
use crate::analytics::model::dimension::Dimension;
use crate::values::error::Error;
use crate::values::field_errors::Errors;
use crate::values::timestamp::Timestamp;

/// The greatest number of days in a range by day, week or month.
pub const MAX_DAYS: i64 = 366;
/// The greatest number of days in a range by hour.
pub const MAX_DAYS_BY_HOUR: i64 = 31;
/// The greatest number of days in a range by minute.
pub const MAX_DAYS_BY_MINUTE: i64 = 1;
/// For how many days minutes are kept.
pub const MINUTES_KEPT_DAYS: i64 = 8;
/// The number of days before the end of a range without `from`. By minute it is [`MAX_DAYS_BY_MINUTE`].
pub const DEFAULT_DAYS: i64 = 30;
/// The greatest number of top values of each dimension.
pub const MAX_TOP: usize = 100;
/// The number of top values of each dimension if the request does not say.
pub const DEFAULT_TOP: usize = 10;

const SECONDS_A_DAY: i64 = 86_400;

/// The detail of a bound that no time has, or whose day has no end.
const OUT_OF_RANGE: &str = "is out of range: statistics reach from 0001-01-02 to 9999-12-29";

/// The unchecked parameters of a request for statistics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct StatsRequest {
    /// The first day in the time zone (`2026-01-01`), or the time at which the range begins (RFC 3339). If absent, 30 days
    /// before the end, by minute 1. A range has at most 366 days, by hour 31, by minute 1 of the last 8.
    pub from: Option<String>,
    /// The last day in the time zone, which is in the range, or the time at which the range ends. Today if absent.
    pub to: Option<String>,
    /// A time zone of the IANA database.
    #[cfg_attr(feature = "openapi", schemars(extend("default" = "UTC", "examples" = ["Europe/Berlin"])))]
    pub tz: Option<String>,
    /// The width of a step in the series. Minutes are known of links only.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Interval>", extend("default" = Interval::Day)))]
    pub interval: Option<String>,
    /// Dimensions whose most frequent values the answer lists: names separated by commas, or `all`.
    #[cfg_attr(feature = "openapi", schemars(extend("examples" = ["country,browser"])))]
    pub group_by: Option<String>,
    /// Counts only the clicks with this value of a dimension: `{dimension}:{value}`. Values are counted by day in UTC, and by
    /// one dimension at a time. So a filter needs `tz=UTC`, whole days and steps of at least a day, and excludes `group_by`;
    /// with `tag`, a filter by `link` needs none of that. A value is read as clicks are counted: in upper or lower case, except
    /// those of `link` and `variant`. One that no click can have is refused.
    #[cfg_attr(feature = "openapi", schemars(extend("examples" = ["country:DE"])))]
    pub filter: Option<String>,
    /// `previous_period`: adds the change against the period before, which is as long.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Comparison>"))]
    pub compare: Option<String>,
    /// The number of top values of each dimension.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_TOP), extend("default" = DEFAULT_TOP)))]
    pub limit: Option<usize>,
}

/// The period to compare the sums with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename_all = "snake_case"))]
pub enum Comparison {
    /// The period before the range, which is as long.
    PreviousPeriod,
}

/// A checked request for statistics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StatsQuery {
    pub(super) period: Period,
    pub(super) previous: Option<Period>,
    pub(super) group_by: Vec<Dimension>,
    pub(super) filter: Option<Filter>,
    pub(super) limit: usize,
}

impl StatsRequest {
    /// Checks the request as of `now`.
    ///
    /// # Errors
    /// [`Error::Invalid`] names every invalid parameter.
    pub(super) fn check(&self, subject: Subject, now: Timestamp) -> Result<StatsQuery, Error> {
        let mut errors = Errors::default();
        let zone = errors.note("tz", self.tz.as_deref().map_or(Ok(Zone::UTC), Zone::named));
        let interval = errors.note("interval", self.interval());
        let days = if interval == Some(Interval::Minute) { MAX_DAYS_BY_MINUTE } else { DEFAULT_DAYS };
        let bounds = zone.as_ref().and_then(|zone| self.bounds(zone, now, days, &mut errors));
        let limit = self.limit.unwrap_or(DEFAULT_TOP);
        if !(1..=MAX_TOP).contains(&limit) {
            errors.add("limit", format!("must be 1 to {MAX_TOP}"));
        }
        let group_by = errors.note("group_by", self.group_by(subject));
        let filter = errors.note("filter", self.filter(subject));
        let compare = errors.note("compare", self.compare());
        let query = (|| {
            let ((from, to), zone, interval) = (bounds?, zone?, interval?);
            let period = check_period(zone, interval, from, to, subject, now, &mut errors)?;
            let previous = compare?.then(|| previous_period(&period, from, to, now)).transpose();
            let previous = errors.note("compare", previous)?;
            Some(StatsQuery { period, previous, group_by: group_by?, filter: filter?, limit })
        })();
        if let Some(query) = &query {
            query.check(&mut errors);
        }
        errors.or(query)
    }

    fn interval(&self) -> Result<Interval, &'static str> {
        let named = self.interval.as_deref().map_or(Some(Interval::Day), Interval::named);
        named.ok_or("must be minute, hour, day, week or month")
    }

    /// Reads the bounds of the range. If the request has no `from`, the range begins `days` before its end.
    fn bounds(&self, zone: &Zone, now: Timestamp, days: i64, errors: &mut Errors) -> Option<(Bound, Bound)> {
        let to = match self.to.as_deref() {
            None => Some(Bound::Date(zone.date_at(now.as_seconds()))),
            Some(text) => errors.note("to", parse_bound(text)),
        };
        // The last day is in the range.
        let to = to.and_then(|to| errors.note("to", plus_days(to, i64::from(matches!(to, Bound::Date(_))))));
        let from = match self.from.as_deref() {
            Some(text) => errors.note("from", parse_bound(text)),
            None => to.and_then(|to| errors.note("to", plus_days(to, -days))),
        };
        Some((from?, to?))
    }

    fn group_by(&self, subject: Subject) -> Result<Vec<Dimension>, String> {
        let known = subject.dimensions();
        let Some(text) = self.group_by.as_deref() else { return Ok(Vec::new()) };
        if text == "all" {
            return Ok(known);
        }
        let mut dimensions: Vec<Dimension> =
            text.split(',').map(|name| parse_dimension(name.trim(), &known)).collect::<Result<_, _>>()?;
        dimensions.sort_unstable();
        dimensions.dedup();
        Ok(dimensions)
    }

    fn filter(&self, subject: Subject) -> Result<Option<Filter>, String> {
        let Some(text) = self.filter.as_deref() else { return Ok(None) };
        let Some((name, value)) = text.split_once(':').filter(|(_, value)| !value.is_empty()) else {
            return Err("must be a dimension and a value, such as country:DE".to_owned());
        };
        let dimension = parse_dimension(name, &subject.dimensions())?;
        Ok(Some(Filter::new(dimension, value, subject)?))
    }

    fn compare(&self) -> Result<bool, &'static str> {
        match self.compare.as_deref() {
            None => Ok(false),
            Some("previous_period") => Ok(true),
            Some(_) => Err("must be previous_period"),
        }
    }
}

impl StatsQuery {
    /// Refuses combinations that aggregates cannot answer.
    fn check(&self, errors: &mut Errors) {
        let by_minute = self.period.interval == Interval::Minute;
        if by_minute && !self.group_by.is_empty() {
            errors.add("group_by", "is counted by day: ask with interval=day, or hour");
        }
        let Some(filter) = &self.filter else { return };
        if !self.group_by.is_empty() {
            errors.add("filter", "cannot be combined with group_by: clicks are counted by one dimension at a time");
        }
        let of_utc_days = |period: &Period| period.exact && period.needs_no_hours();
        let all_of_utc_days = of_utc_days(&self.period) && self.previous.as_ref().is_none_or(of_utc_days);
        if !filter.is_by_partition && !all_of_utc_days {
            let detail =
                "values are counted by day in UTC: ask with tz=UTC, whole days, and an interval of day, week or month";
            errors.add("filter", detail);
        }
    }
}

/// Makes the period of a request, within the limits of its interval.
fn check_period(
    zone: Zone,
    interval: Interval,
    from: Bound,
    to: Bound,
    subject: Subject,
    now: Timestamp,
    errors: &mut Errors,
) -> Option<Period> {
    let first = errors.note("from", from.time(&zone).ok_or(OUT_OF_RANGE));
    let last = errors.note("to", to.time(&zone).ok_or(OUT_OF_RANGE));
    let (first, last) = (first?, last?);
    if first >= last {
        errors.add("from", "must be before the end of the range");
        return None;
    }
    let (max_days, steps_a_day, step) = match interval {
        Interval::Minute => (MAX_DAYS_BY_MINUTE, 1440, "minute"),
        Interval::Hour => (MAX_DAYS_BY_HOUR, 24, "hour"),
        _ => (MAX_DAYS, 1, "day"),
    };
    // Allow one hour more, for the end of summer time.
    if last.as_second() - first.as_second() > max_days * SECONDS_A_DAY + 3600 {
        let steps = max_days * steps_a_day;
        let detail = format!(
            "must be at most {max_days} days before the end of the range with this interval: an answer has at most {steps} \
             steps of one {step}"
        );
        errors.add("from", detail);
        return None;
    }
    if interval == Interval::Minute {
        match subject {
            Subject::Workspace => {
                errors.add("interval", "the minutes of a workspace are not kept: ask for a link or a tag");
            }
            Subject::Misses => errors.add("interval", "the minutes of visits to no link are not kept: ask by hour"),
            Subject::Link | Subject::Tagged => {}
        }
        if !has_minutes(first, now) {
            errors.add("from", format!("minutes are kept for {MINUTES_KEPT_DAYS} days: ask with interval=hour"));
        }
    }
    let period = Period::new(zone, interval, first, last);
    if period.is_none() {
        errors.add("from", "the range must include the beginning of an hour (by minute: of a minute)");
    }
    period
}

/// Tells whether the minutes from `time` on are still kept.
fn has_minutes(time: jiff::Timestamp, now: Timestamp) -> bool {
    time.as_second() >= now.as_seconds() - MINUTES_KEPT_DAYS * SECONDS_A_DAY
}

/// Returns the period before `period` that is as long: as many days of the calendar, or as many seconds.
///
/// # Errors
/// What is wrong with it, for a person.
fn previous_period(period: &Period, from: Bound, to: Bound, now: Timestamp) -> Result<Period, String> {
    let zone = &period.zone;
    let out_of_range = || format!("the period before {OUT_OF_RANGE}");
    let end = from.time(zone).ok_or_else(out_of_range)?;
    let start = match (from, to) {
        (Bound::Date(first), Bound::Date(end)) => {
            plus_days(from, -i64::from((end - first).get_days())).ok().and_then(|before| before.time(zone))
        }
        _ => to
            .time(zone)
            .and_then(|to| end.checked_sub(to.duration_since(end)).ok())
            .map(Bound::Time)
            .and_then(|before| before.time(zone)),
    };
    let start = start.ok_or_else(out_of_range)?;
    if period.interval == Interval::Minute && !has_minutes(start, now) {
        return Err(format!(
            "minutes are kept for {MINUTES_KEPT_DAYS} days, and the period before is older: ask with interval=hour"
        ));
    }
    let previous = Period::new(zone.clone(), period.interval, start, end);
    previous.ok_or_else(|| "no hour (by minute: no minute) begins in the period before".to_owned())
}

/// Reads a date or a time.
fn parse_bound(text: &str) -> Result<Bound, &'static str> {
    if let Ok(day) = Day::parse(text) {
        return Ok(Bound::Date(day.date()));
    }
    match text.parse() {
        Ok(time) => Ok(Bound::Time(time)),
        Err(_) if Timestamp::parse(text).is_ok() => Err(OUT_OF_RANGE),
        Err(_) => Err("is not a date such as 2026-01-31, nor a time such as 2026-01-31T12:00:00Z"),
    }
}

/// Returns the bound `days` later, or earlier if negative.
fn plus_days(bound: Bound, days: i64) -> Result<Bound, &'static str> {
    let sum = match bound {
        Bound::Date(date) => date.checked_add(days.days()).map(Bound::Date),
        Bound::Time(time) => time.checked_add(jiff::SignedDuration::from_secs(days * SECONDS_A_DAY)).map(Bound::Time),
    };
    sum.map_err(|_| OUT_OF_RANGE)
}

/// Reads the name of one of the `known` dimensions.
fn parse_dimension(name: &str, known: &[Dimension]) -> Result<Dimension, String> {
    Dimension::named(name).filter(|dimension| known.contains(dimension)).ok_or_else(|| {
        let names: Vec<String> = known.iter().map(ToString::to_string).collect();
        format!("{name:?} is not one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: &str = "2026-01-31T12:30:00Z";

    fn check(subject: Subject, set: impl FnOnce(&mut StatsRequest)) -> Result<StatsQuery, Vec<String>> {
        let mut request = StatsRequest::default();
        set(&mut request);
        request.check(subject, Timestamp::parse(NOW).unwrap()).map_err(|error| match error {
            Error::Invalid(errors) => errors.into_iter().map(|error| error.pointer).collect(),
            other => panic!("{other}"),
        })
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn range(period: &Period) -> (String, String) {
        (period.rfc3339(period.units.start), period.rfc3339(period.units.end))
    }

    #[test]
    fn default_is_the_last_thirty_days_by_day() {
        let query = check(Subject::Link, |_| {}).unwrap();
        assert_eq!(range(&query.period), ("2026-01-02T00:00:00Z".into(), "2026-02-01T00:00:00Z".into()));
        assert_eq!((query.period.step_starts.len(), query.limit, query.previous), (30, DEFAULT_TOP, None));
        let tokyo = check(Subject::Link, |request| request.tz = text("Asia/Tokyo")).unwrap();
        assert_eq!(range(&tokyo.period).1, "2026-02-01T00:00:00+09:00");
        let minutes = check(Subject::Link, |request| request.interval = text("minute")).unwrap();
        assert_eq!(range(&minutes.period).0, "2026-01-31T00:00:00Z");
        let end = check(Subject::Link, |request| request.to = text("2026-01-10T07:00:00Z")).unwrap();
        assert_eq!(range(&end.period).0, "2025-12-11T07:00:00Z");
    }

    #[test]
    fn times_are_rounded_up_to_the_hour() {
        let query = check(Subject::Link, |request| {
            request.from = text("2026-01-30T12:30:00Z");
            request.to = text("2026-01-31T14:30:00+02:00");
            request.interval = text("hour");
        });
        let period = query.unwrap().period;
        assert_eq!(range(&period), ("2026-01-30T13:00:00Z".into(), "2026-01-31T13:00:00Z".into()));
        assert_eq!((period.step_starts.len(), period.exact), (24, false));
    }

    #[test]
    fn previous_period_has_as_many_days() {
        let query = check(Subject::Link, |request| {
            (request.from, request.to) = (text("2025-04-01"), text("2025-04-30"));
            (request.tz, request.compare) = (text("Europe/Berlin"), text("previous_period"));
        });
        let previous = query.unwrap().previous.unwrap();
        assert_eq!(range(&previous), ("2025-03-02T00:00:00+01:00".into(), "2025-04-01T00:00:00+02:00".into()));
        let query = check(Subject::Link, |request| {
            (request.from, request.to) = (text("2026-01-30T00:00:00Z"), text("2026-01-30T06:00:00Z"));
            request.compare = text("previous_period");
        });
        assert_eq!(range(&query.unwrap().previous.unwrap()).0, "2026-01-29T18:00:00Z");
    }

    #[test]
    fn group_by_takes_names_or_all() {
        let query = check(Subject::Link, |request| request.group_by = text("os,country,os")).unwrap();
        assert_eq!(query.group_by, [Dimension::Country, Dimension::Os]);
        let all = |subject| check(subject, |request| request.group_by = text("all")).unwrap().group_by;
        assert!(all(Subject::Workspace).contains(&Dimension::Link) && all(Subject::Tagged).contains(&Dimension::Link));
        assert!(all(Subject::Link).contains(&Dimension::Bot) && !all(Subject::Link).contains(&Dimension::Link));
    }

    #[test]
    fn invalid_parameters_are_refused_by_name() {
        type Set = fn(&mut StatsRequest);
        let cases: [(Subject, Set, &[&str]); 30] = [
            (Subject::Link, |r| r.from = text("x"), &["from"]),
            (Subject::Link, |r| r.to = text("2026-02-30"), &["to"]),
            (Subject::Link, |r| r.tz = text("Mars"), &["tz"]),
            (Subject::Link, |r| r.interval = text("year"), &["interval"]),
            (Subject::Link, |r| r.limit = Some(0), &["limit"]),
            (Subject::Link, |r| r.limit = Some(101), &["limit"]),
            (Subject::Link, |r| r.compare = text("yesterday"), &["compare"]),
            (Subject::Link, |r| r.group_by = text("country,link"), &["group_by"]),
            (Subject::Link, |r| r.filter = text("country"), &["filter"]),
            (Subject::Link, |r| r.filter = text("planet:Mars"), &["filter"]),
            (Subject::Link, |r| (r.from, r.to) = (text("2026-01-02"), text("2026-01-01")), &["from"]),
            (Subject::Link, |r| (r.from, r.to) = (text("2024-01-01"), text("2025-12-31")), &["from"]),
            (Subject::Link, |r| (r.from, r.interval) = (text("2025-12-01"), text("hour")), &["from"]),
            (
                Subject::Link,
                |r| {
                    (r.from, r.to) = (text("2026-01-20T00:00:00Z"), text("2026-01-20T01:00:00Z"));
                    r.interval = text("minute");
                },
                &["from"],
            ),
            (Subject::Workspace, |r| (r.from, r.interval) = (text("2026-01-31"), text("minute")), &["interval"]),
            (Subject::Link, |r| (r.filter, r.tz) = (text("country:DE"), text("Europe/Berlin")), &["filter"]),
            (Subject::Link, |r| (r.filter, r.group_by) = (text("country:DE"), text("os")), &["filter"]),
            (Subject::Link, |r| r.filter = text("country:UK"), &["filter"]),
            (Subject::Link, |r| (r.from, r.to) = (text("1969-12-31"), text("9999-12-31")), &["to"]),
            (Subject::Link, |r| (r.from, r.to) = (text("1969-12-31"), text("9999-12-29")), &["from"]),
            (Subject::Link, |r| (r.to, r.interval) = (text("9999-12-31"), text("hour")), &["to"]),
            (Subject::Link, |r| (r.from, r.to) = (text("9999-12-31"), text("9999-12-31")), &["to"]),
            (Subject::Link, |r| r.to = text("9999-12-31T23:59:59Z"), &["to"]),
            (Subject::Link, |r| (r.from, r.to) = (text("0000-01-01"), text("0000-01-02")), &["from", "to"]),
            (Subject::Link, |r| r.to = text("0001-01-10"), &["from"]),
            (
                Subject::Link,
                |r| (r.from, r.to, r.compare) = (text("0001-01-02"), text("0001-01-10"), text("previous_period")),
                &["compare"],
            ),
            (
                Subject::Link,
                |r| {
                    (r.from, r.to) = (text("2026-01-30T12:50:00Z"), text("2026-01-30T13:05:00Z"));
                    r.compare = text("previous_period");
                },
                &["compare"],
            ),
            (
                Subject::Link,
                |r| {
                    // Seven days and twelve hours ago: the day before that is older than eight days.
                    (r.from, r.to) = (text("2026-01-24"), text("2026-01-24"));
                    (r.interval, r.compare) = (text("minute"), text("previous_period"));
                },
                &["compare"],
            ),
            (Subject::Tagged, |r| r.filter = text("link:docs"), &["filter"]),
            (Subject::Link, |r| r.filter = text("link:go.example.com/docs"), &["filter"]),
        ];
        for (subject, set, pointers) in cases {
            let mut request = StatsRequest::default();
            set(&mut request);
            assert_eq!(check(subject, set).unwrap_err(), pointers, "{request:?}");
        }
        let two = check(Subject::Link, |r| (r.tz, r.limit) = (text(""), Some(0))).unwrap_err();
        assert_eq!(two, ["tz", "limit"], "all invalid parameters are named");
    }

    #[test]
    fn range_may_be_an_hour_longer_than_its_days() {
        for (to, valid) in [("2026-01-31T01:00:00Z", true), ("2026-01-31T01:00:01Z", false)] {
            let query = check(Subject::Link, |request| {
                (request.from, request.to) = (text("2025-12-31T00:00:00Z"), text(to));
                request.interval = text("hour");
            });
            assert_eq!(query.is_ok(), valid, "{to}");
        }
    }

    #[test]
    fn time_beyond_the_range_is_told_from_another_text() {
        assert_eq!(parse_bound("9999-12-31T23:59:59Z"), Err(OUT_OF_RANGE));
        let other = parse_bound("tomorrow").unwrap_err();
        assert!(other.contains("is not a date"), "{other}");
    }

    #[test]
    fn error_names_the_greatest_number_of_steps() {
        for (interval, steps) in [
            ("minute", "1440 steps of one minute"),
            ("hour", "744 steps of one hour"),
            ("week", "366 steps of one day"),
        ] {
            let request =
                StatsRequest { from: text("2020-01-01"), interval: text(interval), ..StatsRequest::default() };
            let error = request.check(Subject::Link, Timestamp::parse(NOW).unwrap()).unwrap_err();
            let Error::Invalid(errors) = error else { panic!("{error}") };
            assert!(errors[0].detail.contains(steps), "{errors:?}");
        }
    }

    #[test]
    fn range_before_1970_is_answered() {
        let query = check(Subject::Link, |r| {
            (r.from, r.to, r.compare) = (text("1969-12-31"), text("1970-01-01"), text("previous_period"));
        });
        let query = query.unwrap();
        assert_eq!(range(&query.period), ("1969-12-31T00:00:00Z".into(), "1970-01-02T00:00:00Z".into()));
        assert_eq!((query.period.days(), query.period.step_starts), (-1..1, vec![-24, 0]));
        assert_eq!(range(&query.previous.unwrap()).0, "1969-12-29T00:00:00Z");
    }

    /// Generates bounds near everything that is special, and any other text.
    fn any_bound() -> impl Strategy<Value = Option<String>> {
        let date = "(0000|0001|1969|1970|2011|2025|2026|9998|9999)-(01|02|03|10|12)-(01|02|29|30|31)";
        let time = "T(00:00|23:59|12:30)(:00|:59\\.5|:60)(Z|\\+14:00|-12:00| 01:00|\\+00:19)";
        let days = (-40_i64..4).prop_map(|days| Day::parse("2026-01-31").unwrap().plus(days).to_string());
        prop_oneof![
            Just(None),
            days.prop_map(Some),
            date.prop_map(Some),
            proptest::string::string_regex(&format!("{date}{time}")).unwrap().prop_map(Some),
            ".{0,12}".prop_map(Some),
        ]
    }

    fn any_of(values: &[&str]) -> impl Strategy<Value = Option<String>> + use<> {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        prop::option::of(prop_oneof![9 => prop::sample::select(values), 1 => ".{0,9}"])
    }

    proptest! {
        /// No request panics, and an accepted one asks for few aggregates, in an order that the table takes.
        #[test]
        fn any_request_is_checked(
            (from, to) in (any_bound(), any_bound()),
            tz in any_of(&["UTC", "Asia/Tokyo", "Asia/Kolkata", "Pacific/Apia", "America/St_Johns", "Pacific/Kiritimati", "Etc/GMT+12"]),
            interval in any_of(&["minute", "hour", "day", "week", "month"]),
            compare in any_of(&["previous_period"]),
            group_by in any_of(&["all", "country, os", "bot", ","]),
            filter in any_of(&["country:de", "link:go.example.com/a", "rule:1", "utm_term:x"]),
            limit in prop::option::of(0..200_usize), subject in 0..3_usize,
        ) {
            let subject = [Subject::Link, Subject::Tagged, Subject::Workspace][subject];
            let request = StatsRequest { from, to, tz, interval, compare, group_by, filter, limit };
            let Ok(query) = request.check(subject, Timestamp::parse(NOW).unwrap()) else { return Ok(()) };
            for period in query.previous.iter().chain([&query.period]) {
                prop_assert!(!period.step_starts.is_empty() && period.step_starts.len() <= 1500);
                prop_assert!((1..=368).contains(&(period.days().end - period.days().start)), "{:?}", period.days());
                let name = |day: i64| Day::from_number(day).to_string();
                prop_assert!(name(period.days().start) < name(period.days().end));
                let (start, end) = (period.rfc3339(period.units.start), period.rfc3339(period.units.end));
                prop_assert!(start.parse::<jiff::Timestamp>().unwrap() < end.parse().unwrap(), "{} {}", start, end);
            }
            if let Some(previous) = &query.previous {
                prop_assert_eq!(previous.units.end, query.period.units.start);
            }
        }
    }

    #[test]
    fn largest_ranges_are_accepted() {
        let days = |from, to, interval| {
            check(Subject::Link, |r| (r.from, r.to, r.interval) = (text(from), text(to), text(interval)))
                .map(|q| q.period.step_starts.len())
        };
        assert_eq!(days("2024-01-01", "2024-12-31", "day"), Ok(366));
        assert_eq!(days("2024-01-01", "2024-12-31", "month"), Ok(12));
        assert_eq!(days("2026-01-01", "2026-01-31", "hour"), Ok(744));
        assert_eq!(days("2026-01-31", "2026-01-31", "minute"), Ok(1440));
    }
}
