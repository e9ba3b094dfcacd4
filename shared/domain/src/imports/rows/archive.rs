//! Chooses which files of an archive are read, and remembers those that could not be.

use super::limits::MAX_MEMBERS;
use super::notes::Notes;
use super::unpack::Zip;
use super::unreadable::{Unreadable, UnreadableKind};

/// Goes through the files of an archive.
#[derive(Default)]
pub(super) struct Archive {
    next: usize,
    /// How many files were lists of links.
    read: usize,
    /// How many files were not, and the error of the last of them.
    skipped: usize,
    last_error: Option<Unreadable>,
    /// The error of the first list of links that could not be read to its end.
    broken: Option<Unreadable>,
}

impl Archive {
    /// Opens the next file. Returns whether there was one.
    pub(super) fn open_next(&mut self, zip: &mut Zip) -> bool {
        let next = zip.names().enumerate().skip(self.next).find(|(_, name)| !is_ignored(name)).map(|(index, _)| index);
        if let Some(index) = next {
            zip.open(index);
        }
        self.next = next.map_or(MAX_MEMBERS, |index| index + 1);
        next.is_some()
    }

    /// Counts the open file as a list of links.
    pub(super) fn count_read(&mut self) {
        self.read += 1;
    }

    /// Goes on without the rest of the file `name`, of which `rows` rows were read. A list of links that breaks off makes the
    /// archive fail, once the other files are read; a file that is something else is noted.
    pub(super) fn give_up(&mut self, name: &str, rows: u64, error: Unreadable, notes: &mut Notes) {
        let is_stray = match error.kind {
            UnreadableKind::Foreign => true,
            UnreadableKind::Malformed => rows == 0 && !has_name_of_list(name),
            UnreadableKind::Question | UnreadableKind::Damaged => false,
        };
        if is_stray {
            notes.add_skipped_member(name, &error.cause);
            self.skipped += 1;
            self.last_error = Some(error);
        } else {
            self.broken.get_or_insert(error);
        }
    }

    /// Returns why the archive fails, if a file in it is broken or none was a list of links.
    pub(super) fn failure(&mut self) -> Option<Unreadable> {
        if let Some(broken) = self.broken.take() {
            return Some(broken);
        }
        let foreign = |cause: &str| Some(Unreadable::because(cause).of_kind(UnreadableKind::Foreign));
        match (self.read, self.skipped) {
            (0, 0) => foreign("the archive is empty"),
            (0, 1) => self.last_error.take(),
            (0, _) => foreign("no file in the archive is a list of links"),
            _ => None,
        }
    }
}

/// Tells whether a name is a folder, or a file that operating systems leave in archives.
pub(super) fn is_ignored(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    file.is_empty() || file.starts_with('.') || name.starts_with("__MACOSX/")
}

/// Tells whether a file with this name claims to be a list of links.
fn has_name_of_list(name: &str) -> bool {
    const ENDINGS: [&str; 7] = [".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".html", ".xlsx"];
    let name = name.to_ascii_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}
