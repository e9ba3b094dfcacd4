//! Defines the fields of a domain in a request, and checks them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::app_links::{AppleAssociation, AssetLinks};
use super::settings::DomainSettings;
use crate::values::domains::Domains;
use crate::values::field_errors::Errors;
use crate::values::json::or_default;
use crate::values::slug_rules::{SlugCase, SlugCharacters, SlugRules};
use crate::values::target::TargetUrl;
use crate::values::workspace::WorkspaceId;

/// The settings of a domain that can be changed. Absent fields have their defaults.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct DomainFields {
    /// Where the bare domain leads; where the stack says if absent.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<TargetUrl>"))]
    pub root_url: Option<String>,
    /// Where a path leads that is not a link; where the stack says if absent.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<TargetUrl>"))]
    pub not_found_url: Option<String>,
    /// Where links lead that have ended and have no `expired_url` of their own.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<TargetUrl>"))]
    pub expired_url: Option<String>,
    /// The workspaces that may make links here; all if absent. Links that exist stay. Only for domains of the stack.
    #[cfg_attr(feature = "openapi", schemars(length(max = DomainSettings::MAX_WORKSPACES), inner(length(max = 63), regex(pattern = "^[a-z0-9][a-z0-9-]*$"))))]
    pub workspaces: Option<Vec<String>>,
    /// The rules of slugs on the domain.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<SlugFields>"))]
    pub slugs: SlugFields,
    /// What `/.well-known/apple-app-site-association` tells Apple's systems.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<AppleAssociation>"))]
    pub apple_app_site_association: Option<Value>,
    /// What `/.well-known/assetlinks.json` tells Android.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<AssetLinks>"))]
    pub assetlinks: Option<Value>,
}

/// The rules of slugs on a domain, as a request has them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct SlugFields {
    /// Whether capitals count: `sensitive` (the default) or `insensitive`.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<SlugCase>"))]
    pub case: SlugCase,
    /// Whether new slugs can have slashes between segments: `team/start`; `false` by default.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub slashes: bool,
    /// The characters that new slugs can have: `ascii` (the default) or `unicode`.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<SlugCharacters>"))]
    pub characters: SlugCharacters,
}

impl From<SlugRules> for SlugFields {
    fn from(rules: SlugRules) -> Self {
        let SlugRules { case, slashes, characters } = rules;
        Self { case, slashes, characters }
    }
}

impl From<SlugFields> for SlugRules {
    fn from(fields: SlugFields) -> Self {
        let SlugFields { case, slashes, characters } = fields;
        Self { case, slashes, characters }
    }
}

impl DomainFields {
    /// Returns the fields of stored settings.
    pub fn of(settings: &DomainSettings) -> Self {
        let url = |url: &Option<TargetUrl>| url.as_ref().map(|url| url.as_str().to_owned());
        let workspaces = settings.workspaces.as_ref();
        let json = |text: &str| serde_json::from_str(text).ok();
        Self {
            root_url: url(&settings.root_url),
            not_found_url: url(&settings.not_found_url),
            expired_url: url(&settings.expired_url),
            workspaces: workspaces.map(|all| all.iter().map(ToString::to_string).collect()),
            slugs: settings.slugs.into(),
            apple_app_site_association: settings.apple_app_site_association.as_ref().and_then(|it| json(it.as_str())),
            assetlinks: settings.assetlinks.as_ref().and_then(|it| json(it.as_str())),
        }
    }

    /// Makes the settings that follow on `seen`, with the same time and revision. Adds what is wrong to `errors`.
    pub fn check(&self, seen: &DomainSettings, domains: &Domains, errors: &mut Errors) -> DomainSettings {
        let mut url = |name: &str, text: &Option<String>| {
            text.as_ref().and_then(|text| errors.note(name, TargetUrl::parse_page(text, domains)))
        };
        let root_url = url("/root_url", &self.root_url);
        let not_found_url = url("/not_found_url", &self.not_found_url);
        let expired_url = url("/expired_url", &self.expired_url);
        let workspaces = self.workspaces.as_ref().map(|all| check_workspaces(all, errors));
        if workspaces.is_some() && domains.owner_of(&seen.domain).is_some() {
            errors.add("/workspaces", "is for domains of the stack: this one belongs to a workspace");
        }
        let apple = self.apple_app_site_association.as_ref();
        let apple = apple.and_then(|it| errors.note("/apple_app_site_association", AppleAssociation::check(it)));
        let assetlinks = self.assetlinks.as_ref();
        let assetlinks = assetlinks.and_then(|it| errors.note("/assetlinks", AssetLinks::check(it)));
        let apple_app_site_association = apple;
        DomainSettings {
            root_url,
            not_found_url,
            expired_url,
            workspaces,
            slugs: self.slugs.into(),
            has_had_slashes: seen.has_had_slashes || seen.slugs.slashes && !self.slugs.slashes,
            has_had_unicode: seen.has_had_unicode || allows_unicode(seen.slugs) && !allows_unicode(self.slugs.into()),
            apple_app_site_association,
            assetlinks,
            domain: seen.domain.clone(),
            updated_at: seen.updated_at,
            revision: seen.revision,
        }
    }
}

fn allows_unicode(rules: SlugRules) -> bool {
    rules.characters == SlugCharacters::Unicode
}

/// Checks a list of workspaces. Keeps one of those that are the same.
fn check_workspaces(all: &[String], errors: &mut Errors) -> Vec<WorkspaceId> {
    if all.len() > DomainSettings::MAX_WORKSPACES {
        errors.add("/workspaces", format!("must be at most {}", DomainSettings::MAX_WORKSPACES));
        return Vec::new();
    }
    let mut checked: Vec<WorkspaceId> = Vec::new();
    for (index, text) in all.iter().enumerate() {
        if let Some(workspace) = errors.note(&format!("/workspaces/{index}"), WorkspaceId::parse(text.as_str()))
            && !checked.contains(&workspace)
        {
            checked.push(workspace);
        }
    }
    checked
}
