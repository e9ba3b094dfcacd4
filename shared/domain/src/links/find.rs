//! Finds one link of the caller's workspace.

use super::address::LinkAddress;
use super::create::own_domain;
use super::link::Link;
use super::ports::LinkReader;
use crate::access::key::{Caller, Role};
use crate::values::domains::Domains;
use crate::values::error::Error;
use crate::values::slug::Slug;

/// Reads the address of a link from a request: `slug` from the path, `domain` from the query (the default domain if absent). The slug may
/// still be percent-encoded: callers encode slashes twice, since some gateways decode a path before they route it.
///
/// # Errors
/// [`Error::NotFound`] if `slug` is not a slug, [`Error::Invalid`] if the stack does not serve `domain`.
pub fn link_address(domains: &Domains, slug: &str, domain: Option<&str>) -> Result<LinkAddress, Error> {
    let slug = Slug::parse_encoded(slug).map_err(|_| Error::NotFound("link"))?;
    let domain = match domain {
        Some(text) => own_domain(text, domains).map_err(|detail| Error::invalid("domain", detail))?,
        None => domains.default_domain().clone(),
    };
    Ok(LinkAddress { domain, slug })
}

/// Reads a link that the caller reaches. Needs [`Role::Viewer`].
///
/// # Errors
/// [`Error::NotFound`] if there is no such link, another workspace owns it, or it is not in the caller's scope.
pub async fn find_link(links: &dyn LinkReader, caller: &Caller, address: &LinkAddress) -> Result<Link, Error> {
    caller.require(Role::Viewer)?;
    let link = links.get(address).await?.filter(|link| caller.sees(link));
    link.ok_or(Error::NotFound("link"))
}
