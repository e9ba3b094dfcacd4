//! `/v1/exports`.

use serde_json::json;
use waypost_domain::Role;
use waypost_domain::exports::export::ExportId;
use waypost_domain::exports::start::NewExport;
use waypost_domain::values::page::{Page, PageRequest};

use crate::exports::ExportView;
use crate::openapi::operation::Operations;

const COLLECTION: &str = "/v1/exports";

pub(super) fn add(to: &mut Operations) {
    list(to);
    start(to);
    read(to);
}

fn list(to: &mut Operations) {
    to.add("get", COLLECTION, "listExports")
        .about("exports", "List exports", "Lists the newest first, without the URLs of their files.")
        .role(Role::Viewer)
        .query::<PageRequest>()
        .json::<Page<ExportView>>(200, "A page of exports.", &[])
        .problem(422, "")
        .end();
}

fn start(to: &mut Operations) {
    to.add("post", COLLECTION, "startExport")
        .about(
            "exports",
            "Start an export",
            "Writes all links of the workspace to a file that can be imported again. The file has no passwords, unless \
             an admin asks for their hashes.",
        )
        .role(Role::Viewer)
        .idempotent()
        .body::<NewExport>(json!({ "csv": {}, "compressed": { "format": "jsonl", "gzip": true } }))
        .json::<ExportView>(201, "The export. Read it until the file exists.", &["Location", "Idempotency-Replayed"])
        .link(201, "readExport", json!({ "path.id": "$response.body#/id" }))
        .end();
}

fn read(to: &mut Operations) {
    to.add("get", "/v1/exports/{id}", "readExport")
        .about("exports", "Read an export's progress and the URL of its file", "")
        .role(Role::Viewer)
        .path::<ExportId>("id", "The export's id.")
        .json::<ExportView>(200, "The export.", &["Cache-Control"])
        .problem(404, "")
        .problem(410, "The export itself is shown no more.")
        .end();
}
