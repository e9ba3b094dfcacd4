//! Closes a report, and blocks what the link leads to with the same call.

use serde::{Deserialize, Deserializer};

use super::ports::AbuseReportStore;
use super::report::{AbuseReport, ReportStatus};
use crate::access::key::Caller;
use crate::blocking::add::{BlockTargetsPorts, NewBlockedTarget, NewBlockedTargets, block_targets};
use crate::blocking::operator::require_operator;
use crate::links::id::LinkId;
use crate::values::error::{Error, StoreError, StoreErrorKind};
#[cfg(feature = "openapi")]
use crate::values::schema::TEXT;
use crate::values::text::check_text;

/// How many times to change a report that visitors add to at the same time.
const ATTEMPTS: usize = 10;

/// A change of a report. Absent fields stay.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ReportChange {
    /// Whether somebody still has to look at the report.
    pub status: Option<ReportStatus>,
    /// A note for operators; null removes it.
    #[serde(deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<String>", length(min = 1, max = AbuseReport::MAX_NOTE_CHARS), regex(pattern = TEXT)))]
    pub note: Option<Option<String>>,
    /// A target to block before the report is changed, as `POST /v1/blocked-targets` does. Usually the host of `url`, or `url` itself
    /// if the host serves others, too.
    pub block: Option<NewBlockedTarget>,
}

/// Tells a field that is null from one that is absent.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Changes the report of a link as `change` says. Returns the report as it is then. Needs an operator.
///
/// # Errors
/// [`Error::Invalid`] names every field that is wrong; [`Error::NotFound`] says that nobody has reported the link, [`Error::Conflict`] that
/// the list of blocked targets is full. In all of these cases nothing changes.
pub async fn change_report(
    store: &dyn AbuseReportStore,
    blocking: &BlockTargetsPorts<'_>,
    caller: &Caller,
    link: &str,
    change: &ReportChange,
) -> Result<AbuseReport, Error> {
    const ABSENT: Error = Error::NotFound("report");
    require_operator(caller, blocking.operators)?;
    let link = LinkId::parse(link).map_err(|_| ABSENT)?;
    let note = change.note.as_ref().map(|note| {
        let check = |note: &String| check_text(note, AbuseReport::MAX_NOTE_CHARS);
        note.as_ref().map(check).transpose().map_err(|detail| Error::invalid("/note", detail))
    });
    let note = note.transpose()?;
    store.get(&link).await?.ok_or(ABSENT)?;
    if let Some(target) = &change.block {
        let targets = NewBlockedTargets { items: vec![target.clone()] };
        block_targets(blocking, caller, &targets).await.map_err(of_block)?;
    }
    for _ in 0..ATTEMPTS {
        let (report, before) = store.get(&link).await?.ok_or(ABSENT)?;
        let mut next = report.clone();
        if let Some(status) = change.status.filter(|status| *status != report.status) {
            let closed = (status == ReportStatus::Closed).then(|| (blocking.clock.now(), caller.key_id.clone()));
            (next.closed_at, next.closed_by) = closed.unzip();
            next.status = status;
        }
        if let Some(note) = &note {
            next.note.clone_from(note);
        }
        if next == report || store.put(&next, Some(before)).await? {
            return Ok(next);
        }
    }
    let busy = "visitors keep reporting the link";
    Err(StoreError::new("abuse_reports.put", StoreErrorKind::Throttled, busy).into())
}

/// Names the fields of a target that could not be blocked as the change names them.
fn of_block(error: Error) -> Error {
    let Error::Invalid(mut errors) = error else { return error };
    for error in &mut errors {
        if let Some(rest) = error.pointer.strip_prefix("/items/0") {
            error.pointer = format!("/block{rest}");
        }
    }
    Error::Invalid(errors)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::abuse::file::file_report;
    use crate::abuse::list::{ReportsRequest, find_report, list_reports};
    use crate::abuse::new_report::{NewReport, ReportForm};
    use crate::abuse::remove::remove_report;
    use crate::access::key::Role;
    use crate::access::scope::Scope;
    use crate::blocking::ports::BlockListReader;
    use crate::ports::Clock;
    use crate::testing::abuse::{MemoryReports, file_report_ports};
    use crate::testing::blocking::MemoryBlockList;
    use crate::testing::samples::{caller, link};
    use crate::testing::system::FixedClock;
    use crate::values::page::PageRequest;
    use crate::values::timestamp::Timestamp;
    use crate::values::workspace::WorkspaceId;

    struct Fixture {
        reports: Arc<MemoryReports>,
        blocked: MemoryBlockList,
        operators: WorkspaceId,
        clock: FixedClock,
    }

    impl Fixture {
        /// Makes reports of the links `a`, `b` and `c`, in this order.
        async fn new() -> (Self, Vec<String>) {
            let reports = Arc::new(MemoryReports::default());
            let ports = file_report_ports(&reports);
            let new = NewReport::parse(&ReportForm { reason: "fraud", ..ReportForm::default() }).unwrap();
            let mut ids = Vec::new();
            for (minute, slug) in ["a", "b", "c"].into_iter().enumerate() {
                let link = link("acme", slug, "https://evil.example/x");
                let now = Timestamp::parse(&format!("2026-01-02T03:0{minute}:00Z")).unwrap();
                file_report(&ports, &link, &new, None, now).await.unwrap();
                ids.push(link.id().to_string());
            }
            let operators = WorkspaceId::parse("ops").unwrap();
            let clock = FixedClock::at("2026-01-03T00:00:00Z");
            (Self { reports, blocked: MemoryBlockList::default(), operators, clock }, ids)
        }

        async fn change(&self, caller: &Caller, link: &str, change: Value) -> Result<AbuseReport, Error> {
            let ports = BlockTargetsPorts {
                reader: &self.blocked,
                writer: &self.blocked,
                clock: &self.clock,
                operators: &self.operators,
            };
            let change = serde_json::from_value(change).unwrap();
            change_report(self.reports.as_ref(), &ports, caller, link, &change).await
        }

        async fn slugs(&self, status: ReportStatus) -> Vec<String> {
            let (mut slugs, mut cursor) = (Vec::new(), None);
            loop {
                let page = PageRequest { limit: Some(2), cursor };
                let request = ReportsRequest { page, status: Some(status) };
                let index = self.reports.as_ref();
                let page = list_reports(index, &operator(), &self.operators, &request).await.unwrap();
                slugs.extend(page.items.iter().map(|report| report.slug.to_string()));
                cursor = page.next_cursor;
                if cursor.is_none() {
                    return slugs;
                }
            }
        }
    }

    fn operator() -> Caller {
        caller("ops", Role::Admin)
    }

    #[tokio::test]
    async fn one_call_closes_the_report_and_blocks_the_target() {
        let (given, ids) = Fixture::new().await;
        assert_eq!(given.slugs(ReportStatus::Open).await, ["c", "b", "a"]);
        let change =
            json!({"status": "closed", "note": "known", "block": {"target": "Evil.example", "reason": "phishing"}});
        let closed = given.change(&operator(), &ids[1], change).await.unwrap();
        assert_eq!((closed.status, closed.note.as_deref()), (ReportStatus::Closed, Some("known")));
        assert_eq!((closed.closed_at, closed.closed_by), (Some(given.clock.now()), Some(operator().key_id)));
        let blocked = given.blocked.page("", None, 9).await.unwrap();
        assert_eq!(blocked.iter().map(|entry| entry.target.as_str()).collect::<Vec<_>>(), ["evil.example"]);
        assert_eq!(given.slugs(ReportStatus::Open).await, ["c", "a"]);
        assert_eq!(given.slugs(ReportStatus::Closed).await, ["b"]);
        let opened = given.change(&operator(), &ids[1], json!({"status": "open", "note": null})).await.unwrap();
        assert_eq!((opened.closed_at, opened.closed_by, opened.note), (None, None, None));
        let same = given.change(&operator(), &ids[1], json!({})).await.unwrap();
        let store = given.reports.as_ref();
        assert_eq!(find_report(store, &operator(), &given.operators, &ids[1]).await.unwrap(), same);
        remove_report(store, &operator(), &given.operators, &ids[1]).await.unwrap();
        assert_eq!(given.slugs(ReportStatus::Open).await, ["c", "a"]);
        assert!(matches!(remove_report(store, &operator(), &given.operators, &ids[1]).await, Err(Error::NotFound(_))));
    }

    #[tokio::test]
    async fn what_is_wrong_changes_nothing() {
        let (given, ids) = Fixture::new().await;
        for (change, pointer) in [
            (json!({"status": "closed", "block": {"target": "com", "reason": "spam"}}), "/block/target"),
            (
                json!({"status": "closed", "block": {"target": "a.example", "reason": "spam", "note": "\u{7}"}}),
                "/block/note",
            ),
            (json!({"status": "closed", "note": " "}), "/note"),
            (json!({"note": "x".repeat(501), "block": {"target": "a.example", "reason": "spam"}}), "/note"),
        ] {
            let Err(Error::Invalid(errors)) = given.change(&operator(), &ids[0], change.clone()).await else {
                panic!("{change}")
            };
            assert_eq!(errors[0].pointer, pointer);
        }
        for absent in ["lnk_0193a5d2c5f07d1e8c3f6f0b6a3d9e21", "7", ""] {
            let change = json!({"block": {"target": "a.example", "reason": "spam"}});
            assert!(matches!(given.change(&operator(), absent, change).await, Err(Error::NotFound("report"))));
        }
        assert_eq!(given.blocked.page("", None, 9).await.unwrap(), []);
        assert_eq!(given.slugs(ReportStatus::Open).await.len(), 3);
    }

    #[tokio::test]
    async fn change_goes_on_top_of_what_visitors_add() {
        let (given, ids) = Fixture::new().await;
        given.reports.conflicts(3);
        assert!(given.change(&operator(), &ids[0], json!({"status": "closed"})).await.is_ok());
        given.reports.conflicts(ATTEMPTS);
        assert!(matches!(given.change(&operator(), &ids[1], json!({"status": "closed"})).await, Err(Error::Store(_))));
    }

    #[tokio::test]
    async fn only_operators_may() {
        let (given, ids) = Fixture::new().await;
        let limited = Caller { scope: Scope::new(Vec::new(), vec!["a".into()], None), ..operator() };
        let store = given.reports.as_ref();
        for other in [caller("ops", Role::Editor), caller("acme", Role::Admin), limited] {
            let change = given.change(&other, &ids[0], json!({"status": "closed"})).await;
            let found = find_report(store, &other, &given.operators, &ids[0]).await;
            let removed = remove_report(store, &other, &given.operators, "x").await;
            let listed = list_reports(store, &other, &given.operators, &ReportsRequest::default()).await;
            let refused = |error: Option<Error>| matches!(error, Some(Error::Forbidden(_)));
            assert!(refused(change.err()) && refused(found.err()) && refused(removed.err()) && refused(listed.err()));
        }
    }
}
