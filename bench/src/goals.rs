//! Holds figures against goals. A goal limits the ratio of a figure to a floor or a peer of the same run: a time alone says
//! more about the machine than about the code. Sizes and counts don't depend on the machine and have limits of their own.

use serde::Serialize;

/// A goal, and whether a figure meets it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Goal {
    /// What is measured, with its unit.
    pub(crate) name: &'static str,
    pub(crate) figure: f64,
    /// The figure of the same run that this one is divided by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<Floor>,
    /// The figure divided by the floor; without a floor the figure itself.
    pub(crate) value: f64,
    pub(crate) side: Side,
    pub(crate) limit: f64,
    pub(crate) met: bool,
}

/// The least that the same work can take, or what a peer takes for it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Floor {
    pub(crate) name: &'static str,
    pub(crate) figure: f64,
}

/// On which side of its limit a value has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    AtMost,
    AtLeast,
}

/// A figure that has no goal yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figure {
    name: &'static str,
    figure: f64,
    floor: Option<Floor>,
}

impl Figure {
    /// A figure; `name` says its unit.
    pub(crate) fn of(name: &'static str, figure: f64) -> Self {
        Self { name, figure, floor: None }
    }

    /// The figure in relation to another one in the same unit.
    pub(crate) fn over(self, name: &'static str, figure: f64) -> Self {
        Self { floor: Some(Floor { name, figure }), ..self }
    }

    /// The value may be `limit`, or less.
    pub(crate) fn at_most(self, limit: f64) -> Goal {
        self.goal(Side::AtMost, limit)
    }

    /// The value may be `limit`, or more.
    pub(crate) fn at_least(self, limit: f64) -> Goal {
        self.goal(Side::AtLeast, limit)
    }

    fn goal(self, side: Side, limit: f64) -> Goal {
        let Self { name, figure, floor } = self;
        let value = rounded(floor.map_or(figure, |floor| figure / floor.figure));
        let met = match side {
            Side::AtMost => value <= limit,
            Side::AtLeast => value >= limit,
        };
        let floor = floor.map(|floor| Floor { figure: rounded(floor.figure), ..floor });
        Goal { name, figure: rounded(figure), floor, value, side, limit, met }
    }
}

/// Keeps the digits that matter: two after the point, four of a small value.
fn rounded(value: f64) -> f64 {
    let digits = if value.abs() < 0.1 { 1e4 } else { 1e2 };
    (value * digits).round() / digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_may_be_reached_from_its_side() {
        let figure = |value| Figure::of("", value);
        assert!(figure(1.6).at_most(1.6).met && !figure(1.61).at_most(1.6).met);
        assert!(figure(0.85).at_least(0.85).met && !figure(0.84).at_least(0.85).met);
    }

    #[test]
    fn limit_is_on_the_ratio_where_there_is_a_floor() {
        let goal = Figure::of("", 33.0).over("floor", 30.0).at_most(1.1);
        assert_eq!((goal.value, goal.met), (1.1, true));
        assert!(!Figure::of("", 33.0).over("floor", 20.0).at_most(1.1).met);
        assert!(!Figure::of("", 1.0).over("floor", 0.0).at_most(1.1).met);
    }

    #[test]
    fn small_values_keep_their_digits() {
        assert_eq!(Figure::of("", 0.012_34).at_most(0.03).value, 0.0123);
        assert_eq!(Figure::of("", 1.2345).at_most(2.0).value, 1.23);
    }
}
