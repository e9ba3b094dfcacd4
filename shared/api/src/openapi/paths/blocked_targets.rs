//! `/v1/blocked-targets`.

use serde_json::json;
use waypost_domain::Role;
use waypost_domain::blocking::add::NewBlockedTargets;
use waypost_domain::blocking::entry::BlockedTarget;
use waypost_domain::blocking::list::BlockedPageRequest;
use waypost_domain::values::page::Page;

use crate::blocked_targets::{BlockedQuery, BlockedTargetsView};
use crate::openapi::operation::Operations;

const COLLECTION: &str = "/v1/blocked-targets";
const OPERATOR: &str =
    "The caller's workspace is not that of the stack's operator, or its key is limited to some links.";

pub(super) fn add(to: &mut Operations) {
    to.add("get", COLLECTION, "listBlockedTargets")
        .about(
            "operation",
            "List blocked targets",
            "Lists in the order of the alphabet. For the operator of the stack.",
        )
        .role(Role::Admin)
        .problem(403, OPERATOR)
        .query::<BlockedPageRequest>()
        .json::<Page<BlockedTarget>>(200, "A page of blocked targets.", &[])
        .end();
    to.add("post", COLLECTION, "blockTargets")
        .about(
            "operation",
            "Block targets",
            "No link of the stack may lead to them any more: new ones are refused, and existing ones answer 410 within seconds. A target that is blocked already gets the new reason and note. For the operator of the stack.",
        )
        .role(Role::Admin)
        .problem(403, OPERATOR)
        .idempotent()
        .body::<NewBlockedTargets>(json!({
            "host": { "items": [{ "target": "phishing.invalid", "reason": "phishing", "note": "reported by mail" }] },
        }))
        .json::<BlockedTargetsView>(200, "The targets are blocked.", &["Idempotency-Replayed"])
        .problem(409, "Or the list is full.")
        .end();
    to.add("delete", COLLECTION, "unblockTarget")
        .about(
            "operation",
            "Release a blocked target",
            "Links that lead there work again within seconds. For the operator of the stack.",
        )
        .role(Role::Admin)
        .problem(403, OPERATOR)
        .query::<BlockedQuery>()
        .empty(204, "The target is released.", &[])
        .problem(404, "")
        .end();
}
