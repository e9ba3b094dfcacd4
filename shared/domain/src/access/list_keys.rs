//! Lists the API keys of the caller's workspace, the newest first.

use super::key::{ApiKey, Caller, Role};
use super::ports::KeyIndex;
use crate::values::error::Error;
use crate::values::page::{Page, PageQuery, PageRequest};

/// Returns one page of the workspace's keys, also expired ones. Needs [`Role::Admin`].
///
/// # Errors
/// [`Error::Invalid`] names the parameters of the page that are wrong.
pub async fn list_keys(keys: &dyn KeyIndex, caller: &Caller, page: &PageRequest) -> Result<Page<ApiKey>, Error> {
    caller.require(Role::Admin)?;
    let PageQuery { limit, before } = page.check()?;
    let items = keys.newest(&caller.workspace, before.as_deref(), limit + 1).await?;
    Ok(Page::from_items(items, limit, |key| key.key_id.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::keys::MemoryKeys;
    use crate::testing::samples::caller;

    #[tokio::test]
    async fn pages_list_the_workspaces_keys_newest_first() {
        let keys = MemoryKeys::default();
        for seed in 10..17 {
            keys.authorize(seed, "acme", Role::Viewer);
        }
        keys.authorize(20, "other", Role::Viewer);
        let admin = caller("acme", Role::Admin);
        let (mut ids, mut request) = (Vec::new(), PageRequest { limit: Some(3), cursor: None });
        loop {
            let page = list_keys(&keys, &admin, &request).await.unwrap();
            ids.extend(page.items.into_iter().map(|key| key.key_id));
            request.cursor = page.next_cursor;
            if request.cursor.is_none() {
                break;
            }
        }
        assert_eq!(ids, ["key_16", "key_15", "key_14", "key_13", "key_12", "key_11", "key_10"]);
    }

    #[tokio::test]
    async fn other_roles_and_bad_pages_are_rejected() {
        let keys = MemoryKeys::default();
        let result = list_keys(&keys, &caller("acme", Role::Editor), &PageRequest::default()).await;
        assert!(matches!(result, Err(Error::Forbidden(_))));
        let request = PageRequest { limit: Some(0), cursor: None };
        let result = list_keys(&keys, &caller("acme", Role::Admin), &request).await;
        assert!(matches!(result, Err(Error::Invalid(_))));
    }
}
