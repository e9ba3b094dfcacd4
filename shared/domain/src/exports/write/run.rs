//! Writes links to an export's file, and checkpoints how far it is.

use futures::stream::StreamExt;

use super::output::Output;
use crate::exports::checkpoint::{Checkpoint, Upload};
use crate::exports::export::{Export, ExportFormat};
use crate::exports::format::{csv_header, csv_row, json_line};
use crate::exports::write_ports::WriteExportPorts;
use crate::jobs::delivery::Delivery;
use crate::links::link::Link;
use crate::links::ports::ShardPlace;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;

/// How often progress is saved, in seconds.
const PROGRESS_SECONDS: i64 = 2;
/// How often a checkpoint is saved, in seconds. After a crash the next invocation repeats the work of this time.
const CHECKPOINT_SECONDS: i64 = 30;
/// How long before the end of its invocation an export stops reading, in seconds.
const MARGIN_SECONDS: i64 = 20;
/// How often a page is asked for before its failure counts. Each attempt has attempts of its own in the store's client.
const PAGE_TRIES: u32 = 6;
/// The upper bound of the random wait after the first failure, in milliseconds. It doubles with each.
const FIRST_PAUSE_MS: u64 = 200;

/// How writing ended, if no store failed.
pub(super) enum End {
    /// The file is in its place.
    Complete {
        /// The number of its links.
        links: u64,
        /// Its size.
        bytes: u64,
    },
    /// Time ran out. The checkpoint is saved.
    OutOfTime,
}

/// Why writing stopped.
pub(super) enum Stop {
    /// Another invocation holds the export.
    TakenOver,
    /// The bucket does not know the upload any more.
    UploadEnded,
    /// A store failed.
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// One invocation's work on one export.
pub(super) struct Run<'a> {
    ports: &'a WriteExportPorts,
    /// The export as it was last saved.
    pub(super) export: Export,
    /// How far the file is, with what `out` holds.
    at: Checkpoint,
    out: Output,
    saved_at: Timestamp,
    checkpointed_at: Timestamp,
    deadline: Timestamp,
}

impl<'a> Run<'a> {
    /// Begins the work of `delivery` on the leased `export`.
    pub(super) fn new(ports: &'a WriteExportPorts, export: Export, delivery: &Delivery) -> Self {
        let now = ports.clock.now();
        Self {
            ports,
            at: export.checkpoint.clone(),
            out: Output::new(export.gzip, Vec::new()),
            saved_at: now,
            checkpointed_at: now,
            deadline: delivery.deadline.plus_seconds(-MARGIN_SECONDS),
            export,
        }
    }

    /// Writes links as far as there is time, at least one page of them.
    pub(super) async fn write(&mut self) -> Result<End, Stop> {
        self.begin().await?;
        while self.at.shard < Link::LIST_SHARDS {
            let (links, more) = match self.next_page().await {
                Ok(page) => page,
                Err(error) => {
                    // Keep the pages before it.
                    self.checkpoint().await?;
                    return Err(error.into());
                }
            };
            self.add(&links, more)?;
            if self.at.shard == Link::LIST_SHARDS {
                break;
            }
            let now = self.ports.clock.now();
            if now >= self.deadline {
                self.checkpoint().await?;
                return Ok(End::OutOfTime);
            }
            let is_due = now >= self.checkpointed_at.plus_seconds(CHECKPOINT_SECONDS);
            if is_due || self.out.len() >= self.at.part_bytes(self.ports.part_bytes) {
                self.checkpoint().await?;
            } else if now >= self.saved_at.plus_seconds(PROGRESS_SECONDS) {
                self.save(self.export.progressed(self.at.links)).await?;
            }
        }
        let bytes = self.finish().await?;
        Ok(End::Complete { links: self.at.links, bytes })
    }

    /// Reads back what the last checkpoint has beyond the upload. At the beginning of the file it writes the header.
    async fn begin(&mut self) -> Result<(), StoreError> {
        if let Some(key) = &self.at.rest {
            let (mut rest, mut body) = (Vec::new(), self.ports.files.read(key).await?);
            while let Some(piece) = body.next().await {
                rest.extend_from_slice(&piece?);
            }
            self.out = Output::new(self.export.gzip, rest);
        }
        if self.at == Checkpoint::default() && self.export.format == ExportFormat::Csv {
            self.out.write(csv_header(self.export.passwords).as_bytes())?;
        }
        Ok(())
    }

    /// Reads the next page, again and again if the store fails for a while.
    async fn next_page(&self) -> Result<(Vec<Link>, bool), StoreError> {
        let mut tries = 1;
        loop {
            let page = self.ports.links.next(&self.export.workspace, self.at.shard, self.at.after.as_ref()).await;
            match page {
                Err(error)
                    if error.kind != StoreErrorKind::Broken
                        && tries < PAGE_TRIES
                        && self.ports.clock.now() < self.deadline =>
                {
                    tracing::warn!(event = "export.page_failed", export = %self.export.id, tries, %error);
                    self.ports.timer.pause(FIRST_PAUSE_MS << tries).await;
                    tries += 1;
                }
                page => return page,
            }
        }
    }

    fn add(&mut self, links: &[Link], more: bool) -> Result<(), StoreError> {
        let row = match self.export.format {
            ExportFormat::Csv => csv_row,
            ExportFormat::Jsonl => json_line,
        };
        let (mut text, scope) = (String::new(), &self.export.scope);
        for link in links.iter().filter(|link| scope.shows(link)) {
            text.push_str(&row(link, self.export.passwords));
            self.at.links += 1;
        }
        self.out.write(text.as_bytes())?;
        if more {
            self.at.after = links.last().map(ShardPlace::of).or(self.at.after.take());
        } else {
            (self.at.shard, self.at.after) = (self.at.shard + 1, None);
        }
        Ok(())
    }

    /// Saves how far the file is, after the bytes that the checkpoint refers to.
    async fn checkpoint(&mut self) -> Result<(), Stop> {
        if self.at.is_at(&self.export.checkpoint) {
            return Ok(());
        }
        let sealed = self.out.seal()?;
        self.at.rest = None;
        if sealed.len() >= self.at.part_bytes(self.ports.part_bytes) {
            self.put_part().await?;
        } else if !sealed.is_empty() {
            let key = self.export.rest_key();
            self.ports.files.put(&key, sealed.to_vec()).await?;
            self.at.rest = Some(key);
        }
        self.save(self.export.checkpointed(self.at.clone())).await?;
        self.checkpointed_at = self.saved_at;
        Ok(())
    }

    async fn put_part(&mut self) -> Result<(), Stop> {
        let key = self.export.object_key();
        let mut upload = match self.at.upload.take() {
            Some(upload) => upload,
            None => Upload { id: self.ports.files.begin(&key).await?, receipts: Vec::new() },
        };
        let bytes = self.out.take();
        self.at.bytes += bytes.len() as u64;
        let receipt = self.ports.files.put_part(&key, &upload.id, upload.receipts.len() + 1, bytes).await?;
        upload.receipts.push(receipt.ok_or(Stop::UploadEnded)?);
        self.at.upload = Some(upload);
        Ok(())
    }

    /// Puts the file in its place, and returns its size.
    async fn finish(&mut self) -> Result<u64, Stop> {
        if self.export.gzip && self.at.upload.is_none() {
            // An empty file of gzip has a member.
            self.out.write(b"")?;
        }
        let key = self.export.object_key();
        let rest = self.out.seal()?;
        if self.at.upload.is_none() {
            let bytes = rest.len() as u64;
            self.ports.files.put(&key, rest.to_vec()).await?;
            return Ok(bytes);
        }
        if !rest.is_empty() {
            self.put_part().await?;
        }
        let Some(Upload { id, receipts }) = &self.at.upload else { return Err(Stop::UploadEnded) };
        if !self.ports.files.complete(&key, id, receipts).await? {
            return Err(Stop::UploadEnded);
        }
        Ok(self.at.bytes)
    }

    async fn save(&mut self, next: Export) -> Result<(), Stop> {
        if !self.ports.exports.replace(&next).await? {
            return Err(Stop::TakenOver);
        }
        self.export = next;
        self.saved_at = self.ports.clock.now();
        Ok(())
    }
}
