//! An import as it is stored, and how it goes from state to state.

use serde::{Deserialize, Serialize};

use crate::imports::ImportId;
use crate::imports::object_key::upload_key;
use crate::imports::rows::Format;
use crate::{Timestamp, WorkspaceId};

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum ImportStatus {
    /// The file has not come yet.
    AwaitingUpload,
    /// Rows are being loaded, or will be again after a failure.
    Running,
    /// Every row became a link or was one already.
    Succeeded,
    /// Every row was looked at; some are in the report.
    SucceededWithErrors,
    /// The file could not be loaded, or not to its end; the import's `error` says why.
    Failed,
}

impl ImportStatus {
    /// Whether nothing will change any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::SucceededWithErrors | Self::Failed)
    }
}

/// What became of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "ImportCounts"))]
pub struct Counts {
    /// Rows that are settled: the sum of the others.
    pub read: u64,
    /// Links that this import wrote.
    pub created: u64,
    /// Rows whose link was there already, with the same target.
    pub unchanged: u64,
    /// Rows that cannot be a link; each is in the report.
    pub invalid: u64,
    /// Rows whose slug leads elsewhere already; each is in the report.
    pub conflicting: u64,
}

impl Counts {
    /// How many lines the report has.
    pub fn reported(self) -> u64 {
        self.invalid + self.conflicting
    }
}

/// Who loads an import, and until when nobody else may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The invocation's request id, which Lambda keeps when it tries an asynchronous invocation again.
    pub owner: String,
    /// When that invocation is over at the latest.
    pub until: Timestamp,
}

/// An import as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// What identifies it.
    pub id: ImportId,
    /// Who owns it and its links.
    pub workspace: WorkspaceId,
    /// How far it is.
    pub status: ImportStatus,
    /// Where its file is in the bucket.
    pub object_key: String,
    /// What its owner calls the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// What the file was recognised as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// What became of the rows so far.
    pub counts: Counts,
    /// How much of the file is settled.
    pub bytes_done: u64,
    /// The size of the file: as announced, then as it is.
    pub bytes_total: u64,
    /// Why it failed, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it was asked for, or its file was found.
    pub created_at: Timestamp,
    /// When its first row was looked at. Its links say that they were created then, also those of a later attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it became final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Which content of the object is being loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Who loads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// Counts the writes: each is made on the condition that the one before it is the last.
    pub revision: u64,
}

/// Why an import cannot be loaded now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unclaimable {
    /// It is final.
    #[error("the import is finished")]
    Finished,
    /// Another invocation loads it. If that one crashes, its own retry goes on.
    #[error("another invocation loads the import until {until}")]
    Claimed {
        /// When that invocation is over at the latest.
        until: Timestamp,
    },
}

impl Import {
    /// For how long an import is kept whose file never comes.
    pub const AWAITING_SECONDS: i64 = 7 * 24 * 3600;
    /// The greatest length of a file's name, in characters.
    pub const MAX_FILENAME_CHARS: usize = 255;

    /// An import whose file will be uploaded to [`upload_key`].
    pub fn awaiting(
        id: ImportId,
        workspace: WorkspaceId,
        filename: Option<String>,
        bytes_total: u64,
        now: Timestamp,
    ) -> Self {
        Self {
            object_key: upload_key(&workspace, &id),
            id,
            workspace,
            status: ImportStatus::AwaitingUpload,
            filename,
            format: None,
            counts: Counts::default(),
            bytes_done: 0,
            bytes_total,
            error: None,
            created_at: now,
            started_at: None,
            finished_at: None,
            etag: None,
            claim: None,
            revision: 0,
        }
    }

    /// The import's place in its workspace's list, which is in the order of creation.
    pub fn list_key(&self) -> String {
        format!("{}#{}", self.created_at, self.id)
    }

    /// What a link says that came from the row `number` of this import; see [`crate::Link::origin`].
    pub fn origin(&self, number: u64) -> String {
        format!("{}#{number}", self.id)
    }

    /// When the record may be deleted, if it may.
    pub fn expires_at(&self) -> Option<Timestamp> {
        (self.status == ImportStatus::AwaitingUpload).then(|| self.created_at.plus_seconds(Self::AWAITING_SECONDS))
    }

    /// The import as `claim` takes it over, at the first row of the object with `etag` and `size`. Counting begins anew: a
    /// row that an earlier attempt wrote is known by its origin and counts as created again. An `etag` that an earlier
    /// attempt noted stays, so that the two can be compared.
    pub fn claimed(&self, claim: Claim, etag: &str, size: u64, now: Timestamp) -> Result<Self, Unclaimable> {
        if self.status.is_final() {
            return Err(Unclaimable::Finished);
        }
        if let Some(held) = self.claim.as_ref().filter(|held| held.owner != claim.owner && held.until > now) {
            return Err(Unclaimable::Claimed { until: held.until });
        }
        let mut next = self.next();
        next.status = ImportStatus::Running;
        next.started_at = Some(self.started_at.unwrap_or(now));
        next.claim = Some(claim);
        next.etag = Some(self.etag.clone().unwrap_or_else(|| etag.to_owned()));
        next.bytes_total = size;
        next.counts = Counts::default();
        next.bytes_done = 0;
        Ok(next)
    }

    /// The import with more rows settled.
    pub fn progressed(&self, counts: Counts, bytes_done: u64) -> Self {
        Self { counts, bytes_done, ..self.next() }
    }

    /// The import at its end: failed with `error`, or else with or without rows in its report.
    pub fn finished(&self, counts: Counts, bytes_done: u64, error: Option<String>, now: Timestamp) -> Self {
        let status = match (&error, counts.reported()) {
            (Some(_), _) => ImportStatus::Failed,
            (None, 0) => ImportStatus::Succeeded,
            (None, _) => ImportStatus::SucceededWithErrors,
        };
        let next = self.progressed(counts, bytes_done);
        Self { status, error, finished_at: Some(now), claim: None, ..next }
    }

    /// The import given up by its owner before its end: anybody may go on at once.
    pub fn released(&self) -> Self {
        Self { claim: None, ..self.next() }
    }

    fn next(&self) -> Self {
        Self { revision: self.revision + 1, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{FixedClock, SeededRandom};
    use crate::ports::Clock;

    fn awaiting(clock: &FixedClock) -> Import {
        let id = ImportId::generate(clock, &SeededRandom::new(1));
        Import::awaiting(id, WorkspaceId::parse("acme").unwrap(), None, 10, clock.now())
    }

    fn claim(owner: &str, clock: &FixedClock) -> Claim {
        Claim { owner: owner.to_owned(), until: clock.now().plus_seconds(900) }
    }

    #[test]
    fn a_claim_keeps_others_away_until_it_ends_but_not_its_own_retry() {
        let clock = FixedClock::at("2026-01-01T00:00:00Z");
        let running = awaiting(&clock).claimed(claim("r1", &clock), "e1", 10, clock.now()).unwrap();
        clock.advance(899);
        assert!(running.claimed(claim("r1", &clock), "e1", 10, clock.now()).is_ok());
        assert!(matches!(
            running.claimed(claim("r2", &clock), "e1", 10, clock.now()),
            Err(Unclaimable::Claimed { .. })
        ));
        clock.advance(1);
        assert!(running.claimed(claim("r2", &clock), "e1", 10, clock.now()).is_ok());
    }

    #[test]
    fn a_released_import_is_free_at_once() {
        let clock = FixedClock::at("2026-01-01T00:00:00Z");
        let running = awaiting(&clock).claimed(claim("r1", &clock), "e1", 10, clock.now()).unwrap();
        assert!(running.released().claimed(claim("r2", &clock), "e1", 10, clock.now()).is_ok());
    }

    #[test]
    fn a_final_import_cannot_be_claimed() {
        let clock = FixedClock::at("2026-01-01T00:00:00Z");
        let done = awaiting(&clock).finished(Counts::default(), 10, None, clock.now());
        assert_eq!(done.status, ImportStatus::Succeeded);
        assert_eq!(done.claimed(claim("r1", &clock), "e1", 10, clock.now()), Err(Unclaimable::Finished));
    }

    #[test]
    fn a_later_attempt_keeps_the_time_of_the_first() {
        let clock = FixedClock::at("2026-01-01T00:00:00Z");
        let first = awaiting(&clock).claimed(claim("r1", &clock), "e1", 10, clock.now()).unwrap();
        clock.advance(60);
        let second = first.claimed(claim("r1", &clock), "e1", 10, clock.now()).unwrap();
        assert_eq!(second.started_at, first.started_at);
        assert_eq!(second.revision, first.revision + 1);
    }
}
