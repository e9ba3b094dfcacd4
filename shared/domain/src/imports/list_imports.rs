//! Lists the imports of the caller's workspace, the newest first.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::imports::Import;
use crate::imports::ports::ImportIndex;
use crate::list_links::{DEFAULT_LIMIT, MAX_LIMIT, decode_cursor};
use crate::{Caller, Error, Role};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The imports, the newest first.
    pub items: Vec<Import>,
    /// Where the next page begins, if there is more.
    pub next_cursor: Option<String>,
}

/// One page of the workspace's imports after `cursor`.
///
/// # Errors
/// [`Error::Invalid`] for a `limit` outside 1 to [`MAX_LIMIT`] or a `cursor` that no page gave.
pub async fn list_imports(
    imports: &dyn ImportIndex,
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
    let mut items = imports.newest(&caller.workspace, before.as_deref(), limit + 1).await?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|import| URL_SAFE_NO_PAD.encode(import.list_key()));
    Ok(Page { items, next_cursor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::ImportId;
    use crate::imports::memory::MemoryImports;
    use crate::imports::ports::ImportStore;
    use crate::memory::{FixedClock, SeededRandom, caller};
    use crate::ports::Clock;

    #[tokio::test]
    async fn pages_join_to_the_whole_list_newest_first() {
        let (imports, clock, random) =
            (MemoryImports::default(), FixedClock::at("2026-01-01T00:00:00Z"), SeededRandom::new(1));
        for n in 0..9 {
            clock.advance(n % 2);
            let id = ImportId::generate(&clock, &random);
            let workspace = caller(if n == 4 { "other" } else { "acme" }, Role::Viewer).workspace;
            imports.create(&Import::awaiting(id, workspace, None, 1, clock.now())).await.unwrap();
        }
        let viewer = caller("acme", Role::Viewer);
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = list_imports(&imports, &viewer, Some(3), cursor.as_deref()).await.unwrap();
            all.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(all.len(), 8);
        assert!(all.windows(2).all(|pair| pair[0].list_key() > pair[1].list_key()));
    }

    #[tokio::test]
    async fn bad_limits_and_cursors_are_named() {
        let viewer = caller("acme", Role::Viewer);
        for (limit, cursor) in [(Some(0), None), (Some(101), None), (None, Some("%%")), (None, Some(""))] {
            let result = list_imports(&MemoryImports::default(), &viewer, limit, cursor).await;
            assert!(matches!(result, Err(Error::Invalid(_))));
        }
    }
}
