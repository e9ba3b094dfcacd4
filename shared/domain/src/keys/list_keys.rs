//! Lists the API keys of the caller's workspace, the newest first.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::ports::KeyIndex;
use crate::list_links::{DEFAULT_LIMIT, MAX_LIMIT, decode_cursor};
use crate::{ApiKey, Caller, Error, Role};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The keys, the newest first, expired ones among them.
    pub items: Vec<ApiKey>,
    /// Where the next page begins, if there is more.
    pub next_cursor: Option<String>,
}

/// One page of the workspace's keys after `cursor`. Needs [`Role::Admin`].
///
/// # Errors
/// [`Error::Invalid`] for a `limit` outside 1 to [`MAX_LIMIT`] or a `cursor` that no page gave.
pub async fn list_keys(
    keys: &dyn KeyIndex,
    caller: &Caller,
    limit: Option<usize>,
    cursor: Option<&str>,
) -> Result<Page, Error> {
    caller.require(Role::Admin)?;
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Error::invalid("limit", format!("must be 1 to {MAX_LIMIT}")));
    }
    let before = cursor.map(decode_cursor).transpose()?;
    let mut items = keys.newest(&caller.workspace, before.as_deref(), limit + 1).await?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|key| URL_SAFE_NO_PAD.encode(&key.key_id));
    Ok(Page { items, next_cursor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{MemoryKeys, caller};

    #[tokio::test]
    async fn pages_join_to_the_workspaces_keys_newest_first() {
        let keys = MemoryKeys::default();
        for seed in 10..17 {
            keys.authorize(seed, "acme", Role::Viewer);
        }
        keys.authorize(20, "other", Role::Viewer);
        let admin = caller("acme", Role::Admin);
        let (mut ids, mut cursor) = (Vec::new(), None);
        loop {
            let page = list_keys(&keys, &admin, Some(3), cursor.as_deref()).await.unwrap();
            ids.extend(page.items.into_iter().map(|key| key.key_id));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(ids, ["key_16", "key_15", "key_14", "key_13", "key_12", "key_11", "key_10"]);
    }

    #[tokio::test]
    async fn only_an_admin_lists_keys_and_bad_pages_are_named() {
        let keys = MemoryKeys::default();
        let result = list_keys(&keys, &caller("acme", Role::Editor), None, None).await;
        assert!(matches!(result, Err(Error::Forbidden(_))));
        for (limit, cursor) in [(Some(0), None), (Some(101), None), (None, Some("%%"))] {
            let result = list_keys(&keys, &caller("acme", Role::Admin), limit, cursor).await;
            assert!(matches!(result, Err(Error::Invalid(_))));
        }
    }
}
