//! Chooses which files of an archive are read.

use super::limits::MAX_MEMBERS;
use super::notes::Notes;
use super::unpack::Zip;
use super::unreadable::Unreadable;

/// Goes through the files of an archive.
#[derive(Default)]
pub(super) struct Archive {
    next: usize,
    /// How many files were lists of links.
    read: usize,
    /// How many files were not, and the error of the last of them.
    skipped: usize,
    last_error: Option<Unreadable>,
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

    /// Skips the open file because of `error`, and notes it.
    pub(super) fn skip(&mut self, zip: &Zip, error: Unreadable, notes: &mut Notes) {
        notes.add_skipped_member(zip.member().as_deref().unwrap_or_default(), &error.cause);
        self.skipped += 1;
        self.last_error = Some(Unreadable { member: zip.member(), ..error });
    }

    /// Returns why the archive fails, if no file in it was a list of links.
    pub(super) fn failure(&mut self) -> Option<Unreadable> {
        match (self.read, self.skipped) {
            (0, 0) => Some(Unreadable::because("the archive is empty")),
            (0, 1) => self.last_error.take(),
            (0, _) => Some(Unreadable::because("no file in the archive is a list of links")),
            _ => None,
        }
    }
}

/// Tells whether a name is a folder, or a file that operating systems leave in archives.
fn is_ignored(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    file.is_empty() || file.starts_with('.') || name.starts_with("__MACOSX/")
}
