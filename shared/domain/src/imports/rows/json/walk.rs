//! Keeps where in a JSON document the reader is, and checks its grammar outside the links.

use super::list_names::Choice;

/// How deeply lists and objects that are too long to be looked at as a whole may be nested.
const MAX_LEVELS: usize = 64;

/// A list or an object that is open.
#[derive(Debug, Default)]
pub(super) struct Level {
    pub(super) is_list: bool,
    /// The name under which it stands.
    pub(super) name: Option<String>,
    /// The name of the folder that it is.
    pub(super) label: Option<String>,
    /// In an object, the name whose value follows.
    pub(super) key: Option<String>,
    /// Whether the members of an object are links, and their names slugs.
    pub(super) is_map: bool,
    /// Whether the elements of a list are links, once that is known.
    pub(super) choice: Option<Choice>,
}

/// What may follow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Expect {
    #[default]
    Value,
    /// The first name or element, or the end of an empty object or list.
    First,
    /// A name.
    Name,
    Colon,
    /// A comma or the end.
    Separator,
}

/// Where in the document the reader is.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) levels: Vec<Level>,
    pub(super) expect: Expect,
    /// Whether a whole value was read, and whether it was an object.
    pub(super) closed: Option<bool>,
}

impl Walk {
    /// Opens a list or an object.
    ///
    /// # Errors
    /// Too many are open.
    pub(super) fn open(&mut self, level: Level) -> Result<(), &'static str> {
        if self.levels.len() == MAX_LEVELS {
            return Err("the JSON document is nested too deeply");
        }
        self.levels.push(level);
        self.expect = Expect::First;
        Ok(())
    }

    /// Closes the innermost list or object with `bracket`.
    ///
    /// # Errors
    /// It is not open.
    pub(super) fn close(&mut self, bracket: u8) -> Result<(), &'static str> {
        let level = self.levels.pop().filter(|level| level.is_list == (bracket == b']'));
        let level = level.ok_or("the JSON document is broken: a bracket closes nothing")?;
        self.value_ends(!level.is_list);
        Ok(())
    }

    /// Takes note that a value has ended.
    pub(super) fn value_ends(&mut self, is_object: bool) {
        if self.levels.is_empty() {
            self.closed = Some(is_object);
            self.expect = Expect::Value;
        } else {
            self.expect = Expect::Separator;
        }
    }

    /// Takes the byte at which something other than a value stands.
    ///
    /// # Errors
    /// What is wrong with the document.
    pub(super) fn take(&mut self, byte: u8) -> Result<(), &'static str> {
        let is_list = self.levels.last().is_some_and(|level| level.is_list);
        match (self.expect, byte) {
            (Expect::First | Expect::Separator, b']' | b'}') => return self.close(byte),
            (Expect::Separator, b',') => self.expect = if is_list { Expect::Value } else { Expect::Name },
            (Expect::Colon, b':') => self.expect = Expect::Value,
            (Expect::Colon, _) => return Err("the JSON document is broken: no colon is where one should be"),
            (Expect::Separator, _) => return Err("the JSON document is broken: no comma is where one should be"),
            _ => return Err("the JSON document is broken: no object is where the next one should be"),
        }
        Ok(())
    }
}
