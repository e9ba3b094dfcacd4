//! Works on a run of checks: link by link, workspace by workspace, in as many invocations as it takes.

use super::ask::Asker;
use super::finding::Finding;
use super::job::{CheckJob, CheckJobStatus, CheckPlace};
use super::ports::{CheckPorts, CheckRequest};
use super::record::{Findings, record};
use crate::jobs::delivery::Delivery;
use crate::links::link::Link;
use crate::links::ports::ShardPlace;
use crate::links::target_check::CheckStatus;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;
use crate::workspaces::settings::OnBroken;

/// How long before the end of its invocation a slice asks no more, in seconds: the last target may take 16, and is recorded.
const MARGIN_SECONDS: i64 = 60;
/// How often the place is saved, in seconds. After a crash the next invocation repeats the work of this time.
const SAVE_SECONDS: i64 = 15;
/// How many links are asked before they are recorded.
const CHUNK: usize = 500;

/// The result of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckRan {
    /// The run is final.
    Finished(Box<CheckJob>),
    /// Time ran out, or a store failed after some progress. Another message goes on.
    HandedOver(Box<CheckJob>),
    /// Another invocation works on it. Keep the message and try again later: that invocation may crash.
    Busy {
        /// When that invocation ends at the latest.
        until: Timestamp,
    },
    /// There is nothing to do: the run does not exist, is final, or another message goes on with it.
    Gone,
}

/// Why work stopped.
enum Stop {
    /// Another invocation holds the run, or it has ended.
    TakenOver,
    /// A store failed.
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Works on the run of `request` from where it is, as far as there is time.
///
/// # Errors
/// Those of the stores. The run is released, and the message can be tried again.
pub async fn check_targets(
    ports: &CheckPorts,
    request: &CheckRequest,
    delivery: &Delivery,
) -> Result<CheckRan, StoreError> {
    let job = ports.jobs.get(request.workspace.as_ref()).await?.filter(|job| {
        job.status == CheckJobStatus::Running && job.run == request.check_run && request.turn >= job.turn
    });
    let Some(job) = job else { return Ok(CheckRan::Gone) };
    if let Some(until) = job.held_until(&delivery.request_id, ports.clock.now()) {
        return Ok(CheckRan::Busy { until });
    }
    let leased = job.leased(delivery.lease(), request.turn);
    match ports.jobs.replace(&leased).await {
        Ok(true) => {}
        Ok(false) => return Ok(CheckRan::Busy { until: delivery.deadline }),
        Err(error) => {
            // The store may have written it in spite of the error.
            release(ports, &leased).await;
            return Err(error);
        }
    }
    let now = ports.clock.now();
    let (place, late) = (leased.place.clone(), delivery.deadline.plus_seconds(-MARGIN_SECONDS));
    let start = place.clone();
    let mut slice = Slice { ports, job: leased, place, start, late, saved_at: now, asker: Asker::default() };
    match slice.work().await {
        Ok(ran) => Ok(ran),
        Err(Stop::TakenOver) => Ok(CheckRan::Busy { until: delivery.deadline }),
        Err(Stop::Store(error)) => {
            release(ports, &slice.job).await;
            Err(error)
        }
    }
}

/// Releases `job`. If that fails too, the lease ends by itself.
async fn release(ports: &CheckPorts, job: &CheckJob) {
    if let Err(error) = ports.jobs.replace(&job.released()).await {
        tracing::warn!(event = "check.not_released", run = %job.run, operation = error.operation, %error);
    }
}

/// One invocation's work on a run.
struct Slice<'a> {
    ports: &'a CheckPorts,
    /// The run as it was last saved, with the counts of now.
    job: CheckJob,
    /// Where it is now.
    place: CheckPlace,
    /// Where it was when this invocation took it.
    start: CheckPlace,
    /// When to ask no more.
    late: Timestamp,
    saved_at: Timestamp,
    asker: Asker,
}

impl Slice<'_> {
    /// Works on the run, and saves how that ended.
    async fn work(&mut self) -> Result<CheckRan, Stop> {
        match self.check_all().await {
            Ok(true) => {
                self.save().await?;
                let ended = self.job.succeeded(self.ports.clock.now());
                self.replace(ended).await?;
                Ok(CheckRan::Finished(Box::new(self.job.clone())))
            }
            Ok(false) => self.hand_over().await,
            Err(Stop::Store(error)) if self.place != self.start => {
                let operation = error.operation;
                tracing::warn!(event = "check.delayed", run = %self.job.run, operation, %error);
                self.hand_over().await
            }
            Err(stop) => Err(stop),
        }
    }

    /// Saves the run without its lease, and sends the message by which it goes on. If that fails, this message goes on.
    async fn hand_over(&mut self) -> Result<CheckRan, Stop> {
        self.save().await?;
        let released = self.job.released();
        self.replace(released).await?;
        self.ports.queue.send(&CheckRequest::next(&self.job)).await?;
        Ok(CheckRan::HandedOver(Box::new(self.job.clone())))
    }

    /// Checks all links that are left. Returns `false` if there is no time for that.
    async fn check_all(&mut self) -> Result<bool, Stop> {
        while let Some(workspace) = self.workspace().await? {
            let on_broken = self.ports.settings.get(&workspace).await?.on_broken;
            while self.place.shard < Link::LIST_SHARDS {
                let is_late = self.ports.clock.now() >= self.late && self.place != self.start;
                if is_late || !self.check_page(&workspace, on_broken).await? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Returns the workspace whose links are next; `None` after the last.
    async fn workspace(&mut self) -> Result<Option<WorkspaceId>, StoreError> {
        if self.place.shard >= Link::LIST_SHARDS {
            let next = match &self.job.only {
                Some(_) => None,
                None => self.ports.workspaces.next(self.place.workspace.as_ref()).await?,
            };
            let Some(next) = next else { return Ok(None) };
            self.place = CheckPlace { workspace: Some(next), shard: 0, after: None };
        }
        Ok(self.place.workspace.clone())
    }

    /// Checks the next links of a shard. Returns `false` if there is no time for all of them.
    async fn check_page(&mut self, workspace: &WorkspaceId, on_broken: OnBroken) -> Result<bool, Stop> {
        let (links, more) = self.ports.shards.next(workspace, self.place.shard, self.place.after.as_ref()).await?;
        for links in links.chunks(CHUNK) {
            let done = self.check(links, on_broken).await?;
            if let Some(last) = links[..done].last() {
                self.place.after = Some(ShardPlace::of(last));
            }
            self.job.counts.links += done as u64;
            if done < links.len() {
                return Ok(false);
            }
            if self.ports.clock.now() >= self.saved_at.plus_seconds(SAVE_SECONDS) {
                self.save().await?;
            }
        }
        if !more {
            (self.place.shard, self.place.after) = (self.place.shard + 1, None);
        }
        Ok(true)
    }

    /// Checks `links`, and records what is found. Returns how many of the first ones are done.
    async fn check(&mut self, links: &[Link], on_broken: OnBroken) -> Result<usize, Stop> {
        let now = self.ports.clock.now();
        let checked: Vec<(usize, &Link)> = links.iter().enumerate().filter(|(_, link)| is_checked(link, now)).collect();
        let targets: Vec<&Link> = checked.iter().map(|(_, link)| *link).collect();
        let asked = self.asker.asked;
        let found = self.asker.ask(self.ports, &targets, self.late).await;
        self.job.counts.targets += self.asker.asked - asked;
        for ((_, link), finding) in checked.iter().zip(&found) {
            self.record(link, *finding, on_broken).await?;
        }
        Ok(checked.get(found.len()).map_or(links.len(), |(index, _)| *index))
    }

    async fn record(&mut self, link: &Link, finding: Finding, on_broken: OnBroken) -> Result<(), StoreError> {
        let findings = Findings { run: &self.job.run, on_broken, now: self.ports.clock.now() };
        let stores = (self.ports.reader.as_ref(), self.ports.writer.as_ref());
        let written = record(stores, &findings, link, finding).await?;
        let counts = &mut self.job.counts;
        counts.failing += u64::from(matches!(finding, Finding::Fails(_)));
        let Some((before, after)) = written else { return Ok(()) };
        let (run, workspace, domain, slug) = (&self.job.run, &link.workspace, &link.address.domain, &link.address.slug);
        // The target itself is not logged: it may hold what only its owner should see.
        if after.is_broken() && !before.is_broken() {
            counts.newly_broken += 1;
            let reason = after.target_check.and_then(|check| check.reason).map(|reason| reason.to_string());
            tracing::info!(event = "check.broken", %run, %workspace, %domain, %slug, reason);
        } else if before.is_broken() && after.target_check.is_some_and(|check| check.status == CheckStatus::Ok) {
            counts.recovered += 1;
            tracing::info!(event = "check.recovered", %run, %workspace, %domain, %slug);
        }
        Ok(())
    }

    /// Saves how far the run is.
    async fn save(&mut self) -> Result<(), Stop> {
        self.saved_at = self.ports.clock.now();
        let next = self.job.progressed(self.place.clone(), self.job.counts, self.saved_at);
        self.replace(next).await
    }

    async fn replace(&mut self, next: CheckJob) -> Result<(), Stop> {
        if !self.ports.jobs.replace(&next).await? {
            return Err(Stop::TakenOver);
        }
        self.job = next;
        Ok(())
    }
}

/// Tells whether the target of `link` is asked: those of the web, of links that visitors can follow now or later. Links that nobody can
/// follow are asked while they fail, so that their owners learn when their targets work again.
fn is_checked(link: &Link, now: Timestamp) -> bool {
    let settings = &link.settings;
    let is_closed = settings.archived || settings.expires_at.is_some_and(|end| end <= now);
    let fails = link.target_check.as_ref().is_some_and(|check| check.status != CheckStatus::Ok);
    link.leads_to_page() && (!is_closed || fails)
}
