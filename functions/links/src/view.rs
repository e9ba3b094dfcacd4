//! A link as the API shows it.

use serde::Serialize;
use waypost_domain::{Domains, Link, LinkId, Rule, TargetUrl, Timestamp, Variant};

/// Makes short URLs.
#[derive(Debug, Clone)]
pub(crate) struct ShortUrls {
    default_domain: String,
    default_origin: String,
}

impl ShortUrls {
    /// `origin` (`scheme://host[:port]`) stands in for the default domain's, for stacks that are not reached under it.
    pub(crate) fn new(domains: &Domains, origin: Option<String>) -> Self {
        let default_domain = domains.default_domain().to_string();
        let default_origin = origin.unwrap_or_else(|| format!("https://{default_domain}"));
        Self { default_domain, default_origin: default_origin.trim_end_matches('/').to_owned() }
    }

    pub(crate) fn of(&self, id: &LinkId) -> String {
        if id.domain.as_str() == self.default_domain {
            format!("{}/{}", self.default_origin, id.slug)
        } else {
            format!("https://{}/{}", id.domain, id.slug)
        }
    }
}

/// The JSON of a link.
#[derive(Debug, Serialize)]
pub(crate) struct LinkView {
    domain: String,
    slug: String,
    short_url: String,
    url: String,
    title: Option<String>,
    tags: Vec<String>,
    starts_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    expired_url: Option<TargetUrl>,
    max_clicks: Option<u64>,
    used_clicks: u64,
    has_password: bool,
    redirect_status: u16,
    forward_query: bool,
    rules: Vec<Rule>,
    variants: Vec<Variant>,
    archived: bool,
    imported_clicks: Option<u64>,
    created_at: Timestamp,
    updated_at: Option<Timestamp>,
}

impl LinkView {
    pub(crate) fn of(link: Link, short_urls: &ShortUrls) -> Self {
        let behaviour = link.behaviour;
        Self {
            short_url: short_urls.of(&link.id),
            domain: link.id.domain.to_string(),
            slug: link.id.slug.to_string(),
            url: link.url.to_string(),
            title: link.title,
            tags: link.tags,
            starts_at: behaviour.starts_at,
            expires_at: behaviour.expires_at,
            expired_url: behaviour.expired_url,
            max_clicks: behaviour.max_clicks,
            used_clicks: behaviour.used_clicks,
            has_password: behaviour.password_hash.is_some(),
            redirect_status: behaviour.redirect_status.into(),
            forward_query: behaviour.forward_query,
            rules: behaviour.rules,
            variants: behaviour.variants,
            archived: behaviour.archived,
            imported_clicks: link.imported_clicks,
            created_at: link.created_at,
            updated_at: link.updated_at,
        }
    }
}

/// The JSON of a page of links.
#[derive(Debug, Serialize)]
pub(crate) struct PageView {
    pub(crate) items: Vec<LinkView>,
    pub(crate) next_cursor: Option<String>,
}
