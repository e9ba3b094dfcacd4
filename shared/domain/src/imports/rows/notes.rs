//! What the owner of a file should know about it, though no row is wrong.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// How many names of each kind are kept.
const MAX_NAMES: usize = 50;
/// How much of a name is kept, in characters.
const MAX_NAME_CHARS: usize = 60;

/// Notes on a file: a few names of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ImportNotes"))]
pub struct Notes {
    /// Columns that mean nothing to us; what they hold is left out.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unknown_columns: BTreeSet<String>,
    /// Files of an archive that were left out, each with the reason.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub skipped_members: BTreeSet<String>,
}

impl Notes {
    /// Adds what `other` notes of the same file.
    pub fn merge(&mut self, other: &Self) {
        other.unknown_columns.iter().for_each(|name| self.unknown_column(name));
        other.skipped_members.iter().for_each(|line| add_whole(&mut self.skipped_members, line.clone()));
    }

    pub(super) fn unknown_column(&mut self, name: &str) {
        add(&mut self.unknown_columns, name);
    }

    pub(super) fn skipped_member(&mut self, name: &str, cause: &str) {
        let name: String = name.chars().take(MAX_NAME_CHARS).collect();
        add_whole(&mut self.skipped_members, format!("{name}: {cause}"));
    }
}

fn add(names: &mut BTreeSet<String>, name: &str) {
    add_whole(names, name.trim().chars().take(MAX_NAME_CHARS).collect());
}

fn add_whole(names: &mut BTreeSet<String>, name: String) {
    if !name.is_empty() && names.len() < MAX_NAMES {
        names.insert(name);
    }
}
