//! Starts a file together with the link that shares it.

use serde_json::Value;

use super::file::{FileStatus, StoredFile};
use super::id::FileId;
use super::remove::{RemoveFilePorts, remove_file};
use super::start::{NewFile, StartFilePorts, StartedFile, add_file, check_file, sign_whole, start_file};
use super::target::{file_of, target_of};
use crate::access::idempotency::RequestFingerprint;
use crate::access::key::{Caller, Role};
use crate::links::create::{CheckedLink, check_new_link};
use crate::links::link::Link;
use crate::links::new_link::read_new_link;
use crate::links::ports::LinkPorts;
use crate::values::error::Error;
use crate::workspaces::settings::WorkspaceSettings;

/// What a link to a new file cannot be told: where it leads, what to do if there is such a link, and what pages learn of campaigns.
const NOT_FOR_FILES: [&str; 4] = ["url", "if_exists", "utm", "utm_template"];

/// The ports of [`share_file`].
#[derive(Clone, Copy)]
pub struct ShareFilePorts<'a> {
    /// Start the file.
    pub start: StartFilePorts<'a>,
    /// Remove it if its link cannot be made.
    pub remove: RemoveFilePorts<'a>,
    /// Create the link.
    pub links: LinkPorts<'a>,
}

/// Starts a file in the caller's workspace, and the link that it asks for with the defaults of the workspace's `settings`. Needs
/// [`Role::Editor`].
///
/// Both are there in the end, or neither. With a `fingerprint`, returns the file and the link that an earlier attempt at the same request
/// started.
///
/// # Errors
/// [`Error::Invalid`] names each invalid field of both; [`Error::Conflict`] if the workspace has no room for the file, or the slug is taken.
pub async fn share_file(
    ports: &ShareFilePorts<'_>,
    caller: &Caller,
    settings: &WorkspaceSettings,
    (new, fingerprint): (&NewFile, Option<&RequestFingerprint>),
) -> Result<(StartedFile, Option<Link>), Error> {
    let Some(asked) = &new.link else { return Ok((start_file(&ports.start, caller, new).await?, None)) };
    caller.require(Role::Editor)?;
    let id = FileId::generate(ports.start.clock, ports.start.random);
    let file = check_file(&ports.start, caller, id.clone(), new).await;
    let link =
        check_link(ports, caller, settings, (asked, &id, fingerprint)).await.map_err(|error| error.within("/link"));
    let (file, link) = match (file, link) {
        (Ok(file), Ok(link)) => (file, link),
        (Err(Error::Invalid(mut errors)), Err(Error::Invalid(others))) => {
            errors.extend(others);
            return Err(Error::Invalid(errors));
        }
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    let started = add_file(&ports.start, file).await?;
    // The file first: a link whose file is not there would tell its visitors that it has ended.
    let link = match link.create(&ports.links, caller, fingerprint).await {
        Ok(created) => created.link,
        Err(error) => {
            take_back(ports, &started.file).await;
            return Err(error.within("/link"));
        }
    };
    match file_of(&link.url) {
        Some(leads_to) if leads_to == id => Ok((started, Some(link))),
        leads_to => {
            // An earlier attempt made the link, and the file that it leads to.
            take_back(ports, &started.file).await;
            let started = earlier(ports, caller, leads_to).await?;
            Ok((started, Some(link)))
        }
    }
}

/// Checks what the request says of the link to the file `id`.
async fn check_link<'a>(
    ports: &ShareFilePorts<'a>,
    caller: &Caller,
    settings: &WorkspaceSettings,
    (asked, id, fingerprint): (&Value, &FileId, Option<&RequestFingerprint>),
) -> Result<CheckedLink<'a>, Error> {
    let Value::Object(fields) = asked else { return Err(Error::invalid("", "must be an object")) };
    if let Some(field) = NOT_FOR_FILES.iter().find(|field| fields.contains_key(**field)) {
        return Err(Error::invalid(format!("/{field}"), "is not for a link that is made with its file"));
    }
    let mut fields = fields.clone();
    fields.insert("url".to_owned(), target_of(id).into());
    let context = (caller, ports.links.domains, ports.start.clock.now());
    let fields = read_new_link(Value::Object(fields), &settings.new_links, context)?;
    check_new_link(&ports.links, caller, &fields, fingerprint).await
}

/// Removes a file that was just started. If that fails, it ends by itself after a day, as nobody uploads it.
async fn take_back(ports: &ShareFilePorts<'_>, file: &StoredFile) {
    if let Err(error) = remove_file(&ports.remove, file, ports.start.clock.now()).await {
        tracing::warn!(event = "file.not_taken_back", file = %file.id, operation = error.operation, %error);
    }
}

/// Returns the file of an earlier attempt, with a new signature if it is uploaded as a whole.
async fn earlier(ports: &ShareFilePorts<'_>, caller: &Caller, id: Option<FileId>) -> Result<StartedFile, Error> {
    let gone = || Error::Conflict("an earlier attempt made the link, and its file is gone; delete the link".to_owned());
    let id = id.ok_or_else(gone)?;
    let file = ports.start.files.get(&caller.workspace, &id).await?.ok_or_else(gone)?;
    let is_whole = file.status == FileStatus::Uploading && file.upload.is_none();
    let whole = if is_whole { Some(sign_whole(&ports.start, &file).await?) } else { None };
    Ok(StartedFile { file, whole })
}

/// Describes the link of a new file: a new link without what [`share_file`] refuses.
#[cfg(feature = "openapi")]
pub(crate) struct LinkOfFile;

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for LinkOfFile {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NewLinkOfFile".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = crate::links::request::LinkFields::json_schema(generator);
        schema.remove("required");
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.retain(|name, _| !NOT_FOR_FILES.contains(&name.as_str()));
        }
        schema.insert(
            "description".to_owned(),
            "The fields of the link to a new file. Absent fields have their defaults.".into(),
        );
        schema
    }
}
