//! Drives the real handler with an event source that does everything the real one may do, over an embedded DynamoDB and in
//! memory. After any faults, the numbers must equal those of a plain count.
//!
//! `FAULT_SEED=17 cargo test -p aggregate-clicks --test faults` repeats one schedule, `FAULT_SCHEDULES=10000` runs more.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "embedded/driver.rs"]
mod driver;
mod embedded;

use std::sync::{Arc, LazyLock};

use driver::handler;
use embedded::{TABLE, dynamodb};
use waypost_aws::dynamo::aggregates::DynamoAggregates;
use waypost_domain::analytics::ingest::user_agent::UserAgents;
use waypost_domain::testing::analytics::MemoryAggregates;
use waypost_domain::testing::faults::{Mutation, run};

/// How many schedules an ordinary test run has.
const SCHEDULES: u64 = 300;
/// Every how many schedules one also runs over the embedded DynamoDB.
const SHARE_OF_DYNAMODB: u64 = 20;

static AGENTS: LazyLock<Arc<UserAgents>> = LazyLock::new(|| Arc::new(UserAgents::new().unwrap()));

async fn over_dynamodb(seed: u64, mutation: Mutation) -> Result<(), String> {
    let store = Arc::new(DynamoAggregates::new(dynamodb(), TABLE));
    run(seed, mutation, store, &AGENTS, |stores| handler(stores, AGENTS.clone())).await
}

async fn in_memory(seed: u64, mutation: Mutation) -> Result<(), String> {
    let store = Arc::new(MemoryAggregates::default());
    run(seed, mutation, store, &AGENTS, |stores| handler(stores, AGENTS.clone())).await
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[tokio::test]
async fn no_schedule_of_faults_changes_the_numbers() {
    let schedules = from_environment("FAULT_SCHEDULES").unwrap_or(SCHEDULES);
    let seed = from_environment("FAULT_SEED");
    let mut drifted = Vec::new();
    for seed in seed.map_or(0..schedules, |seed| seed..seed + 1) {
        drifted.extend(in_memory(seed, Mutation::Nothing).await.err());
        if seed % SHARE_OF_DYNAMODB == 0 {
            drifted.extend(over_dynamodb(seed, Mutation::Nothing).await.err());
        }
    }
    assert!(drifted.is_empty(), "{} schedules drifted, the first: {}", drifted.len(), drifted[0]);
}

#[tokio::test]
async fn deliberate_defects_are_noticed() {
    for mutation in
        [Mutation::WatermarkIgnored, Mutation::ConditionIgnored, Mutation::FailuresIgnored, Mutation::WindowForgotten]
    {
        let (mut memory, mut dynamodb) = (false, false);
        for seed in 0..40 {
            memory = memory || in_memory(seed, mutation).await.is_err();
            dynamodb = dynamodb || over_dynamodb(seed, mutation).await.is_err();
        }
        assert!(memory && dynamodb, "{mutation:?} was noticed in memory: {memory}, over DynamoDB: {dynamodb}");
    }
}
