//! Completes a file: makes sure that the bucket has what was announced.

use super::file::{FileStatus, PartUpload, StoredFile};
use super::find::visible;
use super::part_plan::{MAX_PARTS, PartPlan};
use super::parts::ended;
use super::store_ports::{FileUploads, PutTogether, StoredFiles, UploadedPart};
use crate::access::key::{Caller, Role};
use crate::ports::Clock;
use crate::values::error::{Error, StoreError};

/// How many parts the bucket lists at a time.
const AT_A_TIME: usize = 1000;
/// How many missing parts an error names.
const NAMED: usize = 10;

/// The ports of [`complete_file`].
#[derive(Clone, Copy)]
pub struct CompleteFilePorts<'a> {
    /// Keeps the files.
    pub files: &'a dyn StoredFiles,
    /// Puts parts together, and tells what the bucket has.
    pub uploads: &'a dyn FileUploads,
    /// Tells the time.
    pub clock: &'a dyn Clock,
}

/// Completes the file `id`, and returns it: being inspected, or what came of that. Has no effect on one that was completed, by a request or
/// by the event of its object. Needs [`Role::Editor`].
///
/// # Errors
/// [`Error::NotFound`] if the caller sees no such file; [`Error::Conflict`] says what is missing or differs from what was announced,
/// or that the file has expired.
pub async fn complete_file(ports: &CompleteFilePorts<'_>, caller: &Caller, id: &str) -> Result<StoredFile, Error> {
    caller.require(Role::Editor)?;
    let file = visible(ports.files, caller, id).await?;
    if file.has_ended(ports.clock.now()) {
        return Err(Error::Conflict("the file has expired".to_owned()));
    }
    match file.status {
        FileStatus::Inspecting | FileStatus::Ready | FileStatus::Blocked => return Ok(file),
        FileStatus::Uploading => {}
    }
    let key = file.object_key();
    let object = match ports.uploads.stored(&key).await? {
        Some(object) => object,
        None => {
            let upload = file.upload.as_ref().ok_or_else(|| {
                Error::Conflict(
                    "the file has not been uploaded: send it as the answer to its announcement says".to_owned(),
                )
            })?;
            put_together(ports.uploads, &file, upload).await?;
            ports.uploads.stored(&key).await?.ok_or_else(ended)?
        }
    };
    file.check(&object).map_err(Error::Conflict)?;
    let next = file.arrived(&object);
    if ports.files.replace(&next).await? {
        return Ok(next);
    }
    // Another request completed or deleted it meanwhile, or the event of its object came first.
    let file = visible(ports.files, caller, id).await?;
    match file.status {
        FileStatus::Inspecting | FileStatus::Ready | FileStatus::Blocked => Ok(file),
        FileStatus::Uploading => Err(Error::Conflict("the file is being changed; try again".to_owned())),
    }
}

/// Puts the file together. If the upload has ended, an earlier request may have done so.
async fn put_together(uploads: &dyn FileUploads, file: &StoredFile, upload: &PartUpload) -> Result<(), Error> {
    let Some(parts) = all_parts(uploads, file, upload).await? else { return Ok(()) };
    let plan = PartPlan { bytes: file.size, part_bytes: upload.part_bytes };
    check_parts(plan, &parts)?;
    match uploads.put_together(file, &upload.id, &parts).await? {
        PutTogether::Done | PutTogether::Ended => Ok(()),
        PutTogether::Refused(reason) => Err(Error::Conflict(format!("the bucket refuses the parts: {reason}"))),
    }
}

/// Lists all parts that the bucket has. `None` if the upload has ended.
async fn all_parts(
    uploads: &dyn FileUploads,
    file: &StoredFile,
    upload: &PartUpload,
) -> Result<Option<Vec<UploadedPart>>, StoreError> {
    let key = file.object_key();
    let mut parts: Vec<UploadedPart> = Vec::new();
    loop {
        let after = parts.last().map_or(0, |part| part.number);
        let Some(more) = uploads.parts(&key, &upload.id, after, AT_A_TIME).await? else { return Ok(None) };
        let is_last = more.len() < AT_A_TIME;
        parts.extend(more);
        if is_last || parts.len() as u64 >= MAX_PARTS {
            return Ok(Some(parts));
        }
    }
}

/// Checks that there is each part, with its size.
fn check_parts(plan: PartPlan, parts: &[UploadedPart]) -> Result<(), Error> {
    let mut sizes = vec![None; plan.count() as usize + 1];
    for part in parts {
        match sizes.get_mut(part.number as usize) {
            Some(size) => *size = Some(part.size),
            None => return Err(Error::Conflict(format!("there is a part {}, beyond the last one", part.number))),
        }
    }
    let mut missing = (1..=plan.count()).filter(|number| {
        let size = plan.part(*number).map(|(_, size)| size);
        sizes.get(*number as usize).copied().flatten() != size
    });
    let named: Vec<String> = missing.by_ref().take(NAMED).map(|number| number.to_string()).collect();
    if named.is_empty() {
        return Ok(());
    }
    let more = missing.count();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    Err(Error::Conflict(format!("these parts are missing or have another size: {}{rest}", named.join(", "))))
}
