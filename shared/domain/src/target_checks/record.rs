//! Records on a link what a check has found about its target.

use super::finding::Finding;
use crate::links::link::Link;
use crate::links::ports::{LinkReader, LinkWriter};
use crate::links::target_check::{CheckRun, CheckStatus, FailureReason, TargetCheck};
use crate::target_safety::threat::Threat;
use crate::values::error::StoreError;
use crate::values::timestamp::Timestamp;
use crate::workspaces::settings::OnBroken;

/// How often a finding is recorded on a link that its owner changes at the same time. The next run finds it out as well.
const ATTEMPTS: usize = 3;

/// What holds for all findings of a run in a workspace.
#[derive(Debug, Clone, Copy)]
pub struct Findings<'a> {
    /// The run.
    pub run: &'a CheckRun,
    /// What the workspace wants of broken targets.
    pub on_broken: OnBroken,
    /// When the targets were asked.
    pub now: Timestamp,
}

impl Findings<'_> {
    /// Returns `link` with `finding` about its target. It is the same link if the finding says nothing new, or the run has counted
    /// already.
    ///
    /// `target` is the pointer to the field that it is about, if that is not `/url`.
    pub fn on(&self, link: &Link, finding: Finding, target: Option<&str>) -> Link {
        let known = link.target_check.as_ref();
        if known.is_some_and(|known| known.run >= *self.run) {
            return link.clone();
        }
        let mut next = link.clone();
        next.target_check = match finding {
            Finding::Works => known.map(|known| self.works(known)),
            Finding::Fails(reason) => Some(self.fails(known, reason, target)),
            Finding::Unsafe(threat) => Some(self.is_unsafe(known, threat, target)),
            // What is known of a target that cannot be asked any more is not known.
            Finding::Unknown => None,
        };
        // A link with other targets that work is of use. The list of blocked targets keeps visitors from an unsafe one for as long as it
        // is one; what is archived would stay so.
        let is_of_url = matches!(finding, Finding::Fails(_)) && target.is_none();
        let was_broken = link.target_check.as_ref().is_some_and(|check| check.is_broken() && check.target.is_none());
        if is_of_url && next.is_broken() && !was_broken && self.on_broken == OnBroken::Archive {
            next.settings.archived = true;
        }
        next
    }

    fn works(&self, known: &TargetCheck) -> TargetCheck {
        match known.status {
            CheckStatus::Ok => known.clone(),
            CheckStatus::Failing | CheckStatus::Broken => TargetCheck {
                status: CheckStatus::Ok,
                checked_at: self.now,
                failing_since: None,
                reason: None,
                failures: 0,
                run: self.run.clone(),
                target: None,
                uses_expired_url: false,
            },
        }
    }

    fn is_unsafe(&self, known: Option<&TargetCheck>, threat: Threat, target: Option<&str>) -> TargetCheck {
        let reason = Some(FailureReason::Unsafe(threat));
        if let Some(known) = known.filter(|known| (known.reason, known.target.as_deref()) == (reason, target)) {
            return known.clone();
        }
        TargetCheck {
            status: CheckStatus::Broken,
            checked_at: self.now,
            failing_since: Some(self.now),
            reason,
            failures: TargetCheck::BROKEN_AFTER,
            run: self.run.clone(),
            target: target.map(str::to_owned),
            uses_expired_url: false,
        }
    }

    fn fails(&self, known: Option<&TargetCheck>, reason: FailureReason, target: Option<&str>) -> TargetCheck {
        // Failures of another target, and times when it was unsafe, are no failures of this one.
        let known = known.filter(|known| known.target.as_deref() == target && !known.is_unsafe());
        let failures = known.map_or(0, |known| known.failures).saturating_add(1).min(TargetCheck::BROKEN_AFTER);
        let is_broken = failures == TargetCheck::BROKEN_AFTER;
        let uses_expired_url = is_broken && target.is_none() && self.on_broken == OnBroken::ExpiredUrl;
        // A link that stays broken for the same reason costs no write.
        let says_nothing_new = |known: &&TargetCheck| {
            known.is_broken() && (known.reason, known.uses_expired_url) == (Some(reason), uses_expired_url)
        };
        if let Some(known) = known.filter(says_nothing_new) {
            return known.clone();
        }
        TargetCheck {
            status: if is_broken { CheckStatus::Broken } else { CheckStatus::Failing },
            checked_at: self.now,
            failing_since: known.and_then(|known| known.failing_since).or(Some(self.now)),
            reason: Some(reason),
            failures,
            run: self.run.clone(),
            target: target.map(str::to_owned),
            uses_expired_url,
        }
    }
}

/// Records `finding` about the target at `target` (as [`Findings::on`] takes it) on the link that was `seen`, if it still leads there. Returns the link before and after it was written; `None` if
/// nothing was.
///
/// That is no change by the owner: the link's revision and `updated_at` stay, so that an `If-Match` from before it holds. Its entity tag
/// differs nevertheless.
///
/// # Errors
/// Those of the stores. The finding can be recorded again.
pub async fn record(
    (reader, writer): (&dyn LinkReader, &dyn LinkWriter),
    findings: &Findings<'_>,
    seen: &Link,
    (finding, target): (Finding, Option<&str>),
) -> Result<Option<(Link, Link)>, StoreError> {
    if findings.on(seen, finding, target) == *seen {
        return Ok(None);
    }
    for _ in 0..ATTEMPTS {
        // What was seen may be older than what an earlier delivery of this slice has written.
        let leads_there =
            |link: &Link| (&link.workspace, link.id(), link.targets()) == (&seen.workspace, seen.id(), seen.targets());
        let Some(link) = reader.get_latest(&seen.address).await?.filter(leads_there) else { return Ok(None) };
        let next = findings.on(&link, finding, target);
        if next == link {
            return Ok(None);
        }
        if writer.replace(&link, &next).await? {
            return Ok(Some((link, next)));
        }
    }
    Ok(None)
}
