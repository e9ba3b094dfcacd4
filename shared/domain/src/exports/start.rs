//! Starts an export of the caller's workspace.

use serde::Deserialize;

use super::export::{Export, ExportFormat, ExportId};
use super::ports::{ExportQueue, ExportRequest, ExportStore};
use crate::access::key::{Caller, Role};
use crate::ports::{Clock, Random};
use crate::values::error::Error;

/// The ports of [`start_export`].
#[derive(Clone, Copy)]
pub struct StartExportPorts<'a> {
    /// Keeps the export.
    pub exports: &'a dyn ExportStore,
    /// Queues it.
    pub queue: &'a dyn ExportQueue,
    /// Tells the time of the request.
    pub clock: &'a dyn Clock,
    /// Makes its id.
    pub random: &'a dyn Random,
}

/// An export to start.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewExport {
    /// The format of the file.
    #[serde(default, deserialize_with = "crate::values::json::or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<ExportFormat>"))]
    pub format: ExportFormat,
    /// Whether to compress the file with gzip.
    #[serde(default, deserialize_with = "crate::values::json::or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub gzip: bool,
}

/// Starts an export of the caller's workspace. Needs [`Role::Viewer`]: a viewer can read the same links page by page.
///
/// # Errors
/// Those of the stores.
pub async fn start_export(ports: &StartExportPorts<'_>, caller: &Caller, new: NewExport) -> Result<Export, Error> {
    caller.require(Role::Viewer)?;
    let id = ExportId::generate(ports.clock, ports.random);
    let export = Export::waiting(id, caller.workspace.clone(), new.format, new.gzip, ports.clock.now());
    if !ports.exports.create(&export).await? {
        return Err(Error::Conflict("the export's id is taken; try again".to_owned()));
    }
    let request = ExportRequest { workspace: export.workspace.clone(), export: export.id.clone() };
    ports.queue.send(&request).await?;
    Ok(export)
}
