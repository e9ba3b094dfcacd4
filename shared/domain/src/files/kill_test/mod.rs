//! Kills whatever works on files at random points: announcements, uploads, completions, inspections, deletions and cleanings, in any order
//! and number, several at once. In the end nothing is left over on either side: no object without its record, no record without its object.
//!
//! A schedule is a seed. It decides what happens, at which call of a store a process dies, before or after the call has its effect, how
//! calls of processes that run at once interleave, and when events of the bucket come, which may come twice.

mod faults;
mod stack;

use self::stack::Stack;

const SCHEDULES: u64 = 500;
const STEPS: u32 = 30;

#[tokio::test]
async fn killed_uploads_inspections_and_deletions_leave_no_orphan() {
    let mut seen = stack::Seen::default();
    for seed in 0..SCHEDULES {
        let stack = Stack::new(seed);
        for _ in 0..STEPS {
            stack.step().await;
        }
        stack.settle().await;
        stack.check(seed, &mut seen);
    }
    // What never happens is not tested.
    let stack::Seen { ready, blocked, deleted, kept_after_death, late } = seen;
    for (what, times) in
        [("ready", ready), ("blocked", blocked), ("deleted", deleted), ("died", kept_after_death), ("late bytes", late)]
    {
        assert!(times > SCHEDULES / 20, "{what}: only {times} times");
    }
}
