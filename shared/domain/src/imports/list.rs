//! Lists the imports of the caller's workspace, the newest first.

use super::job::import::Import;
use super::job::ports::ImportIndex;
use crate::access::key::{Caller, Role};
use crate::values::error::Error;
use crate::values::page::{Page, PageQuery, PageRequest};

/// Returns one page of the workspace's imports. A caller that reaches only some links sees none.
///
/// # Errors
/// [`Error::Invalid`] names what is wrong with `page`.
pub async fn list_imports(
    imports: &dyn ImportIndex,
    caller: &Caller,
    page: &PageRequest,
) -> Result<Page<Import>, Error> {
    caller.require(Role::Viewer)?;
    let PageQuery { limit, before } = page.check()?;
    if !caller.scope.is_whole() {
        return Ok(Page::from_items(Vec::new(), limit, Import::list_key));
    }
    let items = imports.newest(&caller.workspace, before.as_deref(), limit + 1).await?;
    Ok(Page::from_items(items, limit, Import::list_key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::job::id::ImportId;
    use crate::imports::job::ports::ImportStore;
    use crate::ports::Clock;
    use crate::testing::imports::MemoryImports;
    use crate::testing::samples::caller;
    use crate::testing::system::{FixedClock, SeededRandom};

    #[tokio::test]
    async fn pages_join_to_the_whole_list() {
        let (imports, clock, random) =
            (MemoryImports::default(), FixedClock::at("2026-01-01T00:00:00Z"), SeededRandom::new(1));
        for n in 0..9 {
            clock.advance(n % 2);
            let id = ImportId::generate(&clock, &random);
            let workspace = caller(if n == 4 { "other" } else { "acme" }, Role::Viewer).workspace;
            imports.create(&Import::awaiting(id, workspace, None, 1, clock.now())).await.unwrap();
        }
        let viewer = caller("acme", Role::Viewer);
        let (mut all, mut request) = (Vec::new(), PageRequest { limit: Some(3), cursor: None });
        loop {
            let page = list_imports(&imports, &viewer, &request).await.unwrap();
            all.extend(page.items);
            request.cursor = page.next_cursor;
            if request.cursor.is_none() {
                break;
            }
        }
        assert_eq!(all.len(), 8);
        assert!(all.windows(2).all(|pair| pair[0].list_key() > pair[1].list_key()));
    }

    #[tokio::test]
    async fn invalid_page_is_refused() {
        let viewer = caller("acme", Role::Viewer);
        let request = PageRequest { limit: Some(101), cursor: None };
        let result = list_imports(&MemoryImports::default(), &viewer, &request).await;
        assert!(matches!(result, Err(Error::Invalid(_))));
    }
}
