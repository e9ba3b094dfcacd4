//! Reads the directory of a ZIP archive, which is at its end (APPNOTE 6.3).

use super::status::little_endian;
use crate::imports::rows::limits::{Limits, MAX_MEMBER_NAME, MAX_MEMBERS};

/// How many bytes at the end of an archive locate its directory: the end record, a comment, and the Zip64 records.
pub(super) const MAX_TAIL: u64 = 66_000;
/// The largest directory, in bytes.
const MAX_DIRECTORY: u64 = 4 << 20;
/// The shortest header of a file, in bytes.
pub(super) const LOCAL_HEADER: usize = 30;

/// Where the directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DirectoryLocation {
    pub(super) offset: u64,
    pub(super) length: u64,
    members: u64,
}

/// A file in the archive.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) method: u64,
    pub(super) encrypted: bool,
    pub(super) checksum: u64,
    pub(super) packed: u64,
    pub(super) unpacked: u64,
    /// The byte at which its own header begins.
    pub(super) offset: u64,
}

/// Locates the directory of an archive of `size` bytes that ends with `tail`.
pub(super) fn locate_directory(tail: &[u8], size: u64) -> Result<DirectoryLocation, String> {
    let record = (0..tail.len().saturating_sub(21)).rev().find(|&at| {
        tail[at..].starts_with(b"PK\x05\x06") && at + 22 + little_endian(tail, at + 20, 2) as usize <= tail.len()
    });
    let Some(at) = record else { return Err("the archive breaks off: it has no directory at its end".to_owned()) };
    let mut location = DirectoryLocation {
        members: little_endian(tail, at + 10, 2),
        length: little_endian(tail, at + 12, 4),
        offset: little_endian(tail, at + 16, 4),
    };
    // The file may have other bytes than its size says.
    let start = size.saturating_sub(tail.len() as u64);
    if location.members == 0xffff || location.length == 0xffff_ffff || location.offset == 0xffff_ffff {
        let locator = at.checked_sub(20).filter(|&at| tail[at..].starts_with(b"PK\x06\x07"));
        let record = locator.and_then(|at| usize::try_from(little_endian(tail, at + 8, 8).checked_sub(start)?).ok());
        let record = record.filter(|&at| tail.get(at..).is_some_and(|record| record.starts_with(b"PK\x06\x06")));
        let Some(at) = record else { return Err("the archive has no directory where it should be".to_owned()) };
        location = DirectoryLocation {
            members: little_endian(tail, at + 32, 8),
            length: little_endian(tail, at + 40, 8),
            offset: little_endian(tail, at + 48, 8),
        };
    }
    if location.members > MAX_MEMBERS as u64 {
        return Err(format!("the archive has more than {MAX_MEMBERS} files"));
    }
    if location.length > MAX_DIRECTORY {
        return Err(format!("the archive has a directory of more than {MAX_DIRECTORY} bytes"));
    }
    if location.offset.saturating_add(location.length) > size {
        return Err("the archive's directory reaches beyond the end of the archive".to_owned());
    }
    Ok(location)
}

/// Reads the files in `directory`, which is at `location`. Returns them in the order of the archive.
pub(super) fn read_directory(
    directory: &[u8],
    location: DirectoryLocation,
    limits: Limits,
) -> Result<Vec<Member>, String> {
    let (mut members, mut rest) = (Vec::new(), directory);
    for _ in 0..location.members {
        let (member, length) = read_member(rest).ok_or("the archive's directory is damaged")?;
        check_name(&member.name)?;
        limits.check(member.packed, member.unpacked).map_err(|cause| format!("{} {cause}", printable(&member.name)))?;
        members.push(member);
        rest = &rest[length..];
    }
    members.sort_by_key(|member| member.offset);
    let unpacked = members.iter().fold(0_u64, |sum, member| sum.saturating_add(member.unpacked));
    limits.check(u64::MAX, unpacked).map_err(|cause| format!("the archive {cause}"))?;
    // Refuse files that overlap: the same bytes would unpack several times.
    let ends = members.iter().skip(1).map(|next| next.offset).chain([location.offset]);
    for (member, end) in members.iter().zip(ends) {
        let length = member.packed.saturating_add(LOCAL_HEADER as u64);
        if member.offset.saturating_add(length) > end {
            return Err(format!("{} and what follows it in the archive overlap", printable(&member.name)));
        }
    }
    Ok(members)
}

/// Reads the file at the start of `bytes` of a directory, and how many bytes it has there.
fn read_member(bytes: &[u8]) -> Option<(Member, usize)> {
    const HEADER: usize = 46;
    if !bytes.starts_with(b"PK\x01\x02") {
        return None;
    }
    let [name, extra, comment] = [28, 30, 32].map(|at| little_endian(bytes, at, 2) as usize);
    let length = HEADER + name + extra + comment;
    let bytes = bytes.get(..length)?;
    let mut member = Member {
        name: String::from_utf8_lossy(&bytes[HEADER..HEADER + name]).into_owned(),
        encrypted: little_endian(bytes, 8, 2) & 1 == 1,
        method: little_endian(bytes, 10, 2),
        checksum: little_endian(bytes, 16, 4),
        packed: little_endian(bytes, 20, 4),
        unpacked: little_endian(bytes, 24, 4),
        offset: little_endian(bytes, 42, 4),
    };
    read_zip64_field(&bytes[HEADER + name..HEADER + name + extra], &mut member);
    Some((member, length))
}

/// Reads the numbers that do not fit in 32 bits. The Zip64 field has only those, in the order of the loop.
fn read_zip64_field(extra: &[u8], member: &mut Member) {
    let mut rest = extra;
    while rest.len() >= 4 {
        let (kind, length) = (little_endian(rest, 0, 2), little_endian(rest, 2, 2) as usize);
        let field = rest.get(4..4 + length).unwrap_or_default();
        if kind == 1 {
            let mut at = 0;
            for value in [&mut member.unpacked, &mut member.packed, &mut member.offset] {
                if *value == 0xffff_ffff && field.len() >= at + 8 {
                    *value = little_endian(field, at, 8);
                    at += 8;
                }
            }
        }
        rest = rest.get(4 + length..).unwrap_or_default();
    }
}

/// Refuses a name that would write outside the archive's folder. Nothing is written here, but such an archive is an
/// attack.
fn check_name(name: &str) -> Result<(), String> {
    if name.len() > MAX_MEMBER_NAME {
        return Err(format!("the archive has a file with a name of more than {MAX_MEMBER_NAME} bytes"));
    }
    let climbs = name.split(['/', '\\']).any(|part| part == "..");
    let absolute = name.starts_with(['/', '\\']) || name.get(1..3).is_some_and(|text| text == ":\\" || text == ":/");
    if name.is_empty() || climbs || absolute || name.contains(char::is_control) {
        return Err(format!("the archive has a file with a path that leads out of it: {}", printable(name)));
    }
    Ok(())
}

/// Replaces the control characters of a name, and cuts it.
pub(super) fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '�' } else { c }).take(100).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes that are often those of records, so that random archives get beyond the first check.
    fn tails() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![
            Just(b"PK\x05\x06".to_vec()),
            Just(b"PK\x06\x06".to_vec()),
            Just(b"PK\x06\x07".to_vec()),
            Just(vec![0xff; 8]),
            Just(vec![0; 8]),
            prop::collection::vec(any::<u8>(), 1..12),
        ];
        prop::collection::vec(part, 0..20).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn any_tail_of_any_size_is_read_or_refused(tail in tails(), size in prop_oneof![0..400_u64, any::<u64>()]) {
            if let Ok(location) = locate_directory(&tail, size) {
                prop_assert!(location.offset + location.length <= size);
                let _ = read_directory(&tail, location, Limits::default());
            }
        }
    }

    #[test]
    fn size_that_is_too_small_is_refused() {
        let mut tail = b"PK\x05\x06".to_vec();
        tail.extend([0xff; 18]);
        assert!(locate_directory(&tail, 3).is_err());
    }
}
