//! Adds up aggregates: the lanes of a day, and the days of a period.

use std::collections::BTreeMap;
use std::ops::Range;

use super::answer::{Numbers, Series, Step, Top, UtcDays};
use super::interval::Interval;
use super::period::{DAY_HOURS, Period};
use super::request::StatsQuery;
use super::top::top;
use crate::analytics::model::aggregate::TimeBucket;
use crate::analytics::model::counts::{Counts, fold_case};
use crate::analytics::model::day::Day;
use crate::analytics::model::dimension::Dimension;
use crate::analytics::model::tally::Tally;
use crate::analytics::model::visitors::VisitorUnion;
use crate::analytics::ports::{Parts, Summand};
use crate::values::error::{StoreError, StoreErrorKind};

/// The sums of a period. The order in which aggregates are added does not matter.
pub(super) struct Sums<'a> {
    query: &'a StatsQuery,
    period: &'a Period,
    steps: Vec<StepSum>,
    /// Whether the period and its steps are whole days of UTC, so that hours are not needed.
    whole_days: bool,
    nearest_days: Range<i64>,
    /// Clicks of people on `nearest_days`.
    clicks_of_days: u64,
    /// Clicks of bots on `nearest_days`.
    bots_of_days: u64,
    groups: BTreeMap<Dimension, Counts>,
    /// The first spelling of each value that ignores case, with its day, by the value in lower case.
    spellings: BTreeMap<(Dimension, String), (i64, String)>,
    filter_error: u64,
}

#[derive(Default)]
struct StepSum {
    clicks: u64,
    bots: u64,
    visitors: Option<VisitorUnion>,
}

/// Returns the parts of aggregates that `query` needs for `period`.
pub(super) fn needed_parts(query: &StatsQuery, period: &Period) -> Parts {
    let by_minute = period.interval == Interval::Minute;
    let filter = query.filter.as_ref().map(|filter| filter.dimension);
    Parts {
        hours: !by_minute && !period.is_of_utc_days(),
        minutes: by_minute,
        visitors: !by_minute && filter.is_none(),
        dimensions: query.group_by.iter().copied().chain(filter).collect(),
        ..Parts::default()
    }
}

impl<'a> Sums<'a> {
    pub(super) fn new(query: &'a StatsQuery, period: &'a Period) -> Self {
        let steps = period.step_starts.iter().map(|_| StepSum::default()).collect();
        Self {
            query,
            period,
            steps,
            whole_days: period.is_of_utc_days(),
            nearest_days: period.nearest_days(),
            clicks_of_days: 0,
            bots_of_days: 0,
            groups: BTreeMap::new(),
            spellings: BTreeMap::new(),
            filter_error: 0,
        }
    }

    /// Adds one aggregate.
    ///
    /// # Errors
    /// It is the aggregate of neither a day nor an hour.
    pub(super) fn add(&mut self, item: &Summand) -> Result<(), StoreError> {
        match TimeBucket::of_sk(&item.sk) {
            Some(TimeBucket::Hour(hour)) => self.add_minutes(hour, &item.tally),
            Some(TimeBucket::Day(day)) => self.add_day(day, &item.tally),
            None => {
                let detail = format!("the sort key {} names neither a day nor an hour", item.sk);
                return Err(StoreError::new("aggregates.range", StoreErrorKind::Broken, detail));
            }
        }
        Ok(())
    }

    fn add_minutes(&mut self, hour: i64, tally: &Tally) {
        for (minute, clicks) in &tally.minutes {
            self.add_clicks(hour * 60 + i64::from(*minute), *clicks, 0);
        }
        for (minute, bots) in &tally.bot_minutes {
            self.add_clicks(hour * 60 + i64::from(*minute), 0, *bots);
        }
    }

    fn add_day(&mut self, day: i64, tally: &Tally) {
        let noon = day * DAY_HOURS + DAY_HOURS / 2;
        if let Some(filter) = &self.query.filter {
            let counts = tally.dimensions.get(&filter.dimension);
            let (clicks, error) = counts.map_or((0, 0), |counts| filter.count(counts));
            self.filter_error += error;
            let (clicks, bots) = if filter.dimension.is_of_bots() { (0, clicks) } else { (clicks, 0) };
            self.add_clicks(noon, clicks, bots);
            return;
        }
        if self.whole_days {
            self.add_clicks(noon, tally.clicks, tally.bots);
        } else {
            self.add_hours(day, tally);
        }
        if self.nearest_days.contains(&day) {
            self.clicks_of_days += tally.clicks;
            self.bots_of_days += tally.bots;
            for (dimension, counts) in &tally.dimensions {
                let group = self.groups.entry(*dimension).or_default();
                if dimension.ignores_case() {
                    group.merge(&counts.folded());
                    self.add_spellings(*dimension, counts, day);
                } else {
                    group.merge(counts);
                }
            }
            // A period without a noon has its visitors in its first step.
            let step = self.period.step_of(noon).unwrap_or(0);
            if let Some(step) = self.steps.get_mut(step).filter(|_| !tally.visitors.is_empty()) {
                step.visitors.get_or_insert_default().add(&tally.visitors);
            }
        }
    }

    /// Keeps the spellings of the first day. Of several on one day it keeps the first in sort order, so that the order of the
    /// aggregates does not matter.
    fn add_spellings(&mut self, dimension: Dimension, counts: &Counts, day: i64) {
        for (value, _) in counts.iter() {
            let spelling = (day, value.to_owned());
            let known = self.spellings.entry((dimension, fold_case(value))).or_insert_with(|| spelling.clone());
            if spelling < *known {
                *known = spelling;
            }
        }
    }

    /// Adds the clicks of a day by hour. Clicks that an older version counted without hours go to noon.
    fn add_hours(&mut self, day: i64, tally: &Tally) {
        let hours = |hours: &BTreeMap<u8, u64>| hours.values().sum::<u64>();
        let (clicks, bots) =
            (tally.clicks.saturating_sub(hours(&tally.hours)), tally.bots.saturating_sub(hours(&tally.bot_hours)));
        self.add_clicks(day * DAY_HOURS + DAY_HOURS / 2, clicks, bots);
        for (hour, clicks) in &tally.hours {
            self.add_clicks(day * DAY_HOURS + i64::from(*hour), *clicks, 0);
        }
        for (hour, bots) in &tally.bot_hours {
            self.add_clicks(day * DAY_HOURS + i64::from(*hour), 0, *bots);
        }
    }

    /// Adds clicks to the step of `unit`. Ignores those outside the period.
    fn add_clicks(&mut self, unit: i64, clicks: u64, bots: u64) {
        if let Some(step) = self.period.step_of(unit).and_then(|step| self.steps.get_mut(step)) {
            step.clicks += clicks;
            step.bots += bots;
        }
    }

    fn clicks(&self) -> u64 {
        self.steps.iter().map(|step| step.clicks).sum()
    }

    /// Returns the clicks of people so far on the days of UTC that top values cover.
    pub(super) fn clicks_of_days(&self) -> u64 {
        self.clicks_of_days
    }

    /// Returns how many more clicks can pass the filter than certainly do, if there is a filter.
    pub(super) fn filter_error(&self) -> Option<u64> {
        self.query.filter.as_ref().map(|_| self.filter_error)
    }

    /// Returns the sums of the whole period.
    pub(super) fn totals(&self) -> Numbers {
        let mut all = VisitorUnion::default();
        self.steps.iter().filter_map(|step| step.visitors.as_ref()).for_each(|visitors| all.add_union(visitors));
        let bots = self.steps.iter().map(|step| step.bots).sum();
        self.numbers(self.clicks(), bots, needed_parts(self.query, self.period).visitors.then(|| all.estimate()))
    }

    /// Returns the sums by step.
    pub(super) fn series(&self) -> Series {
        let has_visitors = needed_parts(self.query, self.period).visitors && self.period.interval != Interval::Hour;
        let items = self.period.step_starts.iter().zip(&self.steps).map(|(start, sum)| {
            let visitors = has_visitors.then(|| sum.visitors.as_ref().map_or(0, VisitorUnion::estimate));
            Step { start: self.period.step_name(*start), numbers: self.numbers(sum.clicks, sum.bots, visitors) }
        });
        Series { interval: self.period.interval, items: items.collect() }
    }

    /// Makes [`Numbers`]. With a filter by a dimension of people the clicks of bots are not known, and the reverse.
    fn numbers(&self, clicks: u64, bots: u64, visitors: Option<u64>) -> Numbers {
        let of_bots = self.query.filter.as_ref().map(|filter| filter.dimension.is_of_bots());
        Numbers {
            clicks: (of_bots != Some(true)).then_some(clicks),
            bots: (of_bots != Some(false)).then_some(bots),
            visitors,
        }
    }

    /// Returns the days of UTC that visitors and top values cover.
    pub(super) fn utc_days(&self) -> Option<UtcDays> {
        let days = &self.nearest_days;
        let exact = self.period.exact && self.period.units == (days.start * DAY_HOURS..days.end * DAY_HOURS);
        (self.period.interval != Interval::Minute && self.query.filter.is_none()).then(|| UtcDays {
            from: Day::from_number(days.start),
            to: Day::from_number(days.end - 1),
            exact,
            clicks: self.clicks_of_days,
            bots: self.bots_of_days,
        })
    }

    /// Returns the values of a requested dimension, and the clicks that they are of. `None` if there are none.
    pub(super) fn group(&self, dimension: Dimension) -> Option<(&Counts, u64)> {
        let counts = self.groups.get(&dimension).filter(|_| self.query.group_by.contains(&dimension))?;
        Some((counts, if dimension.is_of_bots() { self.bots_of_days } else { self.clicks_of_days }))
    }

    /// Returns the most frequent values of each requested dimension.
    pub(super) fn top(&self) -> BTreeMap<Dimension, Top> {
        let none = Counts::default();
        let groups = self.query.group_by.iter().map(|dimension| {
            let clicks = if dimension.is_of_bots() { self.bots_of_days } else { self.clicks_of_days };
            let counts = self.groups.get(dimension).unwrap_or(&none);
            let mut top = top(counts, clicks, self.query.limit);
            for item in &mut top.items {
                if let Some((_, spelling)) = self.spellings.get(&(*dimension, item.value.clone())) {
                    item.value.clone_from(spelling);
                }
            }
            (*dimension, top)
        });
        groups.collect()
    }
}
