//! What can be measured: one module an area, all in one summary.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::figures::Figures;
use crate::goals::Verdict;
use crate::{clicks, loading, redirect, rows, stats, visible};

/// Where and with what to measure.
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
    /// What was measured of bootstraps, by scenario.
    pub(crate) figures: BTreeMap<&'static str, Figures>,
    /// All other numbers, by the key that the summary has for them.
    pub(crate) numbers: BTreeMap<&'static str, f64>,
    /// The goals, and what came of them.
    pub(crate) goals: Vec<Verdict>,
}

impl Findings {
    /// Adds what another measurement found.
    pub(crate) fn merge(&mut self, other: Self) {
        self.figures.extend(other.figures);
        self.numbers.extend(other.numbers);
        self.goals.extend(other.goals);
    }
}

/// Measures one area.
pub(crate) type Measure = fn(&Setting<'_>) -> Result<Findings>;

/// The areas by name, in the order in which they are measured.
pub(crate) const AREAS: [(&str, Measure); 7] = [
    ("redirect", redirect::measure),
    ("rows", rows::measure),
    ("loading", loading::measure),
    ("stats", stats::measure),
    ("clicks", clicks::measure),
    ("faults", clicks::faults::measure),
    ("visible", visible::measure),
];

/// The areas that `names` ask for; all if there is none.
///
/// # Errors
/// There is no area of that name.
pub(crate) fn chosen(names: &[String]) -> Result<Vec<(&'static str, Measure)>> {
    let known = AREAS.map(|(name, _)| name);
    for name in names {
        ensure!(known.contains(&name.as_str()), "there is no area {name}; there are {}", known.join(", "));
    }
    Ok(AREAS.into_iter().filter(|(name, _)| names.is_empty() || names.iter().any(|asked| asked == name)).collect())
}

/// Measures `areas` one after the other.
pub(crate) fn measure(areas: &[(&'static str, Measure)], setting: &Setting<'_>) -> Result<Findings> {
    let mut all = Findings::default();
    for (name, measure) in areas {
        println!("== {name}");
        all.merge(measure(setting).with_context(|| format!("measuring {name}"))?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_chosen_by_name() {
        assert_eq!(chosen(&[]).unwrap().len(), AREAS.len());
        assert_eq!(chosen(&["redirect".to_owned()]).unwrap()[0].0, "redirect");
        let error = chosen(&["nothing".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("nothing") && error.contains("redirect"), "{error}");
    }
}
