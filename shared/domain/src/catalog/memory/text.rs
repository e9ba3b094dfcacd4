//! Keeps the texts of all links in two long texts: what links have, and the words that searches find.

use memchr::memmem::{Finder, find};

use crate::catalog::patch::CatalogRow;
use crate::catalog::words::{MARK, append_words, append_words_of_url};

/// The texts. Those of an earlier state of a link stay until they are most of all.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// Slug, target and tags of each link.
    plain: String,
    /// The words of each link, each after a mark, and [`END`] after the last.
    words: String,
    /// Where the words of each link begin, and which row it is, ascending.
    starts: Vec<(usize, u32)>,
    forgotten: usize,
}

/// Stands after the words of a link, so that no word is found across two links.
const END: char = '\u{2}';
/// So many forgotten bytes stay in any case.
const KEPT: usize = 1 << 20;

/// The texts of a link that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::catalog) struct Found<'a> {
    pub(in crate::catalog) domain: &'a str,
    pub(in crate::catalog) slug: &'a str,
    pub(in crate::catalog) url: &'a str,
    /// The tags, each after a character that no tag has.
    pub(in crate::catalog) tags: &'a str,
    /// What titles are sorted by: the words of the title, or of the slug without one.
    pub(in crate::catalog) title_key: &'a str,
    /// All words, each after a mark.
    pub(in crate::catalog) words: &'a str,
}

/// What stands before each tag in [`Found::tags`].
pub(in crate::catalog) const TAG_MARK: char = '\u{1}';

/// Where the texts of a link are.
#[derive(Debug, Clone)]
pub(super) struct Sizes {
    plain: usize,
    slug: u16,
    url: u32,
    tags: u32,
    words: usize,
    words_len: u32,
    key: u32,
}

impl Sizes {
    pub(super) fn words_start(&self) -> usize {
        self.words
    }

    fn plain_len(&self) -> usize {
        usize::from(self.slug) + self.url as usize + self.tags as usize
    }
}

fn short(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Texts {
    pub(super) fn add(&mut self, index: usize, row: &CatalogRow) -> Sizes {
        let (plain, words) = (self.plain.len(), self.words.len());
        self.plain.push_str(&row.slug);
        self.plain.push_str(&row.url);
        let tags = self.plain.len();
        for tag in &row.tags {
            self.plain.push(TAG_MARK);
            self.plain.push_str(tag);
        }
        let key = words_of_row(row, &mut self.words);
        let words_len = self.words.len() - words;
        self.words.push(END);
        self.starts.push((words, short(index)));
        Sizes {
            plain,
            slug: u16::try_from(row.slug.len()).unwrap_or(u16::MAX),
            url: short(row.url.len()),
            tags: short(self.plain.len() - tags),
            words,
            words_len: short(words_len),
            key: short(key),
        }
    }

    pub(super) fn forget(&mut self, old: Sizes) {
        self.forgotten += old.plain_len() + old.words_len as usize + 1;
    }

    pub(super) fn is_mostly_forgotten(&self) -> bool {
        self.forgotten > KEPT && self.forgotten > (self.plain.len() + self.words.len()) / 2
    }

    /// Drops what is forgotten. `rows` has the place of each row's texts, of those that have any.
    pub(super) fn pack<'a>(&mut self, rows: impl Iterator<Item = Option<&'a mut Sizes>>) {
        let old = std::mem::take(self);
        for (index, sizes) in rows.enumerate() {
            let Some(sizes) = sizes else { continue };
            let (plain, words) = (self.plain.len(), self.words.len());
            self.plain.push_str(&old.plain[sizes.plain..][..sizes.plain_len()]);
            self.words.push_str(&old.words[sizes.words..][..sizes.words_len as usize]);
            self.words.push(END);
            self.starts.push((words, short(index)));
            (sizes.plain, sizes.words) = (plain, words);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.plain.capacity() + self.words.capacity() + self.starts.capacity() * size_of::<(usize, u32)>()
    }

    pub(super) fn found<'a>(&'a self, sizes: &Sizes, domain: &'a str) -> Found<'a> {
        let plain = &self.plain[sizes.plain..][..sizes.plain_len()];
        let (slug, rest) = plain.split_at(usize::from(sizes.slug));
        let (url, tags) = rest.split_at(sizes.url as usize);
        let words = &self.words[sizes.words..][..sizes.words_len as usize];
        Found { domain, slug, url, tags, title_key: &words[..sizes.key as usize], words }
    }

    /// Returns the rows, and where their words begin, that have words that begin with each of `searched`.
    pub(super) fn with_words<'a>(&'a self, searched: &'a [String]) -> impl Iterator<Item = (usize, usize)> {
        // The longest word is likely to be the rarest.
        let longest = searched.iter().max_by_key(|word| word.len()).map(String::as_str).unwrap_or_default();
        let needle = format!("{MARK}{longest}");
        let others: Vec<String> =
            searched.iter().filter(|word| *word != longest).map(|word| format!("{MARK}{word}")).collect();
        let finder = Finder::new(needle.as_bytes()).into_owned();
        let mut from = 0;
        std::iter::from_fn(move || {
            loop {
                let at = from + finder.find(self.words.as_bytes().get(from..)?)?;
                let place = self.starts.partition_point(|(start, _)| *start <= at).checked_sub(1)?;
                let (start, row) = *self.starts.get(place)?;
                let end = self.starts.get(place + 1).map_or(self.words.len(), |next| next.0);
                from = end;
                let words = &self.words.as_bytes()[start..end];
                if others.iter().all(|word| find(words, word.as_bytes()).is_some()) {
                    return Some((row as usize, start));
                }
            }
        })
    }
}

/// Appends the words of a link, and returns the length of what titles are sorted by.
fn words_of_row(row: &CatalogRow, out: &mut String) -> usize {
    let start = out.len();
    if row.title.is_empty() {
        append_words(&row.slug, out);
    } else {
        append_words(&row.title, out);
    }
    let key = out.len() - start;
    if !row.title.is_empty() {
        append_words(&row.slug, out);
    }
    for text in row.tags.iter().chain(&row.aliases) {
        append_words(text, out);
    }
    append_words_of_url(&row.url, out);
    key
}
