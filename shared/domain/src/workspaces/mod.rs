//! Settings of a workspace: the defaults of new links. Each use case has one file.

pub mod change;
mod check;
pub mod defaults;
pub mod ports;
pub mod read;
pub mod settings;
