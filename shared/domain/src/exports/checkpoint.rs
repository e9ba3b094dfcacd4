//! Defines how far an export is, for the invocation that goes on with it.

use serde::{Deserialize, Serialize};

use crate::links::ports::ShardPlace;

/// What is written of an export for good. The default is its beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The shard that is read.
    pub shard: u8,
    /// The last link of it that is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<ShardPlace>,
    /// How many links are written.
    pub links: u64,
    /// How many bytes the parts of the upload have.
    pub bytes: u64,
    /// The upload, once there is enough for its first part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<Upload>,
    /// The key of a file with the bytes after those parts, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<String>,
}

/// An upload in parts that is not complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// The bucket's name for it.
    pub id: String,
    /// The receipts of its parts, in their order.
    pub receipts: Vec<String>,
}

impl Checkpoint {
    /// How many bytes the first parts have at least.
    pub const PART_BYTES: usize = 8 * 1024 * 1024;

    /// Returns how many bytes the next part has at least if the first have `first`. Later parts are larger, so that the receipts of
    /// any file have room in one record of 400 KB: 250 parts of 8 MiB, 250 of 16, 250 of 32, then parts of 64 MiB.
    pub fn part_bytes(&self, first: usize) -> usize {
        let parts = self.upload.as_ref().map_or(0, |upload| upload.receipts.len());
        first << (parts / 250).min(3)
    }

    /// Tells whether both are at the same link.
    pub fn is_at(&self, other: &Self) -> bool {
        (self.shard, &self.after) == (other.shard, &other.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_of_a_large_file_have_room_in_a_record() {
        const RECEIPT_BYTES: usize = 50;
        let mut checkpoint =
            Checkpoint { upload: Some(Upload { id: String::new(), receipts: Vec::new() }), ..Checkpoint::default() };
        let (mut bytes, mut parts) = (0, 0);
        while bytes < 200 * 1024 * 1024 * 1024 {
            bytes += checkpoint.part_bytes(Checkpoint::PART_BYTES);
            parts += 1;
            if let Some(upload) = &mut checkpoint.upload {
                upload.receipts.push(String::new());
            }
        }
        assert!(parts * RECEIPT_BYTES < 200 * 1024 && parts < 10_000, "{parts}");
    }
}
