//! Makes a file of an object that is in the bucket already, where the operator puts it. Nothing is copied.

use serde::Deserialize;

use super::detect::{Detected, HEAD_BYTES};
use super::ending::check_end;
use super::file::{FileStatus, StoredFile};
use super::id::FileId;
#[cfg(feature = "openapi")]
use super::name::{MAX_NAME_BYTES, TYPE_PATTERN};
use super::name::{UNKNOWN_TYPE, check_name, check_type};
use super::quota::FileQuota;
use super::store_ports::{Added, FileContents, StoredFiles};
use crate::access::key::{Caller, Role};
use crate::ports::{Clock, Random};
use crate::values::error::Error;
use crate::values::field_errors::Errors;

/// The greatest length of the name of an object within its workspace's folder, in bytes. S3 allows keys of 1,024.
pub const MAX_OBJECT_BYTES: usize = 768;

/// An object of the bucket to make a file of.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct FileAdoption {
    /// The object's key without the stack's `AdoptPrefix` and the name of the workspace: names with slashes between them.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_OBJECT_BYTES), regex(pattern = r"^[^/]+(/[^/]+)*$")))]
    pub object: String,
    /// What the file is called; the last name of the object if absent.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_NAME_BYTES)))]
    pub name: Option<String>,
    /// The media type of the file, without parameters. Visitors get types that can run something as `application/octet-stream`.
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = TYPE_PATTERN)))]
    pub content_type: Option<String>,
    /// When the file ends, in the future, up to 100 years ahead (RFC 3339): from then on nobody gets it. The object stays.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::timestamp::Timestamp>"))]
    pub expires_at: Option<String>,
}

/// The ports of [`adopt_object`], and its limits.
#[derive(Clone, Copy)]
pub struct AdoptPorts<'a> {
    /// Keeps the files.
    pub files: &'a dyn StoredFiles,
    /// Reads the object.
    pub contents: &'a dyn FileContents,
    /// Tells the time.
    pub clock: &'a dyn Clock,
    /// Makes the id.
    pub random: &'a dyn Random,
    /// The folder in which the operator puts objects, with a slash at its end. Each workspace has a folder of its name in it.
    pub folder: &'a str,
    /// Whether a scanner of malware looks at files. It does not look at these.
    pub is_scanned: bool,
    /// The greatest size of a file, in bytes.
    pub max_bytes: u64,
    /// How much a workspace may keep.
    pub quota: FileQuota,
}

/// Makes a file of an object in the folder of the caller's workspace: its size, checksums and content are those that the bucket tells now. The
/// file does not own the object, which stays when the file ends. Needs [`Role::Editor`].
///
/// # Errors
/// [`Error::Invalid`] names each invalid field, also an object that does not exist; [`Error::Conflict`] if the workspace has no room for it, or
/// files are scanned.
pub async fn adopt_object(ports: &AdoptPorts<'_>, caller: &Caller, new: &FileAdoption) -> Result<StoredFile, Error> {
    caller.require(Role::Editor)?;
    let now = ports.clock.now();
    let mut errors = Errors::default();
    let object = errors.note("/object", check_object(&new.object));
    let last = new.object.rsplit('/').next().unwrap_or_default();
    let name = match &new.name {
        Some(name) => errors.note("/name", check_name(name)),
        // Without its name, the object is wrong.
        None => Some(check_name(last).unwrap_or_default()),
    };
    if name.as_deref() == Some("") && object.is_some() {
        errors.add("/name", "is missing: the last name of the object is too long for a file");
    }
    let content_type = errors.note("/content_type", check_type(new.content_type.as_deref().unwrap_or(UNKNOWN_TYPE)));
    let expires_at = new.expires_at.as_deref().and_then(|text| errors.note("/expires_at", check_end(text, now)));
    let (object, (name, content_type)) = errors.or(object.zip(name.zip(content_type)))?;
    if ports.is_scanned {
        let why =
            "files are scanned for malware on this stack, and objects that were put into the bucket are not: upload it";
        return Err(Error::Conflict(why.to_owned()));
    }
    let key = format!("{}{}/{object}", ports.folder, caller.workspace);
    let missing = || Error::invalid("/object", format!("is not in the bucket: there is no {key}"));
    let found = ports.contents.found(&key).await?.ok_or_else(missing)?;
    let size = found.object.size;
    if !(1..=ports.max_bytes).contains(&size) {
        return Err(Error::invalid("/object", format!("must have 1 to {} bytes, and has {size}", ports.max_bytes)));
    }
    // Deleted or replaced since the line before: for whom asks now, it is not the object that was meant.
    let head = ports.contents.bytes(&key, &found.etag, 0..size.min(HEAD_BYTES)).await?.ok_or_else(missing)?;
    let file = StoredFile {
        id: FileId::generate(ports.clock, ports.random),
        workspace: caller.workspace.clone(),
        status: FileStatus::Ready,
        name,
        size,
        content_type,
        sha256: found.object.sha256,
        crc64nvme: found.object.crc64nvme,
        blocked_reason: None,
        detected: Some(Detected::of(&head)),
        upload: None,
        adopted: Some(key),
        place: None,
        created_by: caller.key_id.clone(),
        created_at: now,
        completed_at: Some(now),
        expires_at,
        revision: 0,
    };
    match ports.files.add(&file, ports.quota).await? {
        Added::Done => Ok(file),
        // It is in no collection.
        Added::Taken | Added::NoCollection | Added::CollectionFull | Added::PathTaken => {
            Err(Error::Conflict("the file's id is taken; try again".to_owned()))
        }
        Added::NoRoom(usage) => Err(Error::Conflict(ports.quota.explain(usage, size))),
    }
}

/// Checks the name of an object within its folder. A name that a browser would change on its way to the bucket is refused.
fn check_object(object: &str) -> Result<String, String> {
    if object.len() > MAX_OBJECT_BYTES {
        return Err(format!("must have at most {MAX_OBJECT_BYTES} bytes in UTF-8"));
    }
    if object.split('/').any(|name| matches!(name, "" | "." | "..")) {
        return Err("must be names with slashes between them, none of them empty, . or ..".to_owned());
    }
    if object.chars().any(char::is_control) {
        return Err("must have no control characters".to_owned());
    }
    Ok(object.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::clean::{CleanFilesPorts, clean_files};
    use crate::files::delete::{DeleteFilePorts, delete_file};
    use crate::files::find::find_file;
    use crate::files::remove::RemoveFilePorts;
    use crate::testing::samples::caller;
    use crate::testing::stored_files::{MemoryFileBucket, MemoryFiles};
    use crate::testing::system::{FixedClock, SeededRandom};

    struct World {
        files: MemoryFiles,
        bucket: MemoryFileBucket,
        clock: FixedClock,
    }

    impl World {
        fn with(objects: &[&str]) -> Self {
            let bucket = MemoryFileBucket::default();
            for object in objects {
                bucket.put_bytes(object, b"\x89PNG\r\n\x1a\n rest");
            }
            Self { files: MemoryFiles::default(), bucket, clock: FixedClock::at("2026-01-02T03:04:05Z") }
        }

        async fn adopt(&self, workspace: &str, new: FileAdoption) -> Result<StoredFile, Error> {
            self.adopt_as(&caller(workspace, Role::Editor), false, new).await
        }

        async fn adopt_as(&self, caller: &Caller, is_scanned: bool, new: FileAdoption) -> Result<StoredFile, Error> {
            let random = SeededRandom::new(self.files.all().len() as u64);
            let ports = AdoptPorts {
                files: &self.files,
                contents: &self.bucket,
                clock: &self.clock,
                random: &random,
                folder: "adopt/",
                is_scanned,
                max_bytes: 100,
                quota: FileQuota { files: 2, bytes: 1000 },
            };
            adopt_object(&ports, caller, &new).await
        }

        fn removing(&self) -> RemoveFilePorts<'_> {
            RemoveFilePorts { files: &self.files, uploads: &self.bucket, objects: &self.bucket }
        }
    }

    fn object(object: &str) -> FileAdoption {
        FileAdoption { object: object.to_owned(), ..FileAdoption::default() }
    }

    fn pointers(result: Result<StoredFile, Error>) -> Vec<String> {
        let Err(Error::Invalid(errors)) = result else { panic!("{result:?}") };
        errors.into_iter().map(|error| error.pointer).collect()
    }

    #[tokio::test]
    async fn object_becomes_a_file_where_it_is() {
        let world = World::with(&["adopt/acme/2026/a b.png"]);
        let new = FileAdoption { content_type: Some("image/png".to_owned()), ..object("2026/a b.png") };
        let file = world.adopt("acme", new).await.unwrap();
        assert_eq!((file.name.as_str(), file.size, file.status), ("a b.png", 13, FileStatus::Ready));
        assert_eq!(file.detected.as_ref().unwrap().content_type, "image/png");
        assert_eq!(file.object_key(), "adopt/acme/2026/a b.png");
        let viewer = caller("acme", Role::Viewer);
        let (_, url) = find_file(&world.files, (&world.bucket, &world.clock), &viewer, file.id.as_str()).await.unwrap();
        assert!(url.unwrap().starts_with("https://bucket.example/adopt/acme/2026/a b.png?"));
    }

    #[tokio::test]
    async fn object_outlives_its_file() {
        let world = World::with(&["adopt/acme/a"]);
        let ends = FileAdoption { expires_at: Some("2026-01-03T00:00:00Z".to_owned()), ..object("a") };
        let (first, second) =
            (world.adopt("acme", ends).await.unwrap(), world.adopt("acme", object("a")).await.unwrap());
        let ports = DeleteFilePorts { remove: world.removing(), clock: &world.clock };
        delete_file(&ports, &caller("acme", Role::Editor), second.id.as_str()).await.unwrap();
        assert_eq!(world.files.all(), [first]);
        for _ in 0..3 {
            world.clock.advance(25 * 3600);
            let now = world.clock.now();
            let ports = CleanFilesPorts {
                due: &world.files,
                remove: world.removing(),
                collections: &world.files,
                clock: &world.clock,
            };
            clean_files(&ports, now, now.plus_seconds(60)).await.unwrap();
        }
        assert!(world.files.all().is_empty() && world.files.removed().is_empty());
        assert_eq!(world.bucket.keys().into_iter().collect::<Vec<_>>(), ["adopt/acme/a"]);
    }

    #[tokio::test]
    async fn no_name_leads_out_of_the_folder_of_the_workspace() {
        let world = World::with(&["adopt/acme/a", "adopt/other/a", "files/acme/a", "adopt/a"]);
        for name in
            ["../other/a", "..", ".", "", "/a", "a/", "a//a", "./a", "a\0", "a\n", &"a".repeat(769), "b", "acme/a"]
        {
            assert_eq!(pointers(world.adopt("acme", object(name)).await), ["/object"], "{name:?}");
        }
        assert!(world.files.all().is_empty());
    }

    #[tokio::test]
    async fn every_invalid_field_is_named() {
        let world = World::with(&[]);
        let bad = FileAdoption {
            object: String::new(),
            name: Some(String::new()),
            content_type: Some("x".to_owned()),
            expires_at: Some("2026-01-02T03:04:05Z".to_owned()),
        };
        assert_eq!(pointers(world.adopt("acme", bad).await), ["/object", "/name", "/content_type", "/expires_at"]);
        assert_eq!(pointers(world.adopt("acme", object(&"a".repeat(256))).await), ["/name"]);
    }

    #[tokio::test]
    async fn limits_hold_for_objects_too() {
        let world = World::with(&["adopt/acme/a"]);
        world.bucket.put_bytes("adopt/acme/empty", b"");
        world.bucket.put_bytes("adopt/acme/large", &[0; 101]);
        for name in ["empty", "large"] {
            assert_eq!(pointers(world.adopt("acme", object(name)).await), ["/object"], "{name}");
        }
        let viewer = caller("acme", Role::Viewer);
        assert!(matches!(world.adopt_as(&viewer, false, object("a")).await, Err(Error::Forbidden(_))));
        let editor = caller("acme", Role::Editor);
        assert!(matches!(world.adopt_as(&editor, true, object("a")).await, Err(Error::Conflict(_))));
        for _ in 0..2 {
            world.adopt("acme", object("a")).await.unwrap();
        }
        assert!(matches!(world.adopt("acme", object("a")).await, Err(Error::Conflict(_))));
    }
}
