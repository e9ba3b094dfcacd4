//! For tests: an event source that does everything the real one may do, stores that fail in every way they may, and a plain
//! count of the records to compare with. All of it follows from a seed.
//!
//! What is tested is a closure from a batch to the numbers of the records that failed: the handler of `aggregate-clicks`.

mod chance;
mod oracle;
mod records;
mod source;
mod stores;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub use self::stores::Faulty;

use self::records::{Shard, stream};
use self::source::EventSource;
use super::analytics::MemoryAggregates;
use crate::analytics::ingest::rebuild_stats::rebuild_stats;
use crate::analytics::ingest::record::Received;
use crate::analytics::ingest::user_agent::UserAgents;
use crate::analytics::ports::AggregateStore;

/// What is broken on purpose, to see that it is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// Nothing: no number may drift.
    Nothing,
    /// The store forgets which records an aggregate holds.
    WatermarkIgnored,
    /// The store writes over whatever was written meanwhile.
    ConditionIgnored,
    /// The event source goes on as if nothing had failed.
    FailuresIgnored,
    /// The store forgets the window of recent clicks.
    WindowForgotten,
}

/// One run of the handler: in the end, the sequence numbers that it reported as failed.
pub type Invocation<'a> = Pin<Box<dyn Future<Output = Vec<String>> + Send + 'a>>;

/// Runs the schedule `seed` over `aggregates`, which must be empty. `handler` makes what handles a batch of the stores
/// it is to use.
///
/// # Errors
/// What drifted, with the seed.
pub async fn run<A, H>(
    seed: u64,
    mutation: Mutation,
    aggregates: Arc<A>,
    agents: &UserAgents,
    handler: impl FnOnce(Arc<Faulty>) -> H,
) -> Result<(), String>
where
    A: AggregateStore + 'static,
    H: Fn(Vec<Received<'static>>) -> Invocation<'static>,
{
    let stores = Arc::new(Faulty::new(seed, mutation, aggregates.clone()));
    let mut source = EventSource::new(seed, mutation, stream(seed), handler(stores.clone()));
    source.run();
    let shards = source.into_shards();
    let told = |what: String| format!("seed {seed}: {what}");
    oracle::compare(&shards, aggregates.as_ref()).await.map_err(told)?;
    check_quarantine(&shards, &stores).map_err(told)?;
    check_archive(&shards, &stores, agents, aggregates.as_ref()).await.map_err(told)
}

fn check_quarantine(shards: &[Shard], stores: &Faulty) -> Result<(), String> {
    let unreadable = shards.iter().flat_map(|shard| &shard.records).filter(|record| record.click.is_none()).count();
    let kept = stores.quarantine.kept().len();
    if kept == unreadable { Ok(()) } else { Err(format!("{kept} of {unreadable} records are in quarantine")) }
}

/// The archive has every click, and leads to the same aggregates.
async fn check_archive(
    shards: &[Shard],
    stores: &Faulty,
    agents: &UserAgents,
    aggregates: &dyn AggregateStore,
) -> Result<(), String> {
    let rebuilt = MemoryAggregates::default();
    let done = rebuild_stats(&stores.archive, agents, &rebuilt).await.map_err(|error| error.to_string())?;
    // A record of a click that came before may be in it or not.
    let clicks: usize = shards.iter().map(|shard| shard.clicks().len()).sum();
    if done.clicks < clicks {
        return Err(format!("{} of {clicks} clicks are in the archive", done.clicks));
    }
    for item in rebuilt.all() {
        let stored = aggregates.load(std::slice::from_ref(&item.key)).await.map_err(|error| error.to_string())?;
        if stored != [Some(item.clone())] {
            return Err(format!("rebuilt from the archive it is {item:?} and not {stored:?}"));
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
        let handler = |stores: Arc<Faulty>| {
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
    async fn no_schedule_of_faults_changes_the_numbers() {
        for seed in 0..60 {
            schedule(seed, Mutation::Nothing).await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_is_broken_on_purpose_is_noticed() {
        for mutation in [
            Mutation::WatermarkIgnored,
            Mutation::ConditionIgnored,
            Mutation::FailuresIgnored,
            Mutation::WindowForgotten,
        ] {
            let mut noticed = 0;
            for seed in 0..40 {
                noticed += usize::from(schedule(seed, mutation).await.is_err());
            }
            assert!(noticed > 5, "{mutation:?} was noticed in {noticed} of 40 schedules");
        }
    }
}
