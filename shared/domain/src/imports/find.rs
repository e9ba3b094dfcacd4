//! Finds one import of the caller's workspace, and its report.

use super::job::id::ImportId;
use super::job::import::Import;
use super::job::object_key::{ReportFormat, report_key};
use super::job::ports::{ImportStore, PartStore};
use crate::access::key::{Caller, Role};
use crate::files::ports::DownloadSigner;
use crate::values::error::{Error, StoreError};

/// For how long the link to a report works.
pub const REPORT_SECONDS: u32 = 5 * 60;

/// The import, if the caller's workspace owns it; a foreign one looks like none, and so does a text that is no id.
pub async fn find_import(imports: &dyn ImportStore, caller: &Caller, id: &str) -> Result<Import, Error> {
    caller.require(Role::Viewer)?;
    let id = ImportId::parse(id).map_err(|_| Error::NotFound("import"))?;
    imports.get(&caller.workspace, &id).await?.ok_or(Error::NotFound("import"))
}

/// The import with what its parts have come to so far.
///
/// # Errors
/// Those of the store.
pub async fn with_progress(parts: &dyn PartStore, import: Import) -> Result<Import, StoreError> {
    match &import.plan {
        Some(plan) if !import.is_closed() => {
            let parts = parts.all(&import.id, plan.number).await?;
            Ok(import.with_progress(&parts))
        }
        _ => Ok(import),
    }
}

/// A URL of the import's report, which works for [`REPORT_SECONDS`].
///
/// # Errors
/// [`Error::Conflict`] as long as the import is not final; [`Error::NotFound`] if it has nothing to report.
pub async fn find_report(
    imports: &dyn ImportStore,
    reports: &dyn DownloadSigner,
    caller: &Caller,
    id: &str,
    format: ReportFormat,
) -> Result<String, Error> {
    let import = find_import(imports, caller, id).await?;
    if !import.is_closed() {
        return Err(Error::Conflict("the import is not finished; its report comes at its end".to_owned()));
    }
    if import.counts.reported() == 0 {
        return Err(Error::NotFound("report"));
    }
    Ok(reports.sign_download(&report_key(&import.workspace, &import.id, format), REPORT_SECONDS).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::job::counts::Counts;
    use crate::ports::Clock;
    use crate::testing::files::MemorySigner;
    use crate::testing::imports::MemoryImports;
    use crate::testing::samples::caller;
    use crate::testing::system::{FixedClock, SeededRandom};

    async fn fixture() -> (MemoryImports, Import, FixedClock) {
        let clock = FixedClock::at("2026-01-01T00:00:00Z");
        let id = ImportId::generate(&clock, &SeededRandom::new(1));
        let import = Import::awaiting(id, caller("acme", Role::Viewer).workspace, None, 10, clock.now());
        let imports = MemoryImports::default();
        imports.create(&import).await.unwrap();
        (imports, import, clock)
    }

    #[tokio::test]
    async fn a_foreign_import_looks_like_none() {
        let (imports, import, _) = fixture().await;
        assert_eq!(find_import(&imports, &caller("acme", Role::Viewer), import.id.as_str()).await.unwrap(), import);
        for (workspace, id) in [("other", import.id.as_str()), ("acme", "imp_x"), ("acme", "")] {
            let found = find_import(&imports, &caller(workspace, Role::Admin), id).await;
            assert!(matches!(found, Err(Error::NotFound(_))), "{workspace} {id}");
        }
    }

    #[tokio::test]
    async fn there_is_a_report_at_the_end_if_there_is_something_to_report() {
        let (imports, import, clock) = fixture().await;
        let viewer = caller("acme", Role::Viewer);
        let report = || find_report(&imports, &MemorySigner, &viewer, import.id.as_str(), ReportFormat::Csv);
        assert!(matches!(report().await, Err(Error::Conflict(_))));
        let clean = import.closed(&[], clock.now());
        imports.replace(&clean).await.unwrap();
        assert!(matches!(report().await, Err(Error::NotFound(_))));
        let mut bad = clean.closed(&[], clock.now());
        bad.counts = Counts { read: 1, invalid: 1, ..Counts::default() };
        imports.replace(&bad).await.unwrap();
        assert!(report().await.unwrap().contains(&format!("reports/acme/{}.csv", import.id)));
    }
}
