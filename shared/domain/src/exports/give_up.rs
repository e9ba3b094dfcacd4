//! Ends an export whose message was given up.

use super::export::Export;
use super::ports::{ExportRequest, ExportStore};
use crate::jobs::given_up::GivenUp;
use crate::ports::Clock;
use crate::values::error::{StoreError, StoreErrorKind};

/// What the export says.
const REASON: &str = "the export failed too often and was given up; its links are unchanged, and you can start another";

/// Ends the export of `request` as failed, unless it has ended, another message goes on with it, or an invocation still writes it.
///
/// # Errors
/// Those of the store. The message can be tried again.
pub async fn give_up_export(
    exports: &dyn ExportStore,
    clock: &dyn Clock,
    request: &ExportRequest,
) -> Result<GivenUp<Export>, StoreError> {
    let export = exports.get(&request.workspace, &request.export).await?;
    let open = export.filter(|export| !export.status.is_final() && request.turn >= export.turn);
    let Some(export) = open else { return Ok(GivenUp::Gone) };
    let now = clock.now();
    if let Some(until) = export.held_until("", now) {
        return Ok(GivenUp::Busy { until });
    }
    let failed = export.failed(REASON.to_owned(), now);
    if exports.replace(&failed).await? {
        return Ok(GivenUp::Failed(Box::new(failed)));
    }
    Err(StoreError::new("exports.give_up", StoreErrorKind::Unavailable, "the export has changed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exports::export::{ExportFormat, ExportId, ExportStatus};
    use crate::jobs::lease::Lease;
    use crate::testing::exports::MemoryExports;
    use crate::testing::system::{FixedClock, SeededRandom};
    use crate::values::workspace::WorkspaceId;

    #[tokio::test]
    async fn export_ends_only_by_the_message_of_its_turn_and_when_nobody_writes_it() {
        let clock = FixedClock::at("2026-01-01T00:00:00Z");
        let exports = MemoryExports::default();
        let id = ExportId::generate(&clock, &SeededRandom::new(1));
        let workspace = WorkspaceId::parse("acme").unwrap();
        let export = Export::waiting(id, workspace, ExportFormat::Csv, false, clock.now());
        let first = ExportRequest::first(&export);
        assert_eq!(give_up_export(&exports, &clock, &first).await.unwrap(), GivenUp::Gone);
        exports.create(&export).await.unwrap();
        let until = clock.now().plus_seconds(900);
        let written = export.leased(Lease { owner: "r1".into(), attempt: 1, until }, 0);
        exports.replace(&written).await.unwrap();
        assert_eq!(give_up_export(&exports, &clock, &first).await.unwrap(), GivenUp::Busy { until });
        let second = ExportRequest::next(&written);
        let handed_over =
            written.released().leased(Lease { owner: "r2".into(), attempt: 1, until: clock.now() }, second.turn);
        exports.replace(&written.released()).await.unwrap();
        exports.replace(&handed_over).await.unwrap();
        assert_eq!(give_up_export(&exports, &clock, &first).await.unwrap(), GivenUp::Gone);
        let given_up = give_up_export(&exports, &clock, &second).await.unwrap();
        let GivenUp::Failed(failed) = given_up else { panic!("{given_up:?}") };
        assert_eq!((failed.status, failed.error.as_deref()), (ExportStatus::Failed, Some(REASON)));
        assert_eq!(give_up_export(&exports, &clock, &second).await.unwrap(), GivenUp::Gone);
    }
}
