//! Delivers the batches of each shard in order, with retries, crashes, abandoned invocations and duplicates.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::mutation::Mutation;
use super::random::SplitMix64;
use super::records::Shard;
use crate::analytics::ingest::record::Received;

/// One run of the handler. Returns the sequence numbers that the handler reported as failed.
pub type Invocation<'a> = Pin<Box<dyn Future<Output = Vec<String>> + Send + 'a>>;

/// After this many steps a schedule counts as endless.
const MAX_STEPS: usize = 1_000_000;

/// An event source that drives the handler `H` step by step, in an order that the seed determines.
pub(super) struct EventSource<H> {
    handler: H,
    random: SplitMix64,
    mutation: Mutation,
    shards: Vec<Shard>,
    /// The invocation for which the source waits, by shard.
    active: BTreeMap<usize, Invocation<'static>>,
    /// Invocations for which the source no longer waits, and duplicates. They run beside the active ones.
    abandoned: Vec<Invocation<'static>>,
}

impl<H: Fn(Vec<Received<'static>>) -> Invocation<'static>> EventSource<H> {
    pub(super) fn new(seed: u64, mutation: Mutation, shards: Vec<Shard>, handler: H) -> Self {
        let random = SplitMix64(seed ^ 0x50_0CE);
        Self { handler, random, mutation, shards, active: BTreeMap::new(), abandoned: Vec::new() }
    }

    /// Returns the shards.
    pub(super) fn into_shards(self) -> Vec<Shard> {
        self.shards
    }

    /// Runs until every record is done and every invocation has ended.
    pub(super) fn run(&mut self) {
        for step in 0.. {
            assert!(step < MAX_STEPS, "the schedule does not end");
            self.begin();
            let all = self.active.len() + self.abandoned.len();
            if all == 0 {
                return;
            }
            let chosen = self.random.below(all);
            match self.active.keys().nth(chosen).copied() {
                Some(number) => self.step_active(number),
                None => self.step_abandoned(chosen - self.active.len()),
            }
        }
    }

    /// Invokes the handler for each shard that has no active invocation and whose parents are done.
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
        match self.random.below(100) {
            // The process crashes.
            0..4 => shard.retry(shard.done, &mut self.random),
            // The source takes the process as crashed, but it continues.
            4..7 => {
                shard.retry(shard.done, &mut self.random);
                self.abandoned.push(invocation);
            }
            _ => {
                self.active.insert(number, invocation);
            }
        }
    }

    fn step_abandoned(&mut self, index: usize) {
        let ended = poll(&mut self.abandoned[index]).is_ready();
        if ended || self.random.percent(1) {
            drop(self.abandoned.swap_remove(index));
        }
    }

    /// Retries from the first record in `failed`, or the whole batch if that number is not in it; otherwise advances.
    fn finish(&mut self, number: usize, failed: &[String]) {
        let batch = self.shards[number].batch();
        let shard = &mut self.shards[number];
        match failed.first() {
            Some(failed) if self.mutation != Mutation::FailuresIgnored => {
                let index = batch.iter().position(|received| received.sequence == *failed).unwrap_or(0);
                shard.retry(shard.done + index, &mut self.random);
            }
            _ => shard.advance(&mut self.random),
        }
        if self.random.percent(10) {
            // Deliver a duplicate, which may run much later.
            let duplicate = (self.handler)(batch);
            self.abandoned.push(duplicate);
        }
    }
}

fn poll(invocation: &mut Invocation<'_>) -> Poll<Vec<String>> {
    invocation.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}
