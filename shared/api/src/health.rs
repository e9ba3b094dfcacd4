//! `/healthz`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// The health of the stack.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Health")]
pub struct HealthView {
    /// `ok` if all checks are `ok`, else `failed`.
    pub status: Status,
    /// The version of Waypost.
    pub version: &'static str,
    /// The health of each part.
    pub checks: Statuses,
}

/// The health of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "HealthStatus")]
pub enum Status {
    /// The part answers as it should.
    Ok,
    /// The part answers with an error.
    Failed,
    /// The part does not answer in time.
    Timeout,
}

/// The health of all parts, by name.
pub type Statuses = BTreeMap<&'static str, Status>;
