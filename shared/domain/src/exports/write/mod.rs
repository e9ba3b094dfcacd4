//! Writes every link of a workspace to the export's file, as a stream, in as many invocations as it takes.

mod output;
mod run;

use self::run::{End, Run, Stop};
use super::export::Export;
use super::ports::ExportRequest;
use super::write_ports::WriteExportPorts;
use crate::jobs::delivery::Delivery;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;

/// How often an export begins anew because its upload ended before its file was complete.
const MAX_RESTARTS: u32 = 3;

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// The export is final.
    Finished(Box<Export>),
    /// Time ran out, or a store failed after some progress. Another message goes on.
    HandedOver(Box<Export>),
    /// Another invocation writes it. Keep the request and try again later: that invocation may crash.
    Busy {
        /// When that invocation ends at the latest.
        until: Timestamp,
    },
    /// There is nothing to do: the export does not exist, is final, or another message goes on with it.
    Gone,
}

/// Writes the export of `request` on from its checkpoint, as far as there is time. The file appears as a whole.
///
/// # Errors
/// Those of the stores. The export is released, and the request can be tried again.
pub async fn write_export(
    ports: &WriteExportPorts,
    request: &ExportRequest,
    delivery: &Delivery,
) -> Result<Written, StoreError> {
    let export = ports.exports.get(&request.workspace, &request.export).await?;
    let open = export.filter(|export| !export.status.is_final() && request.turn >= export.turn);
    let Some(export) = open else { return Ok(Written::Gone) };
    if let Some(until) = export.held_until(&delivery.request_id, ports.clock.now()) {
        return Ok(Written::Busy { until });
    }
    let lease = delivery.lease();
    let leased = export.leased(lease, request.turn);
    match ports.exports.replace(&leased).await {
        Ok(true) => {}
        Ok(false) => return Ok(Written::Busy { until: delivery.deadline }),
        Err(error) => {
            // The store may have written it in spite of the error.
            release(ports, &leased).await;
            return Err(error);
        }
    }
    let mut run = Run::new(ports, leased, delivery);
    let ended = match run.write().await {
        // The file is there before the export says so.
        Ok(End::Complete { links, bytes }) => end(ports, run.export.succeeded(links, bytes, ports.clock.now())).await,
        Ok(End::OutOfTime) => hand_over(ports, run.export.released(), delivery).await,
        Err(Stop::TakenOver) => return Ok(Written::Busy { until: delivery.deadline }),
        Err(Stop::UploadEnded) => restart(ports, &run.export, delivery).await,
        Err(Stop::Store(error)) if !run.export.checkpoint.is_at(&export.checkpoint) => {
            tracing::warn!(event = "export.delayed", export = %export.id, operation = error.operation, %error);
            hand_over(ports, run.export.released(), delivery).await
        }
        Err(Stop::Store(error)) => Err(error),
    };
    if ended.is_err() {
        release(ports, &run.export).await;
    }
    ended
}

/// Begins the export anew: its upload has ended. Perhaps its file was complete and the export was not told.
async fn restart(ports: &WriteExportPorts, export: &Export, delivery: &Delivery) -> Result<Written, StoreError> {
    if export.restarts < MAX_RESTARTS {
        return hand_over(ports, export.restarted(), delivery).await;
    }
    let reason = format!("the bucket lost the unfinished file {} times", MAX_RESTARTS + 1);
    end(ports, export.failed(reason, ports.clock.now())).await
}

/// Saves the export without its lease, and sends the message by which it goes on. If that fails, this message goes on.
async fn hand_over(ports: &WriteExportPorts, next: Export, delivery: &Delivery) -> Result<Written, StoreError> {
    if !ports.exports.replace(&next).await? {
        // Another invocation has it, or the answer to a write of this one was lost. The message finds out which.
        return Ok(Written::Busy { until: delivery.deadline });
    }
    ports.queue.send(&ExportRequest::next(&next)).await?;
    Ok(Written::HandedOver(Box::new(next)))
}

async fn end(ports: &WriteExportPorts, last: Export) -> Result<Written, StoreError> {
    if ports.exports.replace(&last).await? {
        return Ok(Written::Finished(Box::new(last)));
    }
    Err(StoreError::new("exports.replace", StoreErrorKind::Unavailable, "another invocation took the export over"))
}

/// Releases `export`. If that fails too, the lease ends by itself.
async fn release(ports: &WriteExportPorts, export: &Export) {
    if let Err(error) = ports.exports.replace(&export.released()).await {
        tracing::warn!(event = "export.not_released", export = %export.id, %error);
    }
}

#[cfg(test)]
mod faults;
#[cfg(test)]
mod tests;
