//! Reads ranges of aggregates in few rounds.

use futures::future::try_join_all;

use super::interval::Interval;
use super::period::Period;
use crate::analytics::model::aggregate::{TimeBucket, day_range, hour_range};
use crate::analytics::model::day::Day;
use crate::analytics::ports::{AggregateReader, KeyRange, Parts, Summand};
use crate::values::error::StoreError;

/// The greatest number of parts that are read at once, if a range does not fit into one page.
const MAX_PARALLEL: i64 = 16;

/// Reads the aggregates of a partition that `period` touches.
pub(super) async fn read(
    reader: &dyn AggregateReader,
    pk: &str,
    period: &Period,
    parts: &Parts,
) -> Result<Vec<Summand>, StoreError> {
    if period.interval == Interval::Minute {
        let hours = period.hours();
        let (first, last) = hour_range(hours.start, hours.end - 1);
        return pages(reader, KeyRange { pk, first, last, after: None }, parts).await;
    }
    days(reader, pk, period.days().start, period.days().end - 1, parts).await
}

/// Reads all pages of a range, one after the other.
pub(super) async fn pages(
    reader: &dyn AggregateReader,
    mut range: KeyRange<'_>,
    parts: &Parts,
) -> Result<Vec<Summand>, StoreError> {
    let mut items = Vec::new();
    loop {
        let page = reader.range(&range, parts).await?;
        items.extend(page.items);
        range.after = page.next;
        if range.after.is_none() {
            return Ok(items);
        }
    }
}

/// Reads days in one round or two: the first page tells how many days fit into a page, and the rest is read at once, in
/// parts of about that size. A part with more than a page takes further rounds.
async fn days(
    reader: &dyn AggregateReader,
    pk: &str,
    from: i64,
    to: i64,
    parts: &Parts,
) -> Result<Vec<Summand>, StoreError> {
    let (first, last) = between(from, to);
    let page = reader.range(&KeyRange { pk, first, last, after: None }, parts).await?;
    let mut items = page.items;
    let Some(next) = page.next else { return Ok(items) };
    let reached = match TimeBucket::of_sk(&next) {
        Some(TimeBucket::Day(day)) => day.clamp(from, to),
        _ => from,
    };
    let ranges = rest(from, reached, to).map(|(first_day, last_day)| {
        let (first, last) = between(first_day, last_day);
        let after = (first_day == reached).then(|| next.clone());
        pages(reader, KeyRange { pk, first, last, after }, parts)
    });
    items.extend(try_join_all(ranges).await?.into_iter().flatten());
    Ok(items)
}

/// Cuts the days from `reached` to `to` into at most [`MAX_PARALLEL`] parts. If that many are enough, a part is a little
/// smaller than the first page, which has the days from `from` to `reached`.
fn rest(from: i64, reached: i64, to: i64) -> impl Iterator<Item = (i64, i64)> {
    let left = to - reached + 1;
    let fits = ((reached - from) * 7 / 8).max(1);
    let size = fits.max((left + MAX_PARALLEL - 1) / MAX_PARALLEL);
    (0..(left + size - 1) / size).map(move |part| {
        let first = reached + part * size;
        (first, (first + size - 1).min(to))
    })
}

fn between(from: i64, to: i64) -> (String, String) {
    day_range(Day::from_number(from), Day::from_number(to))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use proptest::prelude::*;

    use super::*;
    use crate::analytics::ports::AggregatePage;
    use crate::analytics::stats::zone::Zone;

    /// Remembers the ranges that were read, and has no aggregates.
    #[derive(Default)]
    struct Recorder(Mutex<Vec<(String, String)>>);

    #[async_trait]
    impl AggregateReader for Recorder {
        async fn range(&self, range: &KeyRange<'_>, _: &Parts) -> Result<AggregatePage, StoreError> {
            self.0.lock().unwrap().push((range.first.clone(), range.last.clone()));
            Ok(AggregatePage::default())
        }
    }

    #[tokio::test]
    async fn nothing_beyond_the_period_is_read() {
        for (interval, from, to, first, last) in [
            (
                Interval::Minute,
                "2026-01-02T03:10:00Z",
                "2026-01-02T04:00:00Z",
                "HOUR#2026-01-02T03#",
                "HOUR#2026-01-02T03$",
            ),
            (
                Interval::Minute,
                "2026-01-02T03:00:00Z",
                "2026-01-02T04:01:00Z",
                "HOUR#2026-01-02T03#",
                "HOUR#2026-01-02T04$",
            ),
            (Interval::Day, "2026-01-02T00:00:00Z", "2026-01-04T00:00:00Z", "DAY#2026-01-02#", "DAY#2026-01-03$"),
            (Interval::Hour, "2026-01-02T23:00:00Z", "2026-01-03T01:00:00Z", "DAY#2026-01-02#", "DAY#2026-01-03$"),
        ] {
            let period = Period::new(Zone::UTC, interval, from.parse().unwrap(), to.parse().unwrap()).unwrap();
            let recorder = Recorder::default();
            read(&recorder, "WS#acme", &period, &Parts::default()).await.unwrap();
            assert_eq!(*recorder.0.lock().unwrap(), [(first.to_owned(), last.to_owned())], "{from} to {to}");
        }
    }

    #[test]
    fn part_is_a_little_smaller_than_the_first_page_if_few_are_enough() {
        for (from, reached, to, count, first) in [
            (0, 0, 9, 10, (0, 0)),
            (100, 180, 199, 1, (180, 199)),
            (100, 108, 199, 14, (108, 114)),
            // The first page has too few days: sixteen parts.
            (100, 101, 420, 16, (101, 120)),
            (100, 101, 421, 16, (101, 121)),
        ] {
            let parts: Vec<_> = rest(from, reached, to).collect();
            assert_eq!((parts.len(), parts[0]), (count, first), "{from} {reached} {to}");
        }
    }

    proptest! {
        #[test]
        fn rest_is_cut_without_gaps_into_few_parts(from in 0_i64..100, covered in 0_i64..400, left in 0_i64..400) {
            let (reached, to) = (from + covered, from + covered + left);
            let parts: Vec<_> = rest(from, reached, to).collect();
            prop_assert!(parts.len() as i64 <= MAX_PARALLEL);
            prop_assert_eq!((parts[0].0, parts[parts.len() - 1].1), (reached, to));
            prop_assert!(parts.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0));
            prop_assert!(parts.iter().all(|(first, last)| first <= last));
        }
    }
}
