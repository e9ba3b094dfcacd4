//! Tests the handler of `aggregate-clicks` under faults: an event source does everything that Kinesis may do, the
//! stores fail in every way that they may, and an oracle counts the records to compare. A seed determines all of it.
//!
//! The handler is a closure that takes a batch and returns the sequence numbers of the records that failed.

mod mutation;
mod oracle;
mod random;
mod records;
mod source;
mod stores;

use std::sync::Arc;

pub use self::mutation::Mutation;
use self::records::{Shard, stream};
use self::source::EventSource;
pub use self::source::Invocation;
pub use self::stores::FaultyStores;
use super::analytics::MemoryAggregates;
use crate::analytics::ingest::rebuild_stats::rebuild_stats;
use crate::analytics::ingest::record::Received;
use crate::analytics::ingest::user_agent::UserAgents;
use crate::analytics::ports::AggregateStore;

/// Runs the schedule of `seed` against `aggregates`, which must be empty. `handler` creates the handler of batches from
/// the stores that it uses.
///
/// # Errors
/// The first number that differs from the oracle, with the seed.
pub async fn run<A, H>(
    seed: u64,
    mutation: Mutation,
    aggregates: Arc<A>,
    agents: &UserAgents,
    handler: impl FnOnce(Arc<FaultyStores>) -> H,
) -> Result<(), String>
where
    A: AggregateStore + 'static,
    H: Fn(Vec<Received<'static>>) -> Invocation<'static>,
{
    let stores = Arc::new(FaultyStores::new(seed, mutation, aggregates.clone()));
    let mut source = EventSource::new(seed, mutation, stream(seed), handler(stores.clone()));
    source.run();
    let shards = source.into_shards();
    let with_seed = |error: String| format!("seed {seed}: {error}");
    oracle::compare(&shards, aggregates.as_ref()).await.map_err(with_seed)?;
    check_quarantine(&shards, &stores).map_err(with_seed)?;
    check_archive(&shards, &stores, agents, aggregates.as_ref()).await.map_err(with_seed)
}

/// Checks that the quarantine has every record that cannot be read.
fn check_quarantine(shards: &[Shard], stores: &FaultyStores) -> Result<(), String> {
    let unreadable = shards.iter().flat_map(|shard| &shard.records).filter(|record| record.click.is_none()).count();
    let kept = stores.quarantine.kept().len();
    if kept == unreadable { Ok(()) } else { Err(format!("{kept} of {unreadable} records are in quarantine")) }
}

/// Checks that the archive has every click and rebuilds to the same aggregates.
async fn check_archive(
    shards: &[Shard],
    stores: &FaultyStores,
    agents: &UserAgents,
    aggregates: &dyn AggregateStore,
) -> Result<(), String> {
    let rebuilt = MemoryAggregates::default();
    let done = rebuild_stats(&stores.archive, agents, &rebuilt).await.map_err(|error| error.to_string())?;
    // The archive may have repeated clicks too, so it can have more than `clicks`.
    let clicks: usize = shards.iter().map(|shard| shard.clicks().len()).sum();
    if done.clicks < clicks {
        return Err(format!("{} of {clicks} clicks are in the archive", done.clicks));
    }
    for item in rebuilt.all() {
        let stored = aggregates.load(std::slice::from_ref(&item.key)).await.map_err(|error| error.to_string())?;
        if stored != [Some(item.clone())] {
            return Err(format!("the archive rebuilds to {item:?}, and the store has {stored:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::ingest::aggregate_clicks::{AggregateClicksPorts, aggregate_clicks};
    use crate::analytics::ingest::user_agent::tests::AGENTS;
    use crate::analytics::ports::Archive;

    async fn schedule(seed: u64, mutation: Mutation) -> Result<(), String> {
        let handler = |stores: Arc<FaultyStores>| {
            move |batch: Vec<Received<'static>>| -> Invocation<'static> {
                let stores = stores.clone();
                Box::pin(async move {
                    let stores = stores.as_ref();
                    let (agents, archive) = (&AGENTS, Some(stores as &dyn Archive));
                    let ports = AggregateClicksPorts { agents, store: stores, quarantine: stores, archive };
                    aggregate_clicks(&ports, &batch).await.failed
                })
            }
        };
        run(seed, mutation, Arc::new(MemoryAggregates::default()), &AGENTS, handler).await
    }

    #[tokio::test]
    async fn faults_do_not_change_the_numbers() {
        for seed in 0..60 {
            schedule(seed, Mutation::Nothing).await.unwrap();
        }
    }

    #[tokio::test]
    async fn mutations_are_detected() {
        for mutation in [
            Mutation::WatermarkIgnored,
            Mutation::ConditionIgnored,
            Mutation::FailuresIgnored,
            Mutation::WindowForgotten,
        ] {
            let mut detected = 0;
            for seed in 0..40 {
                detected += usize::from(schedule(seed, mutation).await.is_err());
            }
            assert!(detected > 5, "{detected} of 40 schedules detected {mutation:?}");
        }
    }
}
