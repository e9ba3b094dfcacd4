//! Deletes one link of the caller's workspace.

use super::find::find_link;
use super::link::LinkAddress;
use super::ports::{LinkReader, LinkWriter};
use super::precondition::Precondition;
use crate::access::key::{Caller, Role};
use crate::values::error::Error;

/// Deletes the link if `precondition` holds. Needs [`Role::Editor`].
///
/// # Errors
/// [`Error::NotFound`] if there is no such link or another workspace owns it; [`Error::Changed`] if the precondition does not
/// hold.
pub async fn delete_link(
    reader: &dyn LinkReader,
    writer: &dyn LinkWriter,
    caller: &Caller,
    address: &LinkAddress,
    precondition: &Precondition,
) -> Result<(), Error> {
    caller.require(Role::Editor)?;
    if let Precondition::OneOf(_) = precondition {
        let seen = find_link(reader, caller, address).await?;
        let deleted = precondition.holds(&seen) && writer.delete_unchanged(&seen).await?;
        return if deleted { Ok(()) } else { Err(Error::Changed("link")) };
    }
    if writer.delete(address, &caller.workspace).await? { Ok(()) } else { Err(Error::NotFound("link")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::links::MemoryLinks;
    use crate::testing::samples::{caller, link};

    #[tokio::test]
    async fn changed_link_is_not_deleted() {
        let links = MemoryLinks::default();
        let seen = link("acme", "docs", "https://example.com/");
        let mut next = seen.clone();
        next.revision += 1;
        links.insert(&seen).await.unwrap();
        links.replace(&seen, &next).await.unwrap();
        let editor = caller("acme", Role::Editor);
        let stale = Precondition::parse(Some(&seen.etag()));
        let result = delete_link(&links, &links, &editor, &seen.address, &stale).await;
        assert!(matches!(result, Err(Error::Changed(_))));
        let fresh = Precondition::parse(Some(&next.etag()));
        delete_link(&links, &links, &editor, &seen.address, &fresh).await.unwrap();
        for precondition in [fresh, Precondition::Exists, Precondition::None] {
            let result = delete_link(&links, &links, &editor, &seen.address, &precondition).await;
            assert!(matches!(result, Err(Error::NotFound(_))), "{precondition:?}");
        }
    }
}
