//! `/v1/collections`.

use serde_json::json;
use waypost_domain::Role;
use waypost_domain::files::collections::create::NewCollection;
use waypost_domain::files::collections::id::CollectionId;
use waypost_domain::values::page::{Page, PageRequest};

use crate::collections::CollectionView;
use crate::files::FileView;
use crate::openapi::operation::{Operation, Operations};

const ALL: &str = "/v1/collections";
const ITEM: &str = "/v1/collections/{id}";

pub(super) fn add(to: &mut Operations) {
    list(to);
    create(to);
    read(to);
    delete(to);
    files(to);
}

fn list(to: &mut Operations) {
    to.add("get", ALL, "listCollections")
        .about(
            "collections",
            "List collections",
            "Lists the newest first. A key that is limited to some links sees the collections that it made itself.",
        )
        .role(Role::Viewer)
        .query::<PageRequest>()
        .json::<Page<CollectionView>>(200, "A page of collections.", &[])
        .problem(422, "")
        .end();
}

fn create(to: &mut Operations) {
    let operation = to
        .add("post", ALL, "createCollection")
        .about(
            "collections",
            "Make a collection",
            "Announce files with its id as `collection` to put them into it. A link to its `target` leads to a page that lists them.",
        )
        .role(Role::Editor)
        .idempotent()
        .body::<NewCollection>(json!({ "photos": { "name": "Photos of May" } }))
        .json::<CollectionView>(201, "The collection.", &["Location", "Idempotency-Replayed"]);
    let id = json!({ "path.id": "$response.body#/id" });
    operation.link(201, "readCollection", id.clone()).link(201, "listCollectionFiles", id).end();
}

fn read(to: &mut Operations) {
    collection_operation(to, "get", ITEM, "readCollection", Role::Viewer)
        .about("collections", "Read a collection", "")
        .json::<CollectionView>(200, "The collection.", &[])
        .end();
}

fn delete(to: &mut Operations) {
    collection_operation(to, "delete", ITEM, "deleteCollection", Role::Editor)
        .about(
            "collections",
            "Delete a collection with its files",
            "Links to it end at once. Its files are deleted while the request lasts; what is left is deleted within some hours.",
        )
        .empty(202, "The collection is deleted, and its files are being deleted.", &[])
        .empty(204, "The collection and its files are deleted.", &[])
        .end();
}

fn files(to: &mut Operations) {
    collection_operation(to, "get", "/v1/collections/{id}/files", "listCollectionFiles", Role::Viewer)
        .about(
            "collections",
            "List the files of a collection",
            "Lists them by their paths, without their URLs: the files of a folder before those of the folders in it.",
        )
        .query::<PageRequest>()
        .json::<Page<FileView>>(200, "A page of files.", &[])
        .end();
}

fn collection_operation<'a>(
    to: &'a mut Operations,
    method: &'static str,
    path: &'static str,
    id: &'static str,
    role: Role,
) -> Operation<'a> {
    to.add(method, path, id).role(role).path::<CollectionId>("id", "The collection's id.").problem(404, "")
}
