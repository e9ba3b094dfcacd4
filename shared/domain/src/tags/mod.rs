//! Lists the tags of a workspace with their links, and gives them a colour and a description. A tag needs no definition: links have any.
//! [`rename`] and [`delete`] start a change of many links.

pub mod color;
pub mod define;
pub mod delete;
pub mod list;
pub mod ports;
pub mod rename;
pub mod tag;
