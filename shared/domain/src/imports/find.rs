//! Finds an import of the caller's workspace, its progress and its report.

use super::job::id::ImportId;
use super::job::import::{Import, ImportStatus};
use super::job::object_key::{ReportFormat, report_key, report_so_far_key};
use super::job::ports::{ImportStore, PartStore};
use super::report_pieces::{ReportLines, header, to_csv};
use crate::access::key::{Caller, Role};
use crate::files::ports::{DownloadSigner, FileStore, ObjectProbe};
use crate::files::retention::Retention;
use crate::ports::Clock;
use crate::values::error::{Error, StoreError};

/// How long the URL of a report works, in seconds.
pub const REPORT_SECONDS: u32 = 5 * 60;

/// How much of a report is read while the import runs, in bytes.
const SO_FAR_BYTES: usize = 4 * 1024 * 1024;
/// How many of its pieces are read.
const SO_FAR_PIECES: usize = 200;

/// The ports of [`find_report`].
#[derive(Clone, Copy)]
pub struct FindReportPorts<'a> {
    /// Keeps the imports.
    pub imports: &'a dyn ImportStore,
    /// Keeps their parts.
    pub parts: &'a dyn PartStore,
    /// Reads the pieces of the report, and keeps what there is of it so far.
    pub files: &'a dyn FileStore,
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
/// [`Error::NotFound`] if there is no such import, it belongs to another workspace, `id` is not an import's id, or the
/// caller reaches only some links: such a caller has no imports.
pub async fn find_import(imports: &dyn ImportStore, caller: &Caller, id: &str) -> Result<Import, Error> {
    caller.require(Role::Viewer)?;
    let id = ImportId::parse(id).map_err(|_| Error::NotFound("import"))?;
    if !caller.scope.is_whole() {
        return Err(Error::NotFound("import"));
    }
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

/// Returns the import as running if its file has arrived and the event that says so has not. A bucket that does not answer does not
/// keep the caller from the import.
pub async fn with_upload(objects: &dyn ObjectProbe, import: Import) -> Import {
    let has_arrived = import.status == ImportStatus::AwaitingUpload
        && objects.exists(&import.object_key).await.unwrap_or_else(|error| {
            tracing::warn!(event = "import.upload_not_seen", import = %import.id, %error);
            false
        });
    if has_arrived { Import { status: ImportStatus::Running, ..import } } else { import }
}

/// Returns a URL of the import's report that works for [`REPORT_SECONDS`]. While the import runs, the report has the first lines of
/// what its parts have written down so far, at most 4 MiB.
///
/// # Errors
/// [`Error::Conflict`] until loading begins; [`Error::NotFound`] if the import has ended and has nothing to report;
/// [`Error::Gone`] if the bucket has deleted the report.
pub async fn find_report(
    ports: &FindReportPorts<'_>,
    caller: &Caller,
    id: &str,
    format: ReportFormat,
) -> Result<String, Error> {
    let import = find_import(ports.imports, caller, id).await?;
    if !import.is_closed() {
        let key = write_report_so_far(ports, &import, format).await?;
        return Ok(ports.reports.sign_download(&key, REPORT_SECONDS).await?);
    }
    if import.counts.reported() == 0 {
        return Err(Error::NotFound("report"));
    }
    ports.retention.require("report", import.finished_at.unwrap_or(import.created_at), ports.clock.now())?;
    Ok(ports.reports.sign_download(&report_key(&import.workspace, &import.id, format), REPORT_SECONDS).await?)
}

/// Writes what there is of the report of a running import, and returns the key of that file.
async fn write_report_so_far(
    ports: &FindReportPorts<'_>,
    import: &Import,
    format: ReportFormat,
) -> Result<String, Error> {
    let Some(plan) = &import.plan else {
        return Err(Error::Conflict("loading has not begun; there is no report yet".to_owned()));
    };
    let parts = ports.parts.all(&import.id, plan.number).await?;
    let mut report = header(format).to_vec();
    let mut lines = ReportLines::new(ports.files, &parts, SO_FAR_PIECES);
    while report.len() < SO_FAR_BYTES
        && let Some(lines) = lines.next().await?
    {
        match format {
            ReportFormat::Csv => report.extend_from_slice(&to_csv(&lines)?),
            ReportFormat::Jsonl => report.extend_from_slice(&lines),
        }
    }
    let key = report_so_far_key(&import.workspace, &import.id, format);
    ports.files.put(&key, report).await?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::job::counts::Counts;
    use crate::imports::job::part::Part;
    use crate::imports::rows::{RowAddress, RowPlace};
    use crate::imports::write::report::{ReportLine, Reported};
    use crate::testing::files::{MemoryFileStore, MemorySigner, MemoryUploads};
    use crate::testing::imports::{MemoryImports, MemoryParts};
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
        let (parts, files) = (MemoryParts::default(), MemoryFileStore::default());
        let ports = FindReportPorts {
            imports: &imports,
            parts: &parts,
            files: &files,
            reports: &MemorySigner,
            clock: &clock,
            retention,
        };
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

    #[tokio::test]
    async fn import_whose_file_has_arrived_does_not_await_it() {
        let (_, import, _) = fixture().await;
        let uploads = MemoryUploads::default();
        assert_eq!(with_upload(&uploads, import.clone()).await, import);
        uploads.put(import.object_key.as_str(), "https://a.example/\n");
        assert_eq!(with_upload(&uploads, import.clone()).await.status, ImportStatus::Running);
        let cancelled = Import { status: ImportStatus::Cancelled, ..import };
        assert_eq!(with_upload(&uploads, cancelled.clone()).await, cancelled);
    }

    #[tokio::test]
    async fn report_of_a_running_import_has_the_lines_so_far() {
        let (imports, import, clock) = fixture().await;
        let (parts, files) = (MemoryParts::default(), MemoryFileStore::default());
        let planned = import.planned(2, None);
        let mut all: Vec<Part> = (0..2).map(|n| import.plan_part(n, RowPlace::START, 10, clock.now())).collect();
        for (number, part) in (1..).zip(&mut all) {
            let address = RowAddress { row: number, line: number, file: None };
            let line = ReportLine::new(&address, Reported::Invalid, None, "x", "is bad".to_owned());
            part.checkpoint.report = vec![(1, 1)];
            files.put(&part.piece_key(1, 0), line.to_json()).await.unwrap();
        }
        imports.replace(&planned).await.unwrap();
        let viewer = caller("acme", Role::Viewer);
        let ports = FindReportPorts {
            imports: &imports,
            parts: &parts,
            files: &files,
            reports: &MemorySigner,
            clock: &clock,
            retention: Retention::days(1),
        };
        for (known, format) in [(0, ReportFormat::Jsonl), (1, ReportFormat::Jsonl), (2, ReportFormat::Csv)] {
            for part in &all[..known] {
                parts.create(part).await.unwrap();
            }
            let url = find_report(&ports, &viewer, import.id.as_str(), format).await.unwrap();
            let key = report_so_far_key(&import.workspace, &import.id, format);
            assert!(url.contains(&key), "{url}");
            let lines = files.all()[&key].lines().count();
            assert_eq!(lines, known + usize::from(format == ReportFormat::Csv));
        }
    }
}
