//! Finds the addresses of a host.

use std::io;
use std::net::IpAddr;

use async_trait::async_trait;

/// Finds the addresses of a host by its name.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// Returns the addresses of `host`.
    ///
    /// # Errors
    /// The name has no address, or no server tells.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Asks the system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}
