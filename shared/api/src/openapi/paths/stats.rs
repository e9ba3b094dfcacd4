//! `/v1/links/{slug}/stats`, `/v1/stats`.

use serde_json::json;
use waypost_domain::analytics::stats::Stats;
use waypost_domain::{Role, Slug};

use crate::openapi::operation::{Operation, Operations};
use crate::stats::{LinkStatsQuery, StatsQuery};

pub(super) fn add(to: &mut Operations) {
    let operation = to
        .add("get", "/v1/links/{slug}/stats", "readLinkStats")
        .about(
            "statistics",
            "Read a link's statistics",
            "What its clicks in a range of time add up to. A click counts after a few seconds.",
        )
        .role(Role::Viewer)
        .path::<Slug>("slug", "The link's slug.")
        .query::<LinkStatsQuery>();
    answers(operation).problem(404, "").end();
    let operation = to
        .add("get", "/v1/stats", "readStats")
        .about(
            "statistics",
            "Read the statistics of the workspace",
            "What the clicks on all its links add up to, or on those with a tag. A click counts after a few seconds.",
        )
        .role(Role::Viewer)
        .query::<StatsQuery>();
    answers(operation).problem(422, "Or more links have the tag than can be added up in one request.").end();
}

fn answers(operation: Operation<'_>) -> Operation<'_> {
    let table = "Comma-separated values (RFC 4180): the series, or the top values if there are any.";
    operation
        .if_none_match()
        .json_or::<Stats>(
            200,
            "The statistics, as a table for who accepts `text/csv` only or rather.",
            &["ETag", "Cache-Control"],
            &json!({ "text/csv": { "schema": { "type": "string", "description": table } } }),
        )
        .problem(422, "")
}
