//! `/v1/tags`.

use serde_json::json;
use waypost_domain::Role;
use waypost_domain::tags::define::TagFields;
use waypost_domain::tags::list::ListTagsRequest;
use waypost_domain::tags::rename::NewTagName;
use waypost_domain::values::page::Page;

use crate::link_changes::LinkChangeView;
use crate::openapi::operation::{Operation, Operations};
use crate::tags::{DefinedTagView, TagView};

const ITEM: &str = "/v1/tags/{tag}";

pub(super) fn add(to: &mut Operations) {
    list(to);
    define(to);
    change(to);
    delete(to);
    rename(to);
}

fn list(to: &mut Operations) {
    to.add("get", "/v1/tags", "listTags")
        .about(
            "tags",
            "List tags",
            "Lists the tags that links have, with the number of links, and those that are defined and that no link has. Knows a change \
             within a second or two.",
        )
        .role(Role::Viewer)
        .query::<ListTagsRequest>()
        .json::<Page<TagView>>(200, "A page of tags.", &[])
        .problem(422, "")
        .end();
}

fn define(to: &mut Operations) {
    tag_operation(to, "put", ITEM, "defineTag")
        .about(
            "tags",
            "Give a tag a colour and a description",
            "Replaces what was said of the tag before. No link needs to have it.",
        )
        .body::<TagFields>(json!({ "both": { "color": "teal", "description": "Campaigns of spring 2026" } }))
        .json::<DefinedTagView>(200, "The tag.", &[])
        .problem(409, "The workspace defines as many tags as it can.")
        .end();
}

fn change(to: &mut Operations) {
    tag_operation(to, "patch", ITEM, "changeTag")
        .about("tags", "Change a tag's colour or description", "Takes a JSON Merge Patch (RFC 7396).")
        .body::<TagFields>(json!({ "color": { "color": "#1a2b3c" } }))
        .json::<DefinedTagView>(200, "The tag.", &[])
        .problem(409, "The workspace defines as many tags as it can.")
        .end();
}

fn delete(to: &mut Operations) {
    tag_operation(to, "delete", ITEM, "deleteTag")
        .about("tags", "Remove a tag from all links", "Starts a job that removes the tag from all links that have it, and then forgets its colour and description.")
        .json::<LinkChangeView>(202, "The job. Read it until it has ended.", &["Location"])
        .end();
}

fn rename(to: &mut Operations) {
    tag_operation(to, "post", "/v1/tags/{tag}/rename", "renameTag")
        .about("tags", "Rename a tag, or merge it into another", "Starts a job that renames the tag in all links that have it. Its colour and description go with it, unless the new name has its own.")
        .idempotent()
        .body::<NewTagName>(json!({ "rename": { "to": "spring 2026" } }))
        .json::<LinkChangeView>(202, "The job. Read it until it has ended.", &["Location", "Idempotency-Replayed"])
        .end();
}

fn tag_operation<'a>(
    to: &'a mut Operations,
    method: &'static str,
    path: &'static str,
    id: &'static str,
) -> Operation<'a> {
    to.add(method, path, id)
        .role(Role::Editor)
        .path_text("tag", "The tag, percent-encoded.", r"^[^\u0000-\u001f\u007f-\u009f]{1,50}$")
        .problem(404, "")
        .problem(422, "")
}
