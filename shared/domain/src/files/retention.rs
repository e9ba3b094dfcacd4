//! Tells by its age whether the bucket still has a file.

use crate::values::error::Error;
use crate::values::timestamp::Timestamp;

/// How long the bucket keeps uploads, reports and exports. Its lifecycle rules delete them, without a word to anyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    days: u32,
}

impl Retention {
    /// Keeps files for `days`. More than a century counts as a century.
    pub fn days(days: u64) -> Self {
        Self { days: u32::try_from(days.min(36_500)).unwrap_or(36_500) }
    }

    /// How long the bucket keeps a file, in seconds.
    pub fn seconds(self) -> i64 {
        i64::from(self.days) * 24 * 3600
    }

    /// Makes sure that `what`, a file written at `written`, is there at `now`. S3 deletes it at the first midnight after this
    /// time at the earliest ("Setting lifecycle configuration on a bucket", S3 user guide).
    ///
    /// # Errors
    /// [`Error::Gone`] if the file has had its time.
    pub fn require(self, what: &'static str, written: Timestamp, now: Timestamp) -> Result<(), Error> {
        if now < written.plus_seconds(self.seconds()) { Ok(()) } else { Err(Error::Gone { what, days: self.days }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Clock;
    use crate::testing::system::FixedClock;

    #[test]
    fn file_is_gone_after_its_days() {
        let clock = FixedClock::at("2026-01-01T12:00:00Z");
        let written = clock.now();
        for days in [2, 30, 365] {
            let (kept, second) = (Retention::days(days), i64::try_from(days).unwrap() * 86_400);
            assert!(kept.require("file", written, written).is_ok());
            assert!(kept.require("file", written, written.plus_seconds(second - 1)).is_ok());
            let gone = kept.require("file", written, written.plus_seconds(second)).unwrap_err();
            assert_eq!(gone.to_string(), format!("the file was deleted {days} days after it was written"));
        }
        assert_eq!(Retention::days(u64::MAX), Retention::days(36_500));
    }
}
