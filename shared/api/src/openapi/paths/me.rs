//! `/v1/me`.

use waypost_domain::Role;

use crate::me::MeView;
use crate::openapi::operation::Operations;

pub(super) fn add(to: &mut Operations) {
    to.add("get", "/v1/me", "readMe")
        .about(
            "keys",
            "Read who calls, and what it may do",
            "All that a client needs to start: its workspace, its role, the domains that it can make links on, the limits of requests, and what the stack has switched on.",
        )
        .role(Role::Viewer)
        .json::<MeView>(200, "The caller.", &["Cache-Control"])
        .end();
}
