//! Revokes an API key of the caller's workspace.

use super::key::{Caller, Role};
use super::ports::KeyWriter;
use crate::values::error::Error;

/// Deletes the key. Requests with it fail from then on; a process that has just read the key may still accept it for less than a
/// second. Needs [`Role::Admin`].
///
/// A caller may revoke its own key, also the last admin key: every leaked key must be revocable at once. The operator can make
/// a new one with the command that made the first.
///
/// # Errors
/// [`Error::NotFound`] if the caller's workspace has no such key.
pub async fn revoke_key(keys: &dyn KeyWriter, caller: &Caller, key_id: &str) -> Result<(), Error> {
    caller.require(Role::Admin)?;
    if !keys.revoke(&caller.workspace, key_id).await? {
        return Err(Error::NotFound("key"));
    }
    tracing::info!(event = "key.revoked", workspace = %caller.workspace, key_id, by = caller.key_id);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::keys::MemoryKeys;
    use crate::testing::samples::caller;

    #[tokio::test]
    async fn key_is_revoked_once_and_only_in_its_workspace() {
        let keys = MemoryKeys::default();
        keys.authorize(1, "acme", Role::Viewer);
        let result = revoke_key(&keys, &caller("other", Role::Admin), "key_1").await;
        assert!(matches!(result, Err(Error::NotFound(_))));
        assert_eq!(keys.all().len(), 1);
        let admin = caller("acme", Role::Admin);
        revoke_key(&keys, &admin, "key_1").await.unwrap();
        assert!(matches!(revoke_key(&keys, &admin, "key_1").await, Err(Error::NotFound(_))));
    }

    #[tokio::test]
    async fn only_an_admin_revokes_keys() {
        let keys = MemoryKeys::default();
        keys.authorize(1, "acme", Role::Viewer);
        let result = revoke_key(&keys, &caller("acme", Role::Editor), "key_1").await;
        assert!(matches!(result, Err(Error::Forbidden(_))));
        assert_eq!(keys.all().len(), 1);
    }

    #[tokio::test]
    async fn last_admin_may_revoke_itself() {
        let keys = MemoryKeys::default();
        keys.authorize(1, "acme", Role::Admin);
        let mut admin = caller("acme", Role::Admin);
        admin.key_id = "key_1".to_owned();
        revoke_key(&keys, &admin, "key_1").await.unwrap();
        assert!(keys.all().is_empty());
    }
}
