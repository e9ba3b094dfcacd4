//! Has the links of the caller's workspace written to a file.

use serde::Deserialize;

use crate::exports::export::ExportFormat;
use crate::exports::ports::{ExportQueue, ExportRequest, ExportStore};
use crate::exports::{Export, ExportId};
use crate::ports::{Clock, Random};
use crate::{Caller, Error, Role};

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
pub async fn start_export(
    exports: &dyn ExportStore,
    queue: &dyn ExportQueue,
    clock: &dyn Clock,
    random: &dyn Random,
    caller: &Caller,
    new: NewExport,
) -> Result<Export, Error> {
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
