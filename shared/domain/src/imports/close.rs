//! Closes an import whose parts have all ended, and writes its report.
//!
//! Parts load at the same time, but if two rows ask for one slug, the earlier row of the file must get it. So a row takes over
//! the link of a later row of its import that was faster. Outcomes that were recorded before may then be wrong: the later
//! row's own, and those of rows that were compared with its link. The parts from there on are therefore loaded once more.
//!
//! Another pass only reads, except for links that are still missing. The passes come to an end, since each takeover gives a
//! slug to an earlier row. In the last pass no row takes over a link, so all its outcomes refer to the same links.

use super::job::import::Import;
use super::job::object_key::{ReportFormat, report_key};
use super::job::part::{Part, PartId};
use super::job::plan::{Halt, Plan};
use super::load_ports::EndImportPorts;
use super::report_pieces::{ReportLines, header, to_csv};
use crate::files::ports::FileWriter;
use crate::jobs::delivery::Delivery;
use crate::values::error::{StoreError, StoreErrorKind};

/// How often a change is tried while other changes win.
const MAX_TRIES: u32 = 10;
/// How long writing a report may take, in seconds.
const CLOSING_SECONDS: i64 = 120;

/// Closes the import of the part `id` if all its parts are known and have ended, or if it must stop. Any number of invocations
/// may do so at once. An invocation that `has_loaded` rows before leaves the report to the next one if it has little time left.
pub(super) async fn close(
    ports: &EndImportPorts,
    id: &PartId,
    delivery: &Delivery,
    has_loaded: bool,
) -> Result<Option<Import>, StoreError> {
    for _ in 0..MAX_TRIES {
        let Some(import) = ports.imports.get(&id.workspace, &id.import).await? else { return Ok(None) };
        let open = import.plan.as_ref().filter(|plan| plan.number == id.plan && !import.is_closed());
        let Some(plan) = open else { return Ok(None) };
        let parts = ports.parts.all(&import.id, plan.number).await?;
        if let Some(reason) = parts.iter().find_map(|part| part.failed.clone()).filter(|_| import.halt.is_none()) {
            // The other parts need not go on.
            ports.imports.replace(&import.halted(Halt::Failed(reason), ports.clock.now())).await?;
            continue;
        }
        let Some(parts) = all_ended(ports, &import, plan, parts, delivery).await? else { return Ok(None) };
        if let Some(from) = first_contested(&import, plan, &parts) {
            // If another invocation was faster, it made the same change.
            ports.imports.replace(&import.with_another_pass(from)).await?;
            continue;
        }
        let now = ports.clock.now();
        if has_loaded && delivery.deadline < now.plus_seconds(CLOSING_SECONDS) {
            ports.queue.send(std::slice::from_ref(id)).await?;
            return Ok(None);
        }
        let last = import.closed(&parts, now);
        if last.counts.reported() > 0 {
            write_report(ports, &last, &parts).await?;
        }
        if ports.imports.replace(&last).await? {
            return Ok(Some(last));
        }
    }
    Err(StoreError::new("imports.close", StoreErrorKind::Unavailable, "the import changes while it is closed"))
}

/// Finds the first part of this pass in which a row took over the link of a later row.
fn first_contested(import: &Import, plan: &Plan, parts: &[Part]) -> Option<u32> {
    let this_pass = |part: &&Part| part.pass == plan.pass && part.number >= plan.from;
    let first = parts.iter().filter(this_pass).find(|part| part.contested).map(|part| part.number);
    first.filter(|_| import.halt.is_none())
}

/// Returns the parts if all have ended. If the import must stop, it ends the parts that no invocation loads. If parts must be
/// loaded once more, it restarts and queues them.
async fn all_ended(
    ports: &EndImportPorts,
    import: &Import,
    plan: &Plan,
    mut parts: Vec<Part>,
    delivery: &Delivery,
) -> Result<Option<Vec<Part>>, StoreError> {
    if import.halt.is_some() {
        let now = ports.clock.now();
        for part in parts.iter_mut().filter(|part| !part.done) {
            let stopped = part.stopped();
            if part.held_until(&delivery.request_id, now).is_some() || !ports.parts.replace(&stopped).await? {
                return Ok(None);
            }
            *part = stopped;
        }
        return Ok(Some(parts));
    }
    if !plan.is_complete() {
        // The invocation that divides the file looks again when it has found the last part.
        return Ok(None);
    }
    let reloads: Vec<&Part> = parts.iter().filter(|part| part.needs_reload(plan)).collect();
    if !reloads.is_empty() {
        // Queue the parts first: a queued part restarts by itself, but a restarted part that is not queued is lost.
        let ids: Vec<PartId> = reloads.iter().map(|part| PartId::from(*part)).collect();
        ports.queue.send(&ids).await?;
        for part in reloads {
            ports.parts.replace(&part.restarted(plan)).await?;
        }
        return Ok(None);
    }
    Ok(parts.iter().all(|part| part.done).then_some(parts))
}

/// Writes the report in both formats from the pieces of all parts, in the order of the file.
async fn write_report(ports: &EndImportPorts, import: &Import, parts: &[Part]) -> Result<(), StoreError> {
    let key = |format| report_key(&import.workspace, &import.id, format);
    let mut json = ports.reports.create(&key(ReportFormat::Jsonl)).await?;
    let mut csv = match ports.reports.create(&key(ReportFormat::Csv)).await {
        Ok(csv) => csv,
        Err(error) => {
            json.abort().await;
            return Err(error);
        }
    };
    if let Err(error) = copy_pieces(ports, parts, json.as_mut(), csv.as_mut()).await {
        csv.abort().await;
        json.abort().await;
        return Err(error);
    }
    if let Err(error) = csv.finish().await {
        json.abort().await;
        return Err(error);
    }
    json.finish().await
}

async fn copy_pieces(
    ports: &EndImportPorts,
    parts: &[Part],
    json: &mut dyn FileWriter,
    csv: &mut dyn FileWriter,
) -> Result<(), StoreError> {
    csv.write(header(ReportFormat::Csv)).await?;
    let mut report = ReportLines::new(ports.reports.as_ref(), parts, usize::MAX);
    while let Some(lines) = report.next().await? {
        json.write(&lines).await?;
        csv.write(&to_csv(&lines)?).await?;
    }
    Ok(())
}
