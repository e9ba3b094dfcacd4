//! Loads aggregates, folds records into them and writes them back, many at a time.

use futures::StreamExt;
use futures::stream::iter;

use super::batch::{Batch, Record};
use super::fold::TouchedAggregate;
use crate::analytics::model::aggregate::Aggregate;
use crate::analytics::model::sequence::SequenceNumber;
use crate::analytics::ports::{AggregateStore, MAX_LOAD};
use crate::values::error::{StoreError, StoreErrorKind};

/// How many groups of up to [`MAX_LOAD`] aggregates are in memory at a time.
const LOADS_AT_ONCE: usize = 2;
/// How many aggregates of a group are written at a time.
const WRITES_AT_ONCE: usize = 8;
/// How often an aggregate is folded again after another process wrote it meanwhile. Only an invocation that should have
/// ended does that, and it writes right numbers, so more than one conflict is rare.
const MAX_CONFLICTS: usize = 5;

/// The outcome of loading and writing one aggregate.
#[derive(Default)]
pub(crate) struct Outcome<'a> {
    pub(crate) written: bool,
    pub(crate) conflicts: usize,
    /// The first record that the aggregate still needs, and the error that kept it out.
    pub(crate) failure: Option<(&'a Record<'a>, StoreError)>,
}

/// A touched aggregate, and its stored state if there is one.
pub(crate) struct LoadedAggregate<'a> {
    pub(crate) touched: TouchedAggregate<'a>,
    pub(crate) current: Option<Aggregate>,
}

/// Loads `touched`. Returns the loaded aggregates, and the failures of the others.
pub(crate) async fn load<'a>(
    touched: Vec<TouchedAggregate<'a>>,
    store: &dyn AggregateStore,
) -> (Vec<LoadedAggregate<'a>>, Vec<Outcome<'a>>) {
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

/// Loads, folds and writes `touched`, a few groups at a time.
pub(crate) async fn load_and_write<'a>(
    batch: &Batch<'a>,
    touched: Vec<TouchedAggregate<'a>>,
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
    loaded: Vec<LoadedAggregate<'a>>,
    store: &dyn AggregateStore,
) -> Vec<Outcome<'a>> {
    let writes = loaded.into_iter().filter_map(|loaded| PendingWrite::of(batch, loaded));
    let writes: Vec<_> = writes.map(|write| write.run(batch, store)).collect();
    iter(writes).buffer_unordered(WRITES_AT_ONCE).collect().await
}

/// Splits `all` into groups of up to [`MAX_LOAD`].
fn groups<T>(all: Vec<T>) -> Vec<Vec<T>> {
    let mut all = all.into_iter().peekable();
    let mut groups = Vec::new();
    while all.peek().is_some() {
        groups.push(all.by_ref().take(MAX_LOAD).collect());
    }
    groups
}

async fn load_group<'a>(
    group: Vec<TouchedAggregate<'a>>,
    store: &dyn AggregateStore,
) -> Result<Vec<LoadedAggregate<'a>>, Vec<Outcome<'a>>> {
    let keys: Vec<_> = group.iter().map(|touched| touched.key.clone()).collect();
    match store.load(&keys).await {
        Ok(stored) => {
            let loaded = group.into_iter().zip(stored).map(|(touched, current)| LoadedAggregate { touched, current });
            Ok(loaded.collect())
        }
        Err(error) => Err(group.iter().filter_map(|touched| not_loaded(touched, &error)).collect()),
    }
}

fn not_loaded<'a>(touched: &TouchedAggregate<'a>, error: &StoreError) -> Option<Outcome<'a>> {
    let error = StoreError::new(error.operation, error.kind, error.source.to_string());
    let first = touched.records.first()?;
    Some(Outcome { failure: Some((first, error)), ..Outcome::default() })
}

/// An aggregate to write.
struct PendingWrite<'a> {
    touched: TouchedAggregate<'a>,
    /// The sequence number of the stored aggregate.
    read: Option<SequenceNumber>,
    next: Aggregate,
}

impl<'a> PendingWrite<'a> {
    /// Folds the records that the aggregate does not hold yet. `None` if it holds all.
    fn of(batch: &Batch<'a>, LoadedAggregate { touched, current }: LoadedAggregate<'a>) -> Option<Self> {
        let read = current.as_ref().map(|aggregate| aggregate.seq.clone());
        let next = touched.fold(batch, current)?;
        Some(Self { touched, read, next })
    }

    async fn run(self, batch: &Batch<'a>, store: &dyn AggregateStore) -> Outcome<'a> {
        let Self { touched, read, next } = self;
        match store.put(next, read.as_ref()).await {
            Ok(true) => Outcome { written: true, ..Outcome::default() },
            // Boxed, because it is rare and large, and thousands of these futures exist at a time.
            Ok(false) => Box::pin(write_again(batch, touched, read, store)).await,
            Err(error) => not_written(&touched, read.as_ref(), error),
        }
    }
}

/// Loads, folds and writes again an aggregate that another process wrote since it was `read`.
async fn write_again<'a>(
    batch: &Batch<'a>,
    touched: TouchedAggregate<'a>,
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
    let detail = "another process keeps writing the same aggregate";
    let error = StoreError::new("aggregates.put", StoreErrorKind::Unavailable, detail);
    Outcome { conflicts: MAX_CONFLICTS + 1, ..not_written(&touched, read.as_ref(), error) }
}

/// Reports the first record that the aggregate still needs as failed.
fn not_written<'a>(touched: &TouchedAggregate<'a>, read: Option<&SequenceNumber>, error: StoreError) -> Outcome<'a> {
    let first = touched.newer_than(read).first();
    Outcome { failure: first.map(|record| (*record, error)), ..Outcome::default() }
}

async fn reload(touched: &TouchedAggregate<'_>, store: &dyn AggregateStore) -> Result<Option<Aggregate>, StoreError> {
    let loaded = store.load(std::slice::from_ref(&touched.key)).await?;
    Ok(loaded.into_iter().next().flatten())
}
