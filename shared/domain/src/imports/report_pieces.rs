//! Reads the pieces of an import's report that its parts have written.

use futures::stream::StreamExt;

use super::job::object_key::ReportFormat;
use super::job::part::Part;
use super::write::report::{CSV_HEADER, ReportLine};
use crate::files::ports::FileStore;
use crate::values::error::{StoreError, StoreErrorKind};

/// Returns the keys of the pieces of `parts`, in the order of the file.
pub(super) fn piece_keys(parts: &[Part]) -> impl Iterator<Item = String> {
    parts.iter().flat_map(|part| {
        let pieces = part.checkpoint.report.iter();
        pieces.flat_map(|(revision, pieces)| (0..*pieces).map(|piece| part.piece_key(*revision, piece)))
    })
}

/// Reads the pieces with these `keys`, and gives their lines to `write`: whole lines, as JSON, some at a time. Stops when `write`
/// returns `false`.
pub(super) async fn read_lines(
    files: &dyn FileStore,
    keys: impl Iterator<Item = String>,
    mut write: impl AsyncFnMut(&[u8]) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    for key in keys {
        let mut body = files.read(&key).await?;
        let mut lines = Vec::new();
        while let Some(bytes) = body.next().await {
            lines.extend_from_slice(&bytes?);
            let whole = memchr::memrchr(b'\n', &lines).map_or(0, |end| end + 1);
            if whole > 0 && !write(&lines[..whole]).await? {
                return Ok(());
            }
            lines.drain(..whole);
        }
    }
    Ok(())
}

/// Returns what a report in `format` begins with.
pub(super) fn header(format: ReportFormat) -> &'static [u8] {
    match format {
        ReportFormat::Csv => CSV_HEADER,
        ReportFormat::Jsonl => b"",
    }
}

/// Converts whole `lines` of JSON to rows of CSV.
pub(super) fn to_csv(lines: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut csv = Vec::with_capacity(lines.len());
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line: ReportLine = serde_json::from_slice(line)
            .map_err(|error| StoreError::new("reports.read", StoreErrorKind::Broken, error))?;
        csv.extend_from_slice(&line.to_csv());
    }
    Ok(csv)
}
