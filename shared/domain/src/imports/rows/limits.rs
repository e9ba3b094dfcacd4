//! What a file may ask of whoever reads it.

/// The longest row, in bytes of text with its line end. A longer one is reported, and reading goes on after it.
pub const MAX_ROW_BYTES: usize = 64 * 1024;
/// The greatest number of columns.
pub const MAX_COLUMNS: usize = 500;
/// The greatest number of files in an archive.
pub const MAX_MEMBERS: usize = 1000;
/// The longest name of a file in an archive, in bytes.
pub const MAX_MEMBER_NAME: usize = 512;

/// How much may come out of a compressed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The greatest size of all that comes out, in bytes.
    pub unpacked_bytes: u64,
    /// How many bytes may come out of one byte.
    pub ratio: u64,
    /// The ratio counts only beyond this many bytes: a small file may be as repetitive as it likes.
    pub ratio_from: u64,
}

impl Default for Limits {
    /// 32 GiB, and 250 bytes of each byte beyond 64 MiB. A million rows that differ in nothing but two counters come out at
    /// 11 bytes of each byte of gzip, and at 46 of zstd at its highest level; what is made to do harm at 1,000 and more.
    fn default() -> Self {
        Self { unpacked_bytes: 32 << 30, ratio: 250, ratio_from: 64 << 20 }
    }
}
impl Limits {
    /// Whether `unpacked` bytes may come out of `packed` ones.
    ///
    /// # Errors
    /// A sentence for a person.
    pub(super) fn check(&self, packed: u64, unpacked: u64) -> Result<(), String> {
        if unpacked > self.unpacked_bytes {
            return Err(format!("unpacks to more than {} bytes", self.unpacked_bytes));
        }
        if unpacked > self.ratio_from && unpacked / self.ratio > packed {
            return Err(format!("unpacks to more than {} times its size", self.ratio));
        }
        Ok(())
    }
}
