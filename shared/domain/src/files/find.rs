//! Finds a file of the caller's workspace.

use super::file::{FileStatus, StoredFile};
use super::id::FileId;
use super::store_ports::{FileSigner, ReadMethod, StoredFiles};
use crate::access::key::{Caller, Role};
use crate::jobs::open_to::SeenJob;
use crate::ports::Clock;
use crate::values::error::Error;

/// How long the URL of a file works for its owner, in seconds.
pub const URL_SECONDS: u32 = 5 * 60;

/// Returns the file `id`, if the caller may see it: one that reaches only some links sees the files that it made itself.
///
/// # Errors
/// [`Error::NotFound`] if there is none.
pub(crate) async fn visible(files: &dyn StoredFiles, caller: &Caller, id: &str) -> Result<StoredFile, Error> {
    let id = FileId::parse(id).map_err(|_| Error::NotFound("file"))?;
    let file = files.get(&caller.workspace, &id).await?;
    file.filter(|file| file.is_open_to(caller)).ok_or(Error::NotFound("file"))
}

/// Returns the file `id` of the caller's workspace, and while it is ready a URL that works for [`URL_SECONDS`], or until it ends.
///
/// # Errors
/// [`Error::NotFound`] if there is no such file, the caller may not see it, or `id` is not a file's id.
pub async fn find_file(
    files: &dyn StoredFiles,
    (signer, clock): (&dyn FileSigner, &dyn Clock),
    caller: &Caller,
    id: &str,
) -> Result<(StoredFile, Option<String>), Error> {
    caller.require(Role::Viewer)?;
    let file = visible(files, caller, id).await?;
    let url = match file.status {
        FileStatus::Uploading | FileStatus::Inspecting | FileStatus::Blocked => None,
        FileStatus::Ready => match file.url_seconds(URL_SECONDS, clock.now()) {
            0 => None,
            seconds => {
                let (key, delivery) = (file.object_key(), file.delivery());
                Some(signer.sign_file(&key, ReadMethod::Get, &delivery, seconds).await?)
            }
        },
    };
    Ok((file, url))
}
