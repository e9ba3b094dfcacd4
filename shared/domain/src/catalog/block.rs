//! Packs patches into blocks of bytes: what an item of the log holds, and what segments consist of.
//!
//! A block is one byte of the format, four bytes of the CRC-32 of the rest, four bytes of the unpacked length (both little-endian), and
//! LZ4 (block format) of the patches in postcard's wire format, one after the other.

use std::collections::BTreeMap;

use lz4_flex::block::{compress, decompress};

use super::patch::{LinkBits, LinkPatch};

/// The format of the blocks. A catalogue with another one is built anew.
pub const FORMAT: u8 = 4;
/// The greatest unpacked length of a block, in bytes.
pub const MAX_UNPACKED: usize = 8 << 20;
const HEADER: usize = 9;

/// Why bytes are not a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// Another version wrote it.
    #[error("has a format of another version")]
    Format,
    /// It is damaged.
    #[error("is damaged")]
    Damaged,
}

/// Merges `patches` in their order, so that each link has one, sorted by link.
pub fn folded(patches: impl IntoIterator<Item = LinkPatch>) -> BTreeMap<LinkBits, LinkPatch> {
    let mut all: BTreeMap<LinkBits, LinkPatch> = BTreeMap::new();
    for patch in patches {
        match all.get_mut(&patch.link) {
            Some(known) => known.merge(patch),
            None => drop(all.insert(patch.link, patch)),
        }
    }
    all
}

/// Packs one block with as many of `patches` as stay below `bytes` unpacked, at least one, and advances the iterator past them.
/// Returns `None` at the end.
pub fn pack<'a>(
    patches: &mut std::iter::Peekable<impl Iterator<Item = &'a LinkPatch>>,
    bytes: usize,
) -> Option<Vec<u8>> {
    let mut unpacked = Vec::new();
    while let Some(patch) = patches.peek() {
        let before = unpacked.len();
        // Serialising into memory cannot fail: the patch has no maps and no unsized sequences.
        let Ok(with) = postcard::to_extend(patch, std::mem::take(&mut unpacked)) else { break };
        unpacked = with;
        if before > 0 && unpacked.len() > bytes {
            unpacked.truncate(before);
            break;
        }
        patches.next();
    }
    if unpacked.is_empty() { None } else { Some(seal(&unpacked)) }
}

fn seal(unpacked: &[u8]) -> Vec<u8> {
    let packed = compress(unpacked);
    let length = u32::try_from(unpacked.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut crc = crc32fast::Hasher::new();
    crc.update(&length);
    crc.update(&packed);
    let mut block = Vec::with_capacity(HEADER + packed.len());
    block.push(FORMAT);
    block.extend(crc.finalize().to_le_bytes());
    block.extend(length);
    block.extend(packed);
    block
}

/// Reads the patches of a block.
pub fn unpack(block: &[u8]) -> Result<Vec<LinkPatch>, BlockError> {
    let (header, packed) = block.split_at_checked(HEADER).ok_or(BlockError::Damaged)?;
    let (format, rest) = header.split_at(1);
    if format != [FORMAT] {
        return Err(BlockError::Format);
    }
    let number = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes).map_err(|_| BlockError::Damaged);
    let (crc, length) = (number(&rest[..4])?, number(&rest[4..])?);
    let mut found = crc32fast::Hasher::new();
    found.update(&rest[4..]);
    found.update(packed);
    let length = usize::try_from(length).map_err(|_| BlockError::Damaged)?;
    if found.finalize() != crc || length > MAX_UNPACKED {
        return Err(BlockError::Damaged);
    }
    let unpacked = decompress(packed, length).map_err(|_| BlockError::Damaged)?;
    let (mut rest, mut patches) = (unpacked.as_slice(), Vec::new());
    while !rest.is_empty() {
        let (patch, after) = postcard::take_from_bytes(rest).map_err(|_| BlockError::Damaged)?;
        patches.push(patch);
        rest = after;
    }
    Ok(patches)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::samples::link;
    use proptest::prelude::*;

    fn some(count: usize) -> Vec<LinkPatch> {
        (0..count).map(|n| LinkPatch::here(&link("acme", &format!("s{n}"), "https://example.com/"))).collect()
    }

    #[test]
    fn patches_return_from_their_blocks() {
        let patches = some(100);
        for bytes in [1, 500, MAX_UNPACKED] {
            let (mut rest, mut found, mut blocks) = (patches.iter().peekable(), Vec::new(), 0);
            while let Some(block) = pack(&mut rest, bytes) {
                found.extend(unpack(&block).unwrap());
                blocks += 1;
            }
            assert_eq!(found, patches);
            assert_eq!(blocks == 1, bytes == MAX_UNPACKED, "{blocks} blocks of {bytes}");
        }
    }

    #[test]
    fn block_of_another_version_is_told_from_a_damaged_one() {
        let mut block = pack(&mut some(3).iter().peekable(), MAX_UNPACKED).unwrap();
        let good = block.clone();
        block[0] = FORMAT + 1;
        assert_eq!(unpack(&block), Err(BlockError::Format));
        for at in 1..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert_eq!(unpack(&bad), Err(BlockError::Damaged), "byte {at}");
            assert_eq!(unpack(&good[..at]), Err(BlockError::Damaged), "{at} bytes");
        }
        assert_eq!(unpack(&[]), Err(BlockError::Damaged));
    }

    proptest! {
        /// Nothing that claims to be a block makes the reader panic or take much memory.
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = unpack(&bytes);
            let mut sealed = seal(&bytes);
            let _ = unpack(&sealed);
            sealed.truncate(bytes.len());
            let _ = unpack(&sealed);
        }
    }
}
