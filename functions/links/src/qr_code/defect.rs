//! What keeps a code from being drawn although its style is valid. A short URL always fits into a code, and a grid into
//! an image.

/// A defect of this program.
pub(super) type Defect = Box<dyn std::error::Error>;
