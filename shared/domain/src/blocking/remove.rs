//! Removes a target from the list.

use super::operator::require_operator;
use super::ports::BlockListWriter;
use crate::access::key::Caller;
use crate::values::block_list::BlockPattern;
use crate::values::error::Error;
use crate::values::workspace::WorkspaceId;

/// Releases a target. Links that lead there work again within seconds. Needs an operator.
///
/// # Errors
/// [`Error::NotFound`] if the list has no such entry; one above it may still block the target.
pub async fn unblock_target(
    writer: &dyn BlockListWriter,
    caller: &Caller,
    operators: &WorkspaceId,
    target: &str,
) -> Result<(), Error> {
    require_operator(caller, operators)?;
    let target = BlockPattern::parse(target).map_err(|error| Error::invalid("target", error))?;
    if !writer.remove(&target).await? {
        return Err(Error::NotFound("blocked target"));
    }
    tracing::warn!(event = "target.unblocked", by = caller.key_id);
    Ok(())
}
