//! Deletes a file.

use super::find::visible;
use super::remove::{RemoveFilePorts, remove_file};
use crate::access::key::{Caller, Role};
use crate::ports::Clock;
use crate::values::error::Error;

/// How often the record is looked at again because it has changed.
const ATTEMPTS: usize = 3;

/// The ports of [`delete_file`].
#[derive(Clone, Copy)]
pub struct DeleteFilePorts<'a> {
    /// Removes the file.
    pub remove: RemoveFilePorts<'a>,
    /// Tells the time.
    pub clock: &'a dyn Clock,
}

/// Deletes the file `id`. Needs [`Role::Editor`].
///
/// # Errors
/// [`Error::NotFound`] if the caller sees no such file; [`Error::Conflict`] if it keeps changing.
pub async fn delete_file(ports: &DeleteFilePorts<'_>, caller: &Caller, id: &str) -> Result<(), Error> {
    caller.require(Role::Editor)?;
    let mut file = visible(ports.remove.files, caller, id).await?;
    for _ in 0..ATTEMPTS {
        if remove_file(&ports.remove, &file, ports.clock.now()).await? {
            return Ok(());
        }
        file = match visible(ports.remove.files, caller, id).await {
            Err(Error::NotFound(_)) => return Ok(()),
            found => found?,
        };
    }
    Err(Error::Conflict("the file is being changed; try again".to_owned()))
}
