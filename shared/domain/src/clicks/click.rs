//! Defines the click event: one redirect that was served, as the stream holds it. It has no address and no full referrer.

use serde::{Deserialize, Serialize};

use crate::links::id::LinkId;
use crate::values::domains::Domain;
use crate::values::slug::Slug;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// How the visitor came to the short link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Through the link itself.
    #[default]
    Link,
    /// Through its QR code.
    Qr,
}

/// The UTM parameters of the short link's own query, each cut to [`Click::MAX_FIELD_BYTES`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Utm {
    /// `utm_source`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `utm_medium`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// `utm_campaign`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// `utm_term`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<String>,
    /// `utm_content`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

impl Utm {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Version 1 of the click event. A Kinesis record holds it as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Click {
    /// Always [`Click::VERSION`].
    pub version: u8,
    /// A UUID of version 7.
    pub id: String,
    /// When the redirect was served.
    pub time: Timestamp,
    /// The link's id. Absent in clicks from before links had ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_id: Option<LinkId>,
    /// The link's domain.
    pub domain: Domain,
    /// The link's slug.
    pub slug: Slug,
    /// The link's owner.
    pub workspace: WorkspaceId,
    /// The visitor's country as an ISO 3166-1 alpha-2 code; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// A salted daily hash of address and user agent; absent if the visitor asked not to be tracked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visitor: Option<String>,
    /// The user agent, cut to [`Click::MAX_USER_AGENT_BYTES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The [`Platform`](crate::visitors::system::Platform) that the client hint `Sec-CH-UA-Platform` names; absent if the
    /// visitor's browser sends none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// What the client hint `Sec-CH-UA-Mobile` says: whether the visitor prefers pages for phones; absent like `platform`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<bool>,
    /// The referrer's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// The visitor's first language as an ISO 639 code, such as `de`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The UTM parameters.
    #[serde(default, skip_serializing_if = "Utm::is_empty")]
    pub utm: Utm,
    /// How the visitor came to the short link.
    #[serde(default)]
    pub trigger: Trigger,
    /// Which of the link's rules chose the target, counted from 0; absent if none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<u8>,
    /// The name of the variant that was chosen; absent if none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl Click {
    /// The version of the event that this type describes.
    pub const VERSION: u8 = 1;
    /// The greatest length of `user_agent`, in bytes.
    pub const MAX_USER_AGENT_BYTES: usize = 512;
    /// The greatest length of a UTM field or the referrer's host, in bytes.
    pub const MAX_FIELD_BYTES: usize = 128;
}

/// Cuts `text` to at most `max` bytes, at the border of a character.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

#[cfg(test)]
mod tests {
    use crate::testing::analytics::click;

    #[test]
    fn click_without_utm_parameters_has_no_field_for_them() {
        let mut click = click("a", "2026-01-02T03:04:05Z");
        assert_eq!(serde_json::to_value(&click).unwrap().get("utm"), None);
        click.utm.term = Some("x".to_owned());
        assert_eq!(serde_json::to_value(&click).unwrap()["utm"], serde_json::json!({"term": "x"}));
    }
}
