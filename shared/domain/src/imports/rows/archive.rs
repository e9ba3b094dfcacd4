//! Which of the files in an archive are read.

use super::limits::MAX_MEMBERS;
use super::notes::Notes;
use super::unpack::Zip;
use super::unreadable::Unreadable;

/// Goes through the files of an archive.
#[derive(Default)]
pub(super) struct Archive {
    next: usize,
    /// How many were lists of links.
    read: usize,
    /// How many were something else, and what the last of them was.
    skipped: usize,
    trouble: Option<Unreadable>,
}

impl Archive {
    /// Opens the next file; `false` if there is none.
    pub(super) fn open_next(&mut self, zip: &mut Zip) -> bool {
        let next = zip.names().enumerate().skip(self.next).find(|(_, name)| !is_noise(name)).map(|(index, _)| index);
        if let Some(index) = next {
            zip.open(index);
        }
        self.next = next.map_or(MAX_MEMBERS, |index| index + 1);
        next.is_some()
    }

    /// Notes that the open file is a list of links.
    pub(super) fn read(&mut self) {
        self.read += 1;
    }

    /// Leaves the open file out.
    pub(super) fn skip(&mut self, zip: &Zip, trouble: Unreadable, notes: &mut Notes) {
        notes.skipped_member(zip.member().as_deref().unwrap_or_default(), &trouble.cause);
        self.skipped += 1;
        self.trouble = Some(Unreadable { member: zip.member(), ..trouble });
    }

    /// Why nothing was read, if nothing was.
    pub(super) fn trouble(&mut self) -> Option<Unreadable> {
        match (self.read, self.skipped) {
            (0, 0) => Some(Unreadable::because("the archive is empty")),
            (0, 1) => self.trouble.take(),
            (0, _) => Some(Unreadable::because("no file in the archive is a list of links")),
            _ => None,
        }
    }
}

/// Whether this is a folder, or what operating systems leave in archives.
fn is_noise(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    file.is_empty() || file.starts_with('.') || name.starts_with("__MACOSX/")
}
