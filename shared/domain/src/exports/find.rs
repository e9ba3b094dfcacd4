//! Finds an export of the caller's workspace, and its file.

use super::export::{Export, ExportId, ExportStatus};
use super::ports::ExportStore;
use crate::access::key::{Caller, Role};
use crate::files::ports::DownloadSigner;
use crate::files::retention::Retention;
use crate::jobs::open_to::SeenJob;
use crate::ports::Clock;
use crate::values::error::Error;

/// How long the URL of a file works, in seconds.
pub const FILE_SECONDS: u32 = 5 * 60;

/// The ports of [`find_export`].
#[derive(Clone, Copy)]
pub struct FindExportPorts<'a> {
    /// Keeps the exports.
    pub exports: &'a dyn ExportStore,
    /// Signs the file's URL.
    pub files: &'a dyn DownloadSigner,
    /// Tells how old the file is.
    pub clock: &'a dyn Clock,
    /// How long the bucket keeps the file.
    pub retention: Retention,
}

/// Returns the export `id` of the caller's workspace, and once it has succeeded a URL of its file that works for
/// [`FILE_SECONDS`].
///
/// # Errors
/// [`Error::NotFound`] if there is no such export, the caller may not see it, or `id` is not an export's id;
/// [`Error::Forbidden`] if it has passwords and the caller is not an admin;
/// [`Error::Gone`] if the bucket has deleted its file.
pub async fn find_export(
    ports: &FindExportPorts<'_>,
    caller: &Caller,
    id: &str,
) -> Result<(Export, Option<String>), Error> {
    caller.require(Role::Viewer)?;
    let id = ExportId::parse(id).map_err(|_| Error::NotFound("export"))?;
    let export = ports.exports.get(&caller.workspace, &id).await?;
    let export = export.filter(|export| export.is_open_to(caller)).ok_or(Error::NotFound("export"))?;
    if export.passwords {
        caller.require(Role::Admin)?;
    }
    let url = match export.status {
        ExportStatus::Succeeded => {
            let written = export.finished_at.unwrap_or(export.created_at);
            ports.retention.require("export's file", written, ports.clock.now())?;
            Some(ports.files.sign_download(&export.object_key(), FILE_SECONDS).await?)
        }
        _ => None,
    };
    Ok((export, url))
}
