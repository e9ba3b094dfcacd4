//! Holds the catalogue of a workspace in memory.

mod creators;
mod text;

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::patch::{LaneClicks, LinkBits, LinkPatch, LinkState};
use creators::Creators;
pub(super) use text::{Found, TAG_MARK};
use text::{Sizes, Texts};

/// Later than all times that a link can expire at.
pub(super) const NEVER: i64 = i64::MAX;

/// The catalogue of a workspace.
#[derive(Debug, Default)]
pub struct Catalog {
    rows: Vec<Row>,
    by_link: HashMap<LinkBits, u32, FixedState>,
    texts: Texts,
    domains: Vec<String>,
    creators: Creators,
    here: usize,
}

/// How many links have a tag.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TagUse {
    /// Those that are not archived.
    pub links: u64,
    /// Those that are.
    pub archived_links: u64,
}

/// What is known of a link.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) link: LinkBits,
    revision: u64,
    /// Where its texts are. `None` if the link is not there, or not known to be.
    texts: Option<Sizes>,
    pub(super) archived: bool,
    pub(super) broken: bool,
    domain: u16,
    creator: u32,
    pub(super) created_at: i64,
    pub(super) changed_at: i64,
    /// When it expires; [`NEVER`] if it does not.
    pub(super) expires_at: i64,
    lanes: Vec<LaneClicks>,
    pub(super) clicks: u64,
    /// The time of the last click; [`i64::MIN`] without one.
    pub(super) last_click_at: i64,
}

impl Catalog {
    /// Adds what is known later than all before.
    pub fn apply(&mut self, patch: LinkPatch) {
        let index = self.index_of(patch.link);
        if let Some(state) = patch.state {
            self.set_state(index, state);
        }
        let row = &mut self.rows[index];
        for clicks in patch.clicks {
            match row.lanes.iter_mut().find(|known| known.lane == clicks.lane) {
                Some(known) => *known = clicks,
                None => row.lanes.push(clicks),
            }
        }
        row.clicks = row.lanes.iter().map(|lane| lane.clicks).sum();
        row.last_click_at = row.lanes.iter().filter_map(|lane| lane.last_at).max().unwrap_or(i64::MIN);
    }

    fn index_of(&mut self, link: LinkBits) -> usize {
        let next = self.rows.len();
        let index = *self.by_link.entry(link).or_insert(u32::try_from(next).unwrap_or(u32::MAX)) as usize;
        if index == next {
            self.rows.push(Row {
                link,
                revision: 0,
                texts: None,
                archived: false,
                broken: false,
                domain: 0,
                creator: 0,
                created_at: 0,
                changed_at: 0,
                expires_at: NEVER,
                lanes: Vec::new(),
                clicks: 0,
                last_click_at: i64::MIN,
            });
        }
        index
    }

    fn set_state(&mut self, index: usize, state: LinkState) {
        let row = &self.rows[index];
        let revision = match &state {
            LinkState::Here(row) => row.revision,
            LinkState::Gone { revision, .. } => *revision,
        };
        // A row that was never there has the revision 0, and takes any.
        if revision < row.revision {
            return;
        }
        if let Some(old) = self.rows[index].texts.take() {
            self.texts.forget(old);
            self.here -= 1;
        }
        self.rows[index].revision = revision;
        if let LinkState::Here(new) = state {
            let domain = self.domain(&new.domain);
            let creator = self.creators.number_of(&new.created_by);
            let texts = self.texts.add(index, &new);
            let row = &mut self.rows[index];
            (row.texts, row.domain) = (Some(texts), domain);
            (row.archived, row.broken) = (new.archived, new.broken);
            (row.created_at, row.changed_at, row.creator) = (new.created_at, new.changed_at, creator);
            row.expires_at = new.expires_at.unwrap_or(NEVER);
            self.here += 1;
        }
        if self.texts.is_mostly_forgotten() {
            self.texts.pack(self.rows.iter_mut().map(|row| row.texts.as_mut()));
        }
    }

    fn domain(&mut self, domain: &str) -> u16 {
        let index = self.domains.iter().position(|known| known == domain).unwrap_or_else(|| {
            self.domains.push(domain.to_owned());
            self.domains.len() - 1
        });
        u16::try_from(index).unwrap_or(u16::MAX)
    }

    /// Returns the tags of all links that are there, and how many links have each.
    pub fn tags(&self) -> HashMap<String, TagUse> {
        let mut all: HashMap<&str, TagUse> = HashMap::new();
        for (row, found) in self.rows() {
            for tag in found.tags.split(TAG_MARK).skip(1) {
                let used = all.entry(tag).or_default();
                *(if row.archived { &mut used.archived_links } else { &mut used.links }) += 1;
            }
        }
        all.into_iter().map(|(tag, used)| (tag.to_owned(), used)).collect()
    }

    /// Returns how many links are there.
    pub fn len(&self) -> usize {
        self.here
    }

    /// Tells whether no link is there.
    pub fn is_empty(&self) -> bool {
        self.here == 0
    }

    /// Estimates the memory that it takes, in bytes.
    pub fn bytes(&self) -> usize {
        let row = size_of::<Row>() + size_of::<(LinkBits, u32)>() * 8 / 7 + 1;
        let lanes: usize = self.rows.len() * 64;
        self.rows.capacity() * row + lanes + self.texts.bytes() + self.creators.bytes()
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (&Row, Found<'_>)> {
        self.rows.iter().filter_map(|row| Some((row, self.found(row)?)))
    }

    /// Returns the links that have all `words`, of which there is at least one.
    pub(super) fn with_words<'a>(&'a self, words: &'a [String]) -> impl Iterator<Item = (&'a Row, Found<'a>)> {
        self.texts.with_words(words).filter_map(|(index, start)| {
            let row = self.rows.get(index)?;
            // Words at another place are those of an earlier state.
            row.texts.as_ref().filter(|texts| texts.words_start() == start)?;
            Some((row, self.found(row)?))
        })
    }

    /// Returns who created the link of a row; empty if nobody knows.
    pub(super) fn creator(&self, row: &Row) -> &str {
        self.creators.name(row.creator)
    }

    pub(super) fn found(&self, row: &Row) -> Option<Found<'_>> {
        let sizes = row.texts.as_ref()?;
        let domain = self.domains.get(usize::from(row.domain))?;
        Some(self.texts.found(sizes, domain))
    }
}
