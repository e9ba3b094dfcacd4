//! Reads JSON documents: finds their links, wherever their lists and folders are, and keeps a bounded part of the text
//! in memory.

mod document;
mod flatten;
mod index;
mod known_names;
mod links;
mod list_names;
mod nesting;
mod slug_map;
mod values;
mod walk;

pub(super) use self::document::{Document, Element, find_first_link};
pub(super) use self::flatten::read_redirection;
pub(super) use self::nesting::{Nesting, value_length};
