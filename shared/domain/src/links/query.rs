//! Which links of a workspace are asked for.

use super::link::Link;
use crate::values::domains::Domain;
use crate::values::timestamp::Timestamp;

/// What a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkFilter {
    /// Only links with these tags.
    pub tags: Vec<String>,
    /// With any of the tags, rather than all.
    pub any_tag: bool,
    /// Only links on this domain.
    pub domain: Option<Domain>,
    /// Only links whose slug begins like this.
    pub slug_prefix: Option<String>,
    /// Only links that are put away, or that are not; both if absent.
    pub archived: Option<bool>,
}

impl LinkFilter {
    /// Whether it may leave out many links, so that a page takes looking at more of them than it shows.
    pub fn is_selective(&self) -> bool {
        !self.tags.is_empty() || self.domain.is_some() || self.slug_prefix.is_some() || self.archived == Some(true)
    }

    /// Whether it shows `link`.
    pub fn shows(&self, link: &Link) -> bool {
        let has = |tag: &String| link.tags.contains(tag);
        let tags = if self.any_tag { self.tags.iter().any(has) } else { self.tags.iter().all(has) };
        (self.tags.is_empty() || tags)
            && self.domain.as_ref().is_none_or(|domain| link.id.domain == *domain)
            && self.slug_prefix.as_ref().is_none_or(|prefix| link.id.slug.as_str().starts_with(prefix))
            && self.archived.is_none_or(|archived| link.settings.archived == archived)
    }
}

/// A part of a workspace's list, which is in the order of [`Link::list_key`], the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkQuery {
    /// Only links whose key is less than this.
    pub before: Option<String>,
    /// Only links created at this moment or later.
    pub created_from: Option<Timestamp>,
    /// Only links created before this moment.
    pub created_before: Option<Timestamp>,
    /// Which of them.
    pub filter: LinkFilter,
    /// How many at most.
    pub limit: usize,
}

impl LinkQuery {
    /// The `limit` newest links.
    pub fn newest(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// The key that all that is asked for is less than.
    pub fn upper(&self) -> Option<String> {
        let until = self.created_before.map(|time| time.to_string());
        match (self.before.clone(), until) {
            (Some(before), Some(until)) => Some(before.min(until)),
            (before, until) => before.or(until),
        }
    }

    /// The key that nothing that is asked for is less than.
    pub fn lower(&self) -> Option<String> {
        self.created_from.map(|time| time.to_string())
    }
}

/// What was found of a [`LinkQuery`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkSlice {
    /// The links, the newest first, at most as many as were asked for.
    pub links: Vec<Link>,
    /// Where the search ended before it had as many as were asked for: all links from this key on have been looked at.
    /// `None` if it went through to the end, or found enough.
    pub reached: Option<String>,
}
