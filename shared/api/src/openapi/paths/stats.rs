//! `/v1/links/{slug}/stats`, `/v1/stats`, `/v1/domains/{domain}/misses`.

use serde_json::json;
use waypost_domain::analytics::stats::answer::Stats;
use waypost_domain::analytics::stats::request::StatsRequest;
use waypost_domain::{Domain, Role, Slug};

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
    let operation = to
        .add("get", "/v1/domains/{domain}/misses", "readMisses")
        .about(
            "statistics",
            "Read the visits to no link of a domain",
            "Counts the visits to addresses of the domain that are no link, by `path`, referrer, country and so on: `clicks` are those of people. For the workspace that manages the domain. A new visit is included within a few seconds.",
        )
        .role(Role::Viewer)
        .path::<Domain>("domain", "The domain.")
        .problem(403, "The domain belongs to the stack, and the caller's workspace is not the operator's; or the key is limited to some links.")
        .query::<StatsRequest>();
    answers(operation).problem(404, "").end();
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
