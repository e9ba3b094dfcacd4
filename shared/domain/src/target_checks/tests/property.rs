//! Tests that a link is broken exactly if its last three runs failed for the target that it has now, or it is unsafe, and is written only if that says
//! something new, whatever comes between.

use proptest::prelude::*;
use serde_json::json;

use crate::access::key::Role;
use crate::links::change::change_link;
use crate::links::link::Link;
use crate::links::ports::LinkWriter;
use crate::links::precondition::Precondition;
use crate::links::target_check::{CheckRun, FailureReason};
use crate::target_checks::finding::Finding;
use crate::target_checks::record::{Findings, record};
use crate::target_safety::threat::Threat;
use crate::testing::links::LinkWorld;
use crate::testing::samples::{caller, link_with_id};
use crate::values::timestamp::Timestamp;
use crate::workspaces::settings::OnBroken;

#[derive(Debug, Clone)]
enum Step {
    /// The next run finds this.
    Run(Finding, OnBroken),
    /// The message of the run is delivered again, and the target answers so now.
    Again(Finding, OnBroken),
    /// The owner gives the link the target with this number, perhaps the one that it has.
    Target(u8),
    /// The owner changes something else.
    Title(u8),
}

fn findings() -> impl Strategy<Value = Finding> {
    prop_oneof![
        3 => Just(Finding::Works),
        4 => Just(Finding::Fails(FailureReason::Dns)),
        4 => Just(Finding::Fails(FailureReason::Status(404))),
        1 => Just(Finding::Unknown),
        1 => Just(Finding::Unsafe(Threat::Phishing)),
        1 => Just(Finding::Unsafe(Threat::Malware)),
    ]
}

fn rules() -> impl Strategy<Value = OnBroken> {
    prop_oneof![3 => Just(OnBroken::Nothing), 1 => Just(OnBroken::ExpiredUrl)]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (findings(), rules()).prop_map(|(finding, rule)| Step::Run(finding, rule)),
        3 => (findings(), rules()).prop_map(|(finding, rule)| Step::Again(finding, rule)),
        1 => (0_u8..3).prop_map(Step::Target),
        1 => (0_u8..9).prop_map(Step::Title),
    ];
    proptest::collection::vec(step, 1..30)
}

/// What the runs found about the target that the link has now.
#[derive(Default)]
struct History {
    /// The reason of each run's failure, and whether the workspace then wanted the expired URL; `None` for a success.
    runs: Vec<(i64, Option<(FailureReason, bool)>)>,
    /// The run that was last written to the link.
    written: Option<i64>,
}

impl History {
    fn add(&mut self, run: i64, finding: Finding, rule: OnBroken) {
        if self.written == Some(run) {
            return;
        }
        let before = self.says();
        self.runs.retain(|(known, _)| *known != run);
        match finding {
            Finding::Works => self.runs.push((run, None)),
            Finding::Unsafe(threat) => self.runs = vec![(-1, Some((FailureReason::Unsafe(threat), false))); 3],
            Finding::Fails(reason) => {
                if matches!(self.runs.last(), Some((_, Some((FailureReason::Unsafe(_), _))))) {
                    self.runs.clear();
                }
                self.runs.push((run, Some((reason, rule == OnBroken::ExpiredUrl))));
            }
            Finding::Unknown => *self = Self::default(),
        }
        if self.says() != before && finding != Finding::Unknown {
            self.written = Some(run);
        }
    }

    fn failures(&self) -> usize {
        self.runs.iter().rev().take_while(|(_, failure)| failure.is_some()).count()
    }

    /// Returns what the link must say.
    fn says(&self) -> Option<(usize, Option<FailureReason>, bool)> {
        self.runs.iter().find(|(_, failure)| failure.is_some())?;
        let failures = self.failures().min(3);
        let last = self.runs.last()?.1;
        Some((failures, last.map(|last| last.0), failures == 3 && last.is_some_and(|last| last.1)))
    }
}

fn said(link: &Link) -> Option<(usize, Option<FailureReason>, bool)> {
    let check = link.target_check.as_ref()?;
    Some((usize::from(check.failures), check.reason, check.uses_expired_url))
}

async fn take(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let world = LinkWorld::default();
    let first = link_with_id("acme", "docs", "https://example.com/0", "1");
    world.links.insert(&first).await.unwrap();
    let editor = caller("acme", Role::Editor);
    let start = Timestamp::parse("2026-01-02T03:00:00Z").unwrap();
    let (mut history, mut day) = (History::default(), 0);
    for step in steps {
        let before = world.links.all().remove(0);
        let said_before = history.says();
        match step.clone() {
            Step::Run(finding, rule) | Step::Again(finding, rule) => {
                day += i64::from(matches!(step, Step::Run(..)));
                let (run, now) = (CheckRun::of(start.plus_seconds(day * 86_400)), start.plus_seconds(day * 86_400 + 7));
                history.add(day, finding, rule);
                let findings = Findings { run: &run, on_broken: rule, now };
                let written = record((&world.links, &world.links), &findings, &before, (finding, None)).await.unwrap();
                let after = world.links.all().remove(0);
                prop_assert_eq!(written.is_some(), after != before, "{:?}", &step);
                prop_assert_eq!(written.is_some(), history.says() != said_before, "a write is news, {:?}", &step);
                prop_assert_eq!((after.revision, after.updated_at), (before.revision, before.updated_at));
            }
            Step::Target(_) | Step::Title(_) => {
                let patch = match step {
                    Step::Target(n) => json!({"url": format!("https://example.com/{n}")}),
                    Step::Title(n) => json!({"title": n.to_string()}),
                    _ => json!({}),
                };
                let show = |_: &Link| json!({});
                let changed = change_link(&world.ports(), &editor, &first.address, &Precondition::None, &patch, &show)
                    .await
                    .unwrap();
                if changed.url != before.url {
                    history = History::default();
                }
            }
        }
        let link = world.links.all().remove(0);
        prop_assert_eq!(said(&link), history.says(), "{:?}", &step);
        prop_assert_eq!(link.is_broken(), history.failures() >= 3);
    }
    Ok(())
}

proptest! {
    #[test]
    fn link_is_broken_if_its_last_three_runs_failed(steps in steps()) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(take(steps))?;
    }
}
