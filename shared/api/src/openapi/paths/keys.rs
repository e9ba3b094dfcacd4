//! `/v1/keys`.

use serde_json::json;
use waypost_domain::access::create_key::NewKey;
use waypost_domain::values::page::{Page, PageRequest};
use waypost_domain::{ApiKey, Role};

use crate::keys::{KeyView, NewKeyView};
use crate::openapi::operation::Operations;

const COLLECTION: &str = "/v1/keys";

pub(super) fn add(to: &mut Operations) {
    list(to);
    create(to);
    revoke(to);
}

fn list(to: &mut Operations) {
    to.add("get", COLLECTION, "listKeys")
        .about("keys", "List keys", "Lists the newest first, expired keys included.")
        .role(Role::Admin)
        .query::<PageRequest>()
        .json::<Page<KeyView>>(200, "A page of keys.", &[])
        .problem(422, "")
        .end();
}

fn create(to: &mut Operations) {
    to.add("post", COLLECTION, "createKey")
        .about("keys", "Create a key", "Only this answer has the key's secret.")
        .role(Role::Admin)
        .problem(403, "A key with limits cannot make keys.")
        .idempotent()
        .body::<NewKey>(json!({
            "bot": { "name": "deploy bot", "role": "editor" },
            "limited": { "name": "newsletter", "role": "editor", "limits": { "tags": ["newsletter"], "addresses": ["203.0.113.0/24"] } },
        }))
        .json::<NewKeyView>(201, "The key, with its secret.", &["Cache-Control", "Idempotency-Replayed"])
        .link(201, "revokeKey", json!({ "path.key_id": "$response.body#/key_id" }))
        .end();
}

fn revoke(to: &mut Operations) {
    to.add("delete", "/v1/keys/{key_id}", "revokeKey")
        .about("keys", "Revoke a key", "The key stops working within a moment. A key can be revoked as soon as the list shows it, within a second of its creation.")
        .role(Role::Admin)
        .path_text("key_id", "The key's id.", ApiKey::ID_PATTERN)
        .empty(204, "The key is revoked.", &[])
        .problem(404, "")
        .end();
}
