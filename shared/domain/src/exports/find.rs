//! Finds an export of the caller's workspace, and its file.

use super::export::{Export, ExportId, ExportStatus};
use super::ports::ExportStore;
use crate::access::key::{Caller, Role};
use crate::files::ports::DownloadSigner;
use crate::values::error::Error;

/// How long the URL of a file works, in seconds.
pub const FILE_SECONDS: u32 = 5 * 60;

/// Returns the export `id` of the caller's workspace, and once it has succeeded a URL of its file that works for
/// [`FILE_SECONDS`].
///
/// # Errors
/// [`Error::NotFound`] if there is no such export, it belongs to another workspace, or `id` is not an export's id.
pub async fn find_export(
    exports: &dyn ExportStore,
    files: &dyn DownloadSigner,
    caller: &Caller,
    id: &str,
) -> Result<(Export, Option<String>), Error> {
    caller.require(Role::Viewer)?;
    let id = ExportId::parse(id).map_err(|_| Error::NotFound("export"))?;
    let export = exports.get(&caller.workspace, &id).await?.ok_or(Error::NotFound("export"))?;
    let url = match export.status {
        ExportStatus::Succeeded => Some(files.sign_download(&export.object_key(), FILE_SECONDS).await?),
        _ => None,
    };
    Ok((export, url))
}
