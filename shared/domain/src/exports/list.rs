//! Lists the exports of the caller's workspace, the newest first.

use futures::future::BoxFuture;

use super::export::{Export, ExportId};
use super::ports::ExportStore;
use crate::access::key::{Caller, Role};
use crate::jobs::open_to::newest_open_to;
use crate::values::error::Error;
use crate::values::field_errors::Errors;
use crate::values::page::{Page, PageRequest};

/// Returns one page of the workspace's exports, of those that the caller may see.
///
/// # Errors
/// [`Error::Invalid`] names what is wrong with `page`.
pub async fn list_exports(
    exports: &dyn ExportStore,
    caller: &Caller,
    page: &PageRequest,
) -> Result<Page<Export>, Error> {
    caller.require(Role::Viewer)?;
    let mut errors = Errors::default();
    let query = page.check_with(&mut errors);
    let before = query.before.map(ExportId::parse);
    let before = before.and_then(|id| errors.note("cursor", id.map_err(|_| "is not a cursor that a page gave")));
    let (limit, before) = errors.or(Some((query.limit, before)))?;
    let newest = |before: Option<ExportId>, limit| -> BoxFuture<'_, _> {
        Box::pin(async move { exports.newest(&caller.workspace, before.as_ref(), limit).await })
    };
    let items = newest_open_to(caller, before, limit + 1, newest).await?;
    Ok(Page::from_items(items, limit, |export| export.id.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exports::export::ExportFormat;
    use crate::ports::Clock;
    use crate::testing::exports::MemoryExports;
    use crate::testing::samples::caller;
    use crate::testing::system::{FixedClock, SeededRandom};
    use crate::values::page::encode_cursor;

    #[tokio::test]
    async fn pages_join_to_the_whole_list() {
        let (exports, random) = (MemoryExports::default(), SeededRandom::new(1));
        let clock = FixedClock::at("2026-01-01T00:00:00Z");
        for n in 0..9 {
            clock.advance(n % 2);
            let workspace = caller(if n == 4 { "other" } else { "acme" }, Role::Viewer).workspace;
            let id = ExportId::generate(&clock, &random);
            let export = Export::waiting(id, workspace, ExportFormat::Csv, false, clock.now());
            exports.create(&export).await.unwrap();
        }
        let viewer = caller("acme", Role::Viewer);
        let (mut all, mut request) = (Vec::new(), PageRequest { limit: Some(3), cursor: None });
        loop {
            let page = list_exports(&exports, &viewer, &request).await.unwrap();
            assert!(page.items.len() <= 3);
            all.extend(page.items);
            request.cursor = page.next_cursor;
            if request.cursor.is_none() {
                break;
            }
        }
        assert_eq!(all.len(), 8);
        assert!(all.is_sorted_by(|a, b| a.id > b.id) && all.iter().all(|export| export.workspace == viewer.workspace));
    }

    #[tokio::test]
    async fn cursor_of_another_list_is_refused() {
        let viewer = caller("acme", Role::Viewer);
        for cursor in [encode_cursor("2026-01-01T00:00:00.000Z#imp_1"), "%".to_owned()] {
            let request = PageRequest { limit: None, cursor: Some(cursor) };
            let listed = list_exports(&MemoryExports::default(), &viewer, &request).await;
            assert!(matches!(&listed, Err(Error::Invalid(errors)) if errors[0].pointer == "cursor"), "{listed:?}");
        }
    }
}
