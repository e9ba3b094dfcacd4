//! Defines the settings of a domain, as they are stored.

use serde::{Deserialize, Serialize};

use super::app_links::{AppleAssociation, AssetLinks};
use crate::values::domains::Domain;
use crate::values::slug_rules::{SlugCharacters, SlugRules};
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
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
    /// Whether slugs could ever have slashes: links that have some stay when they no longer can.
    #[serde(default, skip_serializing_if = "is_false")]
    pub has_had_slashes: bool,
    /// Whether slugs could ever have characters beyond ASCII.
    #[serde(default, skip_serializing_if = "is_false")]
    pub has_had_unicode: bool,
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
            has_had_slashes: false,
            has_had_unicode: false,
            apple_app_site_association: None,
            assetlinks: None,
            updated_at: None,
            revision: 0,
        }
    }

    /// Tells whether links here can have slashes in their slugs, also from before the present rules.
    pub fn may_have_slashes(&self) -> bool {
        self.slugs.slashes || self.has_had_slashes
    }

    /// Tells whether links here can have characters beyond ASCII in their slugs, also from before the present rules.
    pub fn may_have_unicode(&self) -> bool {
        self.slugs.characters == SlugCharacters::Unicode || self.has_had_unicode
    }

    /// Returns the part of an entity tag that identifies the last change.
    pub fn version_tag(&self) -> String {
        format!("{:x}-{:x}", self.updated_at.map_or(0, Timestamp::as_millis), self.revision)
    }
}
