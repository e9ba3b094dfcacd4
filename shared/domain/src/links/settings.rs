//! Defines the optional settings of a link. An absent attribute means the default, so that links written before the attribute
//! existed behave as before.

use serde::{Deserialize, Serialize};

use super::preview::LinkPreview;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;
use crate::visitors::device::Device;
use crate::visitors::system::Os;

/// The settings of a link beyond its target.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LinkSettings {
    /// Before this time, visitors get "not found".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// From this time on, the link has expired: visitors get "gone", or go to `expired_url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The URL it leads to once it has expired or its clicks are used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_url: Option<TargetUrl>,
    /// The number of clicks it serves, at least 1; unlimited if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_clicks: Option<u64>,
    /// The number of clicks of `max_clicks` that it has served. Only the redirect writes it, with an atomic conditional addition;
    /// changes to the link keep it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub used_clicks: u64,
    /// The hash of the password that a visitor must enter: argon2id in PHC string format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// The HTTP status of the redirect.
    #[serde(default, skip_serializing_if = "is_default")]
    pub redirect_status: RedirectStatus,
    /// Whether to merge query parameters of the visit into the target. They never change its scheme, host or path.
    #[serde(default, skip_serializing_if = "is_default")]
    pub forward_query: bool,
    /// Which value counts if `forward_query` finds a parameter in the visit and in the target.
    #[serde(default, skip_serializing_if = "is_default")]
    pub query_conflict: QueryConflict,
    /// Whether what follows the slug in the visit's path goes to the target's path. It never leaves the target's path.
    #[serde(default, skip_serializing_if = "is_default")]
    pub forward_path: bool,
    /// Whether people get a page about a file before the file.
    #[serde(default, skip_serializing_if = "is_default")]
    pub landing: bool,
    /// Other targets for some visits. The first rule that matches wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Weighted targets for visits that match no rule, instead of the link's own target. A visitor keeps the same one for a day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
    /// What previews of the link show, instead of those of its target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<LinkPreview>,
    /// Whether it is archived: visitors get "not found", but its owner keeps it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub archived: bool,
    /// Whether the title is that of the target's page, which no owner has chosen.
    #[serde(default, skip_serializing_if = "is_default")]
    pub title_is_read: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl LinkSettings {
    /// The greatest number of rules, and also of variants.
    pub const MAX_CHOICES: usize = 20;
    /// The greatest number of values in one condition.
    pub const MAX_VALUES: usize = 50;

    /// Tells whether each visit must read the link from the table, not from a cache.
    pub fn bypasses_cache(&self) -> bool {
        self.max_clicks.is_some() || self.password_hash.is_some()
    }
}

/// Which value counts if the visit and the target have a query parameter of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum QueryConflict {
    /// The target's.
    #[default]
    TargetWins,
    /// The visit's.
    VisitorWins,
}

/// The status of a redirect (RFC 9110, section 15.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub enum RedirectStatus {
    /// 301: permanent. Caches may keep it; Waypost does not count the clicks that they answer.
    MovedPermanently,
    /// 302: temporary. Waypost counts every click.
    #[default]
    Found,
    /// 307: temporary, with the same method.
    TemporaryRedirect,
    /// 308: permanent, with the same method.
    PermanentRedirect,
}

/// The error of a number that is not a [`RedirectStatus`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 301, 302, 307 or 308")]
pub struct RedirectStatusError;

impl TryFrom<u16> for RedirectStatus {
    type Error = RedirectStatusError;

    fn try_from(code: u16) -> Result<Self, RedirectStatusError> {
        match code {
            301 => Ok(Self::MovedPermanently),
            302 => Ok(Self::Found),
            307 => Ok(Self::TemporaryRedirect),
            308 => Ok(Self::PermanentRedirect),
            _ => Err(RedirectStatusError),
        }
    }
}

impl From<RedirectStatus> for u16 {
    fn from(status: RedirectStatus) -> Self {
        match status {
            RedirectStatus::MovedPermanently => 301,
            RedirectStatus::Found => 302,
            RedirectStatus::TemporaryRedirect => 307,
            RedirectStatus::PermanentRedirect => 308,
        }
    }
}

/// Another target for visits that meet all of its conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Rule {
    /// The conditions.
    #[serde(rename = "if")]
    pub conditions: Conditions,
    /// The URL that such a visit leads to.
    pub url: TargetUrl,
}

/// Conditions on a visit. Every visit meets a condition that is empty or absent; a rule has at least one condition.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Conditions {
    /// The visitor's device is one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub device: Vec<Device>,
    /// The visitor's operating system is one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub os: Vec<Os>,
    /// The visitor's country is one of these: ISO 3166-1 alpha-2 codes in upper case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub country: Vec<String>,
    /// The language that the visitor prefers matches one of these language ranges (BCP 47), such as `de` or `de-CH`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub language: Vec<String>,
    /// The visit has all of these query parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<QueryCondition>,
    /// The visit is at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Timestamp>,
    /// The visit is before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Timestamp>,
}

/// A query parameter that a visit must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct QueryCondition {
    /// The parameter's name.
    pub name: String,
    /// The parameter's value; any if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// One of several weighted targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Variant {
    /// The name in statistics: unique in the link, 1 to 32 of `A-Za-z0-9-_`.
    pub name: String,
    /// The URL it leads to.
    pub url: TargetUrl,
    /// How often it is chosen, relative to the others: 1 to 1000.
    pub weight: u16,
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(RedirectStatus, "RedirectStatus", {
    "type": "integer",
    "enum": [301, 302, 307, 308],
    "description": "Browsers may cache 301 and 308; clicks that they answer from their cache are not counted.",
});

/// The greatest limit of clicks.
pub(crate) const MAX_CLICKS: u64 = 1_000_000_000_000;

/// The greatest weight of a variant.
pub(crate) const MAX_WEIGHT: u16 = 1000;

/// The greatest length of a variant's name.
pub(crate) const MAX_VARIANT_NAME: usize = 32;

/// The greatest length of a condition's parameter, and of its value, in characters.
pub(crate) const MAX_QUERY_CHARS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_is_one_of_four() {
        for code in 295_u16..315 {
            let status = RedirectStatus::try_from(code);
            assert_eq!(status.map(u16::from).ok(), [301, 302, 307, 308].contains(&code).then_some(code), "{code}");
        }
    }

    #[test]
    fn limited_and_locked_links_bypass_the_cache() {
        let plain = LinkSettings::default();
        assert!(!plain.bypasses_cache());
        assert!(LinkSettings { max_clicks: Some(1), ..plain.clone() }.bypasses_cache());
        assert!(LinkSettings { password_hash: Some("$argon2id$".to_owned()), ..plain }.bypasses_cache());
    }

    #[test]
    fn default_settings_take_no_room_and_others_are_kept() {
        assert_eq!(serde_json::to_string(&LinkSettings::default()).unwrap(), "{}");
        let settings = LinkSettings { used_clicks: 1, forward_query: true, archived: true, ..LinkSettings::default() };
        let json = r#"{"used_clicks":1,"forward_query":true,"archived":true}"#;
        assert_eq!(serde_json::to_string(&settings).unwrap(), json);
        assert_eq!(serde_json::from_str::<LinkSettings>(json).unwrap(), settings);
    }
}
