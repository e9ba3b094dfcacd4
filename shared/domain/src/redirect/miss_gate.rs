//! Bounds how many misses a process sends to the stream, so that a scan for paths costs little and leaves the stream to clicks.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::values::domains::Domain;
use crate::values::timestamp::Timestamp;

/// How long a process that has sent [`MissGate::BURST`] misses waits before it sends another one.
const INTERVAL_MILLIS: i64 = 1_000;

/// Lets [`MissGate::BURST`] misses pass at once, and then one a second. Counts the others until the next one of their domain passes.
#[derive(Debug, Default)]
pub struct MissGate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When [`MissGate::BURST`] misses may pass again, in milliseconds since the Unix epoch.
    full_at: i64,
    /// What was held back, by domain: the stack has few.
    held: BTreeMap<String, Held>,
}

/// Misses that were held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// Those of people.
    pub people: u32,
    /// Those of bots.
    pub bots: u32,
}

impl MissGate {
    /// How many misses pass at once.
    pub const BURST: u32 = 10;

    /// Lets a miss on `domain`, which must be one of the stack, pass at `now`. Returns those on the domain that were held back since the
    /// last one, or `None` if this one is held back too.
    pub fn pass(&self, domain: &Domain, is_bot: bool, now: Timestamp) -> Option<Held> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, most) = (now.as_millis(), i64::from(Self::BURST) * INTERVAL_MILLIS);
        // A time further away comes from a clock that was set back.
        state.full_at = state.full_at.clamp(now, now.saturating_add(most));
        let full_at = state.full_at.saturating_add(INTERVAL_MILLIS);
        if full_at - now > most {
            let held = state.held.entry(domain.as_str().to_owned()).or_default();
            let count = if is_bot { &mut held.bots } else { &mut held.people };
            *count = count.saturating_add(1);
            return None;
        }
        state.full_at = full_at;
        Some(state.held.remove(domain.as_str()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_767_323_045_000 + millis).unwrap()
    }

    fn domain(name: &str) -> Domain {
        Domain::parse(name).unwrap()
    }

    #[test]
    fn held_misses_wait_for_the_next_one_of_their_domain() {
        let (gate, a, b) = (MissGate::default(), domain("a.example"), domain("b.example"));
        for _ in 0..MissGate::BURST {
            assert_eq!(gate.pass(&a, false, at(0)), Some(Held::default()));
        }
        assert_eq!(
            (gate.pass(&a, false, at(1)), gate.pass(&a, true, at(2)), gate.pass(&b, true, at(3))),
            (None, None, None)
        );
        assert_eq!(gate.pass(&a, false, at(999)), None);
        assert_eq!(gate.pass(&a, true, at(1_000)), Some(Held { people: 2, bots: 1 }));
        assert_eq!(gate.pass(&b, false, at(1_500)), None);
        assert_eq!(gate.pass(&b, false, at(2_000)), Some(Held { people: 1, bots: 1 }));
        assert_eq!(gate.pass(&b, false, at(60_000)), Some(Held::default()));
    }

    #[test]
    fn clock_that_is_set_back_closes_the_gate_for_seconds_only() {
        let (gate, a) = (MissGate::default(), domain("a.example"));
        while gate.pass(&a, false, at(0)).is_some() {}
        let hour_before = -3_600_000;
        assert_eq!(gate.pass(&a, false, at(hour_before)), None);
        assert!(gate.pass(&a, false, at(hour_before + 1_000)).is_some());
    }

    proptest! {
        #[test]
        fn no_miss_is_lost_and_few_pass(steps in prop::collection::vec((0_i64..3_000, any::<bool>(), any::<bool>()), 0..200)) {
            let (gate, domains) = (MissGate::default(), [domain("a.example"), domain("b.example")]);
            let (mut now, mut passed, mut counted) = (0, 0, 0);
            for (wait, second, is_bot) in &steps {
                now += wait;
                if let Some(held) = gate.pass(&domains[usize::from(*second)], *is_bot, at(now)) {
                    passed += 1;
                    counted += 1 + held.people + held.bots;
                }
            }
            prop_assert!(passed <= i64::from(MissGate::BURST) + now / INTERVAL_MILLIS);
            for domain in &domains {
                if let Some(held) = gate.pass(domain, false, at(now + 100_000)) {
                    counted += held.people + held.bots;
                }
            }
            prop_assert_eq!(counted as usize, steps.len());
        }
    }
}
