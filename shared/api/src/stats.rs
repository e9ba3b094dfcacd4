//! `/v1/links/{slug}/stats`. The answer is [`waypost_domain::analytics::read_stats::LinkStats`].

use schemars::JsonSchema;
use serde::Deserialize;
use waypost_domain::Domain;
use waypost_domain::analytics::Day;
use waypost_domain::analytics::read_stats::{DEFAULT_TOP, Interval, MAX_TOP};

/// Which statistics of a link, not checked yet.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct StatsQuery {
    /// A domain of the stack; the default one if absent.
    #[schemars(with = "Option<Domain>")]
    pub domain: Option<String>,
    /// The first day, in UTC. 30 days with `to` as the last one if absent. A range has at most 366 days, by hour 31.
    #[schemars(with = "Option<Day>")]
    pub from: Option<String>,
    /// The last day, in UTC; today if absent.
    #[schemars(with = "Option<Day>")]
    pub to: Option<String>,
    /// The width of a step in the series.
    #[schemars(with = "Option<Interval>", extend("default" = Interval::Day))]
    pub interval: Option<String>,
    /// How many values of each dimension.
    #[schemars(range(min = 1, max = MAX_TOP), extend("default" = DEFAULT_TOP))]
    pub limit: Option<usize>,
}
