//! From aggregates to an answer.

use futures::future::try_join;

use super::answer::Stats;
use super::read::read;
use super::request::Question;
use super::sums::{Sums, parts};
use crate::analytics::ports::{AggregateReader, Parts, Summand};
use crate::analytics::stats::change;
use crate::values::error::StoreError;

/// The aggregates of a partition that answer a question.
pub(super) struct Aggregates {
    of_period: Vec<Summand>,
    of_previous: Vec<Summand>,
}

/// Reads what `question` needs of the partition `pk`.
pub(super) async fn read_aggregates(
    reader: &dyn AggregateReader,
    pk: &str,
    question: &Question,
) -> Result<Aggregates, StoreError> {
    let now_parts = parts(question, &question.period);
    let of_period = read(reader, pk, &question.period, &now_parts);
    let of_previous = async {
        let Some(period) = &question.previous else { return Ok(Vec::new()) };
        let parts = parts(question, period);
        // Its values are not shown, but those that a filter asks for.
        let parts = if question.filter.is_some() { parts } else { Parts { dimensions: Vec::new(), ..parts } };
        read(reader, pk, period, &parts).await
    };
    let (of_period, of_previous) = try_join(of_period, of_previous).await?;
    Ok(Aggregates { of_period, of_previous })
}

/// An answer as it grows.
pub(super) struct Answer<'a> {
    question: &'a Question,
    sums: Sums<'a>,
    previous: Option<Sums<'a>>,
}

impl<'a> Answer<'a> {
    pub(super) fn to(question: &'a Question) -> Self {
        let previous = question.previous.as_ref().map(|period| Sums::new(question, period));
        Self { question, sums: Sums::new(question, &question.period), previous }
    }

    /// Adds what was read; says how many clicks of people on the days of the top values came with it.
    pub(super) fn add(&mut self, aggregates: &Aggregates) -> Result<u64, StoreError> {
        let before = self.sums.clicks_of_days();
        aggregates.of_period.iter().try_for_each(|item| self.sums.add(item))?;
        if let Some(previous) = &mut self.previous {
            aggregates.of_previous.iter().try_for_each(|item| previous.add(item))?;
        }
        Ok(self.sums.clicks_of_days() - before)
    }

    /// The answer, without saying whose clicks they are.
    pub(super) fn finish(self) -> Stats {
        let period = &self.question.period;
        let totals = self.sums.totals();
        let change = self.question.previous.as_ref().zip(self.previous);
        Stats {
            domain: None,
            slug: None,
            tags: None,
            links: None,
            from: period.show(period.units.start),
            to: period.show(period.units.end),
            tz: period.zone.name(),
            exact: period.exact,
            totals,
            filter_error: self.sums.filter_error(),
            all_time: None,
            change: change.map(|(previous, sums)| change::change(previous, sums.totals(), totals)),
            series: self.sums.series(),
            utc_days: self.sums.utc_days(),
            top: self.sums.top(),
        }
    }
}
