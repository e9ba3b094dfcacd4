//! Reads the settings of the caller's workspace.

use super::ports::SettingsReader;
use super::settings::WorkspaceSettings;
use crate::access::key::{Caller, Role};
use crate::values::error::Error;

/// Returns the settings of the caller's workspace. Needs [`Role::Viewer`].
///
/// # Errors
/// Those of the store.
pub async fn read_settings(reader: &dyn SettingsReader, caller: &Caller) -> Result<WorkspaceSettings, Error> {
    caller.require(Role::Viewer)?;
    Ok(reader.get(&caller.workspace).await?)
}
