//! `/v1/link-changes`.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use waypost_domain::link_changes::chunk::LinkResult;
use waypost_domain::link_changes::id::LinkChangeId;
use waypost_domain::link_changes::job::{Action, LinkChange, LinkChangeCounts, LinkChangeStatus, Selection};
use waypost_domain::link_changes::results::ResultOfLink;
use waypost_domain::values::error::FieldError;
use waypost_domain::{LinkAddress, LinkId, Timestamp};

/// What a job does to each link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum LinkChangeAction {
    /// It changes the link.
    Change,
    /// It deletes the link.
    Delete,
    /// It brings back what the link was before another job.
    Undo,
}

/// A job that changes many links.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "LinkChange")]
pub struct LinkChangeView {
    /// The job's id. The links that it changes have it as `changed_by`.
    id: LinkChangeId,
    /// The state of the job.
    status: LinkChangeStatus,
    /// What the job does to each link.
    action: LinkChangeAction,
    /// The changes as the request had them. Null if the job deletes or restores links, and in lists.
    change: Option<Value>,
    /// The filter that selects the links, as the request had it. Null if the request named the links.
    filter: Option<Value>,
    /// The job that this one undoes.
    undo_of: Option<LinkChangeId>,
    /// Whether the job only tells what it would do.
    dry_run: bool,
    /// The results so far.
    counts: LinkChangeCounts,
    /// Whether someone has cancelled the job. It ends within seconds.
    cancelling: bool,
    /// Why the job failed.
    error: Option<String>,
    /// The path of the results of single links.
    results: String,
    /// Who requested the job: the id of a key (`key_…`), or a hash that stands for the subject of a token (`sub_…`).
    created_by: String,
    /// When the job was requested.
    created_at: Timestamp,
    /// When its work began.
    started_at: Option<Timestamp>,
    /// When the job ended.
    finished_at: Option<Timestamp>,
}

impl LinkChangeView {
    /// Makes the view of a job.
    pub fn new(job: LinkChange) -> Self {
        let json = |text: &str| serde_json::from_str(text).ok();
        let (action, change, undo_of) = match job.action {
            Action::Change { change } => (LinkChangeAction::Change, json(&change), None),
            Action::Delete => (LinkChangeAction::Delete, None, None),
            Action::Undo { of } => (LinkChangeAction::Undo, None, Some(of)),
        };
        let filter = match job.selection {
            Selection::Filter { filter } => json(&filter),
            Selection::Links { .. } | Selection::OfJob => None,
        };
        Self {
            results: format!("/v1/link-changes/{}/results", job.id),
            id: job.id,
            status: job.status,
            action,
            change,
            filter,
            undo_of,
            dry_run: job.dry_run,
            counts: job.counts,
            cancelling: job.cancelling,
            error: job.error,
            created_by: job.created_by,
            created_at: job.created_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
        }
    }

    /// Makes the view of a job in a list: a page of large changes would not fit into an answer.
    pub fn in_list(job: LinkChange) -> Self {
        Self { change: None, ..Self::new(job) }
    }
}

/// What became of a link.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "LinkChangeResult")]
pub struct ResultView {
    /// The link's id; null if it was not found.
    id: Option<LinkId>,
    /// The address at which the link was selected; null if the request named it by its id and it was not found.
    address: Option<LinkAddress>,
    /// The address to which the job moved the link.
    moved_to: Option<LinkAddress>,
    /// What became of it.
    result: LinkResult,
    /// Why, for a person.
    detail: Option<String>,
    /// The fields of the link that would be wrong.
    errors: Vec<FieldError>,
}

impl From<ResultOfLink> for ResultView {
    fn from(of: ResultOfLink) -> Self {
        Self {
            id: of.id,
            address: of.address,
            moved_to: of.moved_to,
            result: of.settled.result,
            detail: of.settled.detail,
            errors: of.settled.errors,
        }
    }
}
