//! Reads the pieces of an import's report that its parts have written.

use futures::stream::StreamExt;

use super::job::object_key::ReportFormat;
use super::job::part::Part;
use super::write::report::{CSV_HEADER, ReportLine};
use crate::files::ports::{Body, FileStore};
use crate::values::error::{StoreError, StoreErrorKind};

/// The lines of a report, as JSON, from the pieces of its parts in the order of the file.
pub(super) struct ReportLines<'a> {
    files: &'a dyn FileStore,
    keys: std::vec::IntoIter<String>,
    body: Option<Body>,
    /// The beginning of a line.
    rest: Vec<u8>,
}

impl<'a> ReportLines<'a> {
    /// Begins with the first piece of `parts`, and ends after `most` pieces.
    pub(super) fn new(files: &'a dyn FileStore, parts: &[Part], most: usize) -> Self {
        let keys = parts.iter().flat_map(|part| {
            let pieces = part.checkpoint.report.iter();
            pieces.flat_map(|(revision, pieces)| (0..*pieces).map(|piece| part.piece_key(*revision, piece)))
        });
        let keys: Vec<String> = keys.take(most).collect();
        Self { files, keys: keys.into_iter(), body: None, rest: Vec::new() }
    }

    /// Returns the next lines, some whole ones at a time.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        loop {
            let Some(body) = &mut self.body else {
                let Some(key) = self.keys.next() else { return Ok(None) };
                self.body = Some(self.files.read(&key).await?);
                continue;
            };
            let Some(bytes) = body.next().await else {
                self.body = None;
                continue;
            };
            self.rest.extend_from_slice(&bytes?);
            if let Some(end) = memchr::memrchr(b'\n', &self.rest) {
                let rest = self.rest.split_off(end + 1);
                return Ok(Some(std::mem::replace(&mut self.rest, rest)));
            }
        }
    }
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
