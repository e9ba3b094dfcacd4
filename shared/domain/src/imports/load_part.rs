//! Loads a part of an import from its last checkpoint, as far as there is time. The next invocation loads the rest.

use super::close::close;
use super::job::import::Import;
use super::job::part::{Part, PartId};
use super::lease_part::lease_part;
use super::load_ports::LoadImportPorts;
use super::run::{Ended, Run};
use crate::jobs::delivery::Delivery;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// The result of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartLoaded {
    /// The part has ended; other parts of its import have not.
    Loaded(Box<Part>),
    /// The last part has ended: the import is final.
    Finished(Box<Import>),
    /// Time ran out. The part is queued for another invocation.
    HandedOver(Box<Part>),
    /// Another invocation loads the part. Keep the message and try again later: that invocation may crash.
    Busy {
        /// When that invocation ends at the latest.
        until: Timestamp,
    },
    /// There is nothing to do: the import is final, has a new plan, or was taken over by another invocation.
    Gone,
}

/// Loads the part `id`, and closes its import if the part was the last.
///
/// # Errors
/// Those of the stores. The part is released, and its message must be delivered again.
pub async fn load_part(ports: &LoadImportPorts, id: &PartId, delivery: &Delivery) -> Result<PartLoaded, StoreError> {
    let Some(import) = ports.imports.get(&id.workspace, &id.import).await? else { return Ok(PartLoaded::Gone) };
    let Some(plan) = import.plan.as_ref().filter(|plan| plan.number == id.plan && !import.is_closed()) else {
        return Ok(PartLoaded::Gone);
    };
    let Some(mut part) = ports.parts.get(id).await? else { return Ok(PartLoaded::Gone) };
    if part.needs_reload(plan) {
        let restarted = part.restarted(plan);
        if !ports.parts.replace(&restarted).await? {
            return Ok(PartLoaded::Gone);
        }
        part = restarted;
    }
    let must_load = !part.done && import.halt.is_none();
    if must_load {
        let now = ports.clock.now();
        if let Some(until) = part.held_until(&delivery.request_id, now) {
            return Ok(PartLoaded::Busy { until });
        }
        let leased = part.leased(delivery.lease());
        if !lease_part(ports, &leased).await? {
            // The faster invocation may crash.
            return Ok(PartLoaded::Busy { until: delivery.deadline });
        }
        match Run::new(ports, import, leased, delivery).load().await? {
            Ended::Done(ended) => part = *ended,
            Ended::OutOfTime(part) => {
                ports.queue.send(&[PartId::from(&*part)]).await?;
                return Ok(PartLoaded::HandedOver(part));
            }
            Ended::TakenOver => return Ok(PartLoaded::Busy { until: delivery.deadline }),
        }
    }
    match close(&ports.ending(), id, delivery, must_load).await? {
        Some(import) => Ok(PartLoaded::Finished(Box::new(import))),
        None => Ok(PartLoaded::Loaded(Box::new(part))),
    }
}
