//! Prints the findings as tables and writes them to `summary.json`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::figures::Figures;
use crate::goals::{Goal, Side};
use crate::measurement::Findings;

/// All findings of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    #[serde(flatten)]
    pub(crate) figures: BTreeMap<&'static str, Figures>,
    #[serde(flatten)]
    pub(crate) numbers: BTreeMap<&'static str, f64>,
    pub(crate) goals: Vec<Goal>,
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

    /// The figures of bootstraps, all other numbers, and the goals, each as a table.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        if !self.figures.is_empty() {
            self.bootstraps(&mut text);
        }
        // Writing to a string cannot fail.
        for (key, number) in &self.numbers {
            let _ = writeln!(text, "{key:<40}{number:>18.4}");
        }
        self.goals(&mut text);
        text
    }

    /// The figures of bootstraps, with response time and CPU in relation to those of the no-op.
    fn bootstraps(&self, text: &mut String) {
        let noop = self.figures.get("noop");
        let (noop_us, noop_cpu_us) = noop.map_or((f64::NAN, f64::NAN), |noop| (noop.warm_us_p50, noop.cpu_us));
        let _ = writeln!(
            text,
            "{:<24}{:>9}{:>6}{:>10}{:>8}{:>10}{:>9}{:>8}{:>11}{:>11}",
            "", "init ms", "min", "p50 us", "x noop", "p99 us", "cpu us", "x noop", "peak kB", "binary kB"
        );
        for (key, figures) in &self.figures {
            let Figures { init_ms_p50, init_ms_min, warm_us_p50, warm_us_p99, cpu_us, peak_rss_kb, binary_kb } =
                figures;
            let (ratio, cpu_ratio) = (warm_us_p50 / noop_us, cpu_us / noop_cpu_us);
            let _ = writeln!(
                text,
                "{key:<24}{init_ms_p50:>9.2}{init_ms_min:>6.2}{warm_us_p50:>10.1}{ratio:>8.2}{warm_us_p99:>10.1}{cpu_us:>9.1}\
                 {cpu_ratio:>8.2}{peak_rss_kb:>11}{binary_kb:>11}"
            );
        }
    }

    fn goals(&self, text: &mut String) {
        let _ = writeln!(
            text,
            "\n{:<50}{:>12}  {:<44}{:>12}{:>8}{:>13}",
            "figure", "", "floor or peer", "", "ratio", "goal"
        );
        for Goal { name, figure, floor, value, side, limit, met } in &self.goals {
            let (side, met) = (if *side == Side::AtMost { "<=" } else { ">=" }, if *met { "met" } else { "NOT MET" });
            let _ = match floor {
                Some(floor) => {
                    write!(text, "{name:<50}{figure:>12}  {:<44}{:>12}{value:>8}", floor.name, floor.figure)
                }
                None => write!(text, "{name:<50}{figure:>12}  {:<44}{:>12}{:>8}", "", "", ""),
            };
            let _ = writeln!(text, "{side:>5}{limit:>8}  {met}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::goals::Figure;

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
        let goals = vec![
            Figure::of("size", 9.0).at_most(8.0),
            Figure::of("time", 20.0).over("the floor of times", 10.0).at_most(2.0),
        ];
        Summary { figures: BTreeMap::from([("noop", figures)]), numbers: BTreeMap::from([("rows_per_s", 7.5)]), goals }
    }

    #[test]
    fn figures_have_keys_and_names() {
        let json = serde_json::to_value(summary()).unwrap();
        assert_eq!(json["noop"]["warm_us_p50"], 20.0);
        assert_eq!(json["noop"]["binary_kb"], 2000);
        assert_eq!(json["rows_per_s"], 7.5);
        assert_eq!((&json["goals"][0]["met"], &json["goals"][0]["side"]), (&false.into(), &"at_most".into()));
    }

    #[test]
    fn table_has_floors_and_says_which_goals_are_not_met() {
        let table = summary().table();
        assert!(table.contains("1.00"), "{table}");
        assert!(table.lines().any(|line| line.starts_with("size") && line.ends_with("NOT MET")), "{table}");
        let ratio = table.lines().find(|line| line.starts_with("time")).unwrap();
        let words: Vec<_> = ratio.split_whitespace().collect();
        assert_eq!(words, ["time", "20", "the", "floor", "of", "times", "10", "2", "<=", "2", "met"]);
    }
}
