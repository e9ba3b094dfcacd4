//! Defines how the file of an import is divided, and why its parts must stop.

use serde::{Deserialize, Serialize};

use crate::imports::rows::Layout;

/// How the file of an import is divided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The plan's number. Parts are stored under it, so that a later plan never takes the parts of an unfinished one for its
    /// own.
    pub number: u64,
    /// How many parts there are, numbered from 0; `None` while the file is still being divided. The parts that are known by then
    /// are loaded meanwhile. (A version without such plans cannot read this as a number, and tries again later.)
    pub parts: Option<u32>,
    /// The file's layout, if it is known. Then a part can begin in the middle of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
    /// The pass over the parts, 1 for the first. See [`crate::imports::close`].
    pub pass: u32,
    /// The first part that is loaded in this pass. The results of the parts before it stand.
    pub from: u32,
}

impl Plan {
    /// Tells whether all parts are known.
    pub fn is_complete(&self) -> bool {
        self.parts.is_some()
    }
}

/// Why the parts of an import must stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Halt {
    /// Its owner cancelled the import.
    Cancelled,
    /// The import failed, for this reason.
    Failed(String),
}
