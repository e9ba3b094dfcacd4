//! Runs schedules of faults through the real handler: most of them in memory, some over an embedded DynamoDB.

use std::sync::Arc;
use std::thread;

use anyhow::{Result, anyhow};
use waypost_aws::dynamo::aggregates::DynamoAggregates;
use waypost_domain::analytics::ingest::user_agent::UserAgents;
use waypost_domain::analytics::ports::AggregateStore;
use waypost_domain::testing::analytics::MemoryAggregates;
use waypost_domain::testing::faults::{Mutation, run};

use crate::goals::Figure;
use crate::measurement::{Findings, Setting};

#[path = "../../../functions/aggregate-clicks/tests/embedded/driver.rs"]
pub(super) mod driver;
#[path = "../../../functions/aggregate-clicks/tests/embedded/mod.rs"]
pub(crate) mod embedded;

const IN_MEMORY: usize = 10_000;
const OVER_DYNAMODB: usize = 500;
const SCHEDULES: usize = IN_MEMORY + OVER_DYNAMODB;

/// Runs all schedules, on all cores: it counts drift, not time.
pub(crate) fn measure(_: &Setting<'_>) -> Result<Findings> {
    let agents = Arc::new(UserAgents::new()?);
    let cores = thread::available_parallelism()?.get();
    let drifted = thread::scope(|scope| {
        let shares = (0..cores).map(|first| (first..SCHEDULES).step_by(cores));
        let threads: Vec<_> = shares.map(|share| scope.spawn(|| drifts(share, &agents))).collect();
        let found = threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a schedule panicked"))?);
        found.collect::<Result<Vec<_>>>()
    })?;
    let drifted = drifted.concat();
    drifted.iter().take(3).for_each(|drift| println!("{drift}"));
    let (drift, schedules) = (drifted.len() as f64, SCHEDULES as f64);
    let mut findings = Findings::default();
    findings.numbers.extend([
        ("fault_drift", drift),
        ("fault_schedules", schedules),
        ("fault_schedules_dynamodb", OVER_DYNAMODB as f64),
    ]);
    findings.goals = vec![
        Figure::of("schedules of faults with drift", drift).at_most(0.0),
        Figure::of("schedules of faults", schedules).at_least(10_000.0),
    ];
    Ok(findings)
}

/// Runs a share of the schedules and describes each drift.
fn drifts(share: impl Iterator<Item = usize>, agents: &Arc<UserAgents>) -> Result<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let one = |seed: usize| {
        let dynamodb = || DynamoAggregates::new(embedded::dynamodb(), embedded::TABLE);
        let result = if seed < IN_MEMORY {
            runtime.block_on(schedule(seed as u64, MemoryAggregates::default(), agents))
        } else {
            runtime.block_on(schedule(seed as u64, dynamodb(), agents))
        };
        result.err()
    };
    Ok(share.filter_map(one).collect())
}

async fn schedule<A: AggregateStore + 'static>(seed: u64, store: A, agents: &Arc<UserAgents>) -> Result<(), String> {
    let handler = |stores| driver::handler(stores, agents.clone());
    run(seed, Mutation::Nothing, Arc::new(store), agents, handler).await
}
