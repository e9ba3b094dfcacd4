//! Fetches a page, or looks whether there is one: checks where the request goes, sends it, and follows redirects.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use rustls::ClientConfig;
use tokio::time::timeout;
use url::{Host, Url};
use waypost_domain::pages::page::Page;
use waypost_domain::pages::ports::FetchError::{NotConnected, NotFound, Refused, Tls};
use waypost_domain::pages::ports::{FetchError, FetchPage};
use waypost_domain::target_checks::ports::{AskTarget, Asked};
use waypost_domain::values::target_error::TargetError;
use waypost_domain::{Domains, TargetUrl};

use crate::addresses::is_public;
use crate::connect::{begin_tls, connect, system_roots, tls_config};
use crate::exchange::{Answer, Purpose, ask};
use crate::resolve::{Resolve, SystemResolver};

/// How long a page may take, from the first name to the last byte, all redirects included.
const TOTAL: Duration = Duration::from_secs(8);
/// How many redirects are followed.
const MAX_REDIRECTS: usize = 5;
/// The ports of the web.
const PORTS: [u16; 2] = [80, 443];

/// Where requests may go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reach {
    /// To public addresses, and the ports of the web.
    #[default]
    Internet,
    /// Also to this machine, at any port: for tests.
    Loopback,
}

impl Reach {
    fn allows(self, address: IpAddr) -> bool {
        is_public(address) || self == Self::Loopback && address.is_loopback()
    }
}

/// Fetches pages over HTTP/1.1, with TLS by rustls.
pub struct PageFetcher {
    resolver: Arc<dyn Resolve>,
    reach: Reach,
    /// The stack's own domains, to which no request goes: it would count as a click.
    domains: Domains,
    /// Made for the first request that needs it.
    tls: OnceLock<Arc<ClientConfig>>,
}

impl PageFetcher {
    /// Makes a fetcher for a stack with these domains.
    pub fn new(domains: Domains, reach: Reach) -> Self {
        Self { resolver: Arc::new(SystemResolver), reach, domains, tls: OnceLock::new() }
    }

    /// Resolves names otherwise.
    pub fn with_resolver(self, resolver: Arc<dyn Resolve>) -> Self {
        Self { resolver, ..self }
    }

    /// Trusts other certificates than the system does.
    #[cfg(test)]
    pub(crate) fn with_roots(self, roots: rustls::RootCertStore) -> Self {
        let tls = OnceLock::from(Arc::new(tls_config(roots).unwrap()));
        Self { tls, ..self }
    }

    /// Follows redirects from `first` on to a page. Sets `moved` once a server answers with the first of them.
    async fn follow(&self, first: &TargetUrl, purpose: Purpose, moved: &AtomicBool) -> Result<Page, FetchError> {
        let mut next = self.checked(first.as_str())?;
        for _ in 0..=MAX_REDIRECTS {
            match self.ask_for(&next, purpose).await? {
                Answer::Page(page) => return Ok(page),
                Answer::Redirect(location) => {
                    moved.store(true, Ordering::Relaxed);
                    let joined = next.join(location.trim()).map_err(|_| FetchError::Unreadable)?;
                    next = self.checked(joined.as_str())?;
                }
            }
        }
        Err(FetchError::Redirects)
    }

    async fn look(&self, url: &TargetUrl, purpose: Purpose) -> Asked {
        let moved = AtomicBool::new(false);
        let page = timeout(TOTAL, self.follow(url, purpose, &moved)).await.unwrap_or(Err(FetchError::Timeout));
        Asked { answer: page.map(|page| page.status), is_of_own_host: !moved.load(Ordering::Relaxed) }
    }

    /// Checks a URL as the target of a link.
    fn checked(&self, text: &str) -> Result<Url, FetchError> {
        let target = TargetUrl::parse(text, &self.domains).map_err(|error| {
            FetchError::Refused(match error {
                TargetError::OwnDomain => "the URL is one of this stack",
                TargetError::Credentials => "the URL has credentials",
                _ => "the URL is not one of the web",
            })
        })?;
        if !target.is_web() {
            return Err(FetchError::Refused("the URL is not one of the web"));
        }
        Url::parse(target.as_str()).map_err(|_| FetchError::Refused("the URL is not one of the web"))
    }

    async fn ask_for(&self, url: &Url, purpose: Purpose) -> Result<Answer, FetchError> {
        let addresses = self.addresses(url).await?;
        let stream = connect(&addresses).await?;
        if url.scheme() == "https" {
            let host = url.host_str().unwrap_or_default();
            return ask(begin_tls(&self.tls()?, host, stream).await?, url, purpose).await;
        }
        ask(stream, url, purpose).await
    }

    /// Returns the addresses of the URL's host. If one of them is not public, none is used: a name of the web has no such address.
    async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, FetchError> {
        let port = url.port_or_known_default().unwrap_or_default();
        if self.reach == Reach::Internet && !PORTS.contains(&port) {
            return Err(FetchError::Refused("the port is not one of the web"));
        }
        let mut addresses = match url.host() {
            Some(Host::Ipv4(address)) => vec![IpAddr::V4(address)],
            Some(Host::Ipv6(address)) => vec![IpAddr::V6(address)],
            Some(Host::Domain(name)) => self.resolver.resolve(name).await.map_err(|_| FetchError::NotFound)?,
            None => Vec::new(),
        };
        if addresses.is_empty() {
            return Err(FetchError::NotFound);
        }
        if !addresses.iter().all(|address| self.reach.allows(*address)) {
            return Err(FetchError::Refused("the address is not public"));
        }
        // A function outside of a network of its own has no IPv6.
        addresses.sort_by_key(IpAddr::is_ipv6);
        Ok(addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, FetchError> {
        if let Some(config) = self.tls.get() {
            return Ok(config.clone());
        }
        let config = Arc::new(tls_config(system_roots()).map_err(|_| FetchError::Tls)?);
        Ok(self.tls.get_or_init(|| config).clone())
    }
}

#[async_trait]
impl FetchPage for PageFetcher {
    async fn fetch(&self, url: &TargetUrl) -> Result<Page, FetchError> {
        let moved = AtomicBool::new(false);
        timeout(TOTAL, self.follow(url, Purpose::Read, &moved)).await.unwrap_or(Err(FetchError::Timeout))
    }
}

#[async_trait]
impl AskTarget for PageFetcher {
    /// Asks by a HEAD, and by a GET if the answer to that is an error or none: many servers do not know HEAD, or refuse it. Takes at most
    /// twice the time of a page.
    async fn ask(&self, url: &TargetUrl) -> Asked {
        let looked = self.look(url, Purpose::Look).await;
        let is_certain = match &looked.answer {
            // A server that has had enough is not asked again.
            Ok(status) => *status < 400 || *status == 429,
            Err(error) => matches!(error, Refused(_) | NotFound | NotConnected | Tls),
        };
        if is_certain { looked } else { self.look(url, Purpose::LookAgain).await }
    }
}
