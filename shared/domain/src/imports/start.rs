//! Starts an import: creates a record that waits for its file, and signs the upload of the file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::job::id::ImportId;
use super::job::import::Import;
use super::job::options::{GivenOptions, ImportOptions, OnConflict};
use super::job::ports::ImportStore;
#[cfg(feature = "openapi")]
use super::rows::{Column, ColumnNames};
use crate::access::key::{Caller, Role};
use crate::files::ports::{SignedUpload, UploadSigner};
#[cfg(feature = "openapi")]
use crate::links::link::Link;
use crate::ports::{Clock, Random};
use crate::values::domains::Domains;
use crate::values::error::Error;
use crate::values::field_errors::Errors;
use crate::values::timestamp::Timestamp;

/// The size of the largest file that S3 takes in one request, in bytes.
pub const GREATEST_UPLOAD: u64 = 5 * 1024 * 1024 * 1024;
/// How long an upload may begin, in seconds.
pub const UPLOAD_SECONDS: u32 = 15 * 60;

/// An import to start.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewImport {
    /// The size of the file in bytes; the upload must have exactly this many. A stack may allow less than S3 does.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = GREATEST_UPLOAD)))]
    #[serde(deserialize_with = "crate::values::json::whole")]
    pub content_length: u64,
    /// The owner's name for the file. It does not decide the format, which is recognised by content.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = Import::MAX_FILENAME_CHARS), regex(pattern = crate::values::schema::TEXT)))]
    pub filename: Option<String>,
    /// The domain of rows that name none; the stack's default if absent.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::domains::Domain>"))]
    pub domain: Option<String>,
    /// Tags that every link gets, after its own.
    #[serde(default, deserialize_with = "crate::values::json::or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<String>>", length(max = ImportOptions::MAX_TAGS), inner(length(min = 1, max = Link::MAX_TAG_CHARS), regex(pattern = crate::values::schema::TEXT))))]
    pub tags: Vec<String>,
    /// What happens to a row whose slug is already a link of the workspace.
    #[serde(default, deserialize_with = "crate::values::json::or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<OnConflict>"))]
    pub on_conflict: OnConflict,
    /// Whether to write the report only, and no links.
    #[serde(default, deserialize_with = "crate::values::json::or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub dry_run: bool,
    /// Whether to refuse a row whose link would lack something, rather than load it with a warning.
    #[serde(default, deserialize_with = "crate::values::json::or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub strict: bool,
    /// Whether links get the workspace's defaults where their rows say nothing; true if absent. Links of a file that Waypost exported
    /// never get them.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub defaults: Option<bool>,
    /// What columns of the file hold, by their names there (or in a JSON object): the name of a column such as `slug`, or `ignore`.
    #[serde(default, deserialize_with = "crate::values::json::or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<BTreeMap<String, String>>", extend(
        "maxProperties" = ColumnNames::MAX_NAMES,
        "propertyNames" = serde_json::json!({ "minLength": 1, "maxLength": ColumnNames::MAX_NAME_CHARS }),
        "additionalProperties" = serde_json::json!({ "type": "string", "enum": Column::names().collect::<Vec<_>>() }),
    )))]
    pub columns: BTreeMap<String, String>,
}

/// The ports of [`start_import`], and its limits.
#[derive(Clone, Copy)]
pub struct StartImportPorts<'a> {
    /// Keeps the imports.
    pub imports: &'a dyn ImportStore,
    /// Signs the upload.
    pub uploads: &'a dyn UploadSigner,
    /// Tells the time.
    pub clock: &'a dyn Clock,
    /// Makes the id.
    pub random: &'a dyn Random,
    /// The stack's own domains.
    pub domains: &'a Domains,
    /// The greatest size of a file, in bytes.
    pub max_bytes: u64,
}

/// An import that waits for its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The import.
    pub import: Import,
    /// How to upload its file.
    pub upload: SignedUpload,
    /// When the upload stops working.
    pub expires_at: Timestamp,
}

/// Starts an import in the caller's workspace. Needs [`Role::Editor`], and a caller that reaches all links: an import can replace any.
///
/// # Errors
/// [`Error::Invalid`] names `/content_length` if it is not 1 to `max_bytes`, `/filename` if it is blank, too long or has
/// control characters, and each invalid option.
pub async fn start_import(ports: &StartImportPorts<'_>, caller: &Caller, new: NewImport) -> Result<Started, Error> {
    caller.require(Role::Editor)?;
    caller.require_whole_scope("import")?;
    let (filename, options) = check(&new, ports.domains, ports.max_bytes)?;
    let id = ImportId::generate(ports.clock, ports.random);
    let mut import = Import::awaiting(id, caller.workspace.clone(), filename, new.content_length, ports.clock.now());
    import.options = options;
    let expires_at = ports.clock.now().plus_seconds(UPLOAD_SECONDS.into());
    let upload = ports.uploads.sign_upload(&import.object_key, new.content_length, UPLOAD_SECONDS).await?;
    if !ports.imports.create(&import).await? {
        return Err(Error::Conflict("the import's id is taken; try again".to_owned()));
    }
    Ok(Started { import, upload, expires_at })
}

/// Returns the file's name without surrounding white space, and the options.
fn check(new: &NewImport, domains: &Domains, max_bytes: u64) -> Result<(Option<String>, ImportOptions), Error> {
    let mut errors = Errors::default();
    if !(1..=max_bytes).contains(&new.content_length) {
        errors.add("/content_length", format!("must be 1 to {max_bytes} bytes"));
    }
    let filename = new.filename.as_deref().map(str::trim);
    if let Some(name) = filename {
        let chars = name.chars().count();
        if !(1..=Import::MAX_FILENAME_CHARS).contains(&chars) || name.chars().any(char::is_control) {
            let detail = format!("must have 1 to {} characters, none a control character", Import::MAX_FILENAME_CHARS);
            errors.add("/filename", detail);
        }
    }
    let given = GivenOptions {
        domain: new.domain.as_deref(),
        tags: &new.tags,
        on_conflict: new.on_conflict,
        dry_run: new.dry_run,
        strict: new.strict,
        defaults: new.defaults.unwrap_or(true),
        columns: &new.columns,
    };
    let options = ImportOptions::check(given, domains, &mut errors);
    errors.or(Some((filename.map(str::to_owned), options)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::job::import::ImportStatus;
    use crate::testing::files::MemorySigner;
    use crate::testing::imports::MemoryImports;
    use crate::testing::samples::caller;
    use crate::testing::system::{FixedClock, SeededRandom};

    async fn start(imports: &MemoryImports, role: Role, new: NewImport) -> Result<Started, Error> {
        let (clock, random) = (FixedClock::at("2026-01-01T00:00:00Z"), SeededRandom::new(1));
        let domains = Domains::parse("go.example.com").unwrap();
        let (clock, random, domains) = (&clock, &random, &domains);
        let ports = StartImportPorts { imports, uploads: &MemorySigner, clock, random, domains, max_bytes: 1000 };
        start_import(&ports, &caller("acme", role), new).await
    }

    #[tokio::test]
    async fn started_import_awaits_its_file() {
        let imports = MemoryImports::default();
        let new = NewImport { content_length: 1000, filename: Some(" links.csv ".into()), ..NewImport::default() };
        let started = start(&imports, Role::Editor, new).await.unwrap();
        let stored = imports.get(&started.import.workspace, &started.import.id).await.unwrap().unwrap();
        assert_eq!(stored, started.import);
        assert_eq!(stored.status, ImportStatus::AwaitingUpload);
        assert_eq!(stored.filename.as_deref(), Some("links.csv"));
        assert_eq!(stored.object_key, format!("imports/acme/{}", stored.id));
        assert!(started.upload.headers.contains(&("content-length".to_owned(), "1000".to_owned())));
        assert_eq!(started.expires_at.to_string(), "2026-01-01T00:15:00.000Z");
    }

    #[tokio::test]
    async fn every_invalid_field_is_named() {
        for content_length in [0, 1001] {
            let new = NewImport {
                content_length,
                filename: Some("\u{7}".into()),
                domain: Some("elsewhere.example".into()),
                tags: vec!["".into()],
                columns: BTreeMap::from([("a/b".to_owned(), "slugs".to_owned())]),
                ..NewImport::default()
            };
            let Err(Error::Invalid(errors)) = start(&MemoryImports::default(), Role::Editor, new).await else {
                panic!()
            };
            let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
            assert_eq!(pointers, ["/content_length", "/filename", "/domain", "/tags/0", "/columns/a~1b"]);
        }
    }

    #[tokio::test]
    async fn viewer_may_not_start_an_import() {
        let new = NewImport { content_length: 1, ..NewImport::default() };
        assert!(matches!(start(&MemoryImports::default(), Role::Viewer, new).await, Err(Error::Forbidden(_))));
    }
}
