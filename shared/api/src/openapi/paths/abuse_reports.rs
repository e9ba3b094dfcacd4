//! `/v1/abuse-reports`.

use serde_json::json;
use waypost_domain::abuse::change::ReportChange;
use waypost_domain::abuse::list::ReportsRequest;
use waypost_domain::abuse::report::AbuseReport;
use waypost_domain::values::page::Page;
use waypost_domain::{LinkId, Role};

use crate::openapi::operation::{Operation, Operations};

const OPERATOR: &str =
    "The caller's workspace is not that of the stack's operator, or its key is limited to some links.";

pub(super) fn add(to: &mut Operations) {
    to.add("get", "/v1/abuse-reports", "listAbuseReports")
        .about(
            "operation",
            "List links that visitors reported",
            "Lists one report for each link, those that were reported last first. For the operator of the stack.",
        )
        .role(Role::Admin)
        .problem(403, OPERATOR)
        .query::<ReportsRequest>()
        .json::<Page<AbuseReport>>(200, "A page of reports.", &[])
        .end();
    report_operation(to, "get", "readAbuseReport")
        .about("operation", "Read what visitors say of a link", "For the operator of the stack.")
        .json::<AbuseReport>(200, "The report.", &[])
        .end();
    report_operation(to, "patch", "changeAbuseReport")
        .about(
            "operation",
            "Close a report, and block the target",
            "Changes the status or the note. `block` blocks a target for all links with the same call. A report that is closed opens again if a visitor reports the link again. For the operator of the stack.",
        )
        .body::<ReportChange>(json!({
            "block": { "status": "closed", "block": { "target": "phishing.invalid", "reason": "phishing" } },
            "harmless": { "status": "closed", "note": "a newsletter" },
        }))
        .json::<AbuseReport>(200, "The report as it is now.", &[])
        .problem(409, "The list of blocked targets is full.")
        .end();
    report_operation(to, "delete", "deleteAbuseReport")
        .about("operation", "Delete a report", "Deletes what visitors wrote, too. For the operator of the stack.")
        .empty(204, "The report is deleted.", &[])
        .end();
}

fn report_operation<'a>(to: &'a mut Operations, method: &'static str, id: &'static str) -> Operation<'a> {
    to.add(method, "/v1/abuse-reports/{link_id}", id)
        .role(Role::Admin)
        .path::<LinkId>("link_id", "The id of the link.")
        .problem(403, OPERATOR)
        .problem(404, "")
}
