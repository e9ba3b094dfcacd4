//! Looks up targets of links, keeps visitors from the unsafe ones by the list of blocked targets, and releases those that are not unsafe
//! any more. Each run looks up a part of all targets, so that each gets its turn and no run costs more than the operator allows.

use std::collections::HashSet;

use futures::StreamExt;
use sha2::{Digest, Sha256};

use super::job::CheckJob;
use super::ports::TargetSafety;
use crate::blocking::entry::BlockedTarget;
use crate::blocking::ports::BlockListReader;
use crate::links::link::Link;
use crate::target_safety::guard::Known;
use crate::target_safety::lookups::Lookups;
use crate::target_safety::threat::Threat;
use crate::values::block_list::{BlockList, BlockPattern};
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// How many questions are open at the same time.
const AT_ONCE: usize = 16;
/// How many entries of the list are read at a time.
const AT_A_TIME: usize = 1000;

/// What is known of the targets of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Safety {
    /// None is unsafe, as far as anybody knows.
    Fine,
    /// The target in the field at this pointer is.
    Unsafe(Threat, String),
    /// One was, and nobody tells whether it still is.
    Unknown,
}

/// Works within one slice of a run.
pub(super) struct UnsafeTargets {
    safety: TargetSafety,
    lookups: Lookups,
    /// Which part of the targets is looked up, of how many.
    part: (u64, u64),
    /// How often all parts have had their turn.
    round: u64,
    late: Timestamp,
    list: Option<Listed>,
}

/// The list of blocked targets as this slice knows it.
struct Listed {
    before: BlockList,
    added: HashSet<BlockPattern>,
    by_checks: usize,
}

impl UnsafeTargets {
    /// Goes on with what `job` may look up, until `late`.
    pub(super) fn new(safety: TargetSafety, job: &CheckJob, late: Timestamp) -> Self {
        // Parts differ in size. What does not fit into a run is in another part in the next round.
        let parts = job.links_before.div_ceil((safety.lookups_per_run * 4 / 5).max(1)).max(1);
        let left = safety.lookups_per_run.saturating_sub(job.counts.lookups);
        let lookups = Lookups::until(safety.guard.clone(), late, left);
        Self { safety, lookups, part: (job.number % parts, parts), round: job.number / parts, late, list: None }
    }

    /// Returns how many URLs this slice has looked up.
    pub(super) fn asked(&self) -> u64 {
        self.lookups.asked()
    }

    /// Looks up those targets of `links` whose turn it is, and those that were unsafe before. Blocks what is unsafe. Returns what is known
    /// of each link.
    ///
    /// # Errors
    /// Those of the list.
    pub(super) async fn look_up(&mut self, links: &[&Link], now: Timestamp) -> Result<Vec<Safety>, StoreError> {
        let mut questions = Vec::new();
        for (index, link) in links.iter().enumerate() {
            let was_unsafe = link.target_check.as_ref().filter(|check| check.is_unsafe());
            for (pointer, target) in link.targets() {
                let is_known = was_unsafe.is_some_and(|check| check.pointer() == pointer);
                if let Some(url) = target.web_url().filter(|url| is_known || self.is_due(url)) {
                    questions.push((index, pointer, url, is_known));
                }
            }
        }
        let lookups = &self.lookups;
        let asking = questions.into_iter().map(|(index, pointer, url, was_unsafe)| async move {
            let known = lookups.ask(&url).await;
            (index, pointer, url, was_unsafe, known)
        });
        let answers: Vec<_> = futures::stream::iter(asking).buffered(AT_ONCE).collect().await;
        let mut found = vec![Safety::Fine; links.len()];
        for (index, pointer, url, was_unsafe, known) in answers {
            match (known, &found[index]) {
                (Known::Unsafe(threat), known) => {
                    if !matches!(known, Safety::Unsafe(..)) {
                        found[index] = Safety::Unsafe(threat, pointer);
                    }
                    self.block(&url, threat, now).await?;
                }
                (Known::Unknown, Safety::Fine) if was_unsafe => found[index] = Safety::Unknown,
                _ => {}
            }
        }
        Ok(found)
    }

    /// Tells whether this run looks up `url`.
    fn is_due(&self, url: &str) -> bool {
        let hash = Sha256::digest(format!("{}#{url}", self.round));
        let number = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        number % self.part.1 == self.part.0
    }

    /// Blocks `url`, unless the list has it already.
    async fn block(&mut self, url: &str, threat: Threat, now: Timestamp) -> Result<(), StoreError> {
        let mut list = match self.list.take() {
            Some(list) => list,
            None => Listed::read(self.safety.blocked.as_ref()).await?,
        };
        let result = self.block_in(&mut list, url, threat, now).await;
        self.list = Some(list);
        result
    }

    async fn block_in(&self, list: &mut Listed, url: &str, threat: Threat, now: Timestamp) -> Result<(), StoreError> {
        if list.before.reason(url).is_some() {
            return Ok(());
        }
        let pattern = self.pattern_of(url).await;
        let Some(pattern) = pattern.filter(|pattern| !list.added.contains(pattern)) else { return Ok(()) };
        let count = list.before.len() + list.added.len();
        if list.by_checks >= BlockedTarget::MAX_BY_CHECKS || count >= BlockedTarget::MAX_ENTRIES {
            tracing::error!(event = "check.block_list_full", by_checks = list.by_checks, count);
            return Ok(());
        }
        let entry = BlockedTarget {
            target: pattern.clone(),
            reason: threat.block_reason(),
            note: Some(format!("suspected of {threat} by Google Web Risk")),
            added_at: now,
            added_by: BlockedTarget::BY_CHECKS.to_owned(),
        };
        self.safety.blocker.put(&[entry]).await?;
        tracing::warn!(event = "targets.blocked", count = 1, by = BlockedTarget::BY_CHECKS, reason = %threat);
        list.by_checks += 1;
        list.added.insert(pattern);
        Ok(())
    }

    /// Returns what to block so that nobody gets to `url`. What is too long for the list is blocked by a beginning that is unsafe by
    /// itself; `None` if there is none.
    async fn pattern_of(&self, url: &str) -> Option<BlockPattern> {
        let whole = BlockPattern::parse(url);
        if let Ok(pattern) = whole {
            return Some(pattern);
        }
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let host = url.find("://").and_then(|scheme| Some(scheme + 3 + url[scheme + 3..].find('/')? + 1));
        for beginning in [Some(path), host.map(|end| &url[..end])].into_iter().flatten() {
            if let Ok(pattern) = BlockPattern::parse(beginning)
                && matches!(self.lookups.ask(beginning).await, Known::Unsafe(_))
            {
                return Some(pattern);
            }
        }
        tracing::error!(event = "check.unsafe_not_blocked", detail = "the list cannot have the target: see the link");
        None
    }

    /// Takes what checks have blocked, and what is not unsafe any more at `now`, off the list.
    ///
    /// # Errors
    /// Those of the list.
    pub(super) async fn release(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut own = Vec::new();
        each_entry(self.safety.blocked.as_ref(), |entry| {
            if entry.added_by == BlockedTarget::BY_CHECKS && entry.added_at < now {
                own.push(entry.target);
            }
        })
        .await?;
        // What keeps visitors away is asked beside the budget: it has a bound of its own.
        let most = u64::try_from(BlockedTarget::MAX_BY_CHECKS).unwrap_or(u64::MAX);
        let lookups = Lookups::until(self.safety.guard.clone(), self.late, most);
        let asking = own.into_iter().map(|target| {
            let lookups = &lookups;
            async move { (lookups.ask(&format!("https://{}", with_path(&target))).await, target) }
        });
        let answers: Vec<_> = futures::stream::iter(asking).buffered(AT_ONCE).collect().await;
        for (_, target) in answers.iter().filter(|(known, _)| *known == Known::Fine) {
            self.safety.blocker.remove(target).await?;
            tracing::warn!(event = "target.unblocked", by = BlockedTarget::BY_CHECKS);
        }
        Ok(())
    }
}

/// Returns the URL of what is blocked, without its scheme: a host has a path in the normal form.
fn with_path(target: &BlockPattern) -> String {
    let text = target.as_str();
    if text.contains('/') { text.to_owned() } else { format!("{text}/") }
}

impl Listed {
    async fn read(reader: &dyn BlockListReader) -> Result<Self, StoreError> {
        let (mut entries, mut by_checks) = (Vec::new(), 0);
        each_entry(reader, |entry| {
            by_checks += usize::from(entry.added_by == BlockedTarget::BY_CHECKS);
            entries.push((entry.target, entry.reason));
        })
        .await?;
        Ok(Self { before: BlockList::new(entries), added: HashSet::new(), by_checks })
    }
}

/// Gives each entry of the list to `take`.
async fn each_entry(reader: &dyn BlockListReader, mut take: impl FnMut(BlockedTarget)) -> Result<(), StoreError> {
    let mut last = None;
    loop {
        let page = reader.page("", last.as_ref(), AT_A_TIME).await?;
        let is_last = page.len() < AT_A_TIME;
        last = page.last().map(|entry| entry.target.clone());
        page.into_iter().for_each(&mut take);
        if is_last {
            return Ok(());
        }
    }
}
