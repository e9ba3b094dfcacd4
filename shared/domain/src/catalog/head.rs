//! Defines the head of a workspace's catalogue: which segments it consists of, and from where on the log adds to them.

use serde::{Deserialize, Serialize};

use super::block::FORMAT;
use crate::links::ports::ShardPlace;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// Where all objects of catalogues are.
pub const PREFIX: &str = "catalog/";

/// Returns where the objects of a workspace's catalogue are.
pub fn prefix(workspace: &WorkspaceId) -> String {
    format!("{PREFIX}{workspace}/")
}

/// The head of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogHead {
    /// Counts the changes of the head. A write succeeds only if the stored revision is the one that was read.
    pub revision: u64,
    /// The format of blocks.
    pub format: u8,
    /// The last item of the log that the segments hold. 0 if they hold none.
    pub flushed_to: u64,
    /// The last item of the log that is deleted, with all before it. 0 if none is.
    pub deleted_to: u64,
    /// The segments, the oldest first.
    pub segments: Vec<Segment>,
    /// How far the catalogue is built from the links that were there before it. `None` once it is whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub building: Option<Building>,
    /// Until when one flush keeps others from writing segments. `None` while none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flushing_until: Option<Timestamp>,
    /// Ends of earlier flushes, the oldest first: items of the log up to there can be deleted some time later.
    pub flushes: Vec<Flush>,
    /// Objects that readers of an earlier head may still read.
    pub retired: Vec<Retired>,
}

/// A file with what is known of some links, sorted by link, each once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// The object's key.
    pub key: String,
    /// The number of links.
    pub links: u64,
    /// Its length before it was packed, in bytes.
    pub unpacked: u64,
}

/// A place among the links of the workspace, shard after shard.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Building {
    /// The shard that is being read.
    pub shard: u8,
    /// The last link of it that the segments hold.
    pub after: Option<ShardPlace>,
}

/// The end of a flush.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flush {
    /// The last item of the log that it moved into a segment.
    pub to: u64,
    /// When.
    pub at: Timestamp,
}

/// An object that the head does not name any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retired {
    /// The object's key.
    pub key: String,
    /// Since when.
    pub at: Timestamp,
}

impl CatalogHead {
    /// Makes the head of a catalogue that is to be built, after the item `newest` of the log.
    pub fn new(newest: u64) -> Self {
        Self {
            revision: 0,
            format: FORMAT,
            flushed_to: newest,
            deleted_to: newest.saturating_sub(1),
            segments: Vec::new(),
            building: Some(Building::default()),
            flushing_until: None,
            flushes: Vec::new(),
            retired: Vec::new(),
        }
    }

    /// Tells whether searches can use the catalogue.
    pub fn is_whole(&self) -> bool {
        self.building.is_none() && self.format == FORMAT
    }

    /// Tells whether the catalogue is being built, in the format of this version.
    pub fn is_being_built(&self) -> bool {
        self.building.is_some() && self.format == FORMAT
    }

    /// Returns the next head, to be changed and put in the place of this one.
    pub(crate) fn next(&self) -> Self {
        Self { revision: self.revision + 1, ..self.clone() }
    }
}
