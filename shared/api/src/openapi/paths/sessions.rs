//! `/v1/sessions`.

use serde_json::json;
use waypost_domain::Role;
use waypost_domain::access::sessions::prove::NewSession;
use waypost_domain::values::page::Page;

use crate::openapi::operation::Operations;
use crate::sessions::{PATH_PATTERN, SessionView, SessionsQuery};

const COLLECTION: &str = "/v1/sessions";

pub(super) fn add(to: &mut Operations) {
    list(to);
    sign_in(to);
    end(to);
}

fn list(to: &mut Operations) {
    to.add("get", COLLECTION, "listSessions")
        .about(
            "keys",
            "List sessions",
            "Lists the sign-ins of browsers that have not ended, the newest first: those of the caller's own key or subject, or all of the workspace. A page can have fewer items than `limit`, also none, and a `next_cursor`.",
        )
        .role(Role::Viewer)
        .problem(403, "`all` needs the role `admin`.")
        .query::<SessionsQuery>()
        .json::<Page<SessionView>>(200, "A page of sessions.", &[])
        .end();
}

fn sign_in(to: &mut Operations) {
    to.add("post", COLLECTION, "signIn")
        .about(
            "keys",
            "Sign in from a browser",
            "Turns an API key, a sign-in code of the operator, or a token of the identity provider into a session. The answer sets the cookie that stands for it, which scripts cannot read and browsers send to this host only. The session reaches what its key does and ends with it, after twelve hours at most. Needs no caller and takes no `Idempotency-Key`: signing in twice gives two sessions.",
        )
        .public()
        .problem(401, "Or the code was used before.")
        .problem(403, "Another site made the browser send the request.")
        .problem(429, "Or too many sign-ins from this address have failed in these five minutes.")
        .problem(503, "")
        .problem(500, "")
        .body::<NewSession>(json!({
            "key": { "key": "wp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
            "code": { "code": "wpc_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
        }))
        .json::<SessionView>(201, "The session.", &["Cache-Control", "Set-Cookie"])
        .end();
}

fn end(to: &mut Operations) {
    to.add("delete", "/v1/sessions/{id}", "endSession")
        .about(
            "keys",
            "End a session",
            "The session stops working at once. `current` is the session of the request itself: the caller signs out, and the answer removes the cookie. Admins end any session of the workspace, others those of their own key or subject.",
        )
        .role(Role::Viewer)
        .path_text("id", "The session's id, or `current`.", PATH_PATTERN)
        .empty(204, "The session has ended. `Set-Cookie` removes the cookie of `current`.", &[])
        .problem(404, "Or it belongs to somebody else.")
        .end();
}
