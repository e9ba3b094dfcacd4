//! Reads JSON documents: finds their links, wherever their lists and folders are, and keeps a bounded part of the text
//! in memory.

mod document;
mod flatten;
mod index;
mod known_names;
mod list_names;
mod nesting;
mod walk;

pub(super) use self::document::{Document, Element, find_first_link};
pub(super) use self::flatten::read_redirection;
pub(super) use self::nesting::value_length;
