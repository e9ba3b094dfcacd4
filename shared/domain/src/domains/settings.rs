//! Defines the settings of a domain, as they are stored.

use serde::{Deserialize, Serialize};

use super::app_links::{AppleAssociation, AssetLinks};
use crate::values::domains::Domain;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// Whether capitals in slugs count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum SlugCase {
    /// `/Docs` and `/docs` are two addresses.
    #[default]
    Sensitive,
    /// New links have slugs in small letters, and visitors find them however they write them.
    Insensitive,
}

/// The rules of slugs on a domain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct SlugRules {
    /// Whether capitals count.
    #[serde(default)]
    pub case: SlugCase,
}

impl SlugRules {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The settings of a domain. What is absent has its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainSettings {
    /// The domain.
    pub domain: Domain,
    /// Where the bare domain leads; where the stack says if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_url: Option<TargetUrl>,
    /// Where a path leads that is not a link; where the stack says if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_found_url: Option<TargetUrl>,
    /// Where links lead that have ended and have no such URL of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_url: Option<TargetUrl>,
    /// The workspaces that may make links here; all if absent. Only for domains of the stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspaces: Option<Vec<WorkspaceId>>,
    /// The rules of its slugs.
    #[serde(default, skip_serializing_if = "SlugRules::is_default")]
    pub slugs: SlugRules,
    /// What the domain tells Apple's systems about apps that open its links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apple_app_site_association: Option<AppleAssociation>,
    /// What the domain tells Android about apps that open its links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assetlinks: Option<AssetLinks>,
    /// When they were changed last; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// How often they were changed.
    #[serde(default)]
    pub revision: u64,
}

impl DomainSettings {
    /// The most workspaces of a list.
    pub const MAX_WORKSPACES: usize = 500;

    /// Returns the settings of a domain that nobody has changed.
    pub fn unchanged(domain: Domain) -> Self {
        Self {
            domain,
            root_url: None,
            not_found_url: None,
            expired_url: None,
            workspaces: None,
            slugs: SlugRules::default(),
            apple_app_site_association: None,
            assetlinks: None,
            updated_at: None,
            revision: 0,
        }
    }

    /// Returns the part of an entity tag that identifies the last change.
    pub fn version_tag(&self) -> String {
        format!("{:x}-{:x}", self.updated_at.map_or(0, Timestamp::as_millis), self.revision)
    }
}
