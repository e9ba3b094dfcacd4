//! What several fuzz targets share.

pub mod rows;
pub mod tar;
pub mod zip;
