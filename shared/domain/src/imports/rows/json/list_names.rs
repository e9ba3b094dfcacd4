//! Decides which lists of a document hold its links.

use super::known_names::{names_links, names_others};

/// The longest name that is remembered, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// What to do with a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// Its elements are links.
    Read,
    /// It holds something else.
    Ignore,
    /// It may hold links, but others were read already: the owner must know.
    Refuse,
}

/// The lists of a document that hold links.
#[derive(Debug, Default)]
pub(super) struct ListNames {
    /// The name of the first list with links, if its name did not tell.
    first: Option<String>,
    /// Whether a list with links was read.
    has_read: bool,
}

impl ListNames {
    /// Decides about a list whose elements look like links. A list that is not the value of a name has none.
    pub(super) fn choose(&mut self, name: Option<&str>) -> Choice {
        let choice = match name {
            None => Choice::Read,
            Some(name) if names_links(name) => Choice::Read,
            Some(name) if names_others(name) => Choice::Ignore,
            Some(name) if self.first.as_deref() == Some(name) => Choice::Read,
            Some(name) if !self.has_read => {
                self.first = (name.len() <= MAX_NAME_BYTES).then(|| name.to_owned());
                Choice::Read
            }
            Some(_) => Choice::Refuse,
        };
        self.has_read |= choice == Choice::Read;
        choice
    }
}
