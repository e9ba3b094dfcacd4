//! `/healthz`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// How the stack is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Health")]
pub struct HealthView {
    /// `ok` if all checks are, else `failed`.
    pub status: Status,
    /// The version of Waypost.
    pub version: &'static str,
    /// How each part is.
    pub checks: Statuses,
}

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "HealthStatus")]
pub enum Status {
    /// It answers as it should.
    Ok,
    /// It answers, but not as it should.
    Failed,
    /// It does not answer in time.
    Timeout,
}

/// All parts, by name.
pub type Statuses = BTreeMap<&'static str, Status>;
