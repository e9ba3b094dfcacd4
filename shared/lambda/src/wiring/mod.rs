//! Builds what several functions need from the environment.

pub mod blocking;
pub mod catalog;
pub mod http;
pub mod imports;
pub mod safety;
