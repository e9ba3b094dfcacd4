//! One invocation's work on one import, from the first row to the last.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::{Either, select};
use futures::stream::{BoxStream, StreamExt};

use crate::imports::load_import::{Loaded, Loader, Skipped};
use crate::imports::object_key::report_key;
use crate::imports::ports::{Delivery, Object, ReportWriter};
use crate::imports::row::{Context, RowOptions};
use crate::imports::rows::{Layout, Limits, Next, Rows, Unreadable};
use crate::imports::write_rows::{Outcome, RowWriter, Settled};
use crate::imports::{Counts, Import};
use crate::{StoreError, Timestamp};

/// How often progress is written, in seconds.
const PROGRESS_SECONDS: i64 = 2;
/// How long before it is cut off an invocation stops to read, so that it can finish what it has.
const MARGIN_SECONDS: i64 = 15;
/// After how many lines of report a file is given up: it is not what it was taken for.
const MAX_REPORTED: u64 = 1_000_000;

/// One invocation's work on one import.
pub(super) struct Run<'a> {
    loader: &'a Loader,
    /// When to stop reading.
    deadline: Timestamp,
    saved_at: Timestamp,
    counts: Counts,
    position: u64,
    report: Option<Box<dyn ReportWriter>>,
    import: Import,
    /// Why no more rows are read, though there are more.
    stopped: Option<&'static str>,
}

type Body = BoxStream<'static, Result<Bytes, StoreError>>;

/// Why reading ended before the end of the file.
enum Stop {
    /// The file is not what it should be; for a person.
    Failed(String),
    /// Another invocation has the import.
    TakenOver,
    /// A store failed.
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Unreadable> for Stop {
    fn from(reason: Unreadable) -> Self {
        Self::Failed(reason.to_string())
    }
}

impl<'a> Run<'a> {
    /// The work of `delivery` on `import`, which it has claimed.
    pub(super) fn new(loader: &'a Loader, import: Import, delivery: &Delivery) -> Self {
        Self {
            loader,
            deadline: delivery.deadline.plus_seconds(-MARGIN_SECONDS),
            saved_at: loader.clock.now(),
            counts: Counts::default(),
            position: 0,
            report: None,
            import,
            stopped: None,
        }
    }

    /// Loads `object` and says how it went.
    pub(super) async fn load(mut self, object: Object) -> Result<Loaded, StoreError> {
        let size = object.size;
        let error = match self.load_rows(object).await {
            Ok(()) => {
                self.position = size;
                None
            }
            Err(Stop::Failed(reason)) => Some(reason),
            Err(Stop::TakenOver) => {
                self.drop_report().await;
                return Ok(Loaded::Skipped(Skipped::TakenOver));
            }
            Err(Stop::Store(error)) => return Err(self.give_up(error).await),
        };
        match self.finish(error).await {
            Ok(loaded) => Ok(loaded),
            Err(error) => Err(self.give_up(error).await),
        }
    }

    /// Reads the file to its end, or as far as there is time.
    async fn load_rows(&mut self, mut object: Object) -> Result<(), Stop> {
        self.check_object(&object)?;
        let mut rows = Rows::new(object.size, Limits::default());
        let links = Arc::clone(&self.loader.links);
        let mut writer = RowWriter::new(links.as_ref());
        self.read(&mut rows, &mut object.body, &mut writer).await?;
        writer.send();
        while self.settle(&mut writer).await? {}
        match self.stopped.take() {
            Some(reason) => Err(Stop::Failed(format!(
                "{reason} after row {}; load the rest as a file of its own",
                self.counts.read
            ))),
            None => Ok(()),
        }
    }

    fn check_object(&self, object: &Object) -> Result<(), Stop> {
        if self.import.etag.as_ref() != Some(&object.etag) {
            return Err(Stop::Failed("the file was replaced while it was being loaded".to_owned()));
        }
        if object.size > self.loader.max_bytes {
            let (size, most) = (object.size, self.loader.max_bytes);
            return Err(Stop::Failed(format!("the file has {size} bytes; at most {most} are allowed")));
        }
        Ok(())
    }

    /// Reads rows and sends them on their way, until the file or the time ends.
    async fn read(&mut self, rows: &mut Rows, body: &mut Body, writer: &mut RowWriter<'_>) -> Result<(), Stop> {
        let import = self.import.clone();
        let created_at = import.started_at.unwrap_or(import.created_at);
        let options = RowOptions::default();
        let context = Context { import: &import, domains: &self.loader.domains, created_at, options: &options };
        while self.stopped.is_none() {
            let (place, checked) = match rows.next_row()? {
                Next::Row(row) => {
                    let place = (row.number, row.line);
                    (place, row.fields.and_then(|fields| context.check(place, &fields)))
                }
                Next::More => {
                    self.more(rows, body, writer).await?;
                    continue;
                }
                Next::Seek(_) => return Err(Stop::Failed("the file is an archive".to_owned())),
                Next::End => return Ok(()),
            };
            if let Ok(candidate) = &checked {
                while writer.must_wait_for(candidate) {
                    self.settle(writer).await?;
                }
            }
            self.import.format = self.import.format.or_else(|| rows.layout().map(Layout::format));
            writer.add(place, checked, rows.position());
            while writer.is_full() {
                self.settle(writer).await?;
            }
        }
        Ok(())
    }

    /// Waits for more of the file, and settles batches meanwhile.
    async fn more(&mut self, rows: &mut Rows, body: &mut Body, writer: &mut RowWriter<'_>) -> Result<(), Stop> {
        let piece = loop {
            let settled = match select(body.next(), std::pin::pin!(writer.settle())).await {
                Either::Left((piece, _)) => break piece,
                Either::Right((settled, _)) => settled,
            };
            match settled {
                Some(settled) => self.settled(settled?).await?,
                None => break body.next().await,
            }
        };
        match piece {
            Some(bytes) => rows.feed(&bytes?),
            None => rows.end(),
        }
        Ok(())
    }

    /// Waits for the first batch on its way; says whether there was one.
    async fn settle(&mut self, writer: &mut RowWriter<'_>) -> Result<bool, Stop> {
        let Some(settled) = writer.settle().await else { return Ok(false) };
        self.settled(settled?).await?;
        Ok(true)
    }

    /// Counts and reports the rows of a batch, and now and then says how far it is.
    async fn settled(&mut self, settled: Settled) -> Result<(), Stop> {
        for outcome in &settled.outcomes {
            self.counts.add(outcome);
            if let Outcome::Reported(line) = outcome {
                self.report(&line.to_json()).await?;
            }
        }
        self.position = settled.position;
        let now = self.loader.clock.now();
        if now >= self.deadline {
            self.stopped = Some("the file is too large for one run: it ended");
        } else if self.counts.reported() >= MAX_REPORTED {
            self.stopped = Some("too many rows are in the report: the file was given up");
        }
        if now >= self.saved_at.plus_seconds(PROGRESS_SECONDS) {
            self.saved_at = now;
            let next = self.import.progressed(self.counts, self.position);
            if !self.save(next).await? {
                return Err(Stop::TakenOver);
            }
        }
        Ok(())
    }

    async fn report(&mut self, line: &[u8]) -> Result<(), StoreError> {
        let report = match &mut self.report {
            Some(report) => report,
            None => {
                let key = report_key(&self.import.workspace, &self.import.id);
                self.report.insert(self.loader.reports.create(&key).await?)
            }
        };
        report.write(line).await
    }

    async fn save(&mut self, next: Import) -> Result<bool, StoreError> {
        let saved = self.loader.imports.replace(&next).await?;
        if saved {
            self.import = next;
        }
        Ok(saved)
    }

    /// The report first: a final import has one if it says so.
    async fn finish(&mut self, error: Option<String>) -> Result<Loaded, StoreError> {
        if let Some(report) = self.report.take() {
            report.finish().await?;
        }
        let last = self.import.finished(self.counts, self.position, error, self.loader.clock.now());
        if self.save(last).await? {
            return Ok(Loaded::Finished(Box::new(self.import.clone())));
        }
        Ok(Loaded::Skipped(Skipped::TakenOver))
    }

    /// Leaves the import to whoever comes next.
    async fn give_up(mut self, error: StoreError) -> StoreError {
        self.drop_report().await;
        self.loader.release(&self.import).await;
        error
    }

    async fn drop_report(&mut self) {
        if let Some(report) = self.report.take() {
            report.abort().await;
        }
    }
}
