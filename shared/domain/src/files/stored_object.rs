//! Defines what the bucket says of an uploaded object.

use super::checksums::{Crc64Nvme, Sha256Sum};

/// An object of the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256, if the bucket keeps it.
    pub sha256: Option<Sha256Sum>,
    /// Its CRC-64/NVME, if the bucket keeps it.
    pub crc64nvme: Option<Crc64Nvme>,
}
