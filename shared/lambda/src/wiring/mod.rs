//! Builds what several functions need from the environment.

pub mod http;
pub mod imports;
