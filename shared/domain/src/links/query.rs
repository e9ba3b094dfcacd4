//! Selects links of a workspace's list.

use super::link::Link;
use crate::access::scope::Scope;
use crate::values::domains::Domain;
use crate::values::timestamp::Timestamp;

/// A filter of links.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkFilter {
    /// Only links with these tags.
    pub tags: Vec<String>,
    /// Whether any of the tags is enough.
    pub any_tag: bool,
    /// Only links on this domain.
    pub domain: Option<Domain>,
    /// Only links whose slug begins with this.
    pub slug_prefix: Option<String>,
    /// Only archived links, or only those that are not; both if absent.
    pub archived: Option<bool>,
    /// Only links whose target is broken, or only the others; both if absent.
    pub broken: Option<bool>,
    /// Only links that expire at this time or later. A link that never expires does not.
    pub expires_from: Option<Timestamp>,
    /// Only links that expire before this time.
    pub expires_before: Option<Timestamp>,
    /// Only links of this scope, the caller's.
    pub scope: Scope,
}

impl LinkFilter {
    /// Tells whether the filter may reject many links, so that a page takes more reads than it has links.
    pub fn is_selective(&self) -> bool {
        !self.tags.is_empty()
            || self.domain.is_some()
            || self.slug_prefix.is_some()
            || self.archived == Some(true)
            || self.broken == Some(true)
            || self.expires_from.is_some()
            || self.expires_before.is_some()
            || !self.scope.is_whole()
    }

    /// Tells whether `link` passes the filter.
    pub fn shows(&self, link: &Link) -> bool {
        let has = |tag: &String| link.tags.contains(tag);
        let tags = if self.any_tag { self.tags.iter().any(has) } else { self.tags.iter().all(has) };
        (self.tags.is_empty() || tags)
            && self.domain.as_ref().is_none_or(|domain| link.address.domain == *domain)
            && self.slug_prefix.as_ref().is_none_or(|prefix| link.address.slug.as_str().starts_with(prefix))
            && self.archived.is_none_or(|archived| link.settings.archived == archived)
            && self.broken.is_none_or(|broken| link.is_broken() == broken)
            && self.shows_expiry(link.settings.expires_at.map(Timestamp::as_millis))
            && self.scope.shows(link)
    }

    /// Tells whether a link passes that expires at `expires_at`, in milliseconds since the Unix epoch, or never.
    pub(crate) fn shows_expiry(&self, expires_at: Option<i64>) -> bool {
        self.expires_from.is_none_or(|from| expires_at.is_some_and(|at| at >= from.as_millis()))
            && self.expires_before.is_none_or(|before| expires_at.is_some_and(|at| at < before.as_millis()))
    }
}

/// A query for a part of a workspace's list, in the order of [`Link::list_key`], the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkQuery {
    /// Only links with a key less than this.
    pub before: Option<String>,
    /// Only links created at this time or later.
    pub created_from: Option<Timestamp>,
    /// Only links created before this time.
    pub created_before: Option<Timestamp>,
    /// Only links that pass this filter.
    pub filter: LinkFilter,
    /// The greatest number of links.
    pub limit: usize,
}

impl LinkQuery {
    /// Selects the `limit` newest links.
    pub fn newest(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Returns the upper bound of the keys, exclusive.
    pub fn upper(&self) -> Option<String> {
        let until = self.created_before.map(|time| time.to_string());
        match (self.before.clone(), until) {
            (Some(before), Some(until)) => Some(before.min(until)),
            (before, until) => before.or(until),
        }
    }

    /// Returns the lower bound of the keys, inclusive.
    pub fn lower(&self) -> Option<String> {
        self.created_from.map(|time| time.to_string())
    }
}

/// The result of a [`LinkQuery`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkSlice {
    /// The links, the newest first, at most `limit` of them.
    pub links: Vec<Link>,
    /// The key at which the search stopped early: it has checked all links with this key or a greater one. `None` if the search
    /// reached the end, or found `limit` links.
    pub reached: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_is_selective_if_few_links_may_pass() {
        type Set = fn(&mut LinkFilter);
        let cases: [(Set, bool); 11] = [
            (|_| {}, false),
            (|filter| filter.tags.push("a".to_owned()), true),
            (|filter| filter.domain = Domain::parse("go.example.com").ok(), true),
            (|filter| filter.slug_prefix = Some("a".to_owned()), true),
            (|filter| filter.archived = Some(true), true),
            (|filter| filter.scope = Scope::new(Vec::new(), vec!["a".to_owned()], None), true),
            (|filter| filter.expires_from = Timestamp::from_millis(0).ok(), true),
            (|filter| filter.expires_before = Timestamp::from_millis(0).ok(), true),
            // Most links are not archived, and lead somewhere.
            (|filter| filter.archived = Some(false), false),
            (|filter| filter.broken = Some(false), false),
            (|filter| filter.broken = Some(true), true),
        ];
        for (set, selective) in cases {
            let mut filter = LinkFilter::default();
            set(&mut filter);
            assert_eq!(filter.is_selective(), selective, "{filter:?}");
        }
    }
}
