//! Selects and sorts the links of a catalogue.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::memory::{Catalog, Found, NEVER, Row, TAG_MARK};
use super::patch::LinkBits;
use super::words::{append_words, words_of};
use crate::access::scope::Scope;
use crate::links::address::LinkAddress;
use crate::links::query::LinkFilter;
use crate::values::domains::Domain;
use crate::values::slug::Slug;
use crate::values::timestamp::Timestamp;

/// What links are sorted by. Equal ones are in the order of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum SortBy {
    /// When the link was created.
    #[default]
    Created,
    /// When its owner last changed it, or created it.
    Changed,
    /// The clicks of people.
    Clicks,
    /// The last click of a person. A link without one comes before all others.
    LastClick,
    /// When the link expires. A link that never does comes after all others.
    Expires,
    /// The words of the title, or of the slug of a link without a title; without case and accents.
    Title,
    /// How well the link meets the search: whose slug is what was searched, then whose slug begins with it, then all others;
    /// the newest first in each of these.
    Relevance,
}

impl SortBy {
    /// All orders.
    pub const ALL: [Self; 7] =
        [Self::Created, Self::Changed, Self::Clicks, Self::LastClick, Self::Expires, Self::Title, Self::Relevance];

    /// Returns the order's name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Clicks => "clicks",
            Self::LastClick => "last_click",
            Self::Expires => "expires",
            Self::Title => "title",
            Self::Relevance => "relevance",
        }
    }

    /// Tells whether people expect the greatest first.
    pub fn is_descending(self) -> bool {
        !matches!(self, Self::Title | Self::Expires)
    }
}

/// Which targets links lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetFilter {
    /// This one exactly.
    Exactly(String),
    /// Those whose host is this one.
    Host(String),
    /// Those whose host ends with this, which begins with a dot.
    HostsBelow(String),
    /// Those that begin with this after `http://` or `https://`.
    Below(String),
}

impl TargetFilter {
    fn shows(&self, url: &str) -> bool {
        match self {
            Self::Exactly(wanted) => url == wanted,
            Self::Host(wanted) => host(url).is_some_and(|host| host == wanted),
            Self::HostsBelow(wanted) => host(url).is_some_and(|host| host.ends_with(wanted.as_str())),
            Self::Below(wanted) => after_scheme(url).is_some_and(|rest| rest.starts_with(wanted.as_str())),
        }
    }
}

fn after_scheme(url: &str) -> Option<&str> {
    url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))
}

fn host(url: &str) -> Option<&str> {
    let authority = after_scheme(url)?.split(['/', '?', '#']).next()?;
    // An IPv6 address has colons in brackets.
    Some(match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => host,
        _ => authority,
    })
}

/// A query of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogQuery {
    /// What a person typed. Links have a word that begins with each of its words.
    pub search: String,
    /// Only links that pass this filter.
    pub filter: LinkFilter,
    /// Only links whose target passes all of these.
    pub targets: Vec<TargetFilter>,
    /// Only links created at this time or later.
    pub created_from: Option<Timestamp>,
    /// Only links created before this time.
    pub created_before: Option<Timestamp>,
    /// What to sort by.
    pub sort: SortBy,
    /// Whether the greatest come first.
    pub descending: bool,
    /// The last link of the page before.
    pub after: Option<Place>,
    /// The greatest number of links.
    pub limit: usize,
}

/// A place in a sorted list: a link's key, which it need not have any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    key: Key<String>,
    link: LinkBits,
}

/// What a link is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Key<T> {
    #[serde(rename = "n")]
    Number(i64),
    #[serde(rename = "t")]
    Text(T),
    #[serde(rename = "r")]
    Rank(u8, i64),
}

impl Key<&str> {
    fn to_owned(&self) -> Key<String> {
        match self {
            Self::Number(number) => Key::Number(*number),
            Self::Text(text) => Key::Text((*text).to_owned()),
            Self::Rank(rank, number) => Key::Rank(*rank, *number),
        }
    }
}

/// The result of a query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogPage {
    /// The links, at most the limit.
    pub items: Vec<CatalogItem>,
    /// Where the next page begins; `None` if there is none.
    pub next: Option<Place>,
    /// How many links the query selects, on all pages.
    pub total: usize,
}

/// A link that a query found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogItem {
    /// Its address.
    pub address: LinkAddress,
    /// The clicks of people.
    pub clicks: u64,
    /// The last click of a person.
    pub last_click_at: Option<Timestamp>,
    /// Where a page begins that goes on after this link.
    pub place: Place,
}

impl Catalog {
    /// Answers a query.
    pub fn query(&self, query: &CatalogQuery) -> CatalogPage {
        let words = words_of(&query.search);
        if words.is_empty() && !query.search.trim().is_empty() {
            return CatalogPage::default();
        }
        let all: Box<dyn Iterator<Item = (&Row, Found<'_>)>> =
            if words.is_empty() { Box::new(self.rows()) } else { Box::new(self.with_words(&words)) };
        let searched = query.search.trim();
        let mut selected: Vec<(Key<&str>, &Row)> = all
            .filter(|(row, found)| query.shows(row, found, self.creator(row)))
            .map(|(row, found)| (key_of(query.sort, searched, row, &found), row))
            .collect();
        let total = selected.len();
        if let Some(after) = &query.after {
            selected.retain(|(key, row)| after.is_before(key, row.link, query.descending));
        }
        let compare = |(a_key, a): &(Key<&str>, &Row), (b_key, b): &(Key<&str>, &Row)| -> Ordering {
            let ascending = a_key.cmp(b_key).then_with(|| a.link.cmp(&b.link));
            if query.descending { ascending.reverse() } else { ascending }
        };
        let more = selected.len() > query.limit;
        if more && query.limit > 0 {
            selected.select_nth_unstable_by(query.limit - 1, compare);
            selected.truncate(query.limit);
        }
        selected.sort_unstable_by(compare);
        let items: Vec<_> = selected.iter().filter_map(|(key, row)| item(key, row, &self.found(row)?)).collect();
        let next = items.last().filter(|_| more).map(|item| item.place.clone());
        CatalogPage { items, next, total }
    }
}

impl Place {
    fn is_before(&self, key: &Key<&str>, link: LinkBits, descending: bool) -> bool {
        let mine = match &self.key {
            Key::Number(number) => Key::Number(*number),
            Key::Text(text) => Key::Text(text.as_str()),
            Key::Rank(rank, number) => Key::Rank(*rank, *number),
        };
        let order = mine.cmp(key).then_with(|| self.link.cmp(&link));
        order == if descending { Ordering::Greater } else { Ordering::Less }
    }
}

impl CatalogQuery {
    /// Tells whether the query itself leaves out more than archived links, whatever the caller reaches.
    pub fn is_restricted(&self) -> bool {
        !self.search.trim().is_empty()
            || !self.targets.is_empty()
            || LinkFilter { scope: Scope::default(), ..self.filter.clone() }.is_selective()
            || self.created_from.is_some()
            || self.created_before.is_some()
    }

    fn shows(&self, row: &Row, found: &Found<'_>, created_by: &str) -> bool {
        let has = |tag: &String| found.tags.split(TAG_MARK).skip(1).any(|own| own == tag);
        let filter = &self.filter;
        let tags = if filter.any_tag { filter.tags.iter().any(has) } else { filter.tags.iter().all(has) };
        filter.archived.is_none_or(|archived| row.archived == archived)
            && filter.broken.is_none_or(|broken| row.broken == broken)
            && filter.shows_expiry((row.expires_at != NEVER).then_some(row.expires_at))
            && (filter.tags.is_empty() || tags)
            && filter.domain.as_ref().is_none_or(|domain| found.domain == domain.as_str())
            && filter.slug_prefix.as_ref().is_none_or(|prefix| found.slug.starts_with(prefix.as_str()))
            && self.created_from.is_none_or(|from| row.created_at >= from.as_millis())
            && self.created_before.is_none_or(|before| row.created_at < before.as_millis())
            && (filter.scope.is_whole() || filter.scope.shows_parts(found.domain, has, Some(created_by)))
            && self.targets.iter().all(|target| target.shows(found.url))
    }
}

fn key_of<'a>(sort: SortBy, searched: &str, row: &Row, found: &Found<'a>) -> Key<&'a str> {
    match sort {
        SortBy::Created => Key::Number(row.created_at),
        SortBy::Changed => Key::Number(row.changed_at),
        SortBy::Clicks => Key::Number(i64::try_from(row.clicks).unwrap_or(i64::MAX)),
        SortBy::LastClick => Key::Number(row.last_click_at),
        SortBy::Expires => Key::Number(row.expires_at),
        SortBy::Title => Key::Text(found.title_key),
        SortBy::Relevance => Key::Rank(relevance(searched, found.slug), row.created_at),
    }
}

/// Ranks a slug.
fn relevance(searched: &str, slug: &str) -> u8 {
    if !slug.is_ascii() {
        let (searched, slug) = (plain_words(searched), plain_words(slug));
        return if slug.starts_with(&searched) { 1 + u8::from(slug == searched) } else { 0 };
    }
    let (searched, slug) = (searched.as_bytes(), slug.as_bytes());
    match slug.get(..searched.len()) {
        Some(start) if start.eq_ignore_ascii_case(searched) => 1 + u8::from(start.len() == slug.len()),
        _ => 0,
    }
}

/// Returns the words of a text without case and accents, as searches compare them.
fn plain_words(text: &str) -> String {
    let mut words = String::new();
    append_words(text, &mut words);
    words
}

fn item(key: &Key<&str>, row: &Row, found: &Found<'_>) -> Option<CatalogItem> {
    let address = LinkAddress { domain: Domain::parse(found.domain).ok()?, slug: Slug::parse(found.slug).ok()? };
    let place = Place { key: key.to_owned(), link: row.link };
    Some(CatalogItem {
        address,
        clicks: row.clicks,
        last_click_at: Timestamp::from_millis(row.last_click_at).ok(),
        place,
    })
}
