//! Starts a run of checks.

use serde::Deserialize;

use super::job::{CheckJob, CheckJobStatus};
use super::ports::{CheckJobStore, CheckQueue, CheckRequest};
use crate::links::target_check::CheckRun;
use crate::ports::Clock;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// What starts a run: the event of the schedule, or one that an operator sends.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CheckTrigger {
    /// When the schedule was due. The day of it is that of the run.
    pub time: Timestamp,
    /// The only workspace whose links are to be checked; all if absent.
    #[serde(default)]
    pub workspace: Option<WorkspaceId>,
}

/// The ports of [`start_check_run`].
#[derive(Clone, Copy)]
pub struct StartCheckPorts<'a> {
    /// Keeps runs.
    pub jobs: &'a dyn CheckJobStore,
    /// Queues the first slice.
    pub queue: &'a dyn CheckQueue,
    /// Tells the time.
    pub clock: &'a dyn Clock,
}

/// What came of a trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// The run has begun.
    Begun(Box<CheckJob>),
    /// This run, or a later one, is done.
    Done(Box<CheckJob>),
    /// An earlier run still goes on. There is no other until it ends.
    StillRunning(Box<CheckJob>),
}

/// Starts the run of the trigger's day, unless it is done, or an earlier one still goes on. A trigger that comes twice does no harm.
///
/// # Errors
/// Those of the store and the queue. The trigger can be sent again.
pub async fn start_check_run(ports: &StartCheckPorts<'_>, trigger: &CheckTrigger) -> Result<Started, StoreError> {
    let run = CheckRun::of(trigger.time);
    let now = ports.clock.now();
    let known = ports.jobs.get(trigger.workspace.as_ref()).await?;
    if let Some(known) = known.as_ref().filter(|known| known.run >= run) {
        if known.run == run && known.status == CheckJobStatus::Running {
            // The first try may have failed between the two writes. A second message does no harm.
            ports.queue.send(&CheckRequest::of(known)).await?;
            return Ok(Started::Begun(Box::new(known.clone())));
        }
        return Ok(Started::Done(Box::new(known.clone())));
    }
    if let Some(earlier) = known.as_ref().filter(|known| known.is_alive(now)) {
        return Ok(Started::StillRunning(Box::new(earlier.clone())));
    }
    let job = CheckJob::new(run, trigger.workspace.clone(), known.as_ref(), now);
    if !ports.jobs.replace(&job).await? {
        return Err(StoreError::new("checks.start", StoreErrorKind::Unavailable, "another run has just been started"));
    }
    ports.queue.send(&CheckRequest::of(&job)).await?;
    Ok(Started::Begun(Box::new(job)))
}
