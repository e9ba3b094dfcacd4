//! The domain's stores in S3, one file each.

pub mod archive;
pub mod file_contents;
pub mod files;
pub mod objects;
mod put;
pub mod quarantine;
pub mod reports;
pub mod sign_file;
pub mod spill;
pub mod uploads;
