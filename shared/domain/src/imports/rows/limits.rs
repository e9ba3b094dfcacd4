//! Limits how much memory and work a file may take.

/// The longest row, in bytes of text with its line end. A longer row is reported, and reading continues after it.
pub(super) const MAX_ROW_BYTES: usize = 64 * 1024;
/// How many bytes of text are examined to recognise its encoding and format.
pub(super) const SNIFF_BYTES: usize = 64 * 1024;
/// The greatest number of columns.
pub(super) const MAX_COLUMNS: usize = 500;
/// The greatest number of files in an archive.
pub(super) const MAX_MEMBERS: usize = 1000;
/// The longest name of a file in an archive, in bytes.
pub(super) const MAX_MEMBER_NAME: usize = 512;

/// How many compressed files and archives a file may be in.
pub(super) const MAX_NESTING: usize = 3;
/// The greatest size of a spreadsheet or a ZIP archive within another file, in bytes: it is kept in memory, since its directory
/// is at its end.
pub(super) const MAX_INNER_ARCHIVE: usize = 32 << 20;

/// Limits on the size of a decompressed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The greatest size of the decompressed file, in bytes.
    pub unpacked_bytes: u64,
    /// The greatest ratio of the decompressed to the compressed size.
    pub ratio: u64,
    /// The size of the decompressed file from which the ratio applies, in bytes. A smaller file may be as repetitive as
    /// it likes.
    pub ratio_from: u64,
}

impl Default for Limits {
    /// 32 GiB, and a ratio of 250 beyond 64 MiB. A million rows that differ only in two counters have a ratio of 11
    /// with gzip, and of 46 with zstd at its highest level; decompression bombs have 1,000 and more.
    fn default() -> Self {
        Self { unpacked_bytes: 32 << 30, ratio: 250, ratio_from: 64 << 20 }
    }
}

impl Limits {
    /// Checks that `packed` bytes may decompress to `unpacked` bytes.
    ///
    /// # Errors
    /// The limit that is exceeded, in words for a person.
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
