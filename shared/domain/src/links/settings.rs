//! What makes a link more than a plain redirect. All of it is optional, and absent attributes mean the default, so that
//! links which were written before an attribute existed stay what they were.

use serde::{Deserialize, Serialize};

use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;

/// The settings of a link beyond its target.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LinkSettings {
    /// Before this it is not found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// From this on it is gone, or leads to `expired_url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Where it leads once it has expired or is used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_url: Option<TargetUrl>,
    /// How many clicks it serves; unlimited if absent. At least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_clicks: Option<u64>,
    /// How many clicks of `max_clicks` it has served. Only the redirect writes it, with an atomic conditional addition; a
    /// change of the link leaves it alone.
    #[serde(default, skip_serializing_if = "is_default")]
    pub used_clicks: u64,
    /// The hash of the password that a visitor must give: argon2id in PHC string format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// The status of the redirect.
    #[serde(default, skip_serializing_if = "is_default")]
    pub redirect_status: RedirectStatus,
    /// Whether query parameters of the visit are merged into the target. They never change its scheme, host or path.
    #[serde(default, skip_serializing_if = "is_default")]
    pub forward_query: bool,
    /// Other targets for some visits; the first that matches wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Weighted targets for visits that no rule matches; a visitor keeps the same one for a day. Instead of the link's
    /// own target, where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
    /// Whether it is put away: not found for visitors, kept for its owner.
    #[serde(default, skip_serializing_if = "is_default")]
    pub archived: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl LinkSettings {
    /// The greatest number of rules, and of variants.
    pub const MAX_CHOICES: usize = 20;
    /// The greatest number of values in one condition.
    pub const MAX_VALUES: usize = 50;

    /// Whether each visit must be decided by the table: nothing about such a link may come from a cache.
    pub fn is_decided_by_the_table(&self) -> bool {
        self.max_clicks.is_some() || self.password_hash.is_some()
    }
}

/// The status of a redirect (RFC 9110, section 15.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub enum RedirectStatus {
    /// 301: for good; caches may keep it, and clicks on what they keep are not counted.
    MovedPermanently,
    /// 302: for now; every click is counted.
    #[default]
    Found,
    /// 307: for now, with the same method.
    TemporaryRedirect,
    /// 308: for good, with the same method.
    PermanentRedirect,
}

/// A number that is no [`RedirectStatus`].
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

/// Another target for visits that meet all conditions of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Rule {
    /// The conditions.
    #[serde(rename = "if")]
    pub conditions: Conditions,
    /// Where such a visit is led.
    pub url: TargetUrl,
}

/// Conditions on a visit. One that is empty or absent is met by every visit; a rule has at least one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Conditions {
    /// One of these devices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub device: Vec<Device>,
    /// One of these operating systems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub os: Vec<Os>,
    /// One of these countries: ISO 3166-1 alpha-2 codes in upper case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub country: Vec<String>,
    /// The visitor's first language is one of these: ISO 639 codes in lower case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub language: Vec<String>,
    /// All of these query parameters are there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<QueryCondition>,
    /// Not before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Timestamp>,
    /// Before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Timestamp>,
}

/// A query parameter that must be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct QueryCondition {
    /// Its name.
    pub name: String,
    /// Its value; any if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What a visitor holds, by a look at the user agent that is cheap enough for a redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum Device {
    /// A telephone.
    Mobile,
    /// A tablet.
    Tablet,
    /// Anything else.
    Desktop,
}

/// The visitor's operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum Os {
    /// iOS and iPadOS.
    Ios,
    /// Android.
    Android,
    /// Windows.
    Windows,
    /// macOS.
    Macos,
    /// Linux and ChromeOS.
    Linux,
}

/// One of several weighted targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Variant {
    /// What statistics call it: unique in the link, 1 to 32 of `A-Za-z0-9-_`.
    pub name: String,
    /// Where it leads.
    pub url: TargetUrl,
    /// How often it is chosen, relative to the others: 1 to 1000.
    pub weight: u16,
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(RedirectStatus, "RedirectStatus", {
    "type": "integer",
    "enum": [301, 302, 307, 308],
    "description": "What browsers keep of 301 and 308 is not counted.",
});

/// The greatest number of clicks a link can be limited to.
pub(crate) const MAX_CLICKS: u64 = 1_000_000_000_000;

/// The greatest weight of a variant.
pub(crate) const MAX_WEIGHT: u16 = 1000;

/// The greatest length of a variant's name.
pub(crate) const MAX_VARIANT_NAME: usize = 32;

/// The greatest length of a condition's parameter, and of its value, in characters.
pub(crate) const MAX_QUERY_CHARS: usize = 200;
