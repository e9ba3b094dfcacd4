//! Collects what the owner of a file should know although it makes no row invalid.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// How many names of each kind are kept.
const MAX_NAMES: usize = 50;
/// The greatest length of a name that is kept, in characters.
const MAX_NAME_CHARS: usize = 60;

/// Notes on a file: a few names of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ImportNotes"))]
pub struct Notes {
    /// Columns whose meaning is not known; what they hold is left out.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unknown_columns: BTreeSet<String>,
    /// Files of an archive that were left out, each with the reason.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub skipped_members: BTreeSet<String>,
    /// The character encoding as which the text was read, unless it is UTF-8 or UTF-16.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
}

impl Notes {
    /// Adds the notes of another part of the same file.
    pub fn merge(&mut self, other: &Self) {
        other.unknown_columns.iter().for_each(|name| self.add_unknown_column(name));
        other.skipped_members.iter().for_each(|line| add(&mut self.skipped_members, line.clone()));
        if self.encoding.is_none() {
            self.encoding.clone_from(&other.encoding);
        }
    }

    pub(super) fn add_unknown_column(&mut self, name: &str) {
        add(&mut self.unknown_columns, name.trim().chars().take(MAX_NAME_CHARS).collect());
    }

    pub(super) fn add_skipped_member(&mut self, name: &str, cause: &str) {
        let name: String = name.chars().take(MAX_NAME_CHARS).collect();
        add(&mut self.skipped_members, format!("{name}: {cause}"));
    }
}

fn add(lines: &mut BTreeSet<String>, line: String) {
    if !line.is_empty() && lines.len() < MAX_NAMES {
        lines.insert(line);
    }
}
