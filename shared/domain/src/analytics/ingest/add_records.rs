//! Adds records of a batch to the numbers of an aggregate.

use std::collections::BTreeMap;

use super::batch::{Batch, Counter, Record, TextId};
use crate::analytics::model::aggregate::Grain;
use crate::analytics::model::dimension::Dimension;
use crate::analytics::model::tally::Tally;
use crate::values::timestamp::Timestamp;

impl Tally {
    /// Adds `records` of `batch`, in their order.
    pub(crate) fn add(&mut self, grain: Grain, records: &[&Record<'_>], batch: &Batch<'_>) {
        let bots = records.iter().filter(|record| record.bot).count() as u64;
        self.bots += bots;
        self.clicks += records.len() as u64 - bots;
        for (people, bots) in records.iter().map(|record| record.more) {
            self.clicks += u64::from(people);
            self.bots += u64::from(bots);
        }
        match grain {
            Grain::LinkDay | Grain::WorkspaceDay => {
                let of_workspace = (grain == Grain::WorkspaceDay).then_some(Dimension::Link);
                self.add_day(Dimension::OF_LINK.into_iter().chain(of_workspace), records, batch);
            }
            Grain::MissesDay => self.add_day(Dimension::OF_MISSES.into_iter(), records, batch),
            Grain::LinkHour => add_times::<60>(records, &mut self.minutes, &mut self.bot_minutes, Timestamp::minute),
            Grain::LinkTotal => {
                records.iter().filter(|record| !record.bot).for_each(|record| self.add_click_time(record.time))
            }
        }
    }

    /// Adds what days have: hours, visitors, and the values of dimensions, those of bots too.
    fn add_day(&mut self, dimensions: impl Iterator<Item = Dimension>, records: &[&Record<'_>], batch: &Batch<'_>) {
        add_times::<24>(records, &mut self.hours, &mut self.bot_hours, Timestamp::hour);
        self.add_visitors(records);
        let counter = &mut *batch.counter();
        for dimension in dimensions.chain(Dimension::OF_BOTS) {
            self.add_values(dimension, records, batch, counter);
        }
    }

    fn add_visitors(&mut self, records: &[&Record<'_>]) {
        let people = records.iter().filter(|record| !record.bot);
        people.filter_map(|record| record.visitor).for_each(|visitor| self.visitors.add_hashed(visitor));
    }

    /// Adds the values of one dimension. The result is the same as with one record after the other. While there is room for
    /// all values, their order does not matter, so each value is added once.
    fn add_values(&mut self, dimension: Dimension, records: &[&Record<'_>], batch: &Batch<'_>, counter: &mut Counter) {
        let values = || records.iter().map(|record| record.value(dimension));
        let counted = counter.count(values());
        if counted.is_empty() {
            return;
        }
        let counts = self.dimensions.entry(dimension).or_default();
        if counts.len() + counted.len() <= dimension.max_values() {
            counted.iter().for_each(|(value, clicks)| counts.add_many(dimension, batch.text(*value), *clicks));
        } else {
            let texts = values().filter(|value: &TextId| *value != 0);
            counts.add_each(dimension, texts.map(|value| batch.text(value)));
        }
    }
}

/// Counts people and bots by hour or minute. `part` reads the hour or minute, of which there are `N`, from a time.
fn add_times<const N: usize>(
    records: &[&Record<'_>],
    people: &mut BTreeMap<u8, u64>,
    bots: &mut BTreeMap<u8, u64>,
    part: impl Fn(Timestamp) -> u8,
) {
    let mut counts = [[0_u64; N]; 2];
    for record in records {
        let part = usize::from(part(record.time)) % N;
        counts[usize::from(record.bot)][part] += 1;
        let (people, bots) = record.more;
        counts[0][part] += u64::from(people);
        counts[1][part] += u64::from(bots);
    }
    for (sums, counts) in [people, bots].into_iter().zip(counts) {
        for (time, clicks) in (0_u8..).zip(counts).filter(|(_, clicks)| *clicks > 0) {
            *sums.entry(time).or_default() += clicks;
        }
    }
}
