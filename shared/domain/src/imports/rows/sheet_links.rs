//! Keeps the hyperlinks of a sheet: the addresses behind its cells.

use std::collections::HashMap;

use super::cell_reference::cell_position;
use super::xml::Tag;

/// How many bytes the hyperlinks of a sheet may take, since they are kept in memory.
pub(super) const MAX_LINK_BYTES: usize = 32 << 20;
/// How many cells may share one hyperlink.
const MAX_CELLS: u64 = 10_000;
/// What an entry of a map takes beyond its text, in bytes.
const ENTRY_BYTES: usize = 64;

/// The hyperlinks of one sheet.
#[derive(Default)]
pub(super) struct SheetLinks {
    /// The addresses by the id of their relationship.
    targets: HashMap<String, String>,
    /// The addresses by line and column, both 0 for the first.
    cells: HashMap<(u64, usize), String>,
    bytes: usize,
}

impl SheetLinks {
    /// Tells whether the sheet has relationships that are hyperlinks.
    pub(super) fn has_targets(&self) -> bool {
        !self.targets.is_empty()
    }

    /// Returns the address behind the cell in this column of the row with this number, 1 for the first.
    pub(super) fn get(&self, line: u64, column: usize) -> Option<&str> {
        self.cells.get(&(line.checked_sub(1)?, column)).map(String::as_str)
    }

    /// Takes a tag of the sheet's relationships. Returns `false` if there is no more room.
    pub(super) fn take_relation(&mut self, tag: &Tag<'_>) -> bool {
        let is_link = tag.is("Relationship") && tag.attribute("Type").is_some_and(|kind| kind.ends_with("/hyperlink"));
        if is_link && let (Some(id), Some(target)) = (tag.attribute("Id"), tag.attribute("Target")) {
            self.bytes += id.len() + target.len() + ENTRY_BYTES;
            self.targets.insert(id.into_owned(), target.into_owned());
        }
        self.bytes <= MAX_LINK_BYTES
    }

    /// Takes a tag of the sheet. Returns `false` if there is no more room.
    pub(super) fn take_tag(&mut self, tag: &Tag<'_>) -> bool {
        if !tag.is("hyperlink") || tag.closes {
            return true;
        }
        let target = tag.attribute("id").and_then(|id| self.targets.get(id.as_ref()));
        let (Some(target), Some(reference)) = (target, tag.attribute("ref")) else { return true };
        // Spreadsheets keep what follows a `#` apart.
        let target = match tag.attribute("location") {
            Some(location) => format!("{target}#{location}"),
            None => target.clone(),
        };
        let (first, last) = reference.split_once(':').unwrap_or((&reference, &reference));
        let (Some(first), Some(last)) = (cell_position(first), cell_position(last)) else { return true };
        let (lines, columns) = (last.0.saturating_sub(first.0) + 1, last.1.saturating_sub(first.1) + 1);
        if lines.saturating_mul(columns as u64) > MAX_CELLS {
            return true;
        }
        for line in first.0..first.0 + lines {
            for column in first.1..first.1 + columns {
                self.bytes += target.len() + ENTRY_BYTES;
                if self.bytes > MAX_LINK_BYTES {
                    return false;
                }
                self.cells.insert((line, column), target.clone());
            }
        }
        true
    }
}
