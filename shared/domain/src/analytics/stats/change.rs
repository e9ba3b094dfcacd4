//! Compares the sums of a period with those of the period before.

use super::answer::{Change, Numbers};
use super::period::Period;

/// Returns how the sums `now` differ from `before`, the sums of `previous`.
pub(super) fn change(previous: &Period, before: Numbers, now: Numbers) -> Change {
    Change {
        from: previous.rfc3339(previous.units.start),
        before,
        clicks: ratio(before.clicks, now.clicks),
        bots: ratio(before.bots, now.bots),
        visitors: ratio(before.visitors, now.visitors),
    }
}

/// Returns the relative change, rounded to four decimal places.
#[allow(clippy::cast_precision_loss, reason = "a ratio needs no more digits than a float has")]
fn ratio(before: Option<u64>, now: Option<u64>) -> Option<f64> {
    let (before, now) = (before.filter(|before| *before > 0)? as f64, now? as f64);
    Some(((now - before) / before * 1e4).round() / 1e4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_is_relative_to_the_sums_before() {
        assert_eq!(ratio(Some(4), Some(5)), Some(0.25));
        assert_eq!(ratio(Some(3), Some(0)), Some(-1.0));
        assert_eq!(ratio(Some(3), Some(4)), Some(0.3333));
        assert_eq!((ratio(Some(0), Some(5)), ratio(None, Some(5)), ratio(Some(5), None)), (None, None, None));
    }
}
