//! `/v1/links/{slug}/stats`, `/v1/stats` and `/v1/domains/{domain}/misses`, whose parameters are a [`StatsRequest`].
//! The answer is [`waypost_domain::analytics::stats::answer::Stats`].

use schemars::JsonSchema;
use waypost_domain::Domain;
use waypost_domain::analytics::stats::request::StatsRequest;

/// The parameters of a link's statistics, unchecked.
#[derive(Debug, Clone, Default, JsonSchema)]
pub struct LinkStatsQuery {
    /// A domain of the stack; the default one if absent.
    #[schemars(with = "Option<Domain>")]
    pub domain: Option<String>,
    /// The range of time and the form.
    #[schemars(flatten)]
    pub request: StatsRequest,
}

/// The parameters of the workspace's statistics, unchecked.
#[derive(Debug, Clone, Default, JsonSchema)]
pub struct StatsQuery {
    /// Only the links with any of these tags; repeat the parameter for several. At most 100 links, and at most 10,000 links
    /// times days.
    #[schemars(default)]
    pub tag: Vec<String>,
    /// The range of time and the form.
    #[schemars(flatten)]
    pub request: StatsRequest,
}
