//! Defines what the catalogue knows of a link, and how later knowledge is merged into earlier.

use serde::{Deserialize, Serialize};

use crate::links::id::LinkId;
use crate::links::link::Link;
use crate::values::timestamp::Timestamp;

/// The bits of a link's id.
pub type LinkBits = [u8; 16];

/// What searches and sorted lists need of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogRow {
    /// The owner's changes so far, [`Link::revision`].
    pub revision: u64,
    /// When it was created, in milliseconds since the Unix epoch.
    pub created_at: i64,
    /// When its owner last changed it, or created it.
    pub changed_at: i64,
    /// Whether it is archived.
    pub archived: bool,
    /// Its domain.
    pub domain: String,
    /// Its slug.
    pub slug: String,
    /// The slugs of its aliases.
    pub aliases: Vec<String>,
    /// Its target.
    pub url: String,
    /// Its title; empty without one.
    pub title: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Who created it; empty if nobody knows.
    pub created_by: String,
    /// Whether its target is broken.
    pub broken: bool,
    /// When it expires, in milliseconds since the Unix epoch; never if absent.
    pub expires_at: Option<i64>,
}

impl CatalogRow {
    /// Takes from `link` what the catalogue has of it.
    pub fn of(link: &Link) -> Self {
        Self {
            revision: link.revision,
            created_at: link.created_at.as_millis(),
            changed_at: link.updated_at.unwrap_or(link.created_at).as_millis(),
            archived: link.settings.archived,
            domain: link.address.domain.to_string(),
            slug: link.address.slug.to_string(),
            aliases: link.aliases.iter().map(|alias| alias.slug.to_string()).collect(),
            url: link.url.to_string(),
            title: link.title.clone().unwrap_or_default(),
            tags: link.tags.clone(),
            created_by: link.created_by.clone().unwrap_or_default(),
            broken: link.is_broken(),
            expires_at: link.settings.expires_at.map(Timestamp::as_millis),
        }
    }
}

/// Whether a link is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkState {
    /// The link is as this row says.
    Here(CatalogRow),
    /// The link is not at an address any more.
    Gone {
        /// The revision with which it left the address. A move brings a greater one.
        revision: u64,
        /// When, in milliseconds since the Unix epoch.
        at: i64,
    },
}

impl LinkState {
    fn revision(&self) -> u64 {
        match self {
            Self::Here(row) => row.revision,
            Self::Gone { revision, .. } => *revision,
        }
    }
}

/// The clicks of people on a link in one lane of the stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneClicks {
    /// The lane, and for clicks that were counted by the address the link had before it got an id, `@` before it.
    pub lane: String,
    /// The number of all clicks so far.
    pub clicks: u64,
    /// The time of the last of them, in milliseconds since the Unix epoch.
    pub last_at: Option<i64>,
}

/// What is known of a link. Absent parts say nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkPatch {
    /// The link's id.
    pub link: LinkBits,
    /// Whether it is there.
    pub state: Option<LinkState>,
    /// Its clicks, each lane once.
    pub clicks: Vec<LaneClicks>,
}

impl LinkPatch {
    /// Says that `link` is there.
    pub fn here(link: &Link) -> Self {
        Self { link: link.id().bits(), state: Some(LinkState::Here(CatalogRow::of(link))), clicks: Vec::new() }
    }

    /// Says that `link` left its address at the time `at`.
    pub fn gone(link: &Link, at: Timestamp) -> Self {
        let state = LinkState::Gone { revision: link.revision, at: at.as_millis() };
        Self { link: link.id().bits(), state: Some(state), clicks: Vec::new() }
    }

    /// Says what was clicked.
    pub fn clicked(link: &LinkId, lane: String, clicks: u64, last_at: Option<Timestamp>) -> Self {
        let clicks = LaneClicks { lane, clicks, last_at: last_at.map(Timestamp::as_millis) };
        Self { link: link.bits(), state: None, clicks: vec![clicks] }
    }

    /// Adds what is known later. The greater revision wins, and of equal ones the later: two shards of the table's stream can bring
    /// the two sides of a move in any order.
    pub fn merge(&mut self, later: Self) {
        let wins = |state: &LinkState| self.state.as_ref().is_none_or(|known| state.revision() >= known.revision());
        if let Some(state) = later.state.filter(wins) {
            self.state = Some(state);
        }
        for clicks in later.clicks {
            match self.clicks.iter_mut().find(|known| known.lane == clicks.lane) {
                Some(known) => *known = clicks,
                None => self.clicks.push(clicks),
            }
        }
    }

    /// Tells whether nothing that arrives after the time `before` needs this patch, if it holds all that is known of the link: the link
    /// went before that time, or was never seen and last clicked before it. (Clicks can arrive sooner than their link, and the end of a
    /// move sooner than its beginning.)
    pub fn is_void(&self, before: Timestamp) -> bool {
        match &self.state {
            Some(LinkState::Here(_)) => false,
            Some(LinkState::Gone { at, .. }) => *at < before.as_millis(),
            None => self.clicks.iter().all(|lane| lane.last_at.is_none_or(|at| at < before.as_millis())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::samples::link;
    use proptest::prelude::*;

    fn here(revision: u64, title: &str) -> LinkPatch {
        let mut link = link("acme", "docs", "https://example.com/");
        (link.revision, link.title) = (revision, Some(title.to_owned()));
        LinkPatch::here(&link)
    }

    fn gone(revision: u64) -> LinkPatch {
        LinkPatch { state: Some(LinkState::Gone { revision, at: 9_999 }), ..here(0, "") }
    }

    fn merged(patches: &[LinkPatch]) -> LinkPatch {
        let mut all = patches[0].clone();
        patches[1..].iter().for_each(|patch| all.merge(patch.clone()));
        all
    }

    #[test]
    fn moved_link_stays_in_either_order() {
        for order in [[here(4, "old"), gone(4), here(5, "new")], [here(5, "new"), here(4, "old"), gone(4)]] {
            assert_eq!(merged(&order).state, here(5, "new").state);
        }
        assert_eq!(merged(&[here(4, "old"), here(5, "new"), gone(4), gone(5)]).state, gone(5).state);
    }

    #[test]
    fn link_that_an_import_makes_again_is_there() {
        assert_eq!(merged(&[here(0, "a"), gone(0), here(0, "b")]).state, here(0, "b").state);
    }

    #[test]
    fn only_what_nothing_later_needs_is_void() {
        let now = Timestamp::from_millis(10_000).unwrap();
        let gone_late = LinkPatch { state: Some(LinkState::Gone { revision: 1, at: 10_000 }), ..gone(1) };
        let clicked = |at| LinkPatch {
            state: None,
            clicks: vec![LaneClicks { lane: "0".to_owned(), clicks: 1, last_at: at }],
            ..gone(0)
        };
        for (patch, void) in [
            (here(1, ""), false),
            (gone(1), true),
            (gone_late, false),
            (clicked(Some(9_999)), true),
            (clicked(Some(10_000)), false),
        ] {
            assert_eq!(patch.is_void(now), void, "{patch:?}");
        }
    }

    fn patches() -> impl Strategy<Value = Vec<LinkPatch>> {
        let state = prop_oneof![
            Just(None),
            (0_u64..4, "[ab]").prop_map(|(revision, title)| here(revision, &title).state),
            (0_u64..4).prop_map(|revision| gone(revision).state),
        ];
        let clicks = proptest::collection::vec(("[01]", 0_u64..5), 0..2);
        let patch = (state, clicks).prop_map(|(state, clicks)| {
            let mut patch = LinkPatch { state, clicks: Vec::new(), ..gone(0) };
            for (lane, clicks) in clicks {
                patch.merge(LinkPatch {
                    state: None,
                    clicks: vec![LaneClicks { lane, clicks, last_at: None }],
                    ..gone(0)
                });
            }
            patch
        });
        proptest::collection::vec(patch, 3..12)
    }

    proptest! {
        /// Segments may be merged in any grouping.
        #[test]
        fn grouping_does_not_matter(patches in patches(), at in 1_usize..11) {
            let at = at.min(patches.len() - 1);
            let mut left = merged(&patches[..at]);
            left.merge(merged(&patches[at..]));
            prop_assert_eq!(left, merged(&patches));
        }
    }
}
