//! Loads aggregates, folds records into them and writes them back, many at a time.

use futures::StreamExt;
use futures::stream::iter;

use super::batch::{Batch, Record};
use super::fold::Touched;
use crate::analytics::model::aggregate::Aggregate;
use crate::analytics::model::sequence::SequenceNumber;
use crate::analytics::ports::{AggregateStore, MAX_LOAD};
use crate::values::error::{StoreError, StoreErrorKind};

/// How many groups of up to [`MAX_LOAD`] aggregates are in memory at a time.
const LOADS_AT_ONCE: usize = 2;
/// How many aggregates of a group are written at a time.
const WRITES_AT_ONCE: usize = 8;
/// How often an aggregate is folded again that somebody else wrote meanwhile. Only an invocation that should have ended
/// does that, and what it writes is right, so more than one conflict is rare.
const MAX_CONFLICTS: usize = 5;

/// What became of one aggregate.
#[derive(Default)]
pub(crate) struct Outcome<'a> {
    pub(crate) written: bool,
    pub(crate) conflicts: usize,
    /// The first record that the aggregate still needs, and why it does not have it.
    pub(crate) failure: Option<(&'a Record<'a>, StoreError)>,
}

/// An aggregate and what was stored of it.
pub(crate) struct Loaded<'a> {
    pub(crate) touched: Touched<'a>,
    pub(crate) current: Option<Aggregate>,
}

/// Loads `touched`; gives back also the failures of those that could not be loaded.
pub(crate) async fn load<'a>(
    touched: Vec<Touched<'a>>,
    store: &dyn AggregateStore,
) -> (Vec<Loaded<'a>>, Vec<Outcome<'a>>) {
    let loads: Vec<_> = groups(touched).into_iter().map(|group| load_group(group, store)).collect();
    let mut loads = iter(loads).buffer_unordered(LOADS_AT_ONCE);
    let (mut all, mut failures) = (Vec::new(), Vec::new());
    while let Some(group) = loads.next().await {
        match group {
            Ok(loaded) => all.extend(loaded),
            Err(failed) => failures.extend(failed),
        }
    }
    (all, failures)
}

/// Loads `touched` and writes them, no more than a few groups at a time.
pub(crate) async fn load_and_write<'a>(
    batch: &Batch<'a>,
    touched: Vec<Touched<'a>>,
    store: &dyn AggregateStore,
) -> Vec<Outcome<'a>> {
    let writes = groups(touched).into_iter().map(|group| async move {
        match load_group(group, store).await {
            Ok(loaded) => write(batch, loaded, store).await,
            Err(failed) => failed,
        }
    });
    iter(writes.collect::<Vec<_>>()).buffer_unordered(LOADS_AT_ONCE).concat().await
}

/// Folds and writes `loaded`.
pub(crate) async fn write<'a>(
    batch: &Batch<'a>,
    loaded: Vec<Loaded<'a>>,
    store: &dyn AggregateStore,
) -> Vec<Outcome<'a>> {
    let writes = loaded.into_iter().filter_map(|loaded| Write::of(batch, loaded));
    let writes: Vec<_> = writes.map(|write| write.run(batch, store)).collect();
    iter(writes).buffer_unordered(WRITES_AT_ONCE).collect().await
}

fn groups<T>(all: Vec<T>) -> Vec<Vec<T>> {
    let mut all = all.into_iter().peekable();
    let mut groups = Vec::new();
    while all.peek().is_some() {
        groups.push(all.by_ref().take(MAX_LOAD).collect());
    }
    groups
}

async fn load_group<'a>(
    group: Vec<Touched<'a>>,
    store: &dyn AggregateStore,
) -> Result<Vec<Loaded<'a>>, Vec<Outcome<'a>>> {
    let keys: Vec<_> = group.iter().map(|touched| touched.key.clone()).collect();
    match store.load(&keys).await {
        Ok(stored) => {
            let loaded = group.into_iter().zip(stored).map(|(touched, current)| Loaded { touched, current });
            Ok(loaded.collect())
        }
        Err(error) => Err(group.iter().filter_map(|touched| not_loaded(touched, &error)).collect()),
    }
}

fn not_loaded<'a>(touched: &Touched<'a>, error: &StoreError) -> Option<Outcome<'a>> {
    let error = StoreError::new(error.operation, error.kind, error.source.to_string());
    let first = touched.records.first()?;
    Some(Outcome { failure: Some((first, error)), ..Outcome::default() })
}

/// An aggregate that is to be written.
struct Write<'a> {
    touched: Touched<'a>,
    /// What was read of it.
    read: Option<SequenceNumber>,
    next: Aggregate,
}

impl<'a> Write<'a> {
    /// Folds what is not in the aggregate yet; nothing if there is nothing.
    fn of(batch: &Batch<'a>, Loaded { touched, current }: Loaded<'a>) -> Option<Self> {
        let read = current.as_ref().map(|aggregate| aggregate.seq.clone());
        let next = touched.fold(batch, current)?;
        Some(Self { touched, read, next })
    }

    async fn run(self, batch: &Batch<'a>, store: &dyn AggregateStore) -> Outcome<'a> {
        let Self { touched, read, next } = self;
        match store.put(next, read.as_ref()).await {
            Ok(true) => Outcome { written: true, ..Outcome::default() },
            // In a box, since it is rare and large: thousands of these are made.
            Ok(false) => Box::pin(write_again(batch, touched, read, store)).await,
            Err(error) => not_written(&touched, read.as_ref(), error),
        }
    }
}

/// Writes an aggregate that somebody else has written since it was `read`.
async fn write_again<'a>(
    batch: &Batch<'a>,
    touched: Touched<'a>,
    mut read: Option<SequenceNumber>,
    store: &dyn AggregateStore,
) -> Outcome<'a> {
    for conflicts in 1..=MAX_CONFLICTS {
        let failed = |read, error| Outcome { conflicts, ..not_written(&touched, read, error) };
        let current = match reload(&touched, store).await {
            Ok(current) => current,
            Err(error) => return failed(read.as_ref(), error),
        };
        read = current.as_ref().map(|aggregate| aggregate.seq.clone());
        let Some(next) = touched.fold(batch, current) else { return Outcome { conflicts, ..Outcome::default() } };
        match store.put(next, read.as_ref()).await {
            Ok(true) => return Outcome { written: true, conflicts, ..Outcome::default() },
            Ok(false) => {}
            Err(error) => return failed(read.as_ref(), error),
        }
    }
    let error =
        StoreError::new("aggregates.put", StoreErrorKind::Unavailable, "somebody else writes the same aggregate");
    Outcome { conflicts: MAX_CONFLICTS + 1, ..not_written(&touched, read.as_ref(), error) }
}

/// What the aggregate still needs is a failure.
fn not_written<'a>(touched: &Touched<'a>, read: Option<&SequenceNumber>, error: StoreError) -> Outcome<'a> {
    let first = touched.newer_than(read).first();
    Outcome { failure: first.map(|record| (*record, error)), ..Outcome::default() }
}

async fn reload(touched: &Touched<'_>, store: &dyn AggregateStore) -> Result<Option<Aggregate>, StoreError> {
    let loaded = store.load(std::slice::from_ref(&touched.key)).await?;
    Ok(loaded.into_iter().next().flatten())
}
