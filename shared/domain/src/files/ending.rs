//! Says when files end, and checks the end that an owner gives one.

use crate::values::timestamp::Timestamp;

/// How long an upload as a whole may begin, in seconds.
pub const WHOLE_SECONDS: u32 = 15 * 60;
/// How long a file may wait for its bytes, in seconds. The bucket's rule ends uploads in parts after the same time.
pub const UPLOAD_SECONDS: i64 = 24 * 3600;
/// How far ahead a file may end, in days: a hundred years, as for links.
pub const MAX_DAYS: i64 = 36_500;

/// Reads the end of a file, and checks it at `now`.
///
/// # Errors
/// It is not a time, not in the future, or more than [`MAX_DAYS`] ahead.
pub(crate) fn check_end(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let end = Timestamp::parse(text).map_err(|error| error.to_string())?;
    if end <= now {
        return Err("must be in the future".to_owned());
    }
    if end > now.plus_seconds(MAX_DAYS * 24 * 3600) {
        return Err("must be within 100 years".to_owned());
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_is_in_the_future_and_within_a_hundred_years() {
        let now = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
        for (text, end) in [
            ("2026-01-02T03:04:05.001Z", Some("2026-01-02T03:04:05.001Z")),
            ("2026-01-02T03:04:06+00:00", Some("2026-01-02T03:04:06.000Z")),
            ("2026-01-02T04:04:06+01:00", Some("2026-01-02T03:04:06.000Z")),
            ("2125-12-09T03:04:05Z", Some("2125-12-09T03:04:05.000Z")),
            ("2125-12-09T03:04:05.001Z", None),
            ("9999-12-31T23:59:59Z", None),
            ("2026-01-02T03:04:05Z", None),
            ("2026-01-02T04:04:05+01:00", None),
            ("1969-01-01T00:00:00Z", None),
            ("2027-01-01", None),
            ("tomorrow", None),
            ("", None),
        ] {
            let checked = check_end(text, now).ok().map(|end| end.to_string());
            assert_eq!(checked.as_deref(), end, "{text}");
        }
    }
}
