//! Reads the aggregates of a query and builds its statistics.

use std::collections::BTreeMap;

use futures::future::try_join;

use super::answer::Stats;
use super::change::change;
use super::null_reasons::null_reasons;
use super::read::read;
use super::request::StatsQuery;
use super::sums::{Sums, needed_parts};
use crate::analytics::model::counts::Counts;
use crate::analytics::model::dimension::Dimension;
use crate::analytics::ports::{AggregateReader, Parts, Summand};
use crate::values::error::StoreError;

/// The aggregates of a partition that a query needs.
pub(super) struct Aggregates {
    of_period: Vec<Summand>,
    of_previous: Vec<Summand>,
}

/// Reads the aggregates of the partition `pk` that `query` needs.
pub(super) async fn read_aggregates(
    reader: &dyn AggregateReader,
    pk: &str,
    query: &StatsQuery,
) -> Result<Aggregates, StoreError> {
    let current_parts = needed_parts(query, &query.period);
    let of_period = read(reader, pk, &query.period, &current_parts);
    let of_previous = async {
        let Some(period) = &query.previous else { return Ok(Vec::new()) };
        let parts = needed_parts(query, period);
        // The answer shows no values of the period before, but a filter needs those of its dimension.
        let parts = if query.filter.is_some() { parts } else { Parts { dimensions: Vec::new(), ..parts } };
        read(reader, pk, period, &parts).await
    };
    let (of_period, of_previous) = try_join(of_period, of_previous).await?;
    Ok(Aggregates { of_period, of_previous })
}

/// Adds up aggregates to [`Stats`].
pub(super) struct StatsBuilder<'a> {
    query: &'a StatsQuery,
    sums: Sums<'a>,
    previous: Option<Sums<'a>>,
}

impl<'a> StatsBuilder<'a> {
    pub(super) fn new(query: &'a StatsQuery) -> Self {
        let previous = query.previous.as_ref().map(|period| Sums::new(query, period));
        Self { query, sums: Sums::new(query, &query.period), previous }
    }

    /// Adds the aggregates of a partition. Returns their clicks of people in the period.
    pub(super) fn add(&mut self, aggregates: &Aggregates) -> Result<u64, StoreError> {
        let before = self.sums.clicks();
        aggregates.of_period.iter().try_for_each(|item| self.sums.add(item))?;
        if let Some(previous) = &mut self.previous {
            aggregates.of_previous.iter().try_for_each(|item| previous.add(item))?;
        }
        Ok(self.sums.clicks() - before)
    }

    /// Returns the values of a dimension that the request groups by, and the clicks that they are of.
    pub(super) fn group(&self, dimension: Dimension) -> Option<(&Counts, u64)> {
        self.sums.group(dimension)
    }

    /// Builds the statistics, without the fields that say whose clicks they are.
    pub(super) fn finish(self) -> Stats {
        let period = &self.query.period;
        let totals = self.sums.totals();
        let exact = self.sums.is_exact() && self.previous.as_ref().is_none_or(Sums::is_exact);
        let comparison = self.query.previous.as_ref().zip(self.previous);
        let mut stats = Stats {
            link_id: None,
            domain: None,
            slug: None,
            tags: None,
            links: None,
            from: period.rfc3339(period.units.start),
            to: period.rfc3339(period.units.end),
            tz: period.zone.name(),
            exact,
            totals,
            filter_error: self.sums.filter_error(),
            all_time: None,
            change: comparison.map(|(previous, sums)| change(previous, sums.totals(), totals)),
            series: self.sums.series(),
            top: self.sums.top(),
            null_because: BTreeMap::new(),
        };
        stats.null_because = null_reasons(&stats, self.query);
        stats
    }
}
