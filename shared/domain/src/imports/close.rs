//! Ends an import whose parts have all ended, and puts its report together.
//!
//! Parts are loaded at the same time, but the first row of the file gets the slug that two of them ask for. So a row takes
//! the place of a later row of its import that was faster. What was said of other rows before that may be wrong: which of
//! them have the same target, and what became of the later one. Then the parts from there on are loaded once more. This
//! costs reads only, except for what is still missing; and since every time a slug goes to an earlier row, it comes to an end.
//! In the last pass no row takes another's place, so all that is said of the rows in it was said of the same links.

use futures::stream::StreamExt;

use super::job::import::Import;
use super::job::object_key::{ReportFormat, report_key};
use super::job::part::{Part, PartId};
use super::job::plan::{Halt, Plan};
use super::loader::Loader;
use super::write::report::{CSV_HEADER, ReportLine};
use crate::files::ports::FileWriter;
use crate::jobs::delivery::Delivery;
use crate::values::error::{StoreError, StoreErrorKind};

/// How often a change is tried that others came before.
const MAX_TRIES: u32 = 10;
/// How much time putting a report together may take, in seconds.
const CLOSING_SECONDS: i64 = 120;

/// Ends the import of the part `id` if all its parts have ended. Any number of invocations may do so at once. One that is
/// `late`, because it has loaded rows before, leaves putting the report together to the next if it has little time left.
pub(super) async fn close(
    loader: &Loader,
    id: &PartId,
    delivery: &Delivery,
    late: bool,
) -> Result<Option<Import>, StoreError> {
    for _ in 0..MAX_TRIES {
        let Some(import) = loader.imports.get(&id.workspace, &id.import).await? else { return Ok(None) };
        let open = import.plan.as_ref().filter(|plan| plan.number == id.plan && !import.is_closed());
        let Some(plan) = open else { return Ok(None) };
        let parts = loader.parts.all(&import.id, plan.number).await?;
        if let Some(reason) = parts.iter().find_map(|part| part.failed.clone()).filter(|_| import.halt.is_none()) {
            // The others need not go on.
            loader.imports.replace(&import.halted(Halt::Failed(reason), loader.clock.now())).await?;
            continue;
        }
        let Some(parts) = ended(loader, &import, plan, parts, delivery).await? else { return Ok(None) };
        if let Some(from) = contested(&import, plan, &parts) {
            // Whoever was faster did the same.
            loader.imports.replace(&import.with_another_pass(from)).await?;
            continue;
        }
        let now = loader.clock.now();
        if late && delivery.deadline < now.plus_seconds(CLOSING_SECONDS) {
            loader.queue.send(std::slice::from_ref(id)).await?;
            return Ok(None);
        }
        let last = import.closed(&parts, now);
        if last.counts.reported() > 0 {
            put_together(loader, &last, &parts).await?;
        }
        if loader.imports.replace(&last).await? {
            return Ok(Some(last));
        }
    }
    Err(StoreError::new("imports.close", StoreErrorKind::Unavailable, "the import changes while it is closed"))
}

/// The first part in which a row took the place of a later one.
fn contested(import: &Import, plan: &Plan, parts: &[Part]) -> Option<u32> {
    let this_pass = |part: &&Part| part.pass == plan.pass && part.number >= plan.from;
    let first = parts.iter().filter(this_pass).find(|part| part.contested).map(|part| part.number);
    first.filter(|_| import.halt.is_none())
}

/// The parts, if all have ended. Where the import must stop, those end that nobody loads; where they are to be loaded once
/// more, this is begun.
async fn ended(
    loader: &Loader,
    import: &Import,
    plan: &Plan,
    mut parts: Vec<Part>,
    delivery: &Delivery,
) -> Result<Option<Vec<Part>>, StoreError> {
    if import.halt.is_some() {
        let now = loader.clock.now();
        for part in parts.iter_mut().filter(|part| !part.done) {
            let stopped = part.stopped();
            if part.held_until(&delivery.request_id, now).is_some() || !loader.parts.replace(&stopped).await? {
                return Ok(None);
            }
            *part = stopped;
        }
        return Ok(Some(parts));
    }
    let behind: Vec<&Part> = parts.iter().filter(|part| part.lags_behind(plan)).collect();
    if !behind.is_empty() {
        // Sent first: what is sent and not begun begins by itself, what is begun and not sent would be forgotten.
        let ids: Vec<PartId> = behind.iter().map(|part| PartId::from(*part)).collect();
        loader.queue.send(&ids).await?;
        for part in behind {
            loader.parts.replace(&part.again(plan)).await?;
        }
        return Ok(None);
    }
    Ok(parts.iter().all(|part| part.done).then_some(parts))
}

/// Writes the report in both forms from the pieces of all parts, in the order of the file.
async fn put_together(loader: &Loader, import: &Import, parts: &[Part]) -> Result<(), StoreError> {
    let key = |format| report_key(&import.workspace, &import.id, format);
    let mut json = loader.reports.create(&key(ReportFormat::Jsonl)).await?;
    let mut csv = match loader.reports.create(&key(ReportFormat::Csv)).await {
        Ok(csv) => csv,
        Err(error) => {
            json.abort().await;
            return Err(error);
        }
    };
    match copy(loader, parts, json.as_mut(), csv.as_mut()).await {
        Ok(()) => {
            csv.finish().await?;
            json.finish().await
        }
        Err(error) => {
            csv.abort().await;
            json.abort().await;
            Err(error)
        }
    }
}

async fn copy(
    loader: &Loader,
    parts: &[Part],
    json: &mut dyn FileWriter,
    csv: &mut dyn FileWriter,
) -> Result<(), StoreError> {
    csv.write(CSV_HEADER).await?;
    for part in parts {
        for (revision, pieces) in &part.checkpoint.report {
            for piece in 0..*pieces {
                let key = part.piece_key(*revision, piece);
                let mut body = loader.reports.read(&key).await?;
                let mut lines = Vec::new();
                while let Some(bytes) = body.next().await {
                    lines.extend_from_slice(&bytes?);
                    let whole = memchr::memrchr(b'\n', &lines).map_or(0, |end| end + 1);
                    json.write(&lines[..whole]).await?;
                    csv.write(&as_csv(&lines[..whole])?).await?;
                    lines.drain(..whole);
                }
            }
        }
    }
    Ok(())
}

fn as_csv(lines: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut csv = Vec::with_capacity(lines.len());
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line: ReportLine = serde_json::from_slice(line)
            .map_err(|error| StoreError::new("reports.read", StoreErrorKind::Broken, error))?;
        csv.extend_from_slice(&line.to_csv());
    }
    Ok(csv)
}
