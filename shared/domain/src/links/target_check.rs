//! Defines what checks have found about the target of a link.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::target_safety::threat::Threat;
use crate::values::timestamp::Timestamp;

/// What checks have found about a link's target. A link has it from the first failed check on: one whose target always worked needs none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetCheck {
    /// Whether the target works.
    pub status: CheckStatus,
    /// When the check was made that found this.
    pub checked_at: Timestamp,
    /// When the first of the failed checks in a row was made; `None` if the last one did not fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// Why the last check failed; `None` if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<FailureReason>,
    /// How many checks in a row have failed, at most [`TargetCheck::BROKEN_AFTER`].
    #[serde(default)]
    pub failures: u8,
    /// The run of the check. Each run counts once, however often its messages are delivered.
    pub run: CheckRun,
    /// The pointer to the field whose target this is about, as `/rules/0/url`; that is `/url` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Whether visitors are led to the link's `expired_url` instead, if it has one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uses_expired_url: bool,
}

impl TargetCheck {
    /// How many failed checks in a row, in different runs, make a target broken.
    pub const BROKEN_AFTER: u8 = 3;

    /// Tells whether the target is broken.
    pub fn is_broken(&self) -> bool {
        self.status == CheckStatus::Broken
    }

    /// Tells whether it says that the target is unsafe.
    pub fn is_unsafe(&self) -> bool {
        matches!(self.reason, Some(FailureReason::Unsafe(_)))
    }

    /// Returns the pointer to the field whose target it is about.
    pub fn pointer(&self) -> &str {
        self.target.as_deref().unwrap_or("/url")
    }

    /// Returns since when the target has failed, if it is broken.
    pub fn broken_since(&self) -> Option<Timestamp> {
        self.failing_since.filter(|_| self.is_broken())
    }
}

/// Whether the target of a link works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum CheckStatus {
    /// The last check found that it works, after earlier ones had failed.
    Ok,
    /// The last check failed, or the last two.
    Failing,
    /// The last three checks failed, or the target is unsafe.
    Broken,
}

/// Why a check failed: `dns`, `connection`, `tls`, `timeout`, `status_` and the status of the answer, or `unsafe_` and
/// what the target is suspected of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum FailureReason {
    /// The name of the host has no address.
    Dns,
    /// The host accepts no connection.
    Connection,
    /// The certificate is not valid, or the TLS handshake failed otherwise.
    Tls,
    /// There was no answer in time.
    Timeout,
    /// The answer has this status: 404, 410, or 500 to 599.
    Status(u16),
    /// The target is suspected of this.
    Unsafe(Threat),
}

impl fmt::Display for FailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns => f.write_str("dns"),
            Self::Connection => f.write_str("connection"),
            Self::Tls => f.write_str("tls"),
            Self::Timeout => f.write_str("timeout"),
            Self::Status(status) => write!(f, "status_{status}"),
            Self::Unsafe(threat) => write!(f, "unsafe_{}", threat.name()),
        }
    }
}

impl From<FailureReason> for String {
    fn from(reason: FailureReason) -> Self {
        reason.to_string()
    }
}

impl TryFrom<String> for FailureReason {
    type Error = FailureReasonError;

    fn try_from(text: String) -> Result<Self, FailureReasonError> {
        match text.as_str() {
            "dns" => Ok(Self::Dns),
            "connection" => Ok(Self::Connection),
            "tls" => Ok(Self::Tls),
            "timeout" => Ok(Self::Timeout),
            other => {
                let status = other.strip_prefix("status_").and_then(|status| status.parse().ok()).map(Self::Status);
                let threat = other.strip_prefix("unsafe_").and_then(Threat::of_name).map(Self::Unsafe);
                status.or(threat).ok_or(FailureReasonError)
            }
        }
    }
}

/// The error of a text that is not a [`FailureReason`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a reason why a check failed")]
pub struct FailureReasonError;

#[cfg(feature = "openapi")]
crate::values::schema::schema!(FailureReason, "FailureReason", {
    "type": "string",
    "pattern": "^(dns|connection|tls|timeout|status_[1-9][0-9]{2}|unsafe_(phishing|malware|unwanted_software))$",
    "description": "`dns`: the host is not found. `connection`: the host accepts no connection. `tls`: the certificate is not valid. `timeout`: no answer in time. `status_…`: the status of the answer. `unsafe_…`: what Google Web Risk suspects the target of.",
});

/// A run of checks: the day (UTC) that it is for, as `2026-01-02`. All runs of a day are one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CheckRun(String);

/// The error of a text that is not a [`CheckRun`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a day such as 2026-01-02")]
pub struct CheckRunError;

impl CheckRun {
    /// Returns the run of the day of `time`.
    pub fn of(time: Timestamp) -> Self {
        Self(time.date())
    }
}

impl fmt::Display for CheckRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<CheckRun> for String {
    fn from(run: CheckRun) -> Self {
        run.0
    }
}

impl TryFrom<String> for CheckRun {
    type Error = CheckRunError;

    fn try_from(text: String) -> Result<Self, CheckRunError> {
        let day = Timestamp::parse(&format!("{text}T00:00:00Z")).map_err(|_| CheckRunError)?;
        if day.date() == text { Ok(Self(text)) } else { Err(CheckRunError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reasons_and_runs_return_from_their_texts() {
        for (reason, text) in [
            (FailureReason::Dns, "dns"),
            (FailureReason::Connection, "connection"),
            (FailureReason::Tls, "tls"),
            (FailureReason::Timeout, "timeout"),
            (FailureReason::Status(404), "status_404"),
            (FailureReason::Unsafe(Threat::Phishing), "unsafe_phishing"),
            (FailureReason::Unsafe(Threat::Malware), "unsafe_malware"),
            (FailureReason::Unsafe(Threat::UnwantedSoftware), "unsafe_unwanted_software"),
        ] {
            assert_eq!(serde_json::to_value(reason).unwrap(), json!(text));
            assert_eq!(serde_json::from_value::<FailureReason>(json!(text)).unwrap(), reason);
        }
        for text in ["", "status_", "status_x", "unsafe_", "unsafe_x", "DNS", "404"] {
            assert!(serde_json::from_value::<FailureReason>(json!(text)).is_err(), "{text}");
        }
        let run = CheckRun::of(Timestamp::parse("2026-01-02T23:04:05-02:00").unwrap());
        assert_eq!(
            (serde_json::to_value(&run).unwrap(), run.to_string()),
            (json!("2026-01-03"), "2026-01-03".to_owned())
        );
        assert_eq!(serde_json::from_value::<CheckRun>(json!("2026-01-03")).unwrap(), run);
        for text in ["", "2026-1-3", "2026-02-30", "2026-01-03T00:00:00Z", "yesterday"] {
            assert!(serde_json::from_value::<CheckRun>(json!(text)).is_err(), "{text}");
        }
    }
}
