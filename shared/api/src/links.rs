//! `/v1/links`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use waypost_domain::analytics::stats::answer::AllTime;
use waypost_domain::links::preview::LinkPreview;
use waypost_domain::links::settings::QueryConflict;
use waypost_domain::links::target_check::{CheckStatus, FailureReason, TargetCheck};
use waypost_domain::{
    Domain, Domains, Link, LinkAddress, LinkId, RedirectStatus, Rule, Slug, TargetUrl, Timestamp, Variant,
};

/// The domain of the link whose slug is in the path.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct DomainQuery {
    /// A domain of the stack; the default one if absent.
    #[schemars(with = "Option<Domain>")]
    pub domain: Option<String>,
}

/// What to read of the link whose slug is in the path.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct ReadLinkQuery {
    /// A domain of the stack; the default one if absent.
    #[schemars(with = "Option<Domain>")]
    pub domain: Option<String>,
    /// What to add to the link.
    pub include: Option<Include>,
}

/// What a link can be read with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Include {
    /// Its clicks since it exists.
    Clicks,
}

/// A link.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Link")]
pub struct LinkView {
    /// The link's id, which it keeps when it moves to another address.
    id: LinkId,
    /// The host that serves the link.
    domain: Domain,
    /// The link's path.
    slug: Slug,
    /// Former addresses that lead to the link too.
    aliases: Vec<LinkAddress>,
    /// The URL that visitors open, percent-encoded.
    #[schemars(url)]
    short_url: String,
    /// The URL that the link leads to.
    url: TargetUrl,
    /// The title that its owner chose.
    title: Option<String>,
    /// Words to find the link by.
    tags: Vec<String>,
    /// The link is not found before this time.
    starts_at: Option<Timestamp>,
    /// From this time on the link is gone, or leads to `expired_url`.
    expires_at: Option<Timestamp>,
    /// The URL that the link leads to after it has expired or is used up.
    expired_url: Option<TargetUrl>,
    /// How many clicks the link serves; unlimited if null.
    max_clicks: Option<u64>,
    /// How many clicks of `max_clicks` the link has served.
    used_clicks: u64,
    /// Whether visitors must give a password.
    has_password: bool,
    /// The status of the redirect.
    redirect_status: RedirectStatus,
    /// Whether query parameters of a visit are merged into the target.
    forward_query: bool,
    /// Which value counts if the visit and the target have a parameter of the same name.
    query_conflict: QueryConflict,
    /// Whether what follows the slug in a visit's path goes to the target's path.
    forward_path: bool,
    /// Whether people get a page about a file before the file.
    landing: bool,
    /// Other targets for some visits. The first rule that matches wins.
    rules: Vec<Rule>,
    /// Weighted targets for visits that no rule matches.
    variants: Vec<Variant>,
    /// What previews of the link in chats and posts show, instead of what its target says.
    preview: Option<LinkPreview>,
    /// Whether the link is archived: visitors do not find it, its owner keeps it.
    archived: bool,
    /// What checks have found about `url`; null if none has failed, and if the operator checks no targets. Read-only.
    target_check: Option<TargetCheckView>,
    /// Clicks that another service counted before the import. They are not part of the statistics.
    imported_clicks: Option<u64>,
    /// When the link was created.
    created_at: Timestamp,
    /// When the owner last changed the link; null before the first change.
    updated_at: Option<Timestamp>,
    /// Who created the link: the id of a key (`key_…`), a hash that stands for the subject of a token (`sub_…`), or the id of an import
    /// (`imp_…`). Null if the link is older than this field.
    created_by: Option<String>,
    /// Who last changed the link, in the same form; null before the first change, and if that is older than this field.
    changed_by: Option<String>,
    /// The link's clicks, if they are asked for.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    clicked: Option<ClickedView>,
    /// Clicks of people between `clicks_from` and `clicks_to`, counted within a few seconds. Present only in lists that ask for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    clicks_in_range: Option<u64>,
}

/// The clicks of a link since it exists. Present only with `include=clicks`; null while the statistics are unavailable.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct ClickedView {
    /// Clicks of people, counted within a few seconds. Present only with `include=clicks`; null while the statistics are
    /// unavailable.
    clicks: Option<u64>,
    /// The time of the last of them. Present only with `include=clicks`; null before the first click, and while the statistics
    /// are unavailable.
    last_click_at: Option<Timestamp>,
}

/// What checks have found about the target of a link.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "TargetCheck")]
struct TargetCheckView {
    /// `ok`: the last check found that the target works; `failing`: the last one or two failed; `broken`: the last three
    /// failed, or the target is unsafe.
    status: CheckStatus,
    /// When the check was made that found this. A check that finds nothing new leaves it.
    checked_at: Timestamp,
    /// Since when the target has failed; null if it is not broken.
    broken_since: Option<Timestamp>,
    /// Why the last check failed; null if it did not.
    reason: Option<FailureReason>,
    /// The pointer to the field whose target this is about: `/url`, or as `/rules/0/url`.
    target: String,
}

impl TargetCheckView {
    fn of(check: &TargetCheck) -> Self {
        Self {
            status: check.status,
            checked_at: check.checked_at,
            broken_since: check.broken_since(),
            reason: check.reason,
            target: check.pointer().to_owned(),
        }
    }
}

/// A page of links.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "LinkPage")]
pub struct LinkListView {
    /// The links.
    pub items: Vec<LinkView>,
    /// The cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
    /// How many links the query selects on all pages. Present only with `include=total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<usize>,
}

impl LinkView {
    /// Makes the view of `link`.
    pub fn of(link: Link, short_urls: &ShortUrls) -> Self {
        let id = link.id();
        let settings = link.settings;
        Self {
            id,
            aliases: link.aliases,
            short_url: short_urls.of(&link.address),
            domain: link.address.domain,
            slug: link.address.slug,
            url: link.url,
            title: link.title,
            tags: link.tags,
            starts_at: settings.starts_at,
            expires_at: settings.expires_at,
            expired_url: settings.expired_url,
            max_clicks: settings.max_clicks,
            used_clicks: settings.used_clicks,
            has_password: settings.password_hash.is_some(),
            redirect_status: settings.redirect_status,
            forward_query: settings.forward_query,
            query_conflict: settings.query_conflict,
            forward_path: settings.forward_path,
            landing: settings.landing,
            rules: settings.rules,
            variants: settings.variants,
            preview: settings.preview,
            archived: settings.archived,
            target_check: link.target_check.as_ref().map(TargetCheckView::of),
            imported_clicks: link.imported_clicks,
            created_at: link.created_at,
            updated_at: link.updated_at,
            created_by: link.created_by,
            changed_by: link.changed_by,
            clicked: None,
            clicks_in_range: None,
        }
    }

    /// Adds the clicks that a list knows.
    pub fn with_listed_clicks(self, clicks: u64, last_click_at: Option<Timestamp>) -> Self {
        Self { clicked: Some(ClickedView { clicks: Some(clicks), last_click_at }), ..self }
    }

    /// Adds the clicks of a range.
    pub fn with_clicks_in_range(self, clicks: u64) -> Self {
        Self { clicks_in_range: Some(clicks), ..self }
    }

    /// Adds the link's clicks, if they are known.
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
    /// Makes short URLs on `domains`. `origin` (`scheme://host[:port]`) replaces the default domain's, for a stack that is reached
    /// elsewhere.
    pub fn new(domains: &Domains, origin: Option<String>) -> Self {
        let default_domain = domains.default_domain().clone();
        let default_origin = origin.unwrap_or_else(|| format!("https://{default_domain}"));
        Self { default_domain, default_origin: default_origin.trim_end_matches('/').to_owned() }
    }

    /// Makes the URL of a link.
    pub fn of(&self, address: &LinkAddress) -> String {
        if address.domain == self.default_domain {
            format!("{}/{}", self.default_origin, address.slug.encoded())
        } else {
            format!("https://{}/{}", address.domain, address.slug.encoded())
        }
    }
}
