//! What a measurement gets, and what it finds.

use std::collections::BTreeMap;
use std::path::Path;

use crate::figures::Figures;
use crate::goals::Goal;

/// Where to measure, and with what.
pub(crate) struct Setting<'a> {
    /// The folder of the workspace.
    pub(crate) root: &'a Path,
    /// The folder for logs and the summary.
    pub(crate) folder: &'a Path,
    /// An earlier `redirect` to compare with.
    pub(crate) baseline: Option<&'a Path>,
}

/// What a measurement found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// The figures of bootstraps, by scenario.
    pub(crate) figures: BTreeMap<&'static str, Figures>,
    /// All other numbers, by their key in the summary.
    pub(crate) numbers: BTreeMap<&'static str, f64>,
    /// The goals, each met or not.
    pub(crate) goals: Vec<Goal>,
}

impl Findings {
    /// Adds the findings of another measurement.
    pub(crate) fn merge(&mut self, other: Self) {
        self.figures.extend(other.figures);
        self.numbers.extend(other.numbers);
        self.goals.extend(other.goals);
    }
}
