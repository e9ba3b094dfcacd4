//! Tells what CloudFront says about who sent a request.

use std::net::{IpAddr, SocketAddr};

/// Tells whether a request came through the front door: `given`, its header `X-Waypost-Front-Door`, is the secret. Everyone else can
/// write CloudFront's headers too. Compares every byte, so that the time tells nothing but the length.
pub fn came_through(given: Option<&str>, secret: Option<&str>) -> bool {
    secret.zip(given).is_some_and(|(secret, given)| {
        let differing = secret.bytes().zip(given.bytes()).fold(0, |found, (a, b)| found | (a ^ b));
        secret.len() == given.len() && differing == 0
    })
}

/// Reads the address in the header `CloudFront-Viewer-Address`, which has a port. CloudFront writes IPv6 addresses without brackets:
/// `2001:db8::1:443`.
pub fn viewer_address(header: &str) -> Option<IpAddr> {
    let with_port = header.parse::<SocketAddr>().map(|address| address.ip()).ok();
    with_port.or_else(|| header.rsplit_once(':')?.0.parse().ok())
}
