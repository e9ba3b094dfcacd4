//! Starts a file: creates a record that waits for its bytes, and says how to upload them.

use serde::Deserialize;
use serde_json::Value;

use super::checksums::{Crc64Nvme, Sha256Sum};
use super::collections::collection::{Collection, MAX_FILES};
use super::collections::find::visible_collection;
#[cfg(feature = "openapi")]
use super::collections::id::CollectionId;
use super::collections::path::{FilePath, FilePlace};
use super::collections::ports::StoredCollections;
use super::ending::{WHOLE_SECONDS, check_end};
use super::file::{FileStatus, PartUpload, StoredFile};
use super::id::FileId;
#[cfg(feature = "openapi")]
use super::name::{MAX_NAME_BYTES, TYPE_PATTERN};
use super::name::{UNKNOWN_TYPE, check_name, check_type};
use super::part_plan::PartPlan;
use super::ports::SignedUpload;
use super::quota::FileQuota;
use super::store_ports::{Added, FileUploads, StoredFiles};
use crate::access::key::{Caller, Role};
use crate::ports::{Clock, Random};
use crate::values::error::Error;
use crate::values::field_errors::Errors;
use crate::values::timestamp::Timestamp;

/// The size of the largest object of S3, in bytes ("Amazon S3 multipart upload limits", S3 user guide).
pub const GREATEST_FILE: u64 = 5 * 1024 * 1024 * 1024 * 1024;
/// The size above which a file is always uploaded in parts, in bytes. S3 advises parts from about here on.
pub const GREATEST_WHOLE: u64 = 100 * 1024 * 1024;

/// A file to upload.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewFile {
    /// What the file is called, 1 to 255 bytes in UTF-8. It is shown as it is; a download gets it without paths, control characters and
    /// marks that turn the direction of text.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_NAME_BYTES)))]
    pub name: String,
    /// The size of the file in bytes; the upload must have exactly this many. A stack may allow less than S3 does.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = GREATEST_FILE)))]
    #[serde(deserialize_with = "crate::values::json::whole")]
    pub size: u64,
    /// The media type of the file, without parameters. Visitors get types that can run something as `application/octet-stream`.
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = TYPE_PATTERN)))]
    pub content_type: Option<String>,
    /// The SHA-256 of the file: the bucket refuses other bytes. Only for a file that is uploaded as a whole.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Sha256Sum>"))]
    pub sha256: Option<String>,
    /// The CRC-64/NVME of the file, 8 bytes in base64: the bucket refuses other bytes.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Crc64Nvme>"))]
    pub crc64nvme: Option<String>,
    /// Whether to upload the file in parts, which can be sent again one by one. Files above 100 MiB always are.
    #[serde(default, deserialize_with = "crate::values::json::or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub in_parts: bool,
    /// When the file ends, in the future, up to 100 years ahead (RFC 3339): from then on nobody gets it, and it is deleted. It stays if absent.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Timestamp>"))]
    pub expires_at: Option<String>,
    /// The id of the collection that the file is put into. The file ends with it at the latest.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<CollectionId>"))]
    pub collection: Option<String>,
    /// Where the file is in its collection: folders, and `name` as the last part. `name` alone if absent. A collection has each path once, whatever
    /// capitals it is written in.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<FilePath>"))]
    pub path: Option<String>,
    /// The link to make along, which leads to the file: as for `POST /v1/links`, without `url`. None if absent.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<super::share::LinkOfFile>"))]
    pub link: Option<Value>,
}

/// The ports of [`start_file`], and its limits.
#[derive(Clone, Copy)]
pub struct StartFilePorts<'a> {
    /// Keeps the files.
    pub files: &'a dyn StoredFiles,
    /// Keeps the collections.
    pub collections: &'a dyn StoredCollections,
    /// Signs or begins the upload.
    pub uploads: &'a dyn FileUploads,
    /// Tells the time.
    pub clock: &'a dyn Clock,
    /// Makes the id.
    pub random: &'a dyn Random,
    /// The greatest size of a file, in bytes.
    pub max_bytes: u64,
    /// How much a workspace may keep.
    pub quota: FileQuota,
}

/// A file that waits for its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartedFile {
    /// The file.
    pub file: StoredFile,
    /// How to upload it as a whole, and until when; `None` if it is uploaded in parts.
    pub whole: Option<(SignedUpload, Timestamp)>,
}

/// Starts a file in the caller's workspace, without a link; [`share_file`](super::share::share_file) makes that too. Needs [`Role::Editor`].
///
/// # Errors
/// [`Error::Invalid`] names each invalid field; [`Error::Conflict`] if the workspace or the collection has no room for it, or its path is taken.
pub async fn start_file(ports: &StartFilePorts<'_>, caller: &Caller, new: &NewFile) -> Result<StartedFile, Error> {
    caller.require(Role::Editor)?;
    let id = FileId::generate(ports.clock, ports.random);
    add_file(ports, check_file(ports, caller, id, new).await?).await
}

/// A file that was checked, and whether it is uploaded in parts.
pub(super) struct CheckedFile(StoredFile, bool);

/// Checks the fields of a new file with the id `id`.
///
/// # Errors
/// [`Error::Invalid`] names each invalid field.
pub(super) async fn check_file(
    ports: &StartFilePorts<'_>,
    caller: &Caller,
    id: FileId,
    new: &NewFile,
) -> Result<CheckedFile, Error> {
    let now = ports.clock.now();
    let collection = collection_of(ports.collections, caller, new.collection.as_deref(), now).await?;
    let (file, in_parts) = check(new, ports.max_bytes, collection.as_ref(), (id, caller, now))?;
    Ok(CheckedFile(file, in_parts))
}

/// Adds a file, and begins or signs its upload.
///
/// # Errors
/// [`Error::Conflict`] if the workspace or the collection has no room for it, or its path is taken.
pub(super) async fn add_file(
    ports: &StartFilePorts<'_>,
    CheckedFile(mut file, in_parts): CheckedFile,
) -> Result<StartedFile, Error> {
    let key = file.object_key();
    let mut whole = None;
    if in_parts {
        let id = ports.uploads.begin(&file).await?;
        file.upload = Some(PartUpload { id, part_bytes: PartPlan::of(file.size).part_bytes });
    } else {
        whole = Some(sign_whole(ports, &file).await?);
    }
    let refusal = match ports.files.add(&file, ports.quota).await? {
        Added::Done => return Ok(StartedFile { file, whole }),
        Added::Taken => "the file's id is taken; try again".to_owned(),
        Added::NoRoom(usage) => ports.quota.explain(usage, file.size),
        Added::NoCollection => "the collection is being deleted".to_owned(),
        Added::CollectionFull => format!("the collection has {MAX_FILES} files, the most that it can have"),
        Added::PathTaken => "the collection has a file with this path; capitals make no other path".to_owned(),
    };
    if let Some(upload) = &file.upload {
        // If this fails, the bucket's rule ends the upload, for which nobody has a signed request.
        if let Err(error) = ports.uploads.abort(&key, &upload.id).await {
            tracing::warn!(event = "file.upload_not_aborted", file = %file.id, operation = error.operation, %error);
        }
    }
    Err(Error::Conflict(refusal))
}

/// Signs the upload of a file as a whole. Returns it with the time until which it may begin.
pub(super) async fn sign_whole(
    ports: &StartFilePorts<'_>,
    file: &StoredFile,
) -> Result<(SignedUpload, Timestamp), Error> {
    let signed = ports.uploads.sign_whole(file, WHOLE_SECONDS).await?;
    Ok((signed, ports.clock.now().plus_seconds(WHOLE_SECONDS.into())))
}

/// Finds the collection with this id, which must take files from the caller.
async fn collection_of(
    collections: &dyn StoredCollections,
    caller: &Caller,
    id: Option<&str>,
    now: Timestamp,
) -> Result<Option<Collection>, Error> {
    let Some(id) = id else { return Ok(None) };
    match visible_collection(collections, caller, id).await {
        Ok(collection) if collection.has_ended(now) => Err(Error::invalid("/collection", "has ended")),
        Ok(collection) => Ok(Some(collection)),
        Err(Error::NotFound(_)) => Err(Error::invalid("/collection", "is not a collection of the workspace")),
        Err(error) => Err(error),
    }
}

/// Checks the place of a file in `collection`.
fn check_place(new: &NewFile, collection: Option<&Collection>, errors: &mut Errors) -> Option<FilePlace> {
    let Some(collection) = collection else {
        if new.path.is_some() {
            errors.add("/path", "needs a collection");
        }
        return None;
    };
    let (pointer, text) = new.path.as_deref().map_or(("/name", new.name.as_str()), |path| ("/path", path));
    let path = errors.note(pointer, FilePath::parse(text))?;
    if path.name() != new.name {
        let detail = match &new.path {
            Some(_) => "must end with the name",
            None => "must have no slash in a collection: folders stand in path",
        };
        errors.add(pointer, detail);
    }
    Some(FilePlace { collection: collection.id.clone(), path })
}

/// Checks the fields. Returns the file, and whether it is uploaded in parts.
fn check(
    new: &NewFile,
    max_bytes: u64,
    collection: Option<&Collection>,
    (id, caller, now): (FileId, &Caller, Timestamp),
) -> Result<(StoredFile, bool), Error> {
    let mut errors = Errors::default();
    let name = errors.note("/name", check_name(&new.name));
    if !(1..=max_bytes).contains(&new.size) {
        errors.add("/size", format!("must be 1 to {max_bytes} bytes"));
    }
    let content_type = new.content_type.as_deref().unwrap_or(UNKNOWN_TYPE);
    let content_type = errors.note("/content_type", check_type(content_type));
    let in_parts = new.in_parts || new.size > GREATEST_WHOLE;
    let sha256 = new.sha256.as_deref().and_then(|text| errors.note("/sha256", Sha256Sum::parse(text)));
    let crc64nvme = new.crc64nvme.as_deref().and_then(|text| errors.note("/crc64nvme", Crc64Nvme::parse(text)));
    if new.sha256.is_some() && in_parts {
        // S3 makes of the SHA-256 sums of parts another sum, not that of the whole.
        errors.add("/sha256", "cannot stand beside an upload in parts: give crc64nvme instead");
    }
    if new.sha256.is_some() && new.crc64nvme.is_some() {
        errors.add("/crc64nvme", "cannot stand beside sha256: the bucket compares one checksum");
    }
    let expires_at = new.expires_at.as_deref().and_then(|text| errors.note("/expires_at", check_end(text, now)));
    // No file outlives its collection, whatever leads to it.
    let expires_at = expires_at.into_iter().chain(collection.and_then(|collection| collection.expires_at)).min();
    let place = check_place(new, collection, &mut errors);
    let (name, content_type) = errors.or(name.zip(content_type))?;
    let file = StoredFile {
        id,
        workspace: caller.workspace.clone(),
        status: FileStatus::Uploading,
        name,
        size: new.size,
        content_type,
        sha256,
        crc64nvme,
        blocked_reason: None,
        detected: None,
        upload: None,
        adopted: None,
        place,
        created_by: caller.key_id.clone(),
        created_at: now,
        completed_at: None,
        expires_at,
        revision: 0,
    };
    Ok((file, in_parts))
}
