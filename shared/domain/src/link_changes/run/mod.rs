//! Works on a job: selects its links, then changes them chunk by chunk, in as many invocations as it takes.

mod apply;
mod chunk_work;
mod known_domains;
mod plan;
mod rehearsal;
mod select_links;
mod state;
mod task;

use self::state::{End, Run, Stop};
use super::end_tag::end_tag;
use super::job::LinkChange;
use super::ports::LinkChangeRequest;
use super::run_ports::RunLinkChangePorts;
use crate::jobs::delivery::Delivery;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// The result of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ran {
    /// The job is final.
    Finished(Box<LinkChange>),
    /// Time ran out, or a store failed after some progress. Another message goes on.
    HandedOver(Box<LinkChange>),
    /// Another invocation works on it. Keep the message and try again later: that invocation may crash.
    Busy {
        /// When that invocation ends at the latest.
        until: Timestamp,
    },
    /// There is nothing to do: the job does not exist, is final, or another message goes on with it.
    Gone,
}

/// Works on the job of `request` from where it is, as far as there is time.
///
/// # Errors
/// Those of the stores. The job is released, and the message can be tried again.
pub async fn run_link_change(
    ports: &RunLinkChangePorts,
    request: &LinkChangeRequest,
    delivery: &Delivery,
) -> Result<Ran, StoreError> {
    let job = ports.jobs.get(&request.workspace, &request.link_change).await?;
    let open = job.filter(|job| !job.status.is_final() && request.turn >= job.turn);
    let Some(job) = open else { return Ok(Ran::Gone) };
    let now = ports.clock.now();
    if let Some(until) = job.held_until(&delivery.request_id, now) {
        return Ok(Ran::Busy { until });
    }
    let lease = delivery.lease();
    let leased = job.leased(lease, request.turn, now);
    match ports.jobs.replace(&leased).await {
        Ok(true) => {}
        Ok(false) => return Ok(Ran::Busy { until: delivery.deadline }),
        Err(error) => {
            // The store may have written it in spite of the error.
            release(ports, &leased).await;
            return Err(error);
        }
    }
    if job.started_at.is_none() {
        let request_id = delivery.request_id.as_str();
        tracing::info!(
            event = "link_change.started", request_id, link_change = %job.id, workspace = %job.workspace,
            created_by = job.created_by, dry_run = job.dry_run,
        );
    }
    let mut run = Run::new(ports, leased, delivery);
    let ended = work(&mut run, &job).await;
    match ended {
        Ok(ran) => Ok(ran),
        Err(Stop::TakenOver) => Ok(Ran::Busy { until: delivery.deadline }),
        Err(Stop::Store(error)) => {
            release(ports, &run.job).await;
            Err(error)
        }
    }
}

/// Works on the job, which was `before` when this invocation took it, and saves how that ended.
async fn work(run: &mut Run<'_>, before: &LinkChange) -> Result<Ran, Stop> {
    let now = run.ports.clock.now();
    match run.work().await {
        Ok(End::Complete) => {
            end_tag(run.ports.tags.as_ref(), &run.job).await?;
            run.save(|job| job.succeeded(now)).await?;
        }
        Ok(End::Cancelled) => run.save(|job| job.cancelled(now)).await?,
        Ok(End::Impossible(reason)) => run.save(|job| job.failed(reason.clone(), now)).await?,
        Ok(End::OutOfTime) => return hand_over(run).await,
        Err(Stop::Store(error)) if run.job.progress != before.progress => {
            let operation = error.operation;
            tracing::warn!(event = "link_change.delayed", link_change = %run.job.id, operation, %error);
            return hand_over(run).await;
        }
        Err(stop) => return Err(stop),
    }
    Ok(Ran::Finished(Box::new(run.job.clone())))
}

/// Saves the job without its lease, and sends the message by which it goes on. If that fails, this message goes on.
async fn hand_over(run: &mut Run<'_>) -> Result<Ran, Stop> {
    run.save(LinkChange::released).await?;
    run.ports.queue.send(&LinkChangeRequest::next(&run.job)).await?;
    Ok(Ran::HandedOver(Box::new(run.job.clone())))
}

/// Releases `job`. If that fails too, the lease ends by itself.
async fn release(ports: &RunLinkChangePorts, job: &LinkChange) {
    if let Err(error) = ports.jobs.replace(&job.released()).await {
        tracing::warn!(event = "link_change.not_released", link_change = %job.id, %error);
    }
}

#[cfg(test)]
mod kill_test;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod undo_tests;
#[cfg(test)]
mod world;
