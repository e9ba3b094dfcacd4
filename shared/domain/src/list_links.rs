//! Lists the links of the caller's workspace, the newest first.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::ports::LinkIndex;
use crate::{Caller, Error, Link, Role};

/// The greatest number of items on a page.
pub const MAX_LIMIT: usize = 100;
/// The number of items on a page where the request does not say.
pub const DEFAULT_LIMIT: usize = 50;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The links, the newest first.
    pub items: Vec<Link>,
    /// Where the next page begins, if there is more.
    pub next_cursor: Option<String>,
}

/// One page of the workspace's links after `cursor`. A link that is created meanwhile does not shift the pages.
///
/// # Errors
/// [`Error::Invalid`] for a `limit` outside 1 to [`MAX_LIMIT`] or a `cursor` that no page gave.
pub async fn list_links(
    links: &dyn LinkIndex,
    caller: &Caller,
    limit: Option<usize>,
    cursor: Option<&str>,
) -> Result<Page, Error> {
    caller.require(Role::Viewer)?;
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Error::invalid("limit", format!("must be 1 to {MAX_LIMIT}")));
    }
    let before = cursor.map(decode_cursor).transpose()?;
    let mut items = links.newest(&caller.workspace, before.as_deref(), limit + 1).await?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|link| URL_SAFE_NO_PAD.encode(link.list_key()));
    Ok(Page { items, next_cursor })
}

/// What a page's `next_cursor` stands for.
pub(crate) fn decode_cursor(cursor: &str) -> Result<String, Error> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let key = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).filter(|key| !key.is_empty() && key.len() <= 512);
    key.ok_or_else(|| Error::invalid("cursor", "is not a cursor that a page gave"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{MemoryLinks, caller, link};
    use crate::ports::LinkWriter;

    #[tokio::test]
    async fn pages_join_to_the_whole_list_newest_first() {
        let links = MemoryLinks::default();
        for n in 0..25 {
            let mut link = link("acme", &format!("s{n}"), "https://example.com/");
            link.created_at = link.created_at.plus_seconds(n % 7);
            links.insert(&link).await.unwrap();
        }
        links.insert(&link("other", "foreign", "https://example.com/")).await.unwrap();
        let caller = caller("acme", Role::Viewer);
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = list_links(&links, &caller, Some(4), cursor.as_deref()).await.unwrap();
            all.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(all.len(), 25);
        assert!(all.windows(2).all(|pair| pair[0].list_key() > pair[1].list_key()));
    }

    #[tokio::test]
    async fn bad_limits_and_cursors_are_named() {
        let links = MemoryLinks::default();
        let caller = caller("acme", Role::Viewer);
        for (limit, cursor) in [(Some(0), None), (Some(101), None), (None, Some("%%")), (None, Some(""))] {
            assert!(matches!(list_links(&links, &caller, limit, cursor).await, Err(Error::Invalid(_))));
        }
    }
}
