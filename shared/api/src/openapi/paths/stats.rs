//! `/v1/links/{slug}/stats`.

use waypost_domain::analytics::read_stats::LinkStats;
use waypost_domain::{Role, Slug};

use crate::openapi::operation::Operations;
use crate::stats::StatsQuery;

pub(super) fn add(to: &mut Operations) {
    to.add("get", "/v1/links/{slug}/stats", "readLinkStats")
        .about(
            "statistics",
            "Read a link's statistics",
            "What its clicks in some days add up to, days being those of UTC. A click counts after a few seconds.",
        )
        .role(Role::Viewer)
        .path::<Slug>("slug", "The link's slug.")
        .query::<StatsQuery>()
        .json::<LinkStats>(200, "The statistics.", &[])
        .problem(404, "")
        .problem(422, "")
        .end();
}
