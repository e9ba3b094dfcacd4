//! Tells which addresses belong to one visitor.

use std::net::IpAddr;

/// Names the network of an address: the address itself, or for IPv6 its /64, since its owner has them all. Addresses of IPv4 that are
/// mapped into IPv6 are those of IPv4. Empty without an address.
pub(crate) fn network_of(address: Option<IpAddr>) -> String {
    match address {
        Some(IpAddr::V6(address)) if address.to_ipv4_mapped().is_none() => format!("{:?}", &address.segments()[..4]),
        Some(address) => address.to_canonical().to_string(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_a_network_have_one_name() {
        let name = |text: &str| network_of(Some(text.parse().unwrap()));
        assert_eq!(name("2001:db8:1:2::1"), name("2001:db8:1:2:ffff::2"));
        assert_ne!(name("2001:db8:1:2::1"), name("2001:db8:1:3::1"));
        assert_eq!(name("::ffff:203.0.113.9"), name("203.0.113.9"));
        assert_ne!(name("203.0.113.9"), name("203.0.113.8"));
        assert_eq!(network_of(None), "");
    }
}
