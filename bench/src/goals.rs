//! What the figures are to be.

use serde::Serialize;

/// A goal and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Verdict {
    /// What is measured, with its unit.
    pub(crate) goal: &'static str,
    pub(crate) value: f64,
    /// Whether the value may be less, or more, than the limit.
    pub(crate) side: Side,
    pub(crate) limit: f64,
    pub(crate) met: bool,
}

/// On which side of its limit a value has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    AtMost,
    AtLeast,
}

impl Verdict {
    /// `value` may be `limit`, or less.
    pub(crate) fn at_most(goal: &'static str, value: f64, limit: f64) -> Self {
        Self::new(goal, value, Side::AtMost, limit)
    }

    /// `value` may be `limit`, or more.
    pub(crate) fn at_least(goal: &'static str, value: f64, limit: f64) -> Self {
        Self::new(goal, value, Side::AtLeast, limit)
    }

    fn new(goal: &'static str, value: f64, side: Side, limit: f64) -> Self {
        let value = rounded(value);
        let met = match side {
            Side::AtMost => value <= limit,
            Side::AtLeast => value >= limit,
        };
        Self { goal, value, side, limit, met }
    }
}

/// With as many digits as are looked at: two after the point, four for a value that is small.
fn rounded(value: f64) -> f64 {
    let digits = if value.abs() < 0.1 { 1e4 } else { 1e2 };
    (value * digits).round() / digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_may_be_reached_from_its_side() {
        assert!(Verdict::at_most("", 1.6, 1.6).met && !Verdict::at_most("", 1.61, 1.6).met);
        assert!(Verdict::at_least("", 0.85, 0.85).met && !Verdict::at_least("", 0.84, 0.85).met);
    }

    #[test]
    fn small_values_keep_their_digits() {
        assert_eq!(Verdict::at_most("", 0.012_34, 0.03).value, 0.0123);
        assert_eq!(Verdict::at_most("", 1.2345, 2.0).value, 1.23);
    }
}
