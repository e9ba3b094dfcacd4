//! `/v1/links` and `/v1/link-batches`.

use serde_json::{Value, json};
use waypost_domain::links::list::ListRequest;
use waypost_domain::links::request::LinkFields;
use waypost_domain::{Role, Slug};

use crate::link_batches::{BatchView, NewBatch};
use crate::links::{DomainQuery, LinkListView, LinkView, ReadLinkQuery};
use crate::openapi::operation::{Operation, Operations};
use crate::qr::{QrQuery, QrStyle};

const COLLECTION: &str = "/v1/links";
const ITEM: &str = "/v1/links/{slug}";

pub(super) fn add(to: &mut Operations) {
    list(to);
    create(to);
    create_batch(to);
    read(to);
    change(to);
    delete(to);
    qr(to);
    draw_qr(to);
}

fn list(to: &mut Operations) {
    to.add("get", COLLECTION, "listLinks")
        .about("links", "List and search links", "Lists the newest first, unless `sort` or `search` say otherwise. A page can have fewer links than the limit, or none, and still a `next_cursor`. The list ends when `next_cursor` is null. A change is found within a second or two. Until the links of a workspace with very many of them are indexed for the first time, searches get 503.")
        .role(Role::Viewer)
        .query::<ListRequest>()
        .json::<LinkListView>(200, "A page of links.", &[])
        .problem(422, "")
        .end();
}

fn create(to: &mut Operations) {
    let operation = to
        .add("post", COLLECTION, "createLink")
        .about(
            "links",
            "Create a link",
            "With `if_exists: return`, returns an existing link to the same target instead, if there is one.",
        )
        .role(Role::Editor)
        .idempotent()
        .body::<LinkFields>(new_links())
        .json::<LinkView>(201, "The link, created.", &["Location", "ETag", "Idempotency-Replayed"])
        .json::<LinkView>(
            200,
            "The existing link, with `if_exists: return`.",
            &["Location", "ETag", "Idempotency-Replayed"],
        )
        .problem(409, "The slug is taken, in this workspace or another, or another workspace has given it up in the last 90 days.");
    let operation = about_the_link(operation, 201, "$response.body#/slug", "$response.body#/domain");
    about_the_link(operation, 200, "$response.body#/slug", "$response.body#/domain").end();
}

/// Links an answer that holds a link to the operations on it.
fn about_the_link<'a>(mut operation: Operation<'a>, status: u16, slug: &str, domain: &str) -> Operation<'a> {
    for id in ["readLink", "changeLink", "deleteLink", "readLinkQrCode", "readLinkStats"] {
        operation = operation.link(status, id, json!({ "path.slug": slug, "query.domain": domain }));
    }
    operation
}

fn new_links() -> Value {
    json!({
        "plain": { "url": "https://example.com/spring" },
        "rules": {
            "url": "https://example.com/app",
            "slug": "app",
            "tags": ["app"],
            "rules": [{ "if": { "os": ["ios"] }, "url": "https://apps.apple.com/app/id1" }],
            "variants": [
                { "name": "a", "url": "https://example.com/a", "weight": 9 },
                { "name": "b", "url": "https://example.com/b", "weight": 1 },
            ],
        },
    })
}

fn create_batch(to: &mut Operations) {
    let items = json!({ "two": { "items": [{ "url": "https://example.com/1" }, { "url": "https://example.com/2" }] } });
    to.add("post", "/v1/link-batches", "createLinkBatch")
        .about("links", "Create many links", "Each item succeeds or fails by itself: a problem with one changes nothing for the others, and has its own place in the answer. An item that cannot be read does not fail the batch.")
        .role(Role::Editor)
        .idempotent()
        .body::<NewBatch>(items)
        .json::<BatchView>(200, "The results of the items.", &["Idempotency-Replayed"])
        .end();
}

fn read(to: &mut Operations) {
    link_operation(to, "get", ITEM, "readLink", Role::Viewer)
        .about("links", "Read a link", "Without `include`, the answer and its entity tag depend on the link alone. With its clicks, the answer has an entity tag only while the statistics are available.")
        .query::<ReadLinkQuery>()
        .if_none_match()
        .json::<LinkView>(200, "The link.", &["ETag", "Cache-Control"])
        .end();
}

fn change(to: &mut Operations) {
    let keep_alias = json!({
        "type": ["boolean", "null"],
        "description": "Whether the former address stays as an alias when the link moves.",
    });
    link_operation(to, "patch", ITEM, "changeLink", Role::Editor)
        .about("links", "Change a link", "Takes a JSON Merge Patch (RFC 7396). A patch may hold all that a read of the link gave: the fields that are read-only cannot be changed, but may be present with the values of the read. A new `slug` or `domain` moves the link: it keeps its id, statistics, password, limits and creation time. Its former address is reserved for the workspace for 90 days, or stays as an alias of the link with `keep_alias: true`.")
        .query::<DomainQuery>()
        .if_match()
        .patch::<LinkFields>("LinkPatch", &["if_exists", "utm_template", "utm"], json!({ "keep_alias": keep_alias }), json!({ "title": { "title": "The app", "expires_at": null } }))
        .json::<LinkView>(200, "The link as it is now.", &["ETag", "Cache-Control"])
        .problem(409, "The new slug is taken, or another workspace has given it up in the last 90 days.")
        .end();
}

fn delete(to: &mut Operations) {
    link_operation(to, "delete", ITEM, "deleteLink", Role::Editor)
        .about(
            "links",
            "Delete a link",
            "If the address is an alias, deletes the alias only. The statistics of the workspace keep the link's clicks; another link at the same address starts without clicks. The address is reserved for the workspace for 90 days. Visitors may still be redirected for a second.",
        )
        .query::<DomainQuery>()
        .if_match()
        .empty(204, "The link is deleted.", &[])
        .end();
}

const QR: &str = "/v1/links/{slug}/qr";

fn images() -> Value {
    json!({ "image/svg+xml": { "schema": { "type": "string" } }, "image/png": { "schema": { "type": "string", "format": "binary" } } })
}

fn qr(to: &mut Operations) {
    link_operation(to, "get", QR, "readLinkQrCode", Role::Viewer)
        .about(
            "links",
            "Draw a link's QR code",
            "The code leads to the short URL with `?qr=1`, so that statistics can tell its clicks from others.",
        )
        .query::<QrQuery>()
        .if_none_match()
        .content(200, "The image.", &["ETag", "Cache-Control"], &images())
        .end();
}

fn draw_qr(to: &mut Operations) {
    // A red square.
    let logo = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAAA1BMVEXMMzN0dFbYAAAAC0lEQVR42mNgQAUAABAAAaoZ+IIAAAAASUVORK5CYII=";
    let styles =
        json!({ "logo": { "format": "png", "size": 512, "shape": "rounded", "color": "1a2b3c", "logo": logo } });
    link_operation(to, "post", QR, "drawLinkQrCode", Role::Viewer)
        .about(
            "links",
            "Draw a link's QR code with a logo",
            "Draws the code that the GET draws, and a logo in its middle if there is one. Changes and keeps nothing.",
        )
        .query::<DomainQuery>()
        .idempotent()
        .body::<QrStyle>(styles)
        .content(200, "The image.", &["Cache-Control", "Idempotency-Replayed"], &images())
        .end();
}

fn link_operation<'a>(
    to: &'a mut Operations,
    method: &'static str,
    path: &'static str,
    id: &'static str,
    role: Role,
) -> Operation<'a> {
    to.add(method, path, id)
        .role(role)
        .path::<Slug>("slug", "The link's slug, percent-encoded; a slash in it twice (`docs%252Fstart`).")
        .problem(404, "")
        .problem(422, "")
}
