//! Each shard's batches one after the other, with everything that goes wrong.

use std::collections::BTreeMap;
use std::task::{Context, Poll, Waker};

use super::chance::Chance;
use super::records::Shard;
use crate::analytics::ingest::record::Received;
use crate::testing::faults::{Invocation, Mutation};

/// Steps after which a schedule is taken for endless.
const MAX_STEPS: usize = 1_000_000;

/// An event source that drives the handler `H` step by step, in an order that follows from the seed.
pub(super) struct EventSource<H> {
    handler: H,
    chance: Chance,
    mutation: Mutation,
    shards: Vec<Shard>,
    /// The invocation that the source waits for, by shard.
    active: BTreeMap<usize, Invocation<'static>>,
    /// Invocations that it gave up on, and duplicates that it started for no reason. They go on beside the others.
    zombies: Vec<Invocation<'static>>,
}

impl<H: Fn(Vec<Received<'static>>) -> Invocation<'static>> EventSource<H> {
    pub(super) fn new(seed: u64, mutation: Mutation, shards: Vec<Shard>, handler: H) -> Self {
        let chance = Chance(seed ^ 0x50_0CE);
        Self { handler, chance, mutation, shards, active: BTreeMap::new(), zombies: Vec::new() }
    }

    /// The shards, all done.
    pub(super) fn into_shards(self) -> Vec<Shard> {
        self.shards
    }

    /// Runs until every record is done with and nobody is at work.
    pub(super) fn run(&mut self) {
        for step in 0.. {
            assert!(step < MAX_STEPS, "the schedule does not end");
            self.begin();
            let all = self.active.len() + self.zombies.len();
            if all == 0 {
                return;
            }
            let chosen = self.chance.below(all);
            match self.active.keys().nth(chosen).copied() {
                Some(number) => self.step_active(number),
                None => self.step_zombie(chosen - self.active.len()),
            }
        }
    }

    /// Invokes the handler for each shard that waits for nothing.
    fn begin(&mut self) {
        for (number, shard) in self.shards.iter().enumerate() {
            let ready = shard.parents.iter().all(|parent| self.shards[*parent].is_done());
            if ready && !shard.is_done() && !self.active.contains_key(&number) {
                self.active.insert(number, (self.handler)(shard.batch()));
            }
        }
    }

    fn step_active(&mut self, number: usize) {
        let Some(mut invocation) = self.active.remove(&number) else { return };
        if let Poll::Ready(failed) = poll(&mut invocation) {
            return self.finish(number, &failed);
        }
        let shard = &mut self.shards[number];
        match self.chance.below(100) {
            // The process dies: nothing of it goes on.
            0..4 => shard.retry(shard.done, &mut self.chance),
            // The source takes it for dead, and it goes on.
            4..7 => {
                shard.retry(shard.done, &mut self.chance);
                self.zombies.push(invocation);
            }
            _ => {
                self.active.insert(number, invocation);
            }
        }
    }

    fn step_zombie(&mut self, index: usize) {
        let ended = poll(&mut self.zombies[index]).is_ready();
        if ended || self.chance.percent(1) {
            drop(self.zombies.swap_remove(index));
        }
    }

    /// A reported record is where delivery begins again; an empty number is the whole batch.
    fn finish(&mut self, number: usize, failed: &[String]) {
        let batch = self.shards[number].batch();
        let shard = &mut self.shards[number];
        match failed.first() {
            Some(failed) if self.mutation != Mutation::FailuresIgnored => {
                let index = batch.iter().position(|received| received.sequence == *failed).unwrap_or(0);
                shard.retry(shard.done + index, &mut self.chance);
            }
            _ => shard.advance(&mut self.chance),
        }
        if self.chance.percent(10) {
            // A duplicate, now or, as a slow one, much later.
            let duplicate = (self.handler)(batch);
            self.zombies.push(duplicate);
        }
    }
}

fn poll(invocation: &mut Invocation<'_>) -> Poll<Vec<String>> {
    invocation.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}
