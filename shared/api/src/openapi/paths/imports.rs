//! `/v1/imports`.

use serde_json::json;
use waypost_domain::Role;
use waypost_domain::imports::job::id::ImportId;
use waypost_domain::imports::start::NewImport;
use waypost_domain::values::page::{Page, PageRequest};

use crate::imports::{ImportView, ReportQuery, StartedView};
use crate::openapi::operation::{Operation, Operations};

const COLLECTION: &str = "/v1/imports";
const CANCEL: &str = "/v1/imports/{id}/cancel";
const REPORT: &str = "/v1/imports/{id}/report";

pub(super) fn add(to: &mut Operations) {
    list(to);
    start(to);
    read(to);
    cancel(to);
    report(to);
}

fn list(to: &mut Operations) {
    to.add("get", COLLECTION, "listImports")
        .about("imports", "List imports", "Lists the newest first.")
        .role(Role::Viewer)
        .query::<PageRequest>()
        .json::<Page<ImportView>>(200, "A page of imports.", &[])
        .problem(422, "")
        .end();
}

fn start(to: &mut Operations) {
    let operation = to
        .add("post", COLLECTION, "startImport")
        .about("imports", "Start an import", "Upload the file as `upload` says. Loading begins when the upload ends.")
        .role(Role::Editor)
        .idempotent()
        .body::<NewImport>(json!({ "file": { "content_length": 1024, "filename": "links.csv" }, "dry_run": {
            "content_length": 1024, "domain": "go.example.com", "tags": ["moved"], "on_conflict": "overwrite", "dry_run": true,
            "strict": true, "columns": { "Short name": "slug", "Note": "ignore" },
        } }))
        .json::<StartedView>(
            201,
            "The import, and how to upload its file.",
            &["Location", "Cache-Control", "Idempotency-Replayed"],
        );
    let id = json!({ "path.id": "$response.body#/id" });
    operation.link(201, "readImport", id.clone()).link(201, "readImportReport", id).end();
}

fn read(to: &mut Operations) {
    import_operation(to, "get", "/v1/imports/{id}", "readImport", Role::Viewer)
        .about("imports", "Read an import's progress", "")
        .json::<ImportView>(200, "The import.", &[])
        .end();
}

fn cancel(to: &mut Operations) {
    import_operation(to, "post", CANCEL, "cancelImport", Role::Editor)
        .about(
            "imports",
            "Cancel an import",
            "The import stops within seconds; the links that it has written stay. A second request changes nothing.",
        )
        .idempotent()
        .json::<ImportView>(200, "The import, cancelled.", &["Idempotency-Replayed"])
        .problem(409, "The import is finished.")
        .end();
}

fn report(to: &mut Operations) {
    import_operation(to, "get", REPORT, "readImportReport", Role::Viewer)
        .about(
            "imports",
            "Read an import's report",
            "Lists the rows that did not become links, and what some links lack of their rows, with the reasons. While the import \
             runs, it has the first rows that are known. In CSV no cell begins like a formula.",
        )
        .query::<ReportQuery>()
        .empty(303, "The URL of the report, which works for some minutes.", &["Location", "Cache-Control"])
        .problem(409, "Loading has not begun.")
        .problem(410, "")
        .end();
}

fn import_operation<'a>(
    to: &'a mut Operations,
    method: &'static str,
    path: &'static str,
    id: &'static str,
    role: Role,
) -> Operation<'a> {
    to.add(method, path, id).role(role).path::<ImportId>("id", "The import's id.").problem(404, "")
}
