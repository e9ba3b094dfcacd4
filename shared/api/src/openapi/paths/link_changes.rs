//! `/v1/link-changes`.

use serde_json::{Value, json};
use waypost_domain::Role;
use waypost_domain::link_changes::edit::{ManyLinksFields, NOT_FOR_MANY};
use waypost_domain::link_changes::id::LinkChangeId;
use waypost_domain::link_changes::request::NewLinkChange;
use waypost_domain::link_changes::results::ResultsRequest;
use waypost_domain::links::request::LinkFields;
use waypost_domain::values::page::{Page, PageRequest};

use crate::link_changes::{LinkChangeView, ResultView};
use crate::openapi::operation::{Operation, Operations};

const COLLECTION: &str = "/v1/link-changes";

pub(super) fn add(to: &mut Operations) {
    list(to);
    start(to);
    read(to);
    results(to);
    cancel(to);
    undo(to);
}

fn list(to: &mut Operations) {
    to.add("get", COLLECTION, "listLinkChanges")
        .about("links", "List jobs that change links", "Lists the newest first, without their changes.")
        .role(Role::Viewer)
        .query::<PageRequest>()
        .json::<Page<LinkChangeView>>(200, "A page of jobs.", &[])
        .problem(422, "")
        .end();
}

fn start(to: &mut Operations) {
    let keep_alias = json!({
        "type": ["boolean", "null"],
        "description": "Whether the former address stays as an alias when a link moves.",
    });
    let password = json!({ "type": "null", "description": "Null removes the passwords. They are set link by link." });
    to.add("post", COLLECTION, "startLinkChange")
        .about(
            "links",
            "Change or delete many links",
            "Starts a job that changes or deletes each of the selected links, as `PATCH` and `DELETE` of one link do. It first fixes \
             which links are meant, so that a change that moves links out of the filter neither misses nor repeats any. A link that \
             cannot be changed does not stop the others: each has a result. With `dry_run` the job tells the same results and writes \
             nothing.",
        )
        .role(Role::Editor)
        .idempotent()
        .body_with_patch::<NewLinkChange, LinkFields, ManyLinksFields>(
            ("change", "LinkChanges"),
            &NOT_FOR_MANY,
            &[("keep_alias", keep_alias), ("password", password)],
            examples(),
        )
        .json::<LinkChangeView>(202, "The job. Read it until it has ended.", &["Location", "Idempotency-Replayed"])
        .link(202, "readLinkChange", json!({ "path.id": "$response.body#/id" }))
        .end();
}

fn examples() -> Value {
    json!({
        "rehearsal": { "select": { "filter": { "tag": ["spring"] } }, "change": { "archived": true }, "dry_run": true },
        "tags": { "select": { "filter": { "tag": ["spring"] } }, "change": { "rename_tag": { "from": "spring", "to": "spring 2026" } } },
        "host": {
            "select": { "filter": { "host": "old.example.com" } },
            "change": { "replace_url_prefix": { "from": "old.example.com", "to": "www.example.com/archive" } },
        },
        "deletion": { "select": { "links": [{ "slug": "spring" }, { "slug": "summer" }] }, "delete": true },
    })
}

fn read(to: &mut Operations) {
    job_operation(to, "get", "/v1/link-changes/{id}", "readLinkChange", Role::Viewer)
        .about("links", "Read the progress of a change of many links", "")
        .json::<LinkChangeView>(200, "The job.", &[])
        .end();
}

fn results(to: &mut Operations) {
    job_operation(to, "get", "/v1/link-changes/{id}/results", "readLinkChangeResults", Role::Viewer)
        .about(
            "links",
            "Read what became of each link",
            "Lists results in the order in which the job works on links, some hundred links after it did. While the job runs there is \
             always a `next_cursor`; the page behind it may be empty at first. With `result` a page can have fewer links than the limit.",
        )
        .query::<ResultsRequest>()
        .json::<Page<ResultView>>(200, "A page of results.", &[])
        .problem(410, "")
        .end();
}

fn cancel(to: &mut Operations) {
    job_operation(to, "post", "/v1/link-changes/{id}/cancel", "cancelLinkChange", Role::Editor)
        .about(
            "links",
            "Cancel a change of many links",
            "The job ends within seconds; what it has changed stays changed. Does nothing to a job that has ended.",
        )
        .idempotent()
        .json::<LinkChangeView>(200, "The job as it is now.", &["Idempotency-Replayed"])
        .end();
}

fn undo(to: &mut Operations) {
    job_operation(to, "post", "/v1/link-changes/{id}/undo", "undoLinkChange", Role::Editor)
        .about(
            "links",
            "Undo a change of many links",
            "Starts a job that brings back what each link was before, with its id and statistics, unless someone has changed it since. \
             Deleted links come back, if their addresses are free.",
        )
        .idempotent()
        .json::<LinkChangeView>(202, "The job that undoes.", &["Location", "Idempotency-Replayed"])
        .problem(409, "The job has not ended, was a dry run, or is an undo itself.")
        .problem(410, "The bucket keeps what the links were for some time only.")
        .end();
}

fn job_operation<'a>(
    to: &'a mut Operations,
    method: &'static str,
    path: &'static str,
    id: &'static str,
    role: Role,
) -> Operation<'a> {
    to.add(method, path, id).role(role).path::<LinkChangeId>("id", "The job's id.").problem(404, "")
}
