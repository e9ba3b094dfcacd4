//! Defines a short link as it is stored.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::address::LinkAddress;
use super::id::LinkId;
use super::settings::LinkSettings;
use super::target_check::TargetCheck;
use crate::files::target::file_of;
use crate::values::domains::Domain;
use crate::values::hex::hex;
use crate::values::target::TargetUrl;
use crate::values::text::check_text;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// A short link as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The domain and slug.
    #[serde(flatten)]
    pub address: LinkAddress,
    /// The stored id. Absent in links from before the ids until their owner changes them; [`Link::id`] always gives one.
    #[serde(rename = "id", default, skip_serializing_if = "Option::is_none")]
    pub stored_id: Option<LinkId>,
    /// For a link from before the ids that has got one: the address that its clicks were counted by until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_at: Option<LinkAddress>,
    /// Former addresses that lead to the link too, each once. The link's own address is not one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<LinkAddress>,
    /// The workspace that owns it.
    pub workspace: WorkspaceId,
    /// The URL it leads to.
    pub url: TargetUrl,
    /// The title that its owner chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Words to filter links by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its owner last changed it; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Who created it: the id of a key, `sub_` and digits of a hash for the subject of a token, or the id of an import. Absent in links
    /// that are older than this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// Who last changed it, as in `created_by`; nobody, or somebody before this field, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<String>,
    /// Counts the owner's changes. A write succeeds only if the stored revision is the one that was read.
    #[serde(default)]
    pub revision: u64,
    /// Everything beyond a plain redirect.
    #[serde(flatten)]
    pub settings: LinkSettings,
    /// What checks have found about its target; nothing if absent. It belongs to [`Link::url`], and goes when that changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_check: Option<TargetCheck>,
    /// The clicks that the shortener it was imported from had counted. Waypost's statistics do not include them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_clicks: Option<u64>,
    /// What created it, if that may be retried: the row of an import, `{import id}#{row number}`, or a request with an
    /// idempotency key (see [`crate::access::idempotency::RequestFingerprint`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

impl Link {
    /// The number of index partitions that share a workspace's links. Each takes 1,000 writes a second, and a throttled index
    /// throttles its table.
    pub const LIST_SHARDS: u8 = 8;
    /// The greatest length of a title, in characters.
    pub const MAX_TITLE_CHARS: usize = 200;
    /// The greatest number of tags.
    pub const MAX_TAGS: usize = 20;
    /// The greatest length of a tag, in characters.
    pub const MAX_TAG_CHARS: usize = 50;
    /// The greatest number of aliases. A move writes the link and all of its aliases in one transaction.
    pub const MAX_ALIASES: usize = 20;

    /// Returns the link's id, which it keeps for ever.
    pub fn id(&self) -> LinkId {
        self.stored_id.clone().unwrap_or_else(|| LinkId::of_address(&self.workspace, &self.address))
    }

    /// Returns the address that the link's clicks were counted by before it had an id. `None` if it has always had one.
    pub fn counted_at(&self) -> Option<&LinkAddress> {
        match self.stored_id {
            None => Some(&self.address),
            Some(_) => self.counted_at.as_ref(),
        }
    }

    /// Stores the id in a link from before the ids, as every change of such a link does.
    pub fn with_stored_id(mut self) -> Self {
        if self.stored_id.is_none() {
            self.counted_at = Some(self.address.clone());
            self.stored_id = Some(self.id());
        }
        self
    }

    /// Tells whether checks have found that its target is broken.
    pub fn is_broken(&self) -> bool {
        self.target_check.as_ref().is_some_and(TargetCheck::is_broken)
    }

    /// Tells whether it leads to a page of the web, which has a title and can be checked. A file of the workspace has neither.
    pub fn leads_to_page(&self) -> bool {
        self.url.is_web() && file_of(&self.url).is_none()
    }

    /// Returns what checks have found about the target, for a link that is to replace this one and leads to `url`.
    pub fn check_of(&self, url: &TargetUrl) -> Option<TargetCheck> {
        self.target_check.clone().filter(|_| self.url == *url)
    }

    /// Returns the URL that visitors are led to instead of a broken target, if the workspace wants that and the link has one.
    pub fn instead_of_broken(&self) -> Option<&TargetUrl> {
        let is_used = self.target_check.as_ref().is_some_and(|check| check.uses_expired_url);
        self.settings.expired_url.as_ref().filter(|_| is_used)
    }

    /// Returns all addresses that lead to the link, its own first.
    pub fn addresses(&self) -> impl Iterator<Item = &LinkAddress> {
        std::iter::once(&self.address).chain(&self.aliases)
    }

    /// Returns a text that all links of the workspace with this target on this domain share, and that differs for all others.
    pub fn target_key(workspace: &WorkspaceId, domain: &Domain, url: &TargetUrl) -> String {
        format!("{workspace}#{domain}#{}", hex(&Sha256::digest(url.as_str())))
    }

    /// Tells whether the owner has made no change since `seen` was read. Deleting and creating a link again is a change; a click
    /// is not.
    pub fn is_unchanged_since(&self, seen: &Self) -> bool {
        self.version() == seen.version() && self.workspace == seen.workspace
    }

    fn version(&self) -> (Timestamp, u64) {
        (self.created_at, self.revision)
    }

    /// Returns the part of an entity tag that identifies the owner's last change.
    pub(crate) fn version_tag(&self) -> String {
        format!("{:x}-{:x}", self.created_at.as_millis(), self.revision)
    }

    /// Returns a strong entity tag (RFC 9110, section 8.8.3), which differs whenever the link's representation does. It consists
    /// of the owner's last change and, after a dot, what changes without the owner: the clicks that count against `max_clicks`,
    /// whether the title is that of the target, and when a check found something new about the target.
    pub fn etag(&self) -> String {
        match (self.settings.used_clicks, self.settings.title_is_read, &self.target_check) {
            (0, false, None) => format!("\"{}\"", self.version_tag()),
            _ => format!("\"{}.{}\"", self.version_tag(), self.state_tag()),
        }
    }

    /// Returns the strong entity tag of the link together with its total of clicks.
    pub fn etag_with_clicks(&self, clicks: u64) -> String {
        format!("\"{}.{}.{clicks:x}\"", self.version_tag(), self.state_tag())
    }

    fn state_tag(&self) -> String {
        let title = if self.settings.title_is_read { "t" } else { "" };
        let check = self.target_check.as_ref().map(|check| format!("c{:x}", check.checked_at.as_millis()));
        format!("{:x}{title}{}", self.settings.used_clicks, check.unwrap_or_default())
    }

    /// Returns the key that sorts a workspace's links in the order of creation.
    pub fn list_key(&self) -> String {
        format!("{}#{}#{}", self.created_at, self.address.slug, self.address.domain)
    }

    /// Returns the index partition that lists the link, less than [`Link::LIST_SHARDS`].
    pub fn list_shard(&self) -> u8 {
        Sha256::digest(self.address.slug.as_str().as_bytes())[0] % Self::LIST_SHARDS
    }
}

/// Checks a title: not blank, at most [`Link::MAX_TITLE_CHARS`] characters, no control characters. Returns it without
/// surrounding white space.
pub fn check_title(title: &str) -> Result<String, String> {
    check_text(title, Link::MAX_TITLE_CHARS)
}

/// Checks tags like titles, with [`Link::MAX_TAG_CHARS`]. Returns them in their order, without duplicates.
///
/// # Errors
/// The index of the tag that is wrong, and why.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::samples::link;
    use crate::values::slug::Slug;

    #[test]
    fn tags_are_bounded_and_unique() {
        assert_eq!(check_tags(["a", " b ", "a"]), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(check_tags(["a", ""]).unwrap_err().0, 1);
        let many: Vec<String> = (0..=Link::MAX_TAGS).map(|n| n.to_string()).collect();
        assert_eq!(check_tags(many.iter().map(String::as_str)).unwrap_err().0, Link::MAX_TAGS);
    }

    #[test]
    fn titles_are_bounded_and_without_control_characters() {
        assert!(check_title("a\u{7}b").is_err());
        assert!(check_title(&"ä".repeat(200)).is_ok());
        assert!(check_title(&"ä".repeat(201)).is_err());
    }

    #[test]
    fn links_of_a_workspace_to_one_target_on_one_domain_share_a_key() {
        let key = |workspace: &str, domain: &str, path: &str| {
            let of = link(workspace, "docs", &format!("https://example.com/{path}"));
            Link::target_key(&of.workspace, &Domain::parse(domain).unwrap(), &of.url)
        };
        let docs = key("acme", "go.example.com", "docs");
        // It is stored: printf 'https://example.com/docs' | sha256sum
        assert_eq!(docs, "acme#go.example.com#de106e607d0e711199de3fb7eb98fe5d412ee49ac326eadd3db848ee272ad2cb");
        for other in [
            key("other", "go.example.com", "docs"),
            key("acme", "s.example.org", "docs"),
            key("acme", "go.example.com", "doc"),
        ] {
            assert_ne!(other, docs);
        }
    }

    #[test]
    fn link_from_before_the_ids_keeps_the_id_of_its_first_address() {
        let old = link("acme", "docs", "https://example.com/");
        let mut moved = old.clone().with_stored_id();
        assert_eq!((moved.id(), moved.counted_at()), (old.id(), Some(&old.address)));
        moved.address.slug = Slug::parse("moved").unwrap();
        let again = moved.clone().with_stored_id();
        assert_eq!((again.id(), again.counted_at()), (old.id(), Some(&old.address)));
        let new = Link { stored_id: Some(LinkId::derive(old.created_at, "x")), ..old.clone() };
        assert_eq!((new.counted_at(), new.id() != old.id()), (None, true));
        let stored: Link = serde_json::from_value(serde_json::to_value(&moved).unwrap()).unwrap();
        assert_eq!(stored, moved);
        let json = serde_json::to_string(&old).unwrap();
        assert!(!json.contains("\"id\"") && !json.contains("aliases") && !json.contains("counted_at"), "{json}");
    }

    #[test]
    fn list_shard_is_stored_and_must_not_change() {
        for (slug, shard) in [("docs", 6), ("a", 2), ("b", 6), ("spring-sale", 2)] {
            assert_eq!(link("acme", slug, "https://example.com/").list_shard(), shard, "{slug}");
        }
        let shards: std::collections::BTreeSet<u8> =
            (0..200).map(|n| link("acme", &n.to_string(), "https://example.com/").list_shard()).collect();
        assert!(shards.into_iter().eq(0..Link::LIST_SHARDS), "the links of a workspace use all shards");
    }

    #[test]
    fn entity_tag_identifies_change_used_clicks_and_total() {
        let mut link = link("acme", "docs", "https://example.com/");
        (link.revision, link.settings.used_clicks) = (0x1a, 0x2b);
        let version = format!("{:x}-1a", link.created_at.as_millis());
        assert_eq!(link.etag(), format!("\"{version}.2b\""));
        assert_eq!(link.etag_with_clicks(0x3c), format!("\"{version}.2b.3c\""));
        link.settings.title_is_read = true;
        assert_eq!(link.etag(), format!("\"{version}.2bt\""));
        assert_eq!(link.etag_with_clicks(0x3c), format!("\"{version}.2bt.3c\""));
        link.settings.used_clicks = 0;
        assert_eq!(link.etag(), format!("\"{version}.0t\""));
        link.settings.title_is_read = false;
        assert_eq!(link.etag(), format!("\"{version}\""));
        link.target_check = Some(crate::testing::samples::failing_check("2026-01-02T03:04:05Z"));
        assert_eq!(link.etag(), format!("\"{version}.0c19b7ca98c88\""));
        assert_eq!(link.etag_with_clicks(1), format!("\"{version}.0c19b7ca98c88.1\""));
    }
}
