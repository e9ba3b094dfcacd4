//! Has the links of the caller's workspace written to a file.

use serde::Deserialize;

use super::export::ExportFormat;
use super::export::{Export, ExportId};
use super::ports::{ExportQueue, ExportRequest, ExportStore};
use crate::access::key::{Caller, Role};
use crate::ports::{Clock, Random};
use crate::values::error::Error;

/// What starting an export needs.
#[derive(Clone, Copy)]
pub struct StartExportPorts<'a> {
    /// Keeps the export.
    pub exports: &'a dyn ExportStore,
    /// Has it written.
    pub queue: &'a dyn ExportQueue,
    /// Tells when it was asked for.
    pub clock: &'a dyn Clock,
    /// Makes its id.
    pub random: &'a dyn Random,
}

/// An export to start.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewExport {
    /// What the file is to be.
    #[serde(default)]
    pub format: ExportFormat,
    /// Whether it is to be compressed with gzip.
    #[serde(default)]
    pub gzip: bool,
}

/// Starts an export of the caller's workspace. Needs [`Role::Viewer`]: it shows what a viewer can read page by page.
///
/// # Errors
/// Those of the stores.
pub async fn start_export(ports: &StartExportPorts<'_>, caller: &Caller, new: NewExport) -> Result<Export, Error> {
    let StartExportPorts { exports, queue, clock, random } = *ports;
    caller.require(Role::Viewer)?;
    let id = ExportId::generate(clock, random);
    let export = Export::waiting(id, caller.workspace.clone(), new.format, new.gzip, clock.now());
    if !exports.create(&export).await? {
        return Err(Error::Conflict("the export's id is taken; try again".to_owned()));
    }
    let request = ExportRequest { workspace: export.workspace.clone(), export: export.id.clone() };
    queue.send(&request).await?;
    Ok(export)
}
