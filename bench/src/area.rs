//! Lists the areas: one module each, all in one summary.

use anyhow::{Context, Result, ensure};

use crate::measurement::{Findings, Setting};
use crate::{clicks, lists, loading, redirect, rows, stats, visible};

/// Measures one area.
pub(crate) type Measure = fn(&Setting<'_>) -> Result<Findings>;

/// The areas by name, in the order of measurement.
pub(crate) const AREAS: [(&str, Measure); 9] = [
    ("redirect", redirect::measure),
    ("rows", rows::measure),
    ("loading", loading::measure),
    ("stats", stats::measure),
    ("clicks", clicks::measure),
    ("aggregate", clicks::aggregate::measure),
    ("faults", clicks::faults::measure),
    ("lists", lists::measure),
    ("visible", visible::measure),
];

/// Chooses areas by name; no name chooses all.
///
/// # Errors
/// No area has that name.
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
