//! Loads aggregates, folds records into them and writes them back, many at a time.

use futures::StreamExt;
use futures::stream::iter;

use super::Aggregate;
use super::batch::{Batch, Record};
use super::fold::Touched;
use super::ports::{AggregateStore, MAX_LOAD};
use crate::{StoreError, StoreErrorKind};

/// How many groups of up to [`MAX_LOAD`] aggregates are in memory at a time.
const LOADS_AT_ONCE: usize = 2;
/// How many aggregates of a group are written at a time.
const WRITES_AT_ONCE: usize = 8;
/// How often an aggregate is folded again that somebody else wrote meanwhile. Only an invocation that should have ended
/// does that, and what it writes is right, so more than one conflict is rare.
const MAX_CONFLICTS: usize = 5;

/// What became of one aggregate.
#[derive(Default)]
pub(super) struct Outcome<'a> {
    pub(super) written: bool,
    pub(super) conflicts: usize,
    /// The first record that the aggregate still needs, and why it does not have it.
    pub(super) failure: Option<(&'a Record<'a>, StoreError)>,
}

/// An aggregate and what was stored of it.
pub(super) struct Loaded<'a> {
    pub(super) touched: Touched<'a>,
    pub(super) current: Option<Aggregate>,
}

/// Loads `touched`; gives back also the failures of those that could not be loaded.
pub(super) async fn load<'a>(
    touched: Vec<Touched<'a>>,
    store: &dyn AggregateStore,
) -> (Vec<Loaded<'a>>, Vec<Outcome<'a>>) {
    let groups: Vec<_> = groups(touched).into_iter().map(|group| load_group(group, store)).collect();
    let mut groups = iter(groups).buffer_unordered(LOADS_AT_ONCE);
    let (mut all, mut failures) = (Vec::new(), Vec::new());
    while let Some(group) = groups.next().await {
        match group {
            Ok(loaded) => all.extend(loaded),
            Err(failed) => failures.extend(failed),
        }
    }
    (all, failures)
}

/// Loads `touched` and writes them, no more than a few groups at a time.
pub(super) async fn load_and_write<'a>(
    batch: &Batch<'a>,
    touched: Vec<Touched<'a>>,
    store: &dyn AggregateStore,
) -> Vec<Outcome<'a>> {
    let groups = groups(touched).into_iter().map(|group| async move {
        match load_group(group, store).await {
            Ok(loaded) => write(batch, loaded, store).await,
            Err(failed) => failed,
        }
    });
    iter(groups.collect::<Vec<_>>()).buffer_unordered(LOADS_AT_ONCE).concat().await
}

/// Folds and writes `loaded`.
pub(super) async fn write<'a>(
    batch: &Batch<'a>,
    loaded: Vec<Loaded<'a>>,
    store: &dyn AggregateStore,
) -> Vec<Outcome<'a>> {
    let writes: Vec<_> = loaded.into_iter().map(|loaded| write_one(batch, loaded, store)).collect();
    iter(writes).buffer_unordered(WRITES_AT_ONCE).collect().await
}

fn groups(touched: Vec<Touched<'_>>) -> Vec<Vec<Touched<'_>>> {
    let mut all = touched.into_iter().peekable();
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

async fn write_one<'a>(batch: &Batch<'a>, loaded: Loaded<'a>, store: &dyn AggregateStore) -> Outcome<'a> {
    let Loaded { touched, mut current } = loaded;
    let mut outcome = Outcome::default();
    loop {
        let read = current.as_ref().map(|aggregate| aggregate.seq.clone());
        let Some(next) = touched.fold(batch, current) else { return outcome };
        let error = match store.put(&next, read.as_ref()).await {
            Ok(true) => return Outcome { written: true, ..outcome },
            Ok(false) if outcome.conflicts < MAX_CONFLICTS => match reload(&touched, store).await {
                Ok(again) => {
                    outcome.conflicts += 1;
                    current = again;
                    continue;
                }
                Err(error) => error,
            },
            Ok(false) => too_many_conflicts(),
            Err(error) => error,
        };
        let first = touched.newer_than(read.as_ref()).first();
        return Outcome { failure: first.map(|record| (*record, error)), ..outcome };
    }
}

async fn reload(touched: &Touched<'_>, store: &dyn AggregateStore) -> Result<Option<Aggregate>, StoreError> {
    let loaded = store.load(std::slice::from_ref(&touched.key)).await?;
    Ok(loaded.into_iter().next().flatten())
}

fn too_many_conflicts() -> StoreError {
    StoreError::new("aggregates.put", StoreErrorKind::Unavailable, "somebody else writes the same aggregate")
}
