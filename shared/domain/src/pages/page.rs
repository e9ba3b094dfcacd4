//! Defines a page as it was fetched.

/// The start of a page, and what its answer says about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The status of the answer.
    pub status: u16,
    /// The header `Content-Type`; empty without one.
    pub content_type: String,
    /// The body, at most [`Page::MAX_BYTES`] of it. Empty if it is not HTML.
    pub body: Vec<u8>,
}

impl Page {
    /// How much of a body is read, in bytes. Titles are in the head of a page.
    pub const MAX_BYTES: usize = 256 * 1024;

    /// Tells whether a `Content-Type` is that of an HTML page.
    pub fn is_html(content_type: &str) -> bool {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        ["text/html", "application/xhtml+xml"].iter().any(|html| html.eq_ignore_ascii_case(kind))
    }
}
