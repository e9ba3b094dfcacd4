//! Limits what an API key reaches, and from where.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::scope::Scope;
use crate::values::address_range::AddressRange;
use crate::values::domains::Domain;

/// The limits of a key. An empty list, or `own_links: false`, does not limit it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct KeyLimits {
    /// The key reaches only links on one of these domains; on any domain if empty.
    #[serde(default)]
    pub domains: Vec<Domain>,
    /// The key reaches only links with at least one of these tags; any link if empty.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Whether the key reaches only links that it created itself.
    #[serde(default)]
    pub own_links: bool,
    /// The key works only for callers with one of these addresses; with any address if empty.
    #[serde(default)]
    pub addresses: Vec<AddressRange>,
}

impl KeyLimits {
    /// The greatest number of domains.
    pub const MAX_DOMAINS: usize = 50;
    /// The greatest number of ranges of addresses.
    pub const MAX_ADDRESSES: usize = 50;

    /// Tells whether the key may be used from `address`. An unknown address is in no range.
    pub fn allow_address(&self, address: Option<IpAddr>) -> bool {
        self.addresses.is_empty()
            || address.is_some_and(|address| self.addresses.iter().any(|range| range.contains(address)))
    }

    /// Returns the links that the key `key_id` with these limits reaches.
    pub fn scope(&self, key_id: &str) -> Scope {
        Scope::new(self.domains.clone(), self.tags.clone(), self.own_links.then(|| key_id.to_owned()))
    }

    /// Tells whether the key reaches only some of the links.
    pub fn limit_links(&self) -> bool {
        self.own_links || !self.domains.is_empty() || !self.tags.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_address_is_in_no_range() {
        let anywhere = KeyLimits { own_links: true, ..KeyLimits::default() };
        let office =
            KeyLimits { addresses: vec![AddressRange::parse("203.0.113.0/24").unwrap()], ..KeyLimits::default() };
        for (address, allowed) in [(None, false), (Some("203.0.113.9"), true), (Some("198.51.100.1"), false)] {
            let address = address.map(|text| text.parse().unwrap());
            assert!(anywhere.allow_address(address));
            assert_eq!(office.allow_address(address), allowed, "{address:?}");
        }
        assert!(anywhere.limit_links() && !office.limit_links());
        assert!(office.scope("key_1").is_whole());
        assert_eq!(anywhere.scope("key_1").creator(), Some("key_1"));
    }
}
