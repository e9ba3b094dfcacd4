//! `/v1/links/{slug}/stats` and `/v1/stats`. The answer is [`waypost_domain::analytics::stats::Stats`].

use schemars::JsonSchema;
use waypost_domain::Domain;
use waypost_domain::analytics::stats::StatsRequest;

/// Which statistics of a link, not checked yet.
#[derive(Debug, Clone, Default, JsonSchema)]
pub struct LinkStatsQuery {
    /// A domain of the stack; the default one if absent.
    #[schemars(with = "Option<Domain>")]
    pub domain: Option<String>,
    /// What of it.
    #[schemars(flatten)]
    pub request: StatsRequest,
}

/// Which statistics of the workspace, not checked yet.
#[derive(Debug, Clone, Default, JsonSchema)]
pub struct StatsQuery {
    /// Only the links with any of these tags; there can be several parameters. At most 100 links, and at most 10,000 links
    /// times days.
    #[schemars(default)]
    pub tag: Vec<String>,
    /// What of them.
    #[schemars(flatten)]
    pub request: StatsRequest,
}
