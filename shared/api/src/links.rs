//! `/v1/links`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use waypost_domain::analytics::stats::answer::AllTime;
use waypost_domain::{Domain, Domains, Link, LinkId, RedirectStatus, Rule, Slug, TargetUrl, Timestamp, Variant};

/// Which domain a path with a slug is about.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct DomainQuery {
    /// A domain of the stack; the default one if absent.
    #[schemars(with = "Option<Domain>")]
    pub domain: Option<String>,
}

/// A link.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Link")]
pub struct LinkView {
    /// The host that serves it.
    domain: Domain,
    /// Its path.
    slug: Slug,
    /// What visitors open.
    #[schemars(url)]
    short_url: String,
    /// Where it leads.
    url: TargetUrl,
    /// What its owner calls it.
    title: Option<String>,
    /// Words to find it by.
    tags: Vec<String>,
    /// Before this it is not found.
    starts_at: Option<Timestamp>,
    /// From this on it is gone, or leads to `expired_url`.
    expires_at: Option<Timestamp>,
    /// Where it leads once it has expired or is used up.
    expired_url: Option<TargetUrl>,
    /// How many clicks it serves; unlimited if null.
    max_clicks: Option<u64>,
    /// How many clicks of `max_clicks` it has served.
    used_clicks: u64,
    /// Whether visitors must give a password.
    has_password: bool,
    /// The status of the redirect.
    redirect_status: RedirectStatus,
    /// Whether query parameters of a visit are merged into the target.
    forward_query: bool,
    /// Other targets for some visits; the first that matches wins.
    rules: Vec<Rule>,
    /// Weighted targets for visits that no rule matches.
    variants: Vec<Variant>,
    /// Whether it is put away: not found for visitors, kept for its owner.
    archived: bool,
    /// Clicks that another service counted before the link was imported; not part of the statistics.
    imported_clicks: Option<u64>,
    /// When it was created.
    created_at: Timestamp,
    /// When its owner last changed it; null until then.
    updated_at: Option<Timestamp>,
    /// Where one link is read.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    clicked: Option<ClickedView>,
}

/// What the clicks on a link add up to since it exists. Only there where one link is read; null while statistics are away.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct ClickedView {
    /// Clicks of people, a few seconds after they were made. Only there where one link is read; null while statistics are
    /// away.
    clicks: Option<u64>,
    /// The last of them. Only there where one link is read; null until then, and while statistics are away.
    last_click_at: Option<Timestamp>,
}

impl LinkView {
    /// The view of `link`.
    pub fn of(link: Link, short_urls: &ShortUrls) -> Self {
        let behaviour = link.behaviour;
        Self {
            short_url: short_urls.of(&link.id),
            domain: link.id.domain,
            slug: link.id.slug,
            url: link.url,
            title: link.title,
            tags: link.tags,
            starts_at: behaviour.starts_at,
            expires_at: behaviour.expires_at,
            expired_url: behaviour.expired_url,
            max_clicks: behaviour.max_clicks,
            used_clicks: behaviour.used_clicks,
            has_password: behaviour.password_hash.is_some(),
            redirect_status: behaviour.redirect_status,
            forward_query: behaviour.forward_query,
            rules: behaviour.rules,
            variants: behaviour.variants,
            archived: behaviour.archived,
            imported_clicks: link.imported_clicks,
            created_at: link.created_at,
            updated_at: link.updated_at,
            clicked: None,
        }
    }

    /// The same with the link's clicks, if they are known.
    pub fn with_clicks(self, all: Option<AllTime>) -> Self {
        let clicked =
            ClickedView { clicks: all.map(|all| all.clicks), last_click_at: all.and_then(|all| all.last_click_at) };
        Self { clicked: Some(clicked), ..self }
    }
}

/// Makes short URLs.
#[derive(Debug, Clone)]
pub struct ShortUrls {
    default_domain: Domain,
    default_origin: String,
}

impl ShortUrls {
    /// `origin` (`scheme://host[:port]`) stands in for the default domain's, for stacks that are not reached under it.
    pub fn new(domains: &Domains, origin: Option<String>) -> Self {
        let default_domain = domains.default_domain().clone();
        let default_origin = origin.unwrap_or_else(|| format!("https://{default_domain}"));
        Self { default_domain, default_origin: default_origin.trim_end_matches('/').to_owned() }
    }

    /// The URL that visitors open.
    pub fn of(&self, id: &LinkId) -> String {
        if id.domain == self.default_domain {
            format!("{}/{}", self.default_origin, id.slug)
        } else {
            format!("https://{}/{}", id.domain, id.slug)
        }
    }
}
