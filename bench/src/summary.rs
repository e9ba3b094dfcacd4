//! Shows the figures and keeps them: a table for people, `summary.json` for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::area::Findings;
use crate::figures::Figures;
use crate::goals::{Side, Verdict};

/// All that a run found.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    #[serde(flatten)]
    pub(crate) figures: BTreeMap<&'static str, Figures>,
    #[serde(flatten)]
    pub(crate) numbers: BTreeMap<&'static str, f64>,
    pub(crate) goals: Vec<Verdict>,
}

impl From<Findings> for Summary {
    fn from(Findings { figures, numbers, goals }: Findings) -> Self {
        Self { figures, numbers, goals }
    }
}

impl Summary {
    /// Writes `summary.json`.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// What was measured of bootstraps, all other numbers, and the goals, each as a table.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        if !self.figures.is_empty() {
            self.bootstraps(&mut text);
        }
        // Writing to a string cannot fail.
        for (key, number) in &self.numbers {
            let _ = writeln!(text, "{key:<40}{number:>18.4}");
        }
        let _ = writeln!(text, "\n{:<60}{:>14}{:>17}", "goal", "value", "limit");
        for Verdict { goal, value, side, limit, met } in &self.goals {
            let (side, met) = (if *side == Side::AtMost { "<=" } else { ">=" }, if *met { "met" } else { "NOT MET" });
            let _ = writeln!(text, "{goal:<60}{value:>14}{side:>5}{limit:>12}  {met}");
        }
        text
    }

    /// The figures of bootstraps, with the response time in relation to the no-op's.
    fn bootstraps(&self, text: &mut String) {
        let noop = self.figures.get("noop").map_or(f64::NAN, |noop| noop.warm_us_p50);
        let _ = writeln!(
            text,
            "{:<24}{:>9}{:>6}{:>10}{:>8}{:>10}{:>9}{:>11}{:>11}",
            "", "init ms", "min", "p50 us", "x noop", "p99 us", "cpu us", "peak kB", "binary kB"
        );
        for (key, figures) in &self.figures {
            let Figures { init_ms_p50, init_ms_min, warm_us_p50, warm_us_p99, cpu_us, peak_rss_kb, binary_kb } =
                figures;
            let ratio = warm_us_p50 / noop;
            let _ = writeln!(
                text,
                "{key:<24}{init_ms_p50:>9.2}{init_ms_min:>6.2}{warm_us_p50:>10.1}{ratio:>8.2}{warm_us_p99:>10.1}{cpu_us:>9.1}\
                 {peak_rss_kb:>11}{binary_kb:>11}"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Summary {
        let figures = Figures {
            init_ms_p50: 0.5,
            init_ms_min: 0.4,
            warm_us_p50: 20.0,
            warm_us_p99: 40.0,
            cpu_us: 18.5,
            peak_rss_kb: 4000,
            binary_kb: 2000,
        };
        let goals = vec![Verdict::at_most("size", 9.0, 8.0)];
        Summary { figures: BTreeMap::from([("noop", figures)]), numbers: BTreeMap::from([("rows_per_s", 7.5)]), goals }
    }

    #[test]
    fn figures_are_found_by_key_and_name() {
        let json = serde_json::to_value(summary()).unwrap();
        assert_eq!(json["noop"]["warm_us_p50"], 20.0);
        assert_eq!(json["noop"]["binary_kb"], 2000);
        assert_eq!(json["rows_per_s"], 7.5);
        assert_eq!((&json["goals"][0]["met"], &json["goals"][0]["side"]), (&false.into(), &"at_most".into()));
    }

    #[test]
    fn the_table_says_which_goals_are_not_met() {
        let table = summary().table();
        assert!(table.contains("1.00"), "{table}");
        assert!(table.lines().any(|line| line.starts_with("size") && line.ends_with("NOT MET")), "{table}");
    }
}
