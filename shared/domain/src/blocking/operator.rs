//! Knows the operator of the stack.

use crate::access::key::{Caller, Role};
use crate::values::error::Error;
use crate::values::workspace::WorkspaceId;

/// Checks that the caller is an operator of the stack: an admin, without limits, of the workspace `operators`.
///
/// # Errors
/// [`Error::Forbidden`] if not.
pub fn require_operator(caller: &Caller, operators: &WorkspaceId) -> Result<(), Error> {
    caller.require(Role::Admin)?;
    if caller.workspace == *operators && caller.scope.is_whole() {
        return Ok(());
    }
    Err(Error::Forbidden("this is for the operator of the stack".to_owned()))
}
