//! Where an import's file and report are in the bucket.

use serde::{Deserialize, Serialize};

use super::id::ImportId;
use crate::values::workspace::WorkspaceId;

/// The key of a file to be imported: `imports/{workspace}/{name}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectKey {
    /// Whose links the rows become.
    pub workspace: WorkspaceId,
    /// An import's id, or whatever somebody called the file. Never empty; may contain `/`.
    pub name: String,
}

impl ObjectKey {
    /// Reads a key, already decoded. `None` for one that names no file of a workspace: another prefix, a workspace that is
    /// not valid, or a folder (a key that ends with `/`).
    pub fn parse(key: &str) -> Option<Self> {
        let (workspace, name) = key.strip_prefix("imports/")?.split_once('/')?;
        let workspace = WorkspaceId::parse(workspace).ok()?;
        let is_file = !name.is_empty() && !name.ends_with('/');
        is_file.then(|| Self { workspace, name: name.to_owned() })
    }

    /// The last part of the name.
    pub fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// Where the file of an import belongs that was asked for.
pub fn upload_key(workspace: &WorkspaceId, id: &ImportId) -> String {
    format!("imports/{workspace}/{id}")
}

/// In what form a report can be had.
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
    /// How a file's name ends.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}

/// Where an import's report is.
pub fn report_key(workspace: &WorkspaceId, id: &ImportId, format: ReportFormat) -> String {
    format!("reports/{workspace}/{id}.{}", format.extension())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_a_workspace_and_a_file() {
        let key = ObjectKey::parse("imports/acme/2026/my links.csv").unwrap();
        assert_eq!((key.workspace.as_str(), key.file_name()), ("acme", "my links.csv"));
    }

    #[test]
    fn other_keys_name_nothing_to_load() {
        for key in ["", "imports/", "imports/acme", "imports/acme/", "imports/acme/x/", "imports/A b/x", "other/acme/x"]
        {
            assert_eq!(ObjectKey::parse(key), None, "{key}");
        }
    }
}
