//! Splits lists into pages: checks a request for a page, and makes the page and its cursor.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::error::Error;
use super::field_errors::Errors;

/// The greatest number of items on a page.
pub const MAX_LIMIT: usize = 100;
/// The number of items on a page if the request names none.
pub const DEFAULT_LIMIT: usize = 50;
/// The greatest length of a key in a list, in bytes. The longest are those of paths in base64.
const MAX_KEY_LEN: usize = 1536;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "{T}Page"))]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// The cursor of the next page; null on the last page.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of the first `limit` of `items`. Another page follows if there are more items than that. `key` returns
    /// the key that the list is sorted by.
    pub(crate) fn from_items(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> String) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| more).map(|item| encode_cursor(&key(item)));
        Self { items, next_cursor }
    }

    /// Converts each item with `make`.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(make).collect(), next_cursor: self.next_cursor }
    }
}

/// The parameters of a request for a page, not checked yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct PageRequest {
    /// The greatest number of items on the page.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_LIMIT), extend("default" = DEFAULT_LIMIT)))]
    pub limit: Option<usize>,
    /// The `next_cursor` of the previous page.
    #[cfg_attr(feature = "openapi", schemars(extend("format" = "cursor")))]
    pub cursor: Option<String>,
}

/// The checked parameters of a request for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageQuery {
    /// The greatest number of items on the page.
    pub(crate) limit: usize,
    /// The key of the last item on the previous page.
    pub(crate) before: Option<String>,
}

impl PageRequest {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::Invalid`] names every parameter that is wrong.
    pub(crate) fn check(&self) -> Result<PageQuery, Error> {
        let mut errors = Errors::default();
        let query = self.check_with(&mut errors);
        errors.or(Some(query))
    }

    /// Checks the parameters, and adds what is wrong to `errors`.
    pub(crate) fn check_with(&self, errors: &mut Errors) -> PageQuery {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            errors.add("limit", format!("must be 1 to {MAX_LIMIT}"));
        }
        let before = self.cursor.as_deref();
        let before = before
            .and_then(|text| errors.note("cursor", decode_cursor(text).ok_or("is not a cursor that a page gave")));
        PageQuery { limit, before }
    }
}

/// Makes the cursor of the page that begins after `key`.
pub(crate) fn encode_cursor(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// Returns the key in a cursor, or `None` if the text is not a cursor.
fn decode_cursor(cursor: &str) -> Option<String> {
    let key = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let valid = !key.is_empty() && key.len() <= MAX_KEY_LEN && key.bytes().all(|b| b.is_ascii_graphic());
    valid.then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_page_begins_at_the_cursor() {
        let page = Page::from_items(vec!["c", "b", "a"], 2, ToString::to_string);
        assert_eq!(page.items, ["c", "b"]);
        let request = PageRequest { limit: Some(2), cursor: page.next_cursor };
        assert_eq!(request.check().unwrap(), PageQuery { limit: 2, before: Some("b".to_owned()) });
        assert_eq!(Page::from_items(vec!["c", "b"], 2, ToString::to_string).next_cursor, None);
    }

    #[test]
    fn error_names_every_bad_parameter() {
        for cursor in ["%%", "", "w6Q", "AAAA"] {
            let request = PageRequest { limit: Some(0), cursor: Some(cursor.to_owned()) };
            let Err(Error::Invalid(errors)) = request.check() else { panic!("{cursor}") };
            let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
            assert_eq!(pointers, ["limit", "cursor"]);
        }
        assert!(PageRequest { limit: Some(MAX_LIMIT + 1), cursor: None }.check().is_err());
    }

    #[test]
    fn limit_and_cursor_are_bounded() {
        for (limit, valid) in [(0, false), (1, true), (MAX_LIMIT, true), (MAX_LIMIT + 1, false)] {
            assert_eq!(PageRequest { limit: Some(limit), cursor: None }.check().is_ok(), valid, "{limit}");
        }
        assert_eq!(PageRequest::default().check().unwrap(), PageQuery { limit: DEFAULT_LIMIT, before: None });
        for (length, valid) in [(1, true), (MAX_KEY_LEN, true), (MAX_KEY_LEN + 1, false)] {
            let key = "k".repeat(length);
            assert_eq!(decode_cursor(&encode_cursor(&key)), valid.then_some(key), "{length}");
        }
        assert_eq!(decode_cursor(&encode_cursor("a b")), None);
    }

    #[test]
    fn conversion_of_the_items_keeps_the_cursor() {
        let page = Page { items: vec![1, 2], next_cursor: Some("c".to_owned()) };
        assert_eq!(page.map(|n| n * 10), Page { items: vec![10, 20], next_cursor: Some("c".to_owned()) });
    }
}
