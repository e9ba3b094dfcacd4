//! Reads a message that was given up.

use serde::Deserialize;
use waypost_domain::exports::ports::ExportRequest;
use waypost_domain::imports::job::part::PartId;
use waypost_domain::link_changes::ports::LinkChangeRequest;
use waypost_domain::target_checks::ports::CheckRequest;
use waypost_domain::target_checks::start::CheckTrigger;
use waypost_lambda::malware_scan::MalwareScan;
use waypost_lambda::notification::Notification;

/// A message of any of the queues.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum FailedMessage {
    /// From `FailedExportsQueue`.
    Export(ExportRequest),
    /// From `FailedLinkChangesQueue`.
    LinkChange(LinkChangeRequest),
    /// From `FailedChecksQueue`.
    Check(CheckRequest),
    /// From `FailedImportPartsQueue`.
    Part(PartId),
    /// From `FailedEventsQueue`: the record that Lambda makes of an event that a function failed to handle ("Capturing records of
    /// Lambda asynchronous invocations", Lambda developer guide).
    #[serde(rename_all = "camelCase")]
    Event {
        /// The event.
        request_payload: Notification,
    },
    /// From `FailedEventsQueue`: the record of a verdict on a file that could not be taken in.
    #[serde(rename_all = "camelCase")]
    Scan {
        /// The event of GuardDuty.
        request_payload: MalwareScan,
    },
    /// From `FailedChecksQueue`: the record of a run of checks that could not be started.
    #[serde(rename_all = "camelCase")]
    Trigger {
        /// The event of the schedule.
        request_payload: CheckTrigger,
    },
}
