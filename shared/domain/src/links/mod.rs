//! Creates, finds, lists, changes and deletes short links. Each use case has one file.

pub mod address;
mod as_written;
pub mod change;
pub mod change_marks;
pub mod create;
pub mod created;
pub mod delete;
pub mod find;
pub mod id;
mod kept_targets;
pub mod link;
pub mod list;
pub mod new_link;
pub mod password;
pub mod ports;
pub mod precondition;
pub mod preview;
pub mod query;
mod read_only;
pub mod request;
pub mod restore;
mod reuse;
pub mod settings;
pub mod target_check;
pub mod utm;
pub mod validate;
