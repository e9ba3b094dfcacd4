//! Defines the report of a link: one for each link, however many visitors report it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::new_report::NewReport;
use crate::links::id::LinkId;
use crate::links::link::Link;
use crate::values::block_list::BlockReason;
use crate::values::domains::Domain;
use crate::values::slug::Slug;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// Whether somebody still has to look at a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum ReportStatus {
    /// Nobody has decided yet, or a visitor reported the link again.
    #[default]
    Open,
    /// An operator has decided.
    Closed,
}

impl ReportStatus {
    /// Returns the name, as requests and stored items write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// What visitors say of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct AbuseReport {
    /// The link's id.
    pub link_id: LinkId,
    /// The link's domain when it was reported last.
    pub domain: Domain,
    /// The link's slug when it was reported last.
    pub slug: Slug,
    /// The workspace that owned the link when it was reported last.
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub workspace: WorkspaceId,
    /// Where the link led when it was reported last. Its rules and variants may lead elsewhere.
    pub url: String,
    /// Whether somebody still has to look at it.
    pub status: ReportStatus,
    /// How often the link was reported.
    pub count: u64,
    /// How often for each reason.
    pub reasons: BTreeMap<String, u64>,
    /// The first reports, at most ten. The others are only counted, so that nobody can push these out.
    pub first: Vec<ReportEntry>,
    /// When the link was reported first.
    pub first_reported_at: Timestamp,
    /// When it was reported last.
    pub last_reported_at: Timestamp,
    /// When an operator closed the report.
    #[serde(default)]
    pub closed_at: Option<Timestamp>,
    /// Who closed it: a key's id, or `sub_` and digits of a hash for the subject of a token.
    #[serde(default)]
    pub closed_by: Option<String>,
    /// A note of the operators.
    #[serde(default)]
    pub note: Option<String>,
}

/// What one visitor says. Nobody has checked it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ReportEntry {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: BlockReason,
    /// What the visitor wrote.
    #[serde(default)]
    pub comment: Option<String>,
    /// Where the visitor can be asked.
    #[serde(default)]
    pub email: Option<String>,
}

impl AbuseReport {
    /// The greatest number of entries that are kept.
    pub const MAX_ENTRIES: usize = 10;
    /// The greatest length of a note, in characters.
    pub const MAX_NOTE_CHARS: usize = 500;
    /// How long a report is kept after the last time that the link was reported, in seconds: a year.
    pub const KEPT_SECONDS: i64 = 365 * 86_400;

    /// Adds a report of `link` at `now`. `earlier` is what the link's report was until then. Opens one that was closed.
    pub(crate) fn with(earlier: Option<Self>, link: &Link, new: &NewReport, now: Timestamp) -> Self {
        let mut report = earlier.unwrap_or_else(|| Self {
            link_id: link.id(),
            domain: link.address.domain.clone(),
            slug: link.address.slug.clone(),
            workspace: link.workspace.clone(),
            url: String::new(),
            status: ReportStatus::Open,
            count: 0,
            reasons: BTreeMap::new(),
            first: Vec::new(),
            first_reported_at: now,
            last_reported_at: now,
            closed_at: None,
            closed_by: None,
            note: None,
        });
        report.domain = link.address.domain.clone();
        report.slug = link.address.slug.clone();
        report.workspace = link.workspace.clone();
        report.url = link.url.as_str().to_owned();
        report.status = ReportStatus::Open;
        (report.closed_at, report.closed_by) = (None, None);
        report.count = report.count.saturating_add(1);
        let of_reason = report.reasons.entry(new.reason.to_string()).or_default();
        *of_reason = of_reason.saturating_add(1);
        report.last_reported_at = report.last_reported_at.max(now);
        if report.first.len() < Self::MAX_ENTRIES {
            let NewReport { reason, comment, email } = new.clone();
            report.first.push(ReportEntry { at: now, reason, comment, email });
        }
        report
    }

    /// Returns the key that lists are sorted by: the link that was reported last comes last.
    pub fn list_key(&self) -> String {
        format!("{}#{}", self.last_reported_at, self.link_id)
    }
}
