//! What is in a ZIP archive (APPNOTE 6.3): the directory at its end.

use crate::imports::rows::limits::{Limits, MAX_MEMBER_NAME, MAX_MEMBERS};
use crate::imports::rows::unpack::number;

/// The longest end of an archive: its record, a comment, and what points to a directory of more than 4 GiB.
pub(super) const MAX_TAIL: u64 = 66_000;
/// The largest directory, in bytes.
const MAX_DIRECTORY: u64 = 4 << 20;
/// The shortest header of a file.
pub(super) const LOCAL_HEADER: usize = 30;

/// Where the directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
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
    /// Where its own header is.
    pub(super) offset: u64,
}

/// Where the directory is of an archive of `size` bytes that ends with `tail`.
pub(super) fn find(tail: &[u8], size: u64) -> Result<Place, String> {
    let record = (0..tail.len().saturating_sub(21))
        .rev()
        .find(|&at| tail[at..].starts_with(b"PK\x05\x06") && at + 22 + number(tail, at + 20, 2) as usize <= tail.len());
    let Some(at) = record else { return Err("the archive breaks off: it has no directory at its end".to_owned()) };
    let mut place =
        Place { members: number(tail, at + 10, 2), length: number(tail, at + 12, 4), offset: number(tail, at + 16, 4) };
    let start = size - tail.len() as u64;
    if place.members == 0xffff || place.length == 0xffff_ffff || place.offset == 0xffff_ffff {
        let locator = at.checked_sub(20).filter(|&at| tail[at..].starts_with(b"PK\x06\x07"));
        let record = locator.and_then(|at| usize::try_from(number(tail, at + 8, 8).checked_sub(start)?).ok());
        let record = record.filter(|&at| tail.get(at..).is_some_and(|record| record.starts_with(b"PK\x06\x06")));
        let Some(at) = record else { return Err("the archive has no directory where it should be".to_owned()) };
        place = Place {
            members: number(tail, at + 32, 8),
            length: number(tail, at + 40, 8),
            offset: number(tail, at + 48, 8),
        };
    }
    if place.members > MAX_MEMBERS as u64 {
        return Err(format!("the archive has more than {MAX_MEMBERS} files"));
    }
    if place.length > MAX_DIRECTORY {
        return Err(format!("the archive has a directory of more than {MAX_DIRECTORY} bytes"));
    }
    if place.offset.saturating_add(place.length) > size {
        return Err("the archive's directory is beyond its end".to_owned());
    }
    Ok(place)
}

/// The files that `directory`, which is at `place`, names, in the order of the archive.
pub(super) fn members(directory: &[u8], place: Place, limits: Limits) -> Result<Vec<Member>, String> {
    let (mut members, mut rest) = (Vec::new(), directory);
    for _ in 0..place.members {
        let (member, length) = member(rest).ok_or("the archive's directory is damaged")?;
        check_name(&member.name)?;
        limits.check(member.packed, member.unpacked).map_err(|cause| format!("{} {cause}", shown(&member.name)))?;
        members.push(member);
        rest = &rest[length..];
    }
    members.sort_by_key(|member| member.offset);
    let unpacked = members.iter().fold(0_u64, |sum, member| sum.saturating_add(member.unpacked));
    limits.check(u64::MAX, unpacked).map_err(|cause| format!("the archive {cause}"))?;
    // The same bytes may not count as several files.
    let ends = members.iter().skip(1).map(|next| next.offset).chain([place.offset]);
    for (member, end) in members.iter().zip(ends) {
        let length = member.packed.saturating_add(LOCAL_HEADER as u64);
        if member.offset.saturating_add(length) > end {
            return Err(format!("{} and what follows it in the archive overlap", shown(&member.name)));
        }
    }
    Ok(members)
}

fn member(bytes: &[u8]) -> Option<(Member, usize)> {
    const HEADER: usize = 46;
    if !bytes.starts_with(b"PK\x01\x02") {
        return None;
    }
    let (name, extra, comment) =
        (number(bytes, 28, 2) as usize, number(bytes, 30, 2) as usize, number(bytes, 32, 2) as usize);
    let length = HEADER + name + extra + comment;
    let bytes = bytes.get(..length)?;
    let mut member = Member {
        name: String::from_utf8_lossy(&bytes[HEADER..HEADER + name]).into_owned(),
        encrypted: number(bytes, 8, 2) & 1 == 1,
        method: number(bytes, 10, 2),
        checksum: number(bytes, 16, 4),
        packed: number(bytes, 20, 4),
        unpacked: number(bytes, 24, 4),
        offset: number(bytes, 42, 4),
    };
    large(&bytes[HEADER + name..HEADER + name + extra], &mut member);
    Some((member, length))
}

/// Numbers of more than 32 bits are in a field of their own, in this order, those that need it.
fn large(extra: &[u8], member: &mut Member) {
    let mut rest = extra;
    while rest.len() >= 4 {
        let (kind, length) = (number(rest, 0, 2), number(rest, 2, 2) as usize);
        let field = rest.get(4..4 + length).unwrap_or_default();
        if kind == 1 {
            let mut at = 0;
            for value in [&mut member.unpacked, &mut member.packed, &mut member.offset] {
                if *value == 0xffff_ffff && field.len() >= at + 8 {
                    *value = number(field, at, 8);
                    at += 8;
                }
            }
        }
        rest = rest.get(4 + length..).unwrap_or_default();
    }
}

/// A name is never written to, but one that would do harm elsewhere says enough about the archive.
fn check_name(name: &str) -> Result<(), String> {
    if name.len() > MAX_MEMBER_NAME {
        return Err(format!("the archive has a file with a name of more than {MAX_MEMBER_NAME} bytes"));
    }
    let climbs = name.split(['/', '\\']).any(|part| part == "..");
    let absolute = name.starts_with(['/', '\\']) || name.get(1..3).is_some_and(|text| text == ":\\" || text == ":/");
    if name.is_empty() || climbs || absolute || name.contains(char::is_control) {
        return Err(format!("the archive has a file with a path that leads out of it: {}", shown(name)));
    }
    Ok(())
}

/// A name as it may be told.
pub(super) fn shown(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '�' } else { c }).take(100).collect()
}
