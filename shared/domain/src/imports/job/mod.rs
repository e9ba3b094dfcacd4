//! Defines an import as it is stored: the job, its parts, options and keys, and the ports that keep them.

pub mod counts;
pub mod id;
pub mod import;
pub mod object_key;
pub mod options;
pub mod part;
pub mod plan;
pub mod ports;
