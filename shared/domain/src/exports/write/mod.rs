//! Writes every link of a workspace to the export's file, as a stream.

use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::export::{Export, ExportFormat};
use super::format::{CSV_HEADER, csv_row, json_line};
use super::ports::{ExportRequest, ExportStore};
use crate::files::ports::{FileStore, FileWriter};
use crate::jobs::delivery::Delivery;
use crate::jobs::lease::Lease;
use crate::links::link::Link;
use crate::links::ports::LinkShards;
use crate::ports::Clock;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;

/// How often progress is saved, in seconds.
const PROGRESS_SECONDS: i64 = 2;
/// How long before the end of its invocation an export gives up, in seconds.
const MARGIN_SECONDS: i64 = 15;

/// The ports of [`write_export`].
#[derive(Clone)]
pub struct WriteExportPorts {
    /// Keeps the exports.
    pub exports: Arc<dyn ExportStore>,
    /// Reads the links.
    pub links: Arc<dyn LinkShards>,
    /// Keeps the files.
    pub files: Arc<dyn FileStore>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// The export is final.
    Finished(Box<Export>),
    /// Another invocation writes it. Keep the request and try again later: that invocation may crash.
    Busy {
        /// When that invocation ends at the latest.
        until: Timestamp,
    },
    /// There is nothing to do: the export does not exist, is final, or was taken over by another invocation.
    Gone,
}

/// Writes the export of `request`. The file appears as a whole.
///
/// # Errors
/// Those of the stores. The request can be tried again.
pub async fn write_export(
    ports: &WriteExportPorts,
    request: &ExportRequest,
    delivery: &Delivery,
) -> Result<Written, StoreError> {
    let export = ports.exports.get(&request.workspace, &request.export).await?;
    let Some(export) = export.filter(|export| !export.status.is_final()) else { return Ok(Written::Gone) };
    if let Some(until) = export.held_until(&delivery.request_id, ports.clock.now()) {
        return Ok(Written::Busy { until });
    }
    let lease = Lease { owner: delivery.request_id.clone(), until: delivery.deadline };
    let export = export.leased(lease);
    if !ports.exports.replace(&export).await? {
        return Ok(Written::Busy { until: delivery.deadline });
    }
    let file = ports.files.create(&export.object_key()).await?;
    let compressor = export.gzip.then(|| GzEncoder::new(Vec::new(), Compression::default()));
    let now = ports.clock.now();
    let deadline = delivery.deadline.plus_seconds(-MARGIN_SECONDS);
    let mut run =
        Run { ports, export, out: OutputFile { file, compressor, bytes: 0 }, links: 0, saved_at: now, deadline };
    match run.write_links().await {
        Ok(End::Complete) => run.finish().await,
        Ok(End::OutOfTime) => run.fail().await,
        Ok(End::TakenOver) => {
            run.out.file.abort().await;
            Ok(Written::Gone)
        }
        Err(error) => {
            run.out.file.abort().await;
            if let Err(error) = ports.exports.replace(&run.export.released()).await {
                tracing::warn!(event = "export.not_released", export = %run.export.id, %error);
            }
            Err(error)
        }
    }
}

/// How writing ended.
enum End {
    Complete,
    OutOfTime,
    TakenOver,
}

/// A file that compresses its content if asked to.
struct OutputFile {
    file: Box<dyn FileWriter>,
    compressor: Option<GzEncoder<Vec<u8>>>,
    bytes: u64,
}

impl OutputFile {
    async fn write(&mut self, text: &[u8]) -> Result<(), StoreError> {
        match &mut self.compressor {
            None => self.write_raw(text).await,
            Some(compressor) => {
                compressor.write_all(text).map_err(compression_error)?;
                let compressed = std::mem::take(compressor.get_mut());
                self.write_raw(&compressed).await
            }
        }
    }

    async fn write_raw(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.bytes += bytes.len() as u64;
        self.file.write(bytes).await
    }

    /// Finishes the file and returns its size.
    async fn finish(mut self) -> Result<u64, StoreError> {
        if let Some(compressor) = self.compressor.take() {
            let rest = compressor.finish().map_err(compression_error)?;
            self.write_raw(&rest).await?;
        }
        self.file.finish().await?;
        Ok(self.bytes)
    }
}

/// Wraps an error of the compressor, which writes to memory and so never fails in practice.
fn compression_error(error: std::io::Error) -> StoreError {
    StoreError::new("exports.compress", StoreErrorKind::Broken, error)
}

/// One invocation's work on one export.
struct Run<'a> {
    ports: &'a WriteExportPorts,
    export: Export,
    out: OutputFile,
    links: u64,
    saved_at: Timestamp,
    deadline: Timestamp,
}

impl Run<'_> {
    async fn write_links(&mut self) -> Result<End, StoreError> {
        if self.export.format == ExportFormat::Csv {
            self.out.write(CSV_HEADER.as_bytes()).await?;
        }
        for shard in 0..Link::LIST_SHARDS {
            let mut last: Option<Link> = None;
            loop {
                let (links, more) = self.ports.links.next(&self.export.workspace, shard, last.as_ref()).await?;
                self.write_page(&links).await?;
                let now = self.ports.clock.now();
                if now >= self.deadline {
                    return Ok(End::OutOfTime);
                }
                if now >= self.saved_at.plus_seconds(PROGRESS_SECONDS) {
                    self.saved_at = now;
                    let next = self.export.progressed(self.links);
                    if !self.ports.exports.replace(&next).await? {
                        return Ok(End::TakenOver);
                    }
                    self.export = next;
                }
                last = links.into_iter().next_back().or(last);
                if !more {
                    break;
                }
            }
        }
        Ok(End::Complete)
    }

    async fn write_page(&mut self, links: &[Link]) -> Result<(), StoreError> {
        let row = match self.export.format {
            ExportFormat::Csv => csv_row,
            ExportFormat::Jsonl => json_line,
        };
        let text: String = links.iter().map(row).collect();
        self.links += links.len() as u64;
        self.out.write(text.as_bytes()).await
    }

    /// Finishes the file before the export: an export that has succeeded must have its file.
    async fn finish(self) -> Result<Written, StoreError> {
        let bytes = self.out.finish().await?;
        let last = self.export.succeeded(self.links, bytes, self.ports.clock.now());
        end(self.ports, last).await
    }

    async fn fail(self) -> Result<Written, StoreError> {
        self.out.file.abort().await;
        let reason = format!("there are too many links for one run: time ran out after {}", self.links);
        end(self.ports, self.export.failed(reason, self.ports.clock.now())).await
    }
}

async fn end(ports: &WriteExportPorts, last: Export) -> Result<Written, StoreError> {
    if ports.exports.replace(&last).await? {
        return Ok(Written::Finished(Box::new(last)));
    }
    Err(StoreError::new("exports.replace", StoreErrorKind::Unavailable, "another invocation took the export over"))
}

#[cfg(test)]
mod tests;
