//! Deletes one link of the caller's workspace.

use crate::ports::LinkWriter;
use crate::{Caller, Error, LinkId, Role};

/// Deletes the link. Needs [`Role::Editor`]. A foreign link looks like none: [`Error::NotFound`].
pub async fn delete_link(links: &dyn LinkWriter, caller: &Caller, id: &LinkId) -> Result<(), Error> {
    caller.require(Role::Editor)?;
    if links.delete(id, &caller.workspace).await? { Ok(()) } else { Err(Error::NotFound("link")) }
}
