//! A short link.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::settings::LinkSettings;
use crate::values::domains::Domain;
use crate::values::slug::Slug;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// What identifies a link.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LinkId {
    /// The host that serves it.
    pub domain: Domain,
    /// Its path.
    pub slug: Slug,
}

/// A short link as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What identifies it.
    #[serde(flatten)]
    pub id: LinkId,
    /// Who owns it.
    pub workspace: WorkspaceId,
    /// Where it leads.
    pub url: TargetUrl,
    /// What its owner calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its owner last changed it; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Counts its owner's changes. A change is made on the condition that the one before it is the last.
    #[serde(default)]
    pub revision: u64,
    /// What makes it more than a plain redirect.
    #[serde(flatten)]
    pub settings: LinkSettings,
    /// How many clicks the service that it was imported from had counted. They are not among ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_clicks: Option<u64>,
    /// What created it, where that may be tried again: the row of an import, `{import id}#{row number}`, or a request with
    /// an idempotency key (see [`crate::access::idempotency::Attempt`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

impl Link {
    /// Over how many partitions of the index a workspace's links are spread: each takes 1,000 writes a second, and a
    /// throttled index throttles its table.
    pub const LIST_SHARDS: u8 = 8;
    /// The greatest length of a title, in characters.
    pub const MAX_TITLE_CHARS: usize = 200;
    /// The greatest number of tags.
    pub const MAX_TAGS: usize = 20;
    /// The greatest length of a tag, in characters.
    pub const MAX_TAG_CHARS: usize = 50;

    /// Whether this is `seen` without a change by its owner in between. A link that was deleted and created again is another
    /// one; clicks do not matter.
    pub fn is_unchanged_since(&self, seen: &Self) -> bool {
        self.version() == seen.version() && self.workspace == seen.workspace
    }

    fn version(&self) -> (Timestamp, u64) {
        (self.created_at, self.revision)
    }

    /// What names the owner's last change in an entity tag.
    pub(crate) fn version_tag(&self) -> String {
        format!("{:x}-{:x}", self.created_at.as_millis(), self.revision)
    }

    /// A strong entity tag (RFC 9110, section 8.8.3): another one whenever the link looks different. It is made of the
    /// owner's last change and, behind a dot, of the clicks that count against `max_clicks`.
    pub fn etag(&self) -> String {
        match self.settings.used_clicks {
            0 => format!("\"{}\"", self.version_tag()),
            used => format!("\"{}.{used:x}\"", self.version_tag()),
        }
    }

    /// The entity tag of the link with what its clicks add up to; `None` if that is not known. The same as
    /// [`Link::etag`] while there are none.
    pub fn etag_with_clicks(&self, clicks: Option<u64>) -> String {
        let clicks = match clicks {
            Some(0) => return self.etag(),
            Some(clicks) => format!("{clicks:x}"),
            None => "-".to_owned(),
        };
        format!("\"{}.{:x}.{clicks}\"", self.version_tag(), self.settings.used_clicks)
    }

    /// The link's place in its workspace's list, which is in the order of creation.
    pub fn list_key(&self) -> String {
        format!("{}#{}#{}", self.created_at, self.id.slug, self.id.domain)
    }

    /// The partition of the index that it is listed in, less than [`Link::LIST_SHARDS`].
    pub fn list_shard(&self) -> u8 {
        Sha256::digest(self.id.slug.as_str().as_bytes())[0] % Self::LIST_SHARDS
    }
}

/// Checks a title: not blank, bounded, no control characters. Gives it without surrounding white space.
pub fn check_title(title: &str) -> Result<String, String> {
    check_text(title, Link::MAX_TITLE_CHARS)
}

/// Checks tags: each like a title, none twice. Gives them in the order they came.
pub fn check_tags<'a>(tags: impl IntoIterator<Item = &'a str>) -> Result<Vec<String>, (usize, String)> {
    let mut checked: Vec<String> = Vec::new();
    for (index, tag) in tags.into_iter().enumerate() {
        let tag = check_text(tag, Link::MAX_TAG_CHARS).map_err(|detail| (index, detail))?;
        if checked.contains(&tag) {
            continue;
        }
        if checked.len() == Link::MAX_TAGS {
            return Err((index, format!("there are more than {} tags", Link::MAX_TAGS)));
        }
        checked.push(tag);
    }
    Ok(checked)
}

fn check_text(text: &str, max_chars: usize) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > max_chars {
        return Err(format!("must have 1 to {max_chars} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("must not have control characters".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_bounded_and_unique() {
        assert_eq!(check_tags(["a", " b ", "a"]), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(check_tags(["a", ""]).unwrap_err().0, 1);
        let many: Vec<String> = (0..=Link::MAX_TAGS).map(|n| n.to_string()).collect();
        assert_eq!(check_tags(many.iter().map(String::as_str)).unwrap_err().0, Link::MAX_TAGS);
    }

    #[test]
    fn titles_have_no_control_characters() {
        assert!(check_title("a\u{7}b").is_err());
        assert!(check_title(&"ä".repeat(200)).is_ok());
        assert!(check_title(&"ä".repeat(201)).is_err());
    }
}
