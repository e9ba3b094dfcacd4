//! Makes sample callers and links.

use crate::access::key::{Caller, Role};
use crate::access::sessions::session::{Session, SessionSource};
use crate::files::collections::collection::Collection;
use crate::files::collections::id::CollectionId;
use crate::files::file::{FileStatus, StoredFile};
use crate::files::id::FileId;
use crate::links::address::LinkAddress;
use crate::links::id::LinkId;
use crate::links::link::Link;
use crate::links::settings::LinkSettings;
use crate::links::target_check::{CheckRun, CheckStatus, FailureReason, TargetCheck};
use crate::values::domains::{Domain, Domains};
use crate::values::slug::Slug;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// Makes a caller of `workspace`. Panics if it is not valid.
#[allow(clippy::expect_used, reason = "only tests call it")]
pub fn caller(workspace: &str, role: Role) -> Caller {
    let workspace = WorkspaceId::parse(workspace).expect("a valid workspace");
    Caller::new(workspace, role, "key_test".to_owned())
}

/// Makes a session of the subject or key `key_id`, a viewer, opened at 2026-01-01T00:00:00Z for twelve hours. Those with greater numbers
/// sort after others. Panics if an argument is not valid.
#[allow(clippy::expect_used, reason = "only tests call it")]
pub fn session(number: u64, workspace: &str, key_id: &str) -> Session {
    let created_at = Timestamp::parse("2026-01-01T00:00:00Z").expect("a valid time");
    Session {
        id: format!("ses_{number:032x}"),
        workspace: WorkspaceId::parse(workspace).expect("a valid workspace"),
        role: Role::Viewer,
        key_id: key_id.to_owned(),
        name: "test".to_owned(),
        source: SessionSource::Code,
        created_at,
        expires_at: created_at.plus_seconds(Session::MAX_SECONDS),
        last_used_at: created_at,
        client: Some("Chrome on Linux".to_owned()),
    }
}

/// Makes a link on `go.example.com`, created at 2026-01-01T00:00:00Z, as one from before the ids. Panics if an argument is not valid.
#[allow(clippy::expect_used, reason = "only tests call it")]
pub fn link(workspace: &str, slug: &str, url: &str) -> Link {
    let domain = Domain::parse("go.example.com").expect("a valid domain");
    let own = Domains::parse("go.example.com").expect("valid domains");
    Link {
        address: LinkAddress { domain, slug: Slug::parse(slug).expect("a valid slug") },
        stored_id: None,
        counted_at: None,
        aliases: Vec::new(),
        workspace: WorkspaceId::parse(workspace).expect("a valid workspace"),
        url: TargetUrl::parse(url, &own).expect("a valid target"),
        title: None,
        tags: Vec::new(),
        created_at: Timestamp::parse("2026-01-01T00:00:00Z").expect("a valid time"),
        updated_at: None,
        created_by: None,
        changed_by: None,
        revision: 0,
        settings: LinkSettings::default(),
        target_check: None,
        imported_clicks: None,
        origin: None,
    }
}

/// Makes a [`link`] with an id of its own, derived from `seed`.
pub fn link_with_id(workspace: &str, slug: &str, url: &str, seed: &str) -> Link {
    let link = link(workspace, slug, url);
    Link { stored_id: Some(LinkId::derive(link.created_at, seed)), ..link }
}

/// Makes what the first failed check of a target finds at `time`. Panics if that is not valid.
#[allow(clippy::expect_used, reason = "only tests call it")]
pub fn failing_check(time: &str) -> TargetCheck {
    let time = Timestamp::parse(time).expect("a valid time");
    TargetCheck {
        status: CheckStatus::Failing,
        checked_at: time,
        failing_since: Some(time),
        reason: Some(FailureReason::Status(404)),
        failures: 1,
        run: CheckRun::of(time),
        target: None,
        uses_expired_url: false,
    }
}

/// Makes what three failed checks of a target have found at `time`. Panics if that is not valid.
pub fn broken_check(time: &str) -> TargetCheck {
    TargetCheck { status: CheckStatus::Broken, failures: TargetCheck::BROKEN_AFTER, ..failing_check(time) }
}

/// Makes a file `report.pdf` of `workspace` that is ready. Those with greater numbers are newer. Panics if the workspace is not valid.
#[allow(clippy::expect_used, reason = "only tests call it")]
pub fn stored_file(workspace: &str, number: u64) -> StoredFile {
    let created_at = Timestamp::parse("2026-01-01T00:00:00Z").expect("a valid time");
    StoredFile {
        id: FileId::parse(format!("fil_0199b0c67e4570008{number:015x}")).expect("a valid id"),
        workspace: WorkspaceId::parse(workspace).expect("a valid workspace"),
        status: FileStatus::Ready,
        name: "report.pdf".to_owned(),
        size: 1_234_567,
        content_type: "application/pdf".to_owned(),
        sha256: None,
        crc64nvme: None,
        detected: None,
        blocked_reason: None,
        upload: None,
        adopted: None,
        place: None,
        created_by: "key_test".to_owned(),
        created_at,
        completed_at: Some(created_at),
        expires_at: None,
        revision: 1,
    }
}

/// Makes an empty collection `Photos` of `workspace`. Those with greater numbers are newer. Panics if the workspace is not valid.
#[allow(clippy::expect_used, reason = "only tests call it")]
pub fn collection(workspace: &str, number: u64) -> Collection {
    Collection {
        id: CollectionId::parse(format!("col_0199b0c67e4570008{number:015x}")).expect("a valid id"),
        workspace: WorkspaceId::parse(workspace).expect("a valid workspace"),
        name: "Photos".to_owned(),
        files: 0,
        bytes: 0,
        secret: "5ec2e7".to_owned(),
        created_by: "key_test".to_owned(),
        created_at: Timestamp::parse("2026-01-01T00:00:00Z").expect("a valid time"),
        expires_at: None,
        deleted_at: None,
    }
}
