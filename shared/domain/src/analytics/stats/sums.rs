//! Adds up aggregates: the lanes of a day, and the days of a period.

use std::collections::BTreeMap;

use super::answer::{Numbers, Series, Step, Top};
use super::interval::Interval;
use super::period::{DAY_HOURS, Period};
use super::request::StatsQuery;
use super::top::top;
use crate::analytics::model::aggregate::TimeBucket;
use crate::analytics::model::counts::{Counts, fold_case};
use crate::analytics::model::dimension::Dimension;
use crate::analytics::model::tally::Tally;
use crate::analytics::model::visitors::VisitorUnion;
use crate::analytics::ports::{Parts, Summand};
use crate::values::error::{StoreError, StoreErrorKind};

/// The sums of a period. The order in which aggregates are added does not matter.
pub(super) struct Sums<'a> {
    query: &'a StatsQuery,
    period: &'a Period,
    parts: Parts,
    steps: Vec<StepSum>,
    /// Clicks of people in all steps.
    clicks: u64,
    /// Clicks of bots in all steps.
    bots: u64,
    /// Visitors of days that are in the period, but not in a step of whole days.
    other_visitors: VisitorUnion,
    groups: BTreeMap<Dimension, Counts>,
    /// The first spelling of each value that ignores case, with its day, by the value in lower case.
    spellings: BTreeMap<(Dimension, String), (i64, String)>,
    filter_error: u64,
    /// Whether each click was in the step in which it is counted.
    exact: bool,
}

struct StepSum {
    clicks: u64,
    bots: u64,
    visitors: Option<VisitorUnion>,
    /// Whether the step is whole days of UTC.
    of_days: bool,
}

/// Returns the parts of aggregates that `query` needs for `period`: only what is known exactly.
pub(super) fn needed_parts(query: &StatsQuery, period: &Period) -> Parts {
    let by_minute = period.interval == Interval::Minute;
    let filter = query.filter.as_ref().filter(|filter| !filter.is_by_partition).map(|filter| filter.dimension);
    let groups = query.group_by.iter().copied().filter(|_| period.is_of_utc_days());
    Parts {
        hours: !by_minute && !period.needs_no_hours(),
        minutes: by_minute,
        visitors: query.filter.is_none() && (period.is_of_utc_days() || period.steps_of_utc_days().any(|whole| whole)),
        dimensions: groups.chain(filter).collect(),
        ..Parts::default()
    }
}

impl<'a> Sums<'a> {
    pub(super) fn new(query: &'a StatsQuery, period: &'a Period) -> Self {
        let step = |of_days| StepSum { clicks: 0, bots: 0, visitors: None, of_days };
        Self {
            query,
            period,
            parts: needed_parts(query, period),
            steps: period.steps_of_utc_days().map(step).collect(),
            clicks: 0,
            bots: 0,
            other_visitors: VisitorUnion::default(),
            groups: BTreeMap::new(),
            spellings: BTreeMap::new(),
            filter_error: 0,
            exact: period.exact,
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
        if let Some(filter) = self.query.filter.as_ref().filter(|filter| !filter.is_by_partition) {
            let none = Counts::default();
            let (clicks, error) = filter.count(tally.dimensions.get(&filter.dimension).unwrap_or(&none));
            self.filter_error += error;
            let (clicks, bots) = if filter.dimension.is_of_bots() { (0, clicks) } else { (clicks, 0) };
            self.add_clicks(noon, clicks, bots);
            return;
        }
        if self.parts.hours {
            self.add_hours(day, tally);
        } else {
            self.add_clicks(noon, tally.clicks, tally.bots);
        }
        if !self.period.contains_day(day) {
            return;
        }
        if self.period.is_of_utc_days() {
            for (dimension, counts) in &tally.dimensions {
                let group = self.groups.entry(*dimension).or_default();
                if dimension.ignores_case() {
                    group.merge(&counts.folded());
                    self.add_spellings(*dimension, counts, day);
                } else {
                    group.merge(counts);
                }
            }
        }
        if tally.visitors.is_empty() {
            return;
        }
        match self.period.step_of(noon).and_then(|step| self.steps.get_mut(step)).filter(|step| step.of_days) {
            Some(step) => step.visitors.get_or_insert_default().add(&tally.visitors),
            None => self.other_visitors.add(&tally.visitors),
        }
    }

    /// Keeps the spellings of the first day. Of several on one day it keeps the first in sort order, so that the order of the
    /// aggregates does not matter.
    fn add_spellings(&mut self, dimension: Dimension, counts: &Counts, day: i64) {
        for (value, _) in counts.iter() {
            let spelling = (day, value.to_owned());
            let known = self.spellings.entry((dimension, fold_case(value))).or_insert_with(|| spelling.clone());
            *known = spelling.min(std::mem::take(known));
        }
    }

    /// Adds the clicks of a day by hour. Clicks that an older version counted without hours go to noon, which is not exact
    /// unless the whole day is in one step.
    fn add_hours(&mut self, day: i64, tally: &Tally) {
        let hours = |hours: &BTreeMap<u8, u64>| hours.values().sum::<u64>();
        let (clicks, bots) =
            (tally.clicks.saturating_sub(hours(&tally.hours)), tally.bots.saturating_sub(hours(&tally.bot_hours)));
        if clicks + bots > 0 {
            let (first, last) = (day * DAY_HOURS, day * DAY_HOURS + DAY_HOURS - 1);
            let step = self.period.step_of(first);
            self.exact &= step.is_some() && step == self.period.step_of(last);
        }
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
            self.clicks += clicks;
            self.bots += bots;
        }
    }

    /// Returns the clicks of people so far.
    pub(super) fn clicks(&self) -> u64 {
        self.clicks
    }

    /// Tells whether all sums are those of exactly the steps and the range that the request asked for.
    pub(super) fn is_exact(&self) -> bool {
        self.exact
    }

    /// Returns how many more clicks can pass the filter than certainly do, if there is a filter.
    pub(super) fn filter_error(&self) -> Option<u64> {
        self.query.filter.as_ref().map(|_| self.filter_error)
    }

    /// Returns the sums of the whole period. Its visitors are known if it is whole days of UTC.
    pub(super) fn totals(&self) -> Numbers {
        let visitors = (self.parts.visitors && self.period.is_of_utc_days()).then(|| {
            let mut all = VisitorUnion::default();
            let of_steps = self.steps.iter().filter_map(|step| step.visitors.as_ref());
            of_steps.chain([&self.other_visitors]).for_each(|visitors| all.add_union(visitors));
            all.estimate()
        });
        self.numbers(self.clicks, self.bots, visitors)
    }

    /// Returns the sums by step. Visitors are known for steps of whole days of UTC.
    pub(super) fn series(&self) -> Series {
        let items = self.period.step_starts.iter().zip(&self.steps).map(|(start, sum)| {
            let visitors =
                (self.parts.visitors && sum.of_days).then(|| sum.visitors.as_ref().map_or(0, VisitorUnion::estimate));
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

    /// Returns the values of a requested dimension, and the clicks that they are of. `None` if there are none.
    pub(super) fn group(&self, dimension: Dimension) -> Option<(&Counts, u64)> {
        let counts = self.groups.get(&dimension).filter(|_| self.query.group_by.contains(&dimension))?;
        Some((counts, if dimension.is_of_bots() { self.bots } else { self.clicks }))
    }

    /// Returns the most frequent values of each requested dimension, if the period is whole days of UTC.
    pub(super) fn top(&self) -> BTreeMap<Dimension, Option<Top>> {
        let none = Counts::default();
        let groups = self.query.group_by.iter().map(|dimension| {
            let clicks = if dimension.is_of_bots() { self.bots } else { self.clicks };
            let counts = self.groups.get(dimension).unwrap_or(&none);
            if !self.period.is_of_utc_days() {
                return (*dimension, None);
            }
            let mut top = top(counts, clicks, self.query.limit);
            for item in &mut top.items {
                if let Some((_, spelling)) = self.spellings.get(&(*dimension, item.value.clone())) {
                    item.value.clone_from(spelling);
                }
            }
            (*dimension, Some(top))
        });
        groups.collect()
    }
}
