//! What several fuzz targets have in common.

pub mod rows;
pub mod zip;
