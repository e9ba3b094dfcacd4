//! One invocation's work on one part of an import.

mod progress;

use futures::future::{Either, select};
use futures::stream::StreamExt;

use super::job::counts::Counts;
use super::job::import::Import;
use super::job::part::Part;
use super::loader::Loader;
use super::rows::{Layout, Limits, Next, Rows};
use super::write::report::Reported;
use super::write::resolve_conflict::in_place_of;
use super::write::row::Context;
use super::write::send_rows::Sender;
use super::write::write_rows::{Contest, Mark, Outcome, RowWriter, Settled, settle_one};
use crate::files::ports::Body;
use crate::jobs::delivery::Delivery;
use crate::values::error::{StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;

/// How long before it is cut off an invocation stops to read, so that it can finish what it has, in seconds.
const MARGIN_SECONDS: i64 = 20;
/// How often a row tries to take the place of a later one that comes and goes.
const MAX_ROUNDS: u32 = 10;

/// How an invocation's work on a part ended.
pub(super) enum Ended {
    /// The part has ended, or the import must stop.
    Done(Box<Part>),
    /// There is more, and no time for it. The part is free.
    OutOfTime(Box<Part>),
    /// Another invocation has the part.
    TakenOver,
}

/// One invocation's work on one part.
pub(super) struct Run<'a> {
    loader: &'a Loader,
    import: Import,
    part: Part,
    /// The revision of this invocation's claim.
    claimed: u64,
    /// When to stop reading.
    deadline: Timestamp,
    saved_at: Timestamp,
    kept_at: Timestamp,
    counts: Counts,
    mark: Mark,
    /// Lines of the report that are not written yet.
    lines: Vec<u8>,
    pieces: u32,
    stop: Option<EarlyEnd>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EarlyEnd {
    /// There is no time left.
    OutOfTime,
    /// The import must stop.
    Halted,
}

/// Why reading ended before the end of the part.
enum Stop {
    /// The file is not what it should be; for a person.
    Failed(String),
    /// Another invocation has the part.
    TakenOver,
    /// A store failed.
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<'a> Run<'a> {
    /// The work of `delivery` on `part` of `import`, which it has claimed.
    pub(super) fn new(loader: &'a Loader, import: Import, part: Part, delivery: &Delivery) -> Self {
        let now = loader.clock.now();
        let place = part.checkpoint.place;
        Self {
            loader,
            deadline: delivery.deadline.plus_seconds(-MARGIN_SECONDS),
            saved_at: now,
            kept_at: now,
            counts: part.checkpoint.counts,
            mark: Mark { place, position: place.byte },
            lines: Vec::new(),
            pieces: 0,
            claimed: part.revision,
            import,
            part,
            stop: None,
        }
    }

    /// Loads the part as far as there is time.
    pub(super) async fn load(mut self) -> Result<Ended, StoreError> {
        let began_at = self.mark.place;
        let result = match self.load_rows().await {
            Ok(()) => self.finish().await,
            Err(Stop::Failed(reason)) => {
                self.part.failed = Some(reason);
                self.end().await
            }
            Err(Stop::TakenOver) => return Ok(Ended::TakenOver),
            // The table is busy, but it takes something now and then.
            Err(Stop::Store(error))
                if error.kind == StoreErrorKind::Throttled
                    && self.loader.clock.now() >= self.deadline
                    && self.mark.place != began_at =>
            {
                self.hand_over().await
            }
            Err(Stop::Store(error)) => Err(error),
        };
        match result {
            Err(error) => Err(self.give_up(error).await),
            ended => ended,
        }
    }

    async fn load_rows(&mut self) -> Result<(), Stop> {
        let (mut rows, mut body) = self.open().await?;
        let import = self.import.clone();
        let loader = self.loader;
        let (links, timer, clock) = (loader.links.as_ref(), loader.timer.as_ref(), loader.clock.as_ref());
        let sender = Sender::new(&import, self.part.pass, links, timer, clock, self.deadline);
        let mut writer = RowWriter::new(&sender, self.mark);
        self.read(&import, &mut rows, &mut body, &mut writer, &sender).await?;
        writer.send();
        while self.settle(&mut writer, &sender).await? {}
        Ok(())
    }

    /// The rows of the part and the bytes to feed them.
    async fn open(&self) -> Result<(Rows, Body), Stop> {
        let layout = self.import.plan.as_ref().and_then(|plan| plan.layout.as_ref());
        let place = self.part.checkpoint.place;
        let size = self.import.bytes_total;
        Ok(match layout.and_then(|layout| Rows::resume(layout, place)) {
            Some(rows) => (rows, self.open_range(place.byte, self.part.end).await?),
            None => (Rows::new(size, Limits::default()), self.open_range(0, size).await?),
        })
    }

    async fn open_range(&self, from: u64, to: u64) -> Result<Body, Stop> {
        let etag = self.import.etag.as_deref().unwrap_or_default();
        let body = self.loader.objects.open_range(&self.import.object_key, etag, from, to).await?;
        body.ok_or_else(|| Stop::Failed("the file was replaced or deleted while it was being loaded".to_owned()))
    }

    /// Reads rows and sends them on their way, until the part or the time ends.
    async fn read(
        &mut self,
        import: &Import,
        rows: &mut Rows,
        body: &mut Body,
        writer: &mut RowWriter<'_>,
        sender: &Sender<'_>,
    ) -> Result<(), Stop> {
        let created_at = import.started_at.unwrap_or(import.created_at);
        let (domains, options) = (&self.loader.domains, &import.options.rows);
        let context = Context { import, domains, created_at, options };
        let first = self.mark.place.row;
        while self.stop.is_none() {
            let (address, checked) = match rows.next_row().map_err(|error| Stop::Failed(error.to_string()))? {
                // An archive is read from its beginning.
                Next::Row(row) if row.address.row < first => continue,
                Next::Row(row) => {
                    let checked = row.fields.and_then(|fields| context.check(&row.address, &fields));
                    (row.address, checked)
                }
                Next::More => {
                    self.more(rows, body, writer, sender).await?;
                    continue;
                }
                Next::Seek(from) => {
                    *body = self.open_range(from, import.bytes_total).await?;
                    continue;
                }
                Next::End => {
                    self.part.format = self.part.format.or_else(|| rows.layout().map(Layout::format));
                    self.part.notes.merge(&rows.notes());
                    return Ok(());
                }
            };
            if let Ok(candidate) = &checked {
                while writer.must_wait_for(candidate) {
                    self.settle(writer, sender).await?;
                }
            }
            writer.add(&address, checked, Mark { place: rows.place(), position: rows.position() });
            self.part.format = self.part.format.or_else(|| rows.layout().map(Layout::format));
            while writer.is_full() {
                self.settle(writer, sender).await?;
            }
        }
        Ok(())
    }

    /// Waits for more of the file, and settles batches meanwhile.
    async fn more(
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
                Some(settled) => self.settled(settled?, sender).await?,
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
    async fn settle(&mut self, writer: &mut RowWriter<'_>, sender: &Sender<'_>) -> Result<bool, Stop> {
        let Some(settled) = writer.settle().await else { return Ok(false) };
        self.settled(settled?, sender).await?;
        Ok(true)
    }

    /// Counts and reports the rows of a batch, and now and then says how far it is.
    async fn settled(&mut self, settled: Settled, sender: &Sender<'_>) -> Result<(), Stop> {
        let mut counts = self.counts;
        let mut lines = Vec::new();
        let mut conflict = None;
        for outcome in settled.outcomes {
            let outcome = match outcome {
                Outcome::Contested(contest) => self.take_over(*contest, settled.mark, sender).await?,
                outcome => outcome,
            };
            counts.add(&outcome);
            if let Outcome::Reported(line) = outcome {
                lines.extend_from_slice(&line.to_json());
                if line.outcome == Reported::Conflict {
                    conflict.get_or_insert(line.row);
                }
            }
        }
        self.counts = counts;
        self.lines.extend_from_slice(&lines);
        self.mark = settled.mark;
        if settled.halted {
            let row = conflict.unwrap_or_default();
            return Err(Stop::Failed(format!(
                "row {row} conflicts with a link that is there; what is before it is loaded"
            )));
        }
        if self.loader.clock.now() >= self.deadline {
            self.stop.get_or_insert(EarlyEnd::OutOfTime);
        }
        self.look_around().await
    }

    /// Takes the place of a later row that was faster. That this can happen is written down before it does.
    async fn take_over(&mut self, contest: Contest, mark: Mark, sender: &Sender<'_>) -> Result<Outcome, Stop> {
        if !self.part.contested {
            let next = Part { contested: true, ..self.part.next() };
            self.save(next).await?;
        }
        let Contest { mut candidate, mut existing } = contest;
        for _ in 0..MAX_ROUNDS {
            let (next, overwrites) = in_place_of(&self.import, &candidate, &existing);
            if sender.replace(&existing, &next).await? {
                return Ok(if overwrites { Outcome::Overwritten } else { Outcome::Created });
            }
            match settle_one(sender, candidate, mark).await? {
                Outcome::Contested(again) => Contest { candidate, existing } = *again,
                outcome => return Ok(outcome),
            }
        }
        let reason = "links come and go while they are written";
        Err(Stop::Store(StoreError::new("links.replace", StoreErrorKind::Unavailable, reason)))
    }
}
