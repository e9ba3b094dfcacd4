//! `/v1/links/{slug}/stats`, `/v1/stats`.

use serde_json::json;
use waypost_domain::analytics::stats::answer::Stats;
use waypost_domain::{Role, Slug};

use crate::openapi::operation::{Operation, Operations};
use crate::stats::{LinkStatsQuery, StatsQuery};

pub(super) fn add(to: &mut Operations) {
    let operation = to
        .add("get", "/v1/links/{slug}/stats", "readLinkStats")
        .about(
            "statistics",
            "Read a link's statistics",
            "Counts the link's clicks in a range of time. A new click is included within a few seconds.",
        )
        .role(Role::Viewer)
        .path::<Slug>("slug", "The link's slug, percent-encoded; a slash in it twice (`docs%252Fstart`).")
        .query::<LinkStatsQuery>();
    answers(operation).problem(404, "").end();
    let operation = to
        .add("get", "/v1/stats", "readStats")
        .about(
            "statistics",
            "Read the statistics of the workspace",
            "Counts the clicks on all links of the workspace, or on those with a tag. A new click is included within a few seconds.",
        )
        .role(Role::Viewer)
        .problem(403, "A key that is limited to some links must name a tag.")
        .query::<StatsQuery>();
    answers(operation).problem(422, "Or too many links have the tag for one request.").end();
}

fn answers(operation: Operation<'_>) -> Operation<'_> {
    let table = "Comma-separated values (RFC 4180): the series, or the top values if the request asks for some.";
    operation
        .if_none_match()
        .json_or::<Stats>(
            200,
            "The statistics. A client that prefers `text/csv` gets a table.",
            &["ETag", "Cache-Control"],
            &json!({ "text/csv": { "schema": { "type": "string", "description": table } } }),
        )
        .problem(422, "")
}
