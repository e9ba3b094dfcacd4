//! Moves or forgets what a workspace says of a tag, once the job that renames or removes the tag in all links is done.

use super::job::{LinkChange, TagEnd};
use crate::tags::ports::TagStore;
use crate::tags::tag::TagDefinition;
use crate::values::error::StoreError;

/// Does what the job's [`TagEnd`] says. Doing it again changes nothing.
///
/// # Errors
/// Those of the store. The job can be ended again.
pub(super) async fn end_tag(tags: &dyn TagStore, job: &LinkChange) -> Result<(), StoreError> {
    let workspace = &job.workspace;
    match &job.tag {
        None => Ok(()),
        Some(TagEnd::Delete { tag }) => tags.delete(workspace, tag).await,
        Some(TagEnd::Rename { from, to }) => {
            let Some(old) = tags.get(workspace, from).await? else { return Ok(()) };
            // The new name keeps what is said of it already.
            tags.put(&TagDefinition { tag: to.clone(), revision: 0, ..old }).await?;
            tags.delete(workspace, from).await
        }
    }
}
