//! Writes an export: every link of the workspace, as a stream.

use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::export::Export;
use super::export::ExportFormat;
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

/// How often progress is written, in seconds.
const PROGRESS_SECONDS: i64 = 2;
/// How long before an invocation is cut off it gives up, in seconds.
const MARGIN_SECONDS: i64 = 15;

/// What writing exports needs.
#[derive(Clone)]
pub struct Exporter {
    /// The exports.
    pub exports: Arc<dyn ExportStore>,
    /// The links.
    pub links: Arc<dyn LinkShards>,
    /// The files.
    pub files: Arc<dyn FileStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// The export is final.
    Finished(Box<Export>),
    /// Another invocation writes it. If that one crashes, the request is needed: it must come again.
    Busy {
        /// When that invocation is over at the latest.
        until: Timestamp,
    },
    /// There is nothing to do.
    Gone,
}

/// Writes the export that `request` names. The file takes its place as a whole.
///
/// # Errors
/// A store that fails for longer than its adapter bears. The request can come again.
pub async fn write_export(
    exporter: &Exporter,
    request: &ExportRequest,
    delivery: &Delivery,
) -> Result<Written, StoreError> {
    let export = exporter.exports.get(&request.workspace, &request.export).await?;
    let Some(export) = export.filter(|export| !export.status.is_final()) else { return Ok(Written::Gone) };
    if let Some(until) = export.held_until(&delivery.request_id, exporter.clock.now()) {
        return Ok(Written::Busy { until });
    }
    let lease = Lease { owner: delivery.request_id.clone(), until: delivery.deadline };
    let export = export.leased(lease);
    if !exporter.exports.replace(&export).await? {
        return Ok(Written::Busy { until: delivery.deadline });
    }
    let file = exporter.files.create(&export.object_key()).await?;
    let compressor = export.gzip.then(|| GzEncoder::new(Vec::new(), Compression::default()));
    let now = exporter.clock.now();
    let deadline = delivery.deadline.plus_seconds(-MARGIN_SECONDS);
    let mut run = Run { exporter, export, out: Out { file, compressor, bytes: 0 }, links: 0, saved_at: now, deadline };
    match run.write_links().await {
        Ok(End::Whole) => run.finish().await,
        Ok(End::OutOfTime) => run.fail().await,
        Ok(End::TakenOver) => {
            run.out.file.abort().await;
            Ok(Written::Gone)
        }
        Err(error) => {
            run.out.file.abort().await;
            if let Err(error) = exporter.exports.replace(&run.export.released()).await {
                tracing::warn!(event = "export.not_released", export = %run.export.id, %error);
            }
            Err(error)
        }
    }
}

/// How writing ended.
enum End {
    Whole,
    OutOfTime,
    TakenOver,
}

/// A file, compressed or not.
struct Out {
    file: Box<dyn FileWriter>,
    compressor: Option<GzEncoder<Vec<u8>>>,
    bytes: u64,
}

impl Out {
    async fn write(&mut self, text: &[u8]) -> Result<(), StoreError> {
        match &mut self.compressor {
            None => self.pass_on(text).await,
            Some(compressor) => {
                compressor.write_all(text).map_err(not_compressed)?;
                let compressed = std::mem::take(compressor.get_mut());
                self.pass_on(&compressed).await
            }
        }
    }

    async fn pass_on(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.bytes += bytes.len() as u64;
        self.file.write(bytes).await
    }

    /// The size of the file.
    async fn finish(mut self) -> Result<u64, StoreError> {
        if let Some(compressor) = self.compressor.take() {
            let rest = compressor.finish().map_err(not_compressed)?;
            self.pass_on(&rest).await?;
        }
        self.file.finish().await?;
        Ok(self.bytes)
    }
}

/// None in practice: it is written to memory.
fn not_compressed(error: std::io::Error) -> StoreError {
    StoreError::new("exports.compress", StoreErrorKind::Broken, error)
}

/// One invocation's work on one export.
struct Run<'a> {
    exporter: &'a Exporter,
    export: Export,
    out: Out,
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
                let (links, more) = self.exporter.links.next(&self.export.workspace, shard, last.as_ref()).await?;
                self.write_page(&links).await?;
                let now = self.exporter.clock.now();
                if now >= self.deadline {
                    return Ok(End::OutOfTime);
                }
                if now >= self.saved_at.plus_seconds(PROGRESS_SECONDS) {
                    self.saved_at = now;
                    let next = self.export.progressed(self.links);
                    if !self.exporter.exports.replace(&next).await? {
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
        Ok(End::Whole)
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

    /// The file first: an export that has succeeded has one.
    async fn finish(self) -> Result<Written, StoreError> {
        let bytes = self.out.finish().await?;
        let last = self.export.succeeded(self.links, bytes, self.exporter.clock.now());
        end(self.exporter, last).await
    }

    async fn fail(self) -> Result<Written, StoreError> {
        self.out.file.abort().await;
        let reason = format!("there are too many links for one run: time ended after {}", self.links);
        end(self.exporter, self.export.failed(reason, self.exporter.clock.now())).await
    }
}

async fn end(exporter: &Exporter, last: Export) -> Result<Written, StoreError> {
    if exporter.exports.replace(&last).await? {
        return Ok(Written::Finished(Box::new(last)));
    }
    Err(StoreError::new("exports.replace", StoreErrorKind::Unavailable, "another invocation took the export over"))
}

#[cfg(test)]
mod tests;
