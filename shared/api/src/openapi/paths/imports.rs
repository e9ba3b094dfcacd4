//! `/v1/imports`.

use serde_json::json;
use waypost_domain::Role;
use waypost_domain::imports::ImportId;
use waypost_domain::imports::start_import::NewImport;
use waypost_domain::page::{Page, PageRequest};

use crate::imports::{ImportView, StartedView};
use crate::openapi::operation::{Operation, Operations};

const COLLECTION: &str = "/v1/imports";
const REPORT: &str = "/v1/imports/{id}/report";

pub(super) fn add(to: &mut Operations) {
    list(to);
    start(to);
    read(to);
    report(to);
}

fn list(to: &mut Operations) {
    to.add("get", COLLECTION, "listImports")
        .about("imports", "List imports", "The newest first.")
        .role(Role::Viewer)
        .query::<PageRequest>()
        .json::<Page<ImportView>>(200, "A page of imports.", &[])
        .problem(422, "")
        .end();
}

fn start(to: &mut Operations) {
    let operation = to
        .add("post", COLLECTION, "startImport")
        .about("imports", "Start an import", "Upload the file as `upload` says; it is loaded as soon as it is there.")
        .role(Role::Editor)
        .once()
        .body::<NewImport>(json!({ "file": { "content_length": 1024, "filename": "links.csv" } }))
        .json::<StartedView>(
            201,
            "The import, and how to upload its file.",
            &["Location", "Cache-Control", "Idempotency-Replayed"],
        );
    let id = json!({ "path.id": "$response.body#/id" });
    operation.link(201, "readImport", id.clone()).link(201, "readImportReport", id).end();
}

fn read(to: &mut Operations) {
    on_an_import(to, "/v1/imports/{id}", "readImport")
        .about("imports", "Read how an import goes", "")
        .json::<ImportView>(200, "The import.", &[])
        .end();
}

fn report(to: &mut Operations) {
    on_an_import(to, REPORT, "readImportReport")
        .about("imports", "Read an import's report", "The rows that did not become links, and why, as CSV.")
        .empty(303, "The report is there, for some minutes.", &["Location", "Cache-Control"])
        .problem(409, "The import is not finished.")
        .end();
}

fn on_an_import<'a>(to: &'a mut Operations, path: &'static str, id: &'static str) -> Operation<'a> {
    to.add("get", path, id).role(Role::Viewer).path::<ImportId>("id", "The import's id.").problem(404, "")
}
