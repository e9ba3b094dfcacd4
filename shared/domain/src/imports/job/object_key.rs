//! Defines the keys of an import's file and report in the bucket.

use serde::{Deserialize, Serialize};

use super::id::ImportId;
use crate::values::workspace::WorkspaceId;

/// The key of a file to import: `imports/{workspace}/{name}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectKey {
    /// The workspace that gets the links.
    pub workspace: WorkspaceId,
    /// An import's id, or a name that its owner chose. Never empty; may contain `/`.
    pub name: String,
}

impl ObjectKey {
    /// Reads a decoded key. Returns `None` if it is not the key of a workspace's file: it has another prefix, the workspace is
    /// invalid, or it is a folder (it ends with `/`).
    pub fn parse(key: &str) -> Option<Self> {
        let (workspace, name) = key.strip_prefix("imports/")?.split_once('/')?;
        let workspace = WorkspaceId::parse(workspace).ok()?;
        let is_file = !name.is_empty() && !name.ends_with('/');
        is_file.then(|| Self { workspace, name: name.to_owned() })
    }

    /// Returns the last part of the name.
    pub fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// Returns the key for the file of an import that the API created.
pub fn upload_key(workspace: &WorkspaceId, id: &ImportId) -> String {
    format!("imports/{workspace}/{id}")
}

/// The format of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum ReportFormat {
    /// A JSON object on each line.
    #[default]
    Jsonl,
    /// Comma-separated values with a header.
    Csv,
}

impl ReportFormat {
    /// Returns the extension of the file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}

/// Returns the key of an import's report.
pub fn report_key(workspace: &WorkspaceId, id: &ImportId, format: ReportFormat) -> String {
    format!("reports/{workspace}/{id}.{}", format.extension())
}

/// Returns the key of what there is of an import's report while it runs.
pub fn report_so_far_key(workspace: &WorkspaceId, id: &ImportId, format: ReportFormat) -> String {
    format!("reports/{workspace}/{id}.so-far.{}", format.extension())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_names_workspace_and_file() {
        let key = ObjectKey::parse("imports/acme/2026/my links.csv").unwrap();
        assert_eq!((key.workspace.as_str(), key.file_name()), ("acme", "my links.csv"));
    }

    #[test]
    fn other_keys_are_rejected() {
        for key in ["", "imports/", "imports/acme", "imports/acme/", "imports/acme/x/", "imports/A b/x", "other/acme/x"]
        {
            assert_eq!(ObjectKey::parse(key), None, "{key}");
        }
    }
}
