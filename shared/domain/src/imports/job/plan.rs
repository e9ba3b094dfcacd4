//! Describes how the file of an import is divided, and why its parts must stop.

use serde::{Deserialize, Serialize};

use crate::imports::rows::Layout;

/// How the file of an import is divided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Which plan it is: its parts are kept under this number, so that a plan that was not finished leaves nothing behind
    /// that a later one could take for its own.
    pub number: u64,
    /// How many parts there are, numbered from 0.
    pub parts: u32,
    /// What the file is, where that was found out before. Then a part can begin in the middle of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
    /// How often the parts have been loaded, this time included. See [`crate::imports::close`].
    pub pass: u32,
    /// The first part that is loaded in this pass. What the parts before it came to is settled.
    pub from: u32,
}

/// Why the parts of an import must not go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Halt {
    /// Its owner cancelled it.
    Cancelled,
    /// It failed, for this reason.
    Failed(String),
}
