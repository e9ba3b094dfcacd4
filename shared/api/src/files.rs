//! `/v1/files`.

use schemars::JsonSchema;
use serde::Serialize;
use waypost_domain::Timestamp;
use waypost_domain::files::checksums::{Crc64Nvme, Sha256Sum};
use waypost_domain::files::collections::id::CollectionId;
use waypost_domain::files::collections::path::FilePath;
use waypost_domain::files::detect::Detected;
use waypost_domain::files::file::{FileStatus, StoredFile};
use waypost_domain::files::id::FileId;
use waypost_domain::files::parts::FilePart;
use waypost_domain::files::start::StartedFile;
use waypost_domain::files::target::target_of;

use crate::links::LinkView;
use crate::uploads::UploadView;

/// A file.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "File")]
pub struct FileView {
    /// The file's id.
    id: FileId,
    /// The state of the file.
    status: FileStatus,
    /// What its owner calls it, as it was given. Show it as text only: it can have any characters.
    name: String,
    /// The size of the file in bytes: as announced until it is ready.
    size: u64,
    /// The media type that its owner gave it. Visitors get the file as this type only if the content agrees.
    content_type: String,
    /// Its SHA-256; null if it was not announced.
    sha256: Option<Sha256Sum>,
    /// Its CRC-64/NVME in base64; null if it was not announced and the bucket has not told it.
    crc64nvme: Option<Crc64Nvme>,
    /// Why it is blocked, for a person; null if it is not.
    blocked_reason: Option<String>,
    /// What its content is, whatever type was announced; null until it was inspected.
    detected: Option<Detected>,
    /// How it is divided; null if it is uploaded as a whole, or complete.
    parts: Option<PartsView>,
    /// The target of links that lead to the file: the `url` of a link, of a rule or of a variant.
    target: String,
    /// A URL of the file that works for some minutes: read the file again for another URL. Keep it secret while it works. Null until the
    /// file is ready, and in other answers than that to its reading.
    #[schemars(url)]
    url: Option<String>,
    /// The id of its collection; null if it stands alone.
    collection: Option<CollectionId>,
    /// Where it is in its collection: folders, and its name. Null if it stands alone.
    path: Option<FilePath>,
    /// Who made the file: a key's id, or `sub_` and digits of a hash for the subject of a token.
    created_by: String,
    /// When the file was announced.
    created_at: Timestamp,
    /// When the file was ready.
    completed_at: Option<Timestamp>,
    /// When the file ends: from then on nobody gets it, and it is deleted within some hours. Null if it stays.
    expires_at: Option<Timestamp>,
}

/// How a file is divided.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "FileParts")]
struct PartsView {
    /// How many parts it has.
    count: u32,
    /// The size of every part but the last, in bytes.
    size: u64,
}

impl FileView {
    /// Makes the view of a file, with its URL if there is one.
    pub fn new(file: StoredFile, url: Option<String>) -> Self {
        let parts = file.plan().map(|plan| PartsView { count: plan.count(), size: plan.part_bytes });
        let target = target_of(&file.id);
        let (collection, path) = file.place.map(|place| (place.collection, place.path)).unzip();
        Self {
            id: file.id,
            status: file.status,
            name: file.name,
            size: file.size,
            content_type: file.content_type,
            sha256: file.sha256,
            crc64nvme: file.crc64nvme,
            blocked_reason: file.blocked_reason,
            detected: file.detected,
            parts,
            target,
            url,
            collection,
            path,
            created_by: file.created_by,
            created_at: file.created_at,
            completed_at: file.completed_at,
            expires_at: file.expires_at,
        }
    }
}

/// A new file, and how to upload it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "StartedFile")]
pub struct StartedFileView {
    #[serde(flatten)]
    file: FileView,
    /// How to upload it as a whole; null if it is uploaded in parts, which `/v1/files/{id}/parts` lists.
    upload: Option<UploadView>,
    /// The link that leads to it; null if none was asked for.
    link: Option<LinkView>,
}

impl StartedFileView {
    /// Makes the view of a file that was started, and of its link.
    pub fn new(started: StartedFile, link: Option<LinkView>) -> Self {
        let upload = started.whole.map(|(upload, expires_at)| UploadView::new(upload, expires_at));
        Self { file: FileView::new(started.file, None), upload, link }
    }
}

/// A part of a file.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "FilePart")]
pub struct FilePartView {
    /// The number of the part, counted from 1.
    number: u32,
    /// Where it begins in the file, in bytes.
    offset: u64,
    /// Its size in bytes.
    size: u64,
    /// How to upload it; null if the bucket has it.
    upload: Option<UploadView>,
}

impl FilePartView {
    /// Makes the view of a part.
    pub fn new(part: FilePart) -> Self {
        let FilePart { number, offset, size, upload } = part;
        let upload = upload.map(|(upload, expires_at)| UploadView::new(upload, expires_at));
        Self { number, offset, size, upload }
    }
}
