//! Lists come in pages: what a request says about them, and what it gets.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::error::Error;
use super::field_errors::Errors;

/// The greatest number of items on a page.
pub const MAX_LIMIT: usize = 100;
/// The number of items on a page where the request does not say.
pub const DEFAULT_LIMIT: usize = 50;
/// The greatest length of a key in a list, in bytes.
const MAX_KEY_LEN: usize = 512;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "{T}Page"))]
pub struct Page<T> {
    /// The items, the newest first.
    pub items: Vec<T>,
    /// Where the next page begins; null at the end of the list.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page of the first `limit` of `items`. One more than that says that there is another page; `key` is an item's place
    /// in the list.
    pub(crate) fn cut(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> String) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| more).map(|item| cursor(&key(item)));
        Self { items, next_cursor }
    }

    /// The page with each item made another.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(make).collect(), next_cursor: self.next_cursor }
    }
}

/// Which page of a list, not checked yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct PageRequest {
    /// How many items at most.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_LIMIT), extend("default" = DEFAULT_LIMIT)))]
    pub limit: Option<usize>,
    /// The `next_cursor` of the page before.
    #[cfg_attr(feature = "openapi", schemars(extend("format" = "cursor")))]
    pub cursor: Option<String>,
}

/// Which page of a list, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// How many items at most.
    pub(crate) limit: usize,
    /// The key of the item that the page before ended with.
    pub(crate) before: Option<String>,
}

impl PageRequest {
    /// The place, or the parameters that are wrong.
    pub(crate) fn check(&self) -> Result<Place, Error> {
        let mut errors = Errors::default();
        let place = self.check_with(&mut errors);
        errors.or(Some(place))
    }

    /// The same; what is wrong is noted in `errors`.
    pub(crate) fn check_with(&self, errors: &mut Errors) -> Place {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            errors.add("limit", format!("must be 1 to {MAX_LIMIT}"));
        }
        let before = self.cursor.as_deref();
        let before = before.and_then(|text| errors.note("cursor", key(text).ok_or("is not a cursor that a page gave")));
        Place { limit, before }
    }
}

/// The cursor that stands for the place of `key` in a list.
pub(crate) fn cursor(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// What a cursor stands for.
fn key(cursor: &str) -> Option<String> {
    let key = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let valid = !key.is_empty() && key.len() <= MAX_KEY_LEN && key.bytes().all(|b| b.is_ascii_graphic());
    valid.then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_says_where_the_next_page_begins() {
        let page = Page::cut(vec!["c", "b", "a"], 2, ToString::to_string);
        assert_eq!(page.items, ["c", "b"]);
        let request = PageRequest { limit: Some(2), cursor: page.next_cursor };
        assert_eq!(request.check().unwrap(), Place { limit: 2, before: Some("b".to_owned()) });
        assert_eq!(Page::cut(vec!["c", "b"], 2, ToString::to_string).next_cursor, None);
    }

    #[test]
    fn every_bad_parameter_is_named() {
        for cursor in ["%%", "", "w6Q", "AAAA"] {
            let request = PageRequest { limit: Some(0), cursor: Some(cursor.to_owned()) };
            let Err(Error::Invalid(errors)) = request.check() else { panic!("{cursor}") };
            let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
            assert_eq!(pointers, ["limit", "cursor"]);
        }
        assert!(PageRequest { limit: Some(MAX_LIMIT + 1), cursor: None }.check().is_err());
    }
}
