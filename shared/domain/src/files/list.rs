//! Lists the files of the caller's workspace, the newest first.

use futures::future::BoxFuture;

use super::file::StoredFile;
use super::id::FileId;
use super::store_ports::StoredFiles;
use crate::access::key::{Caller, Role};
use crate::jobs::open_to::newest_open_to;
use crate::values::error::Error;
use crate::values::field_errors::Errors;
use crate::values::page::{Page, PageRequest};

/// Returns one page of the workspace's files, of those that the caller may see.
///
/// # Errors
/// [`Error::Invalid`] names what is wrong with `page`.
pub async fn list_files(
    files: &dyn StoredFiles,
    caller: &Caller,
    page: &PageRequest,
) -> Result<Page<StoredFile>, Error> {
    caller.require(Role::Viewer)?;
    let mut errors = Errors::default();
    let query = page.check_with(&mut errors);
    let before = query.before.map(FileId::parse);
    let before = before.and_then(|id| errors.note("cursor", id.map_err(|_| "is not a cursor that a page gave")));
    let (limit, before) = errors.or(Some((query.limit, before)))?;
    let newest = |before: Option<FileId>, limit| -> BoxFuture<'_, _> {
        Box::pin(async move { files.newest(&caller.workspace, before.as_ref(), limit).await })
    };
    let items = newest_open_to(caller, before, limit + 1, newest).await?;
    Ok(Page::from_items(items, limit, |file| file.id.to_string()))
}
