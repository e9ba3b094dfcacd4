//! Kills invocations at random points, again and again, until the import is closed. The links, the counts and the report must be
//! those of an uninterrupted run that loads the file as a whole.
//!
//! A schedule is a seed. It decides which calls fail before or after they take effect, when a process dies (every call fails
//! from then on, or its future is dropped half-way), when the table is busy, how much time an invocation has, in which order
//! messages come, which of them come twice, whether two invocations run at once, and whether the queue delivers parts while
//! the file is still being divided. A message leaves the queue only when an invocation is done with it. If no message is left
//! before the import is closed, the import is stuck, and the test fails.

mod faults;
mod file;
mod stack;

use std::sync::atomic::Ordering;

use self::file::{ROWS, file};
use self::stack::{ImportResult, Message, Stack};
use super::job::counts::Counts;
use super::job::import::ImportStatus;
use super::job::options::OnConflict;
use crate::jobs::delivery::Delivery;
use crate::ports::Clock;
use crate::testing::jobs::delivery;

/// How many schedules each of the four files gets.
const SCHEDULES: u64 = 260;

/// Loads the file as a whole, without a fault.
async fn uninterrupted(file: &(String, OnConflict)) -> ImportResult {
    let stack = Stack::new(0, file, 1_000_000).await;
    let delivery = delivery("r0", stack.clock.now().plus_seconds(900));
    let done = stack.run(vec![(Message::File, delivery, u64::MAX)], &mut || None);
    assert_eq!(done, [(Message::File, true)]);
    assert!(stack.closed());
    stack.result()
}

/// Returns after how many steps an invocation is killed.
fn steps(stack: &Stack) -> u64 {
    if stack.faults.below(3) == 0 { stack.faults.below(900) } else { 1_000_000 }
}

/// Delivers messages until the import is closed; returns how many invocations were not done with their message.
fn run_schedule(stack: &Stack) -> u64 {
    let (mut failures, mut request) = (0, 0);
    let mut messages = vec![Message::File];
    while !stack.closed() {
        assert!(!messages.is_empty(), "the import is stuck: {:?}", stack.imports.all());
        assert!(failures < 2000, "the import does not come to an end");
        stack.faults.dead.store(false, Ordering::SeqCst);
        stack.faults.rate.store(30 * (failures + 1), Ordering::SeqCst);
        let at_once = if stack.faults.below(4) == 0 { 1 + stack.faults.below(3) } else { 1 };
        let chosen: Vec<(Message, Delivery, u64)> = (0..at_once)
            .map(|_| {
                let index = usize::try_from(stack.faults.below(messages.len() as u64)).unwrap();
                request += stack.faults.below(3).min(1);
                (messages[index].clone(), stack.delivery(request), steps(stack))
            })
            .collect();
        let delivers_early = stack.faults.below(2) == 0;
        let mut early_invocation = || {
            request += 1;
            delivers_early.then(|| (stack.delivery(request), steps(stack)))
        };
        for (message, done) in stack.run(chosen, &mut early_invocation) {
            let index = messages.iter().position(|other| *other == message);
            // Now and then a message comes again although an invocation was done with it.
            let is_gone = done && stack.faults.below(8) > 0;
            match index {
                Some(index) if is_gone => {
                    messages.swap_remove(index);
                }
                None if !is_gone => messages.push(message),
                _ => {}
            }
            failures += u64::from(!done);
            if !done && stack.faults.below(3) == 0 {
                stack.clock.advance(901);
            }
        }
        for part in stack.queue.take() {
            messages.push(Message::Part(part));
        }
    }
    failures
}

/// Runs all schedules of one file; returns how many imports took a second pass.
async fn run_schedules(json: bool, on_conflict: OnConflict, part_bytes: u64) -> u64 {
    let file = (file(json), on_conflict);
    let expected = uninterrupted(&file).await;
    assert_eq!(expected.status, ImportStatus::SucceededWithErrors);
    let Counts { read, created, unchanged, invalid, conflicting, overwritten, warned } = expected.counts;
    assert!(read == ROWS && created > 30 && invalid > 15 && conflicting > 10 && warned > 10, "{:?}", expected.counts);
    assert!(unchanged > 8 && (overwritten > 0) == (on_conflict == OnConflict::Overwrite), "{:?}", expected.counts);
    let reported = expected.reports.iter().filter(|(key, _)| key.ends_with("jsonl"));
    let reported: u64 = reported.map(|(_, report)| report.lines().count() as u64).sum();
    assert_eq!(reported, invalid + conflicting + warned);
    let (mut failures, mut handed_over, mut early, mut passes) = (0, 0, 0, 0);
    for seed in 0..SCHEDULES {
        let stack = Stack::new(seed, &file, part_bytes).await;
        failures += run_schedule(&stack);
        handed_over += stack.faults.handed_over.load(Ordering::SeqCst);
        early += stack.faults.loaded_early.load(Ordering::SeqCst);
        passes += stack.faults.later_passes.load(Ordering::SeqCst).min(1);
        assert_eq!(stack.result(), expected, "seed {seed}");
    }
    assert!(failures > SCHEDULES, "the schedules kill: {failures}");
    assert!(handed_over > SCHEDULES / 20, "{handed_over} hand-overs");
    let is_divided = part_bytes < file.0.len() as u64;
    assert!(early > SCHEDULES / 2 || !is_divided, "{early} parts were loaded while the file was divided");
    passes
}

#[tokio::test]
async fn killed_table_in_many_parts_ends_the_same() {
    let passes = run_schedules(false, OnConflict::Skip, 500).await;
    assert!(passes > SCHEDULES / 4, "{passes} second passes");
}

#[tokio::test]
async fn killed_json_lines_in_parts_end_the_same() {
    run_schedules(true, OnConflict::Skip, 1500).await;
}

#[tokio::test]
async fn killed_overwriting_import_ends_the_same() {
    run_schedules(false, OnConflict::Overwrite, 700).await;
}

#[tokio::test]
async fn killed_file_in_one_part_ends_the_same() {
    run_schedules(false, OnConflict::Skip, 1_000_000).await;
}
