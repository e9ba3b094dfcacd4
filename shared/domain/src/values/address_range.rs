//! Defines ranges of network addresses, as in `203.0.113.0/24`.

use std::fmt;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

/// A range of IPv4 or IPv6 addresses in CIDR notation (RFC 4632, RFC 4291). IPv4 addresses that are written as IPv6 ones
/// (`::ffff:203.0.113.7`) are the IPv4 addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AddressRange(IpNet);

/// The error of a text that is not an [`AddressRange`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an address such as 203.0.113.7 or a range such as 203.0.113.0/24 or 2001:db8::/32")]
pub struct AddressRangeError;

/// How many bits of an IPv6 address come before the IPv4 address that it stands for.
const MAPPED_BITS: u8 = 96;

impl AddressRange {
    /// The greatest length of a text, in bytes.
    pub const MAX_BYTES: usize = 50;

    /// Reads an address or a range. The bits of the address beyond the prefix do not matter.
    ///
    /// # Errors
    /// The text is neither.
    pub fn parse(text: &str) -> Result<Self, AddressRangeError> {
        let text = text.trim();
        if text.len() > Self::MAX_BYTES {
            return Err(AddressRangeError);
        }
        let range = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address),
            Err(_) => text.parse().map_err(|_| AddressRangeError)?,
        };
        canonical(range).map(|range| Self(range.trunc())).ok_or(AddressRangeError)
    }

    /// Tells whether the range has `address`.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// Returns a range of IPv4 addresses that are written as IPv6 ones as the range of IPv4 addresses. Refuses one that also has other
/// addresses: whoever writes it means something else.
fn canonical(range: IpNet) -> Option<IpNet> {
    let (IpAddr::V4(address), IpNet::V6(written)) = (range.addr().to_canonical(), range) else { return Some(range) };
    let bits = written.prefix_len().checked_sub(MAPPED_BITS)?;
    Ipv4Net::new(address, bits).ok().map(IpNet::from)
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for AddressRange {
    type Error = AddressRangeError;
    fn try_from(text: String) -> Result<Self, AddressRangeError> {
        Self::parse(&text)
    }
}

impl From<AddressRange> for String {
    fn from(range: AddressRange) -> Self {
        range.to_string()
    }
}

#[cfg(feature = "openapi")]
super::schema::schema!(AddressRange, "AddressRange", {
    "description": "An address, or a range of addresses in CIDR notation.",
    "type": "string",
    "maxLength": AddressRange::MAX_BYTES,
    "examples": ["203.0.113.0/24", "2001:db8::/32"],
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn range_has_its_addresses_however_they_are_written() {
        for (range, address, inside) in [
            ("203.0.113.0/24", "203.0.113.255", true),
            ("203.0.113.0/24", "203.0.114.0", false),
            ("203.0.113.0/24", "::ffff:203.0.113.9", true),
            ("203.0.113.0/24", "::203.0.113.9", false),
            ("203.0.113.77/24", "203.0.113.1", true),
            ("203.0.113.7", "203.0.113.7", true),
            ("203.0.113.7", "203.0.113.8", false),
            ("::ffff:203.0.113.0/120", "203.0.113.200", true),
            ("::ffff:203.0.113.7", "203.0.113.7", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::/32", "203.0.113.7", false),
            ("0.0.0.0/0", "198.51.100.1", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "198.51.100.1", false),
        ] {
            let parsed = AddressRange::parse(range).unwrap();
            assert_eq!(parsed.contains(address.parse().unwrap()), inside, "{range} {address}");
        }
    }

    #[test]
    fn range_is_shown_in_its_normal_form() {
        for (text, shown) in [
            (" 203.0.113.9/24 ", "203.0.113.0/24"),
            ("203.0.113.9", "203.0.113.9/32"),
            ("2001:DB8:0::1/32", "2001:db8::/32"),
            ("::ffff:203.0.113.9/124", "203.0.113.0/28"),
        ] {
            assert_eq!(AddressRange::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("203.0.113.0/{:0>60}", 24);
        for text in [
            "",
            "example.com",
            "203.0.113.0/33",
            "203.0.113/24",
            "2001:db8::/129",
            "203.0.113.0/-1",
            "1.2.3.4/8/9",
            "::ffff:203.0.113.7/64",
            &long,
        ] {
            assert_eq!(AddressRange::parse(text), Err(AddressRangeError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn stored_range_is_the_range(bits in any::<u128>(), prefix in 0_u8..=128, address in any::<u128>()) {
            let range = AddressRange::parse(&format!("{}/{prefix}", std::net::Ipv6Addr::from(bits))).unwrap();
            let json = serde_json::to_string(&range).unwrap();
            let again: AddressRange = serde_json::from_str(&json).unwrap();
            let address = IpAddr::V6(address.into());
            prop_assert_eq!((again, again.contains(address)), (range, range.contains(address)));
        }
    }
}
