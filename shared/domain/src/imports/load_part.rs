//! Loads a part of an import, from its last checkpoint on: as far as there is time, and then the next invocation goes on.

use super::close::close;
use super::job::import::Import;
use super::job::part::{Part, PartId};
use super::loader::Loader;
use super::run::{Ended, Run};
use crate::jobs::delivery::Delivery;
use crate::jobs::lease::Lease;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;

/// What came of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartLoaded {
    /// The part has ended; others of its import have not.
    Loaded(Box<Part>),
    /// It was the last part: the import is final.
    Finished(Box<Import>),
    /// There was no time left. The part is on its way to another invocation.
    HandedOver(Box<Part>),
    /// Another invocation loads the part. If that one crashes, this message is needed: it must come again.
    Busy {
        /// When that invocation is over at the latest.
        until: Timestamp,
    },
    /// There is nothing to do: the import is final, is not planned like this any more, or another invocation took over.
    Gone,
}

/// Loads the part `id`, and closes its import if it was the last.
///
/// # Errors
/// A store that fails for longer than its adapter bears. The part is free again, and its message must come again.
pub async fn load_part(loader: &Loader, id: &PartId, delivery: &Delivery) -> Result<PartLoaded, StoreError> {
    let Some(import) = loader.imports.get(&id.workspace, &id.import).await? else { return Ok(PartLoaded::Gone) };
    let Some(plan) = import.plan.as_ref().filter(|plan| plan.number == id.plan && !import.is_closed()) else {
        return Ok(PartLoaded::Gone);
    };
    let Some(mut part) = loader.parts.get(id).await? else { return Ok(PartLoaded::Gone) };
    if part.lags_behind(plan) {
        let again = part.again(plan);
        if !loader.parts.replace(&again).await? {
            return Ok(PartLoaded::Gone);
        }
        part = again;
    }
    let late = !part.done && import.halt.is_none();
    if late {
        let now = loader.clock.now();
        if let Some(until) = part.held_until(&delivery.request_id, now) {
            return Ok(PartLoaded::Busy { until });
        }
        let leased = part.leased(Lease { owner: delivery.request_id.clone(), until: delivery.deadline });
        if !lease(loader, &leased).await? {
            // Whoever was faster may crash.
            return Ok(PartLoaded::Busy { until: delivery.deadline });
        }
        match Run::new(loader, import, leased, delivery).load().await? {
            Ended::Done(ended) => part = *ended,
            Ended::OutOfTime(part) => {
                loader.queue.send(&[PartId::from(&*part)]).await?;
                return Ok(PartLoaded::HandedOver(part));
            }
            Ended::TakenOver => return Ok(PartLoaded::Busy { until: delivery.deadline }),
        }
    }
    match close(loader, id, delivery, late).await? {
        Some(import) => Ok(PartLoaded::Finished(Box::new(import))),
        None => Ok(PartLoaded::Loaded(Box::new(part))),
    }
}

async fn lease(loader: &Loader, leased: &Part) -> Result<bool, StoreError> {
    match loader.parts.replace(leased).await {
        Err(error) => {
            // It may have been written all the same.
            release(loader, leased).await;
            Err(error)
        }
        written => written,
    }
}

/// Gives up the claim on `part`. If that fails too, the claim ends by itself.
pub(super) async fn release(loader: &Loader, part: &Part) {
    if let Err(error) = loader.parts.replace(&part.released()).await {
        tracing::warn!(event = "import_part.not_released", import = %part.import, part = part.number, %error);
    }
}
