//! Loads one part of an import in one invocation.

mod progress;
mod stop;

use futures::future::{Either, select};
use futures::stream::StreamExt;

use self::progress::Progress;
pub(super) use self::stop::Ended;
use self::stop::Stop;
use super::job::import::Import;
use super::job::part::Part;
use super::load_ports::LoadImportPorts;
use super::rows::{Layout, Limits, Next, Rows};
use super::write::add_aliases::add_aliases;
use super::write::outcome::{ContestedRow, FilePosition, Outcome, SettledBatch, SettledRow};
use super::write::report::Reported;
use super::write::resolve_conflict::replacement_of;
use super::write::row::Context;
use super::write::send_rows::{MAX_ROUNDS, Sender};
use super::write::settle_batch::settle_row;
use super::write::write_rows::RowWriter;
use crate::domains::rules::with_rules;
use crate::files::ports::Body;
use crate::jobs::delivery::Delivery;
use crate::values::error::{StoreError, StoreErrorKind};

/// After how many rows that are skipped the time is looked at.
const ROWS_PER_LOOK: u64 = 1024;
/// Why a file fails whose object has another content now.
const REPLACED: &str = "the file was replaced or deleted while it was being loaded";
/// One invocation's work on one part.
pub(super) struct Run<'a> {
    ports: &'a LoadImportPorts,
    progress: Progress<'a>,
}

impl<'a> Run<'a> {
    /// Begins the work of `delivery` on the leased `part` of `import`.
    pub(super) fn new(ports: &'a LoadImportPorts, import: Import, part: Part, delivery: &Delivery) -> Self {
        Self { ports, progress: Progress::new(ports, import, part, delivery) }
    }

    /// Loads the part as far as there is time.
    pub(super) async fn load(mut self) -> Result<Ended, StoreError> {
        let began_at = self.progress.position.place;
        let result = match self.load_rows().await {
            Ok(()) => self.progress.finish().await,
            Err(Stop::Failed(reason)) => self.progress.fail(reason).await,
            Err(Stop::TakenOver) => return Ok(Ended::TakenOver),
            // The table is busy, but it has taken some rows: the next invocation gets on, too.
            Err(Stop::Store(error))
                if error.kind == StoreErrorKind::Throttled
                    && self.progress.is_out_of_time()
                    && self.progress.position.place != began_at =>
            {
                self.progress.hand_over().await
            }
            Err(Stop::Store(error)) => Err(error),
        };
        if result.is_err() {
            self.progress.give_up().await;
        }
        result
    }

    async fn load_rows(&mut self) -> Result<(), Stop> {
        let (mut rows, mut body) = self.open().await?;
        let import = self.progress.import.clone();
        let sender = Sender::new(self.ports, &import, self.progress.part.pass, self.progress.deadline());
        let mut writer = RowWriter::new(&sender, self.progress.position);
        let unreadable = self.read(&import, &mut rows, &mut body, &mut writer, &sender).await?;
        self.note_format(&rows);
        self.progress.part.notes.merge(&rows.notes());
        // Also if the rest of the file cannot be read: the rows before it are loaded.
        writer.send();
        while self.settle_next(&mut writer, &sender).await? {}
        unreadable.map_or(Ok(()), |reason| Err(Stop::Failed(reason)))
    }

    /// Opens the rows of the part and the bytes to feed them.
    async fn open(&self) -> Result<(Rows, Body), Stop> {
        let Progress { import, part, .. } = &self.progress;
        let layout = import.plan.as_ref().and_then(|plan| plan.layout.as_ref());
        let place = part.checkpoint.place;
        let size = import.bytes_total;
        let columns = &import.options.rows.columns;
        let (rows, from, to) = match layout.and_then(|layout| Rows::resume(layout, place)) {
            Some(rows) => (rows, place.byte, part.end),
            None => (Rows::new(size, Limits::default()).with_columns(columns), 0, size),
        };
        let body = self.open_range(from, to).await?;
        Ok((rows, body.ok_or_else(|| Stop::Failed(REPLACED.to_owned()))?))
    }

    /// Opens some bytes of the file; `None` if the file is not the same any more.
    async fn open_range(&self, from: u64, to: u64) -> Result<Option<Body>, StoreError> {
        let import = &self.progress.import;
        let etag = import.etag.as_deref().unwrap_or_default();
        self.ports.objects.open_range(&import.object_key, etag, from, to).await
    }

    /// Reads rows and passes them to the writer, until the part or the time ends. Returns why the rest cannot be read, if it
    /// cannot.
    async fn read(
        &mut self,
        import: &Import,
        rows: &mut Rows,
        body: &mut Body,
        writer: &mut RowWriter<'_>,
        sender: &Sender<'_>,
    ) -> Result<Option<String>, Stop> {
        let created_at = import.started_at.unwrap_or(import.created_at);
        let settings = self.ports.domain_settings.as_ref();
        let domains = with_rules(&self.ports.domains, settings, &import.workspace).await?;
        let context = Context { import, domains: &domains, created_at, options: &import.options.rows };
        let first = self.progress.position.place.row;
        while self.progress.early_end.is_none() {
            let (address, checked) = match rows.next_row() {
                // An archive is read from its beginning: skip the rows before the checkpoint.
                Ok(Next::Row(row)) if row.address.row < first => {
                    if row.address.row.is_multiple_of(ROWS_PER_LOOK) {
                        self.progress.save_while_idle().await?;
                    }
                    continue;
                }
                Ok(Next::Row(row)) => {
                    let checked = row.fields.and_then(|fields| context.check(&row.address, &fields));
                    (row.address, checked)
                }
                Ok(Next::More) => {
                    self.feed(rows, body, writer, sender).await?;
                    self.progress.save_while_idle().await?;
                    continue;
                }
                Ok(Next::Pause) => {
                    self.progress.save_while_idle().await?;
                    continue;
                }
                Ok(Next::Seek(from)) => {
                    match self.open_range(from, import.bytes_total).await? {
                        Some(range) => *body = range,
                        None => return Ok(Some(REPLACED.to_owned())),
                    }
                    self.progress.save_while_idle().await?;
                    continue;
                }
                Ok(Next::End) => return Ok(None),
                Err(unreadable) => return Ok(Some(unreadable.to_string())),
            };
            if let Ok(candidate) = &checked {
                while writer.must_wait_for(candidate) {
                    self.settle_next(writer, sender).await?;
                }
            }
            // To hash a password takes so long that many of them would outlast the invocation before a batch is settled.
            let is_slow = checked.as_ref().is_ok_and(|candidate| candidate.link.settings.password_hash.is_some());
            writer.add(&address, checked, FilePosition { place: rows.place(), bytes_read: rows.position() });
            self.note_format(rows);
            if is_slow {
                self.progress.stop_if_out_of_time();
            }
            while writer.is_full() {
                self.settle_next(writer, sender).await?;
            }
        }
        Ok(None)
    }

    fn note_format(&mut self, rows: &Rows) {
        let format = &mut self.progress.part.format;
        *format = format.or_else(|| rows.layout().map(Layout::format));
    }

    /// Waits for more of the file, and settles batches meanwhile.
    async fn feed(
        &mut self,
        rows: &mut Rows,
        body: &mut Body,
        writer: &mut RowWriter<'_>,
        sender: &Sender<'_>,
    ) -> Result<(), Stop> {
        let piece = loop {
            let settled = match select(body.next(), std::pin::pin!(writer.settle())).await {
                Either::Left((piece, _)) => break piece,
                Either::Right((settled, _)) => settled,
            };
            match settled {
                Some(settled) => self.record(settled?, sender).await?,
                None => break body.next().await,
            }
        };
        match piece {
            Some(bytes) => rows.feed(&bytes?),
            None => rows.end(),
        }
        Ok(())
    }

    /// Waits for the first batch in flight; returns whether there was one.
    async fn settle_next(&mut self, writer: &mut RowWriter<'_>, sender: &Sender<'_>) -> Result<bool, Stop> {
        let Some(settled) = writer.settle().await else { return Ok(false) };
        self.record(settled?, sender).await?;
        Ok(true)
    }

    /// Counts and reports the rows of a batch, and saves the progress if that is due.
    async fn record(&mut self, settled: SettledBatch, sender: &Sender<'_>) -> Result<(), Stop> {
        // Change the progress once all rows have an outcome: after an error it must stand before the batch.
        let mut counts = self.progress.counts;
        let mut lines = Vec::new();
        let mut conflict = None;
        for SettledRow { outcome, warnings } in settled.rows {
            let (outcome, warnings) = match outcome {
                Outcome::Contested(row) => {
                    let taken_over = self.take_over(*row, settled.position, sender).await?;
                    (taken_over.outcome, [warnings, taken_over.warnings].concat())
                }
                outcome => (outcome, warnings),
            };
            counts.add(&outcome);
            for line in counts.report(&outcome, warnings) {
                lines.extend_from_slice(&line.to_json());
                if line.outcome == Reported::Conflicting {
                    conflict.get_or_insert(line.row);
                }
            }
        }
        self.progress.counts = counts;
        self.progress.lines.extend_from_slice(&lines);
        self.progress.position = settled.position;
        if settled.halted {
            let row = conflict.unwrap_or_default();
            let dry_run = self.progress.import.options.dry_run;
            let end =
                if dry_run { "a real run would load the rows before it" } else { "the rows before it are loaded" };
            let reason = format!("row {row} conflicts with an existing link; {end}");
            return Err(Stop::Failed(reason));
        }
        self.progress.save_if_due().await
    }

    /// Takes over the link that a later row has written at the row's id.
    async fn take_over(
        &mut self,
        row: ContestedRow,
        position: FilePosition,
        sender: &Sender<'_>,
    ) -> Result<SettledRow, Stop> {
        self.progress.mark_contested().await?;
        let ContestedRow { mut candidate, mut existing } = row;
        for _ in 0..MAX_ROUNDS {
            let (next, overwrites) = replacement_of(&self.progress.import, &candidate, &existing);
            if sender.replace(&existing, &next).await? {
                let outcome = if overwrites { Outcome::Overwritten } else { Outcome::Created };
                return Ok(SettledRow { outcome, warnings: add_aliases(sender, &candidate).await? });
            }
            match settle_row(sender, candidate, position).await? {
                SettledRow { outcome: Outcome::Contested(again), .. } => ContestedRow { candidate, existing } = *again,
                settled => return Ok(settled),
            }
        }
        let reason = "links appear and disappear while rows are written";
        Err(Stop::Store(StoreError::new("links.replace", StoreErrorKind::Unavailable, reason)))
    }
}
