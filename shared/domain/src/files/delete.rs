//! Deletes a file.

use super::find::visible;
use super::ports::ObjectRemover;
use super::store_ports::{FileUploads, StoredFiles};
use crate::access::key::{Caller, Role};
use crate::values::error::Error;

/// How often the record is looked at again because it has changed.
const ATTEMPTS: usize = 3;

/// The ports of [`delete_file`].
#[derive(Clone, Copy)]
pub struct DeleteFilePorts<'a> {
    /// Keeps the files.
    pub files: &'a dyn StoredFiles,
    /// Ends uploads.
    pub uploads: &'a dyn FileUploads,
    /// Deletes objects.
    pub objects: &'a dyn ObjectRemover,
}

/// Deletes the file `id`: its upload, its object, and then its record, so that what fails can be done again. Needs [`Role::Editor`].
///
/// # Errors
/// [`Error::NotFound`] if the caller sees no such file; [`Error::Conflict`] if it keeps changing.
pub async fn delete_file(ports: &DeleteFilePorts<'_>, caller: &Caller, id: &str) -> Result<(), Error> {
    caller.require(Role::Editor)?;
    let mut file = visible(ports.files, caller, id).await?;
    for _ in 0..ATTEMPTS {
        let key = file.object_key();
        if let Some(upload) = &file.upload {
            ports.uploads.abort(&key, &upload.id).await?;
        }
        ports.objects.remove(&key).await?;
        if ports.files.remove(&file).await? {
            return Ok(());
        }
        file = match visible(ports.files, caller, id).await {
            Err(Error::NotFound(_)) => return Ok(()),
            found => found?,
        };
    }
    Err(Error::Conflict("the file is being changed; try again".to_owned()))
}
