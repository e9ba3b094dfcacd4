//! `/v1/files`.

use serde_json::json;
use waypost_domain::Role;
use waypost_domain::files::adopt::FileAdoption;
use waypost_domain::files::id::FileId;
use waypost_domain::files::start::NewFile;
use waypost_domain::values::page::{Page, PageRequest};

use crate::files::{FilePartView, FileView, StartedFileView};
use crate::openapi::operation::{Operation, Operations};

const COLLECTION: &str = "/v1/files";
const ITEM: &str = "/v1/files/{id}";

pub(super) fn add(to: &mut Operations) {
    list(to);
    start(to);
    adopt(to);
    read(to);
    delete(to);
    parts(to);
    complete(to);
}

fn list(to: &mut Operations) {
    to.add("get", COLLECTION, "listFiles")
        .about(
            "files",
            "List files",
            "Lists the newest first, without their URLs. A key that is limited to some links sees the files that it made itself.",
        )
        .role(Role::Viewer)
        .query::<PageRequest>()
        .json::<Page<FileView>>(200, "A page of files.", &[])
        .problem(422, "")
        .end();
}

fn start(to: &mut Operations) {
    let operation = to
        .add("post", COLLECTION, "startFile")
        .about(
            "files",
            "Announce a file",
            "Upload it as `upload` says, or part by part as `/v1/files/{id}/parts` says, and then complete it. With `link`, a link to the file is made, too: both, or neither.",
        )
        .role(Role::Editor)
        .idempotent()
        .body::<NewFile>(json!({
            "small": { "name": "report.pdf", "size": 1024, "content_type": "application/pdf" },
            "to_a_collection": { "name": "a.jpg", "size": 1024, "content_type": "image/jpeg", "collection": "col_0199b0c67e4570008000000000000005", "path": "2026/a.jpg" },
            "in_parts": { "name": "film.mp4", "size": 104_857_600, "content_type": "video/mp4", "in_parts": true },
            "shared": { "name": "plan.pdf", "size": 2048, "expires_at": null, "link": { "title": "The plan", "max_clicks": 3 } },
        }))
        .json::<StartedFileView>(
            201,
            "The file, and how to upload it.",
            &["Location", "Cache-Control", "Idempotency-Replayed"],
        )
        .problem(409, "The workspace or the collection has no room for the file, its path is taken, or the slug of its link is.");
    let id = json!({ "path.id": "$response.body#/id" });
    operation.link(201, "readFile", id.clone()).link(201, "listFileParts", id).end();
}

fn adopt(to: &mut Operations) {
    to.add("post", "/v1/file-adoptions", "adoptObject")
        .about(
            "files",
            "Make a file of an object in the bucket",
            "The operator puts objects under the stack's `AdoptPrefix`, each workspace's into the folder of its name. The object is not copied, and stays when the file ends.",
        )
        .role(Role::Editor)
        .idempotent()
        .body::<FileAdoption>(json!({ "object": { "object": "2026/report.pdf", "content_type": "application/pdf" } }))
        .json::<FileView>(201, "The file, which is ready.", &["Location", "Idempotency-Replayed"])
        .problem(409, "The workspace has no room for the file, or files are scanned for malware.")
        .problem(422, "")
        .end();
}

fn read(to: &mut Operations) {
    file_operation(to, "get", ITEM, "readFile", Role::Viewer)
        .about("files", "Read a file, and get its URL", "")
        .json::<FileView>(200, "The file.", &["Cache-Control"])
        .end();
}

fn delete(to: &mut Operations) {
    file_operation(to, "delete", ITEM, "deleteFile", Role::Editor)
        .about("files", "Delete a file", "Deletes the file, or what was uploaded of it. URLs of it stop working.")
        .empty(204, "The file is deleted.", &[])
        .problem(409, "The file keeps changing.")
        .end();
}

fn parts(to: &mut Operations) {
    file_operation(to, "get", "/v1/files/{id}/parts", "listFileParts", Role::Editor)
        .about(
            "files",
            "List the parts of a file",
            "Tells which parts the bucket has, and how to upload the others: in any order, several at a time, and again if one fails.",
        )
        .query::<PageRequest>()
        .json::<Page<FilePartView>>(200, "A page of parts, in their order.", &["Cache-Control"])
        .problem(409, "The file is not uploaded in parts, or its upload has ended.")
        .end();
}

fn complete(to: &mut Operations) {
    file_operation(to, "post", "/v1/files/{id}/completion", "completeFile", Role::Editor)
        .about(
            "files",
            "Complete a file",
            "Has the file inspected if the bucket has all that was announced. A second request changes nothing. A file that was sent as a whole needs no completion.",
        )
        .idempotent()
        .json::<FileView>(200, "The file: being inspected, or what came of that.", &["Cache-Control", "Idempotency-Replayed"])
        .problem(409, "Bytes are missing, or differ from what was announced.")
        .end();
}

fn file_operation<'a>(
    to: &'a mut Operations,
    method: &'static str,
    path: &'static str,
    id: &'static str,
    role: Role,
) -> Operation<'a> {
    to.add(method, path, id).role(role).path::<FileId>("id", "The file's id.").problem(404, "")
}
