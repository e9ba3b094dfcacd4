//! Ends the inspection of a file that failed too often.

use super::file::{FileStatus, StoredFile};
use super::store_ports::StoredFiles;
use super::target::file_of_key;
use crate::jobs::given_up::GivenUp;
use crate::values::error::{StoreError, StoreErrorKind};

/// What the owner of such a file reads.
const REASON: &str = "the file could not be inspected: delete it and upload it again";
/// How often the record is looked at again because it has changed.
const ATTEMPTS: usize = 5;

/// Blocks the file whose object has the key `key`, unless its inspection has ended.
///
/// # Errors
/// The store failed, or others kept writing the file.
pub async fn give_up_inspection(files: &dyn StoredFiles, key: &str) -> Result<GivenUp<StoredFile>, StoreError> {
    let Some((workspace, id)) = file_of_key(key) else { return Ok(GivenUp::Gone) };
    for _ in 0..ATTEMPTS {
        let Some(file) = files.get(&workspace, &id).await? else { return Ok(GivenUp::Gone) };
        match file.status {
            FileStatus::Uploading | FileStatus::Inspecting => {}
            FileStatus::Ready | FileStatus::Blocked => return Ok(GivenUp::Gone),
        }
        let next = file.blocked(REASON.to_owned());
        if files.replace(&next).await? {
            return Ok(GivenUp::Failed(Box::new(next)));
        }
    }
    Err(StoreError::new("files.give_up", StoreErrorKind::Throttled, "the file keeps changing"))
}
