//! Says what to do to each link, and asks stores again while they are busy.

use std::future::Future;

use serde_json::{Map, Value};

use super::known_domains::KnownDomains;
use crate::access::key::Caller;
use crate::link_changes::edit::Edit;
use crate::link_changes::id::LinkChangeId;
use crate::link_changes::job::{Action, LinkChange};
use crate::link_changes::run_ports::RunLinkChangePorts;
use crate::links::link::Link;
use crate::links::ports::{LinkPorts, LinkReader};
use crate::target_safety::lookups::Lookups;
use crate::values::domains::Domains;
use crate::values::error::{Error, FieldError, StoreError};
use crate::values::timestamp::Timestamp;

/// How often a busy store is asked before its failure counts. Each attempt has attempts of its own in the store's client.
const TRIES: u32 = 6;
/// The upper bound of the random wait after the first failure, in milliseconds. It doubles with each.
const FIRST_PAUSE_MS: u64 = 200;
/// The most new targets of a chunk that are looked up. Each costs money; the schedule of checks asks about the others.
const MAX_LOOKUPS: u64 = 200;

/// What a job does to each link.
pub(super) enum Work {
    /// Changes it.
    Change(Box<Edit>),
    /// Deletes it.
    Delete,
    /// Restores it.
    Undo,
}

impl Work {
    /// Reads what `job` does. The error says why that is not possible any more.
    pub(super) fn of(job: &LinkChange, domains: &Domains) -> Result<Self, String> {
        let Action::Change { change } = &job.action else {
            return Ok(if job.action == Action::Delete { Self::Delete } else { Self::Undo });
        };
        let change: Map<String, Value> = serde_json::from_str(change).map_err(|error| error.to_string())?;
        Edit::check(&change, domains, &job.workspace).map(|edit| Self::Change(Box::new(edit))).map_err(|error| {
            // The stack's settings have changed since the request was checked.
            match error {
                Error::Invalid(errors) => {
                    let all = errors.into_iter().map(|FieldError { pointer, detail }| format!("{pointer} {detail}"));
                    format!("the change is not valid any more: {}", all.collect::<Vec<_>>().join("; "))
                }
                other => other.to_string(),
            }
        })
    }
}

/// What the work on one link needs.
pub(super) struct Task<'a> {
    pub(super) ports: &'a RunLinkChangePorts,
    pub(super) work: &'a Work,
    pub(super) dry_run: bool,
    /// Who changes the links: the job itself.
    pub(super) caller: Caller,
    domain_settings: KnownDomains<'a>,
    last_try: Timestamp,
    lookups: Option<Lookups>,
}

impl<'a> Task<'a> {
    pub(super) fn new(ports: &'a RunLinkChangePorts, work: &'a Work, job: &LinkChange, last_try: Timestamp) -> Self {
        let caller = job.worker();
        let domain_settings = KnownDomains::new(ports.domain_settings.as_ref());
        let guard = ports.guard.clone();
        let lookups = guard.map(|guard| Lookups::until(guard, last_try, MAX_LOOKUPS));
        Self { ports, work, dry_run: job.dry_run, caller, domain_settings, last_try, lookups }
    }

    /// Returns the ports of a change of one link, with another reader.
    pub(super) fn link_ports<'b>(&'b self, reader: &'b dyn LinkReader) -> LinkPorts<'b> {
        LinkPorts {
            reader,
            writer: self.ports.writer.as_ref(),
            targets: self.ports.targets.as_ref(),
            clock: self.ports.clock.as_ref(),
            random: self.ports.random.as_ref(),
            domains: &self.ports.domains,
            domain_settings: &self.domain_settings,
            lookups: self.lookups.as_ref(),
        }
    }

    /// Tells whether `link` is what this job made of `before`, and nobody has changed it since.
    pub(super) fn has_made(&self, link: &Link, before: &Link) -> bool {
        is_change_of(link, before, &self.caller.key_id)
    }

    /// Calls `ask` until it succeeds, fails for good, or time runs out. `ask` gets the number of calls before.
    pub(super) async fn patiently<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        mut ask: impl FnMut(u32) -> F,
    ) -> Result<T, StoreError> {
        let mut tries = 0;
        loop {
            match ask(tries).await {
                Err(error) if error.is_retryable() && tries + 1 < TRIES && self.ports.clock.now() < self.last_try => {
                    tries += 1;
                    self.ports.timer.pause(FIRST_PAUSE_MS << tries).await;
                }
                result => return result,
            }
        }
    }
}

/// Tells whether `link` is what the job `by` made of `before`, and nobody has changed it since.
pub(super) fn was_made_by(link: &Link, before: &Link, by: &LinkChangeId) -> bool {
    is_change_of(link, before, by.as_str())
}

fn is_change_of(link: &Link, before: &Link, by: &str) -> bool {
    link.id() == before.id()
        && link.workspace == before.workspace
        && link.revision == before.revision + 1
        && link.changed_by.as_deref() == Some(by)
}
