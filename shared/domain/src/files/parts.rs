//! Tells how to upload the parts of a file, and which of them the bucket has.

use std::collections::BTreeMap;

use futures::future::try_join_all;

use super::file::{FileStatus, PartUpload, StoredFile};
use super::find::visible;
use super::part_plan::PartPlan;
use super::ports::SignedUpload;
use super::store_ports::{FileUploads, StoredFiles, UploadedPart};
use crate::access::key::{Caller, Role};
use crate::ports::Clock;
use crate::values::error::Error;
use crate::values::field_errors::Errors;
use crate::values::page::{Page, PageRequest};
use crate::values::timestamp::Timestamp;

/// How long the request for a part may begin, in seconds. The credentials that sign it may end before.
pub const PART_SECONDS: u32 = 60 * 60;

/// The ports of [`list_parts`].
#[derive(Clone, Copy)]
pub struct ListPartsPorts<'a> {
    /// Keeps the files.
    pub files: &'a dyn StoredFiles,
    /// Knows the parts, and signs requests for others.
    pub uploads: &'a dyn FileUploads,
    /// Tells the time.
    pub clock: &'a dyn Clock,
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// Its number, counted from 1.
    pub number: u32,
    /// Where it begins in the file, in bytes.
    pub offset: u64,
    /// Its size in bytes.
    pub size: u64,
    /// How to upload it, and until when; `None` if the bucket has it.
    pub upload: Option<(SignedUpload, Timestamp)>,
}

/// Lists the parts of the file `id`, with requests for those that the bucket lacks. Needs [`Role::Editor`].
///
/// # Errors
/// [`Error::Invalid`] names what is wrong with `page`; [`Error::NotFound`] if the caller sees no such file; [`Error::Conflict`] if it is not
/// uploaded in parts, or its upload has ended.
pub async fn list_parts(
    ports: &ListPartsPorts<'_>,
    caller: &Caller,
    id: &str,
    page: &PageRequest,
) -> Result<Page<FilePart>, Error> {
    caller.require(Role::Editor)?;
    let mut errors = Errors::default();
    let query = page.check_with(&mut errors);
    let after = query.before.as_deref().map(str::parse::<u32>);
    let after = after.and_then(|number| errors.note("cursor", number.map_err(|_| "is not a cursor that a page gave")));
    let (limit, after) = errors.or(Some((query.limit, after.unwrap_or(0))))?;
    let file = visible(ports.files, caller, id).await?;
    let (upload, plan) = open_upload(&file)?;
    let key = file.object_key();
    let present = ports.uploads.parts(&key, &upload.id, after, limit).await?.ok_or_else(ended)?;
    let present: BTreeMap<u32, &UploadedPart> = present.iter().map(|part| (part.number, part)).collect();
    let last = plan.count().min(after.saturating_add(u32::try_from(limit).unwrap_or(u32::MAX)));
    let parts = (after.saturating_add(1)..=last).filter_map(|number| Some((number, plan.part(number)?)));
    let expires_at = ports.clock.now().plus_seconds(PART_SECONDS.into());
    let items = parts.map(async |(number, (offset, size))| {
        // A part of another size is sent again in its place.
        let is_there = present.get(&number).is_some_and(|part| part.size == size);
        let upload = if is_there {
            None
        } else {
            let signed = ports.uploads.sign_part(&key, &upload.id, (number, size), PART_SECONDS).await?;
            Some((signed, expires_at))
        };
        Ok::<_, Error>(FilePart { number, offset, size, upload })
    });
    let items = try_join_all(items).await?;
    let next_cursor = (last < plan.count()).then(|| crate::values::page::encode_cursor(&last.to_string()));
    Ok(Page { items, next_cursor })
}

/// Returns the upload in parts of a file that waits for them, and how the file is divided.
///
/// # Errors
/// [`Error::Conflict`] if there is none.
fn open_upload(file: &StoredFile) -> Result<(&PartUpload, PartPlan), Error> {
    if file.status != FileStatus::Uploading {
        return Err(Error::Conflict("the file is uploaded already".to_owned()));
    }
    let open = file.upload.as_ref().zip(file.plan());
    open.ok_or_else(|| Error::Conflict("the file is uploaded as a whole, not in parts".to_owned()))
}

/// Says that the bucket takes no parts of a file any more.
pub(super) fn ended() -> Error {
    Error::Conflict("the upload has ended: delete the file and upload it again".to_owned())
}
