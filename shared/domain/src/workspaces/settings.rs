//! Defines the settings of a workspace as they are stored, and as an admin sends them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::defaults::{LinkDefaults, NewLinkDefaults, UtmTemplate};
#[cfg(feature = "openapi")]
use super::defaults::{MAX_DOMAINS, MAX_TEMPLATES};
use crate::values::json::or_default;
use crate::values::timestamp::Timestamp;

/// The settings of a workspace. One that has never set any has the default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceSettings {
    /// What new links have.
    #[serde(flatten)]
    pub new_links: NewLinkDefaults,
    /// Whether links without a title get that of their target.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub titles: bool,
    /// What happens to a link whose target is found broken.
    #[serde(default, skip_serializing_if = "OnBroken::is_nothing")]
    pub on_broken: OnBroken,
    /// Counts the changes. A write succeeds only if the stored revision is the one before.
    #[serde(default)]
    pub revision: u64,
    /// When they were last changed; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Who last changed them, as in [`crate::links::link::Link::changed_by`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<String>,
}

/// What happens to a link whose target is found broken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum OnBroken {
    /// The link is only listed as broken.
    #[default]
    Nothing,
    /// The link is archived, once. It stays archived until its owner brings it back.
    Archive,
    /// Visitors are led to the link's `expired_url`, if it has one, until its target works again.
    ExpiredUrl,
}

impl OnBroken {
    fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }
}

impl WorkspaceSettings {
    /// Returns a strong entity tag (RFC 9110, section 8.8.3), which differs after each change.
    pub fn etag(&self) -> String {
        format!("\"{}\"", self.version())
    }

    /// Returns the text in the entity tag.
    pub(crate) fn version(&self) -> String {
        format!("{:x}", self.revision)
    }
}

/// The settings of a workspace that an admin can change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct SettingsFields {
    /// What new links have where a request, or a row of an import, says nothing.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<LinkDefaults>"))]
    pub defaults: LinkDefaults,
    /// Defaults of single domains, which win over `defaults`: an object whose names are domains of the workspace.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<BTreeMap<String, LinkDefaults>>", extend(
        "maxProperties" = MAX_DOMAINS,
        "propertyNames" = serde_json::json!({ "type": "string", "format": "hostname" }),
    )))]
    pub domains: BTreeMap<String, LinkDefaults>,
    /// UTM parameters that requests and defaults can name.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<UtmTemplate>>", length(max = MAX_TEMPLATES)))]
    pub utm_templates: Vec<UtmTemplate>,
    /// Whether a link that is created or gets another `url`, and has no title, gets the title of its target some seconds later; false if
    /// absent.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub titles: bool,
    /// What happens to a link whose target is found broken; `nothing` if absent.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<OnBroken>"))]
    pub on_broken: OnBroken,
}

impl SettingsFields {
    /// Returns the fields of `settings`.
    pub fn of(settings: &WorkspaceSettings) -> Self {
        let NewLinkDefaults { defaults, domains, utm_templates } = settings.new_links.clone();
        let (titles, on_broken) = (settings.titles, settings.on_broken);
        Self { defaults, domains, utm_templates, titles, on_broken }
    }

    /// Puts the fields into `settings`.
    pub(crate) fn into_settings(self, settings: WorkspaceSettings) -> WorkspaceSettings {
        let Self { defaults, domains, utm_templates, titles, on_broken } = self;
        let new_links = NewLinkDefaults { defaults, domains, utm_templates };
        WorkspaceSettings { new_links, titles, on_broken, ..settings }
    }
}
