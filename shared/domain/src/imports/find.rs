//! Finds an import of the caller's workspace, its progress and its report.

use super::job::id::ImportId;
use super::job::import::Import;
use super::job::object_key::{ReportFormat, report_key};
use super::job::ports::{ImportStore, PartStore};
use crate::access::key::{Caller, Role};
use crate::files::ports::DownloadSigner;
use crate::files::retention::Retention;
use crate::ports::Clock;
use crate::values::error::{Error, StoreError};

/// How long the URL of a report works, in seconds.
pub const REPORT_SECONDS: u32 = 5 * 60;

/// The ports of [`find_report`].
#[derive(Clone, Copy)]
pub struct FindReportPorts<'a> {
    /// Keeps the imports.
    pub imports: &'a dyn ImportStore,
    /// Signs the report's URL.
    pub reports: &'a dyn DownloadSigner,
    /// Tells how old the report is.
    pub clock: &'a dyn Clock,
    /// How long the bucket keeps the report.
    pub retention: Retention,
}

/// Returns the import `id` of the caller's workspace.
///
/// # Errors
/// [`Error::NotFound`] if there is no such import, it belongs to another workspace, or `id` is not an import's id.
pub async fn find_import(imports: &dyn ImportStore, caller: &Caller, id: &str) -> Result<Import, Error> {
    caller.require(Role::Viewer)?;
    let id = ImportId::parse(id).map_err(|_| Error::NotFound("import"))?;
    imports.get(&caller.workspace, &id).await?.ok_or(Error::NotFound("import"))
}

/// Returns the import with the progress of its parts.
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

/// Returns a URL of the import's report that works for [`REPORT_SECONDS`].
///
/// # Errors
/// [`Error::Conflict`] until the import is closed; [`Error::NotFound`] if it has nothing to report;
/// [`Error::Gone`] if the bucket has deleted the report.
pub async fn find_report(
    ports: &FindReportPorts<'_>,
    caller: &Caller,
    id: &str,
    format: ReportFormat,
) -> Result<String, Error> {
    let import = find_import(ports.imports, caller, id).await?;
    if !import.is_closed() {
        return Err(Error::Conflict("the import is not finished; its report is written at the end".to_owned()));
    }
    if import.counts.reported() == 0 {
        return Err(Error::NotFound("report"));
    }
    ports.retention.require("report", import.finished_at.unwrap_or(import.created_at), ports.clock.now())?;
    Ok(ports.reports.sign_download(&report_key(&import.workspace, &import.id, format), REPORT_SECONDS).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::job::counts::Counts;
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
    async fn foreign_import_is_not_found() {
        let (imports, import, _) = fixture().await;
        assert_eq!(find_import(&imports, &caller("acme", Role::Viewer), import.id.as_str()).await.unwrap(), import);
        for (workspace, id) in [("other", import.id.as_str()), ("acme", "imp_x"), ("acme", "")] {
            let found = find_import(&imports, &caller(workspace, Role::Admin), id).await;
            assert!(matches!(found, Err(Error::NotFound(_))), "{workspace} {id}");
        }
    }

    #[tokio::test]
    async fn report_needs_a_closed_import_with_reported_rows() {
        let (imports, import, clock) = fixture().await;
        let viewer = caller("acme", Role::Viewer);
        let retention = Retention::days(40);
        let ports = FindReportPorts { imports: &imports, reports: &MemorySigner, clock: &clock, retention };
        let report = || find_report(&ports, &viewer, import.id.as_str(), ReportFormat::Csv);
        assert!(matches!(report().await, Err(Error::Conflict(_))));
        let clean = import.closed(&[], clock.now());
        imports.replace(&clean).await.unwrap();
        assert!(matches!(report().await, Err(Error::NotFound(_))));
        let mut bad = clean.closed(&[], clock.now());
        bad.counts = Counts { read: 1, invalid: 1, ..Counts::default() };
        imports.replace(&bad).await.unwrap();
        clock.advance(40 * 86_400 - 1);
        assert!(report().await.unwrap().contains(&format!("reports/acme/{}.csv", import.id)));
        clock.advance(1);
        assert!(matches!(report().await, Err(Error::Gone { days: 40, .. })));
    }
}
