//! `/v1/domains`.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use waypost_domain::domains::app_links::{AppleAssociation, AssetLinks};
use waypost_domain::domains::find::SeenDomain;
use waypost_domain::domains::settings::DomainSettings;
use waypost_domain::values::slug_rules::SlugRules;
use waypost_domain::{Domain, TargetUrl, Timestamp};

/// A domain, as the caller's workspace sees it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DomainSettings")]
pub struct DomainView {
    /// The host that serves links.
    domain: Domain,
    /// Whether links that name no domain are on it.
    is_default: bool,
    /// Whether it belongs to the caller's workspace; otherwise it belongs to the stack.
    is_own: bool,
    /// Whether the caller's workspace can make links there.
    is_open: bool,
    /// Whether admins of the caller's workspace can change its settings.
    is_managed: bool,
    /// Where the bare domain leads; where the stack says if null.
    root_url: Option<TargetUrl>,
    /// Where a path leads that is not a link; where the stack says if null.
    not_found_url: Option<TargetUrl>,
    /// Where links lead that have ended and have no `expired_url` of their own; visitors get "gone" if null.
    expired_url: Option<TargetUrl>,
    /// The workspaces that may make links there; all if null. Absent unless `is_managed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<String>>")]
    workspaces: Option<Option<Vec<String>>>,
    /// The rules of slugs there.
    slugs: SlugRules,
    /// What `/.well-known/apple-app-site-association` tells Apple's systems; 404 if null.
    #[schemars(with = "Option<AppleAssociation>")]
    apple_app_site_association: Option<Value>,
    /// What `/.well-known/assetlinks.json` tells Android; 404 if null.
    #[schemars(with = "Option<AssetLinks>")]
    assetlinks: Option<Value>,
    /// When the settings were changed last; never if null.
    updated_at: Option<Timestamp>,
}

impl From<SeenDomain> for DomainView {
    fn from(seen: SeenDomain) -> Self {
        let SeenDomain { settings, is_default, is_own, is_open, is_managed } = seen;
        let DomainSettings { domain, root_url, not_found_url, expired_url, updated_at, .. } = settings;
        let names = settings.workspaces.map(|all| all.iter().map(ToString::to_string).collect());
        // The check of a document has made sure that it is JSON.
        let json = |text: &str| serde_json::from_str(text).ok();
        Self {
            domain,
            is_default,
            is_own,
            is_open,
            is_managed,
            root_url,
            not_found_url,
            expired_url,
            workspaces: is_managed.then_some(names),
            slugs: settings.slugs,
            apple_app_site_association: settings.apple_app_site_association.and_then(|it| json(it.as_str())),
            assetlinks: settings.assetlinks.and_then(|it| json(it.as_str())),
            updated_at,
        }
    }
}
