//! Defines the address of a link.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::values::domains::Domain;
use crate::values::slug::Slug;

/// The address of a link: its domain and slug. The link may move to another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LinkAddress {
    /// The host that serves it.
    pub domain: Domain,
    /// The path of the short URL.
    pub slug: Slug,
}

impl fmt::Display for LinkAddress {
    /// Writes `{domain}/{slug}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.domain, self.slug)
    }
}
