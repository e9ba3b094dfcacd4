//! Measures speed, memory and size, see `docs/performance.md`.
//!
//! `waypost-bench [--baseline PATH] [AREA...]` measures the given areas, or all. The baseline is an earlier `redirect`, which
//! runs beside the new one. `make bench ONLY="redirect rows" BASELINE=path` calls this.

mod area;
mod aws;
mod bootstraps;
mod chance;
mod clicks;
mod cores;
mod figures;
mod goals;
mod http;
mod lambda;
mod lists;
mod loading;
mod measure;
mod measurement;
mod network;
mod process;
mod redirect;
mod rows;
mod sandbox;
mod scenario;
mod stats;
mod summary;
mod visible;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::measurement::Setting;
use crate::summary::Summary;

fn main() -> Result<()> {
    ensure!(cfg!(target_os = "linux"), "the benchmarks pin themselves to one core and read /proc: run them on Linux");
    let given: Vec<String> = std::env::args().skip(1).collect();
    if loading::load_alone(&given)? {
        return Ok(());
    }
    let (baseline, names) = arguments(given.into_iter())?;
    let areas = area::chosen(&names)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the package is in the workspace")?;
    let folder = root.join("target/bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let setting = Setting { root, folder: &folder, baseline: baseline.as_deref() };
    let summary = Summary::from(area::measure(&areas, &setting)?);
    summary.write(&folder.join("summary.json"))?;
    println!("\n{}", summary.table());
    Ok(())
}

/// Splits arguments into the baseline and the names of areas.
fn arguments(mut arguments: impl Iterator<Item = String>) -> Result<(Option<PathBuf>, Vec<String>)> {
    let (mut baseline, mut names) = (None, Vec::new());
    while let Some(argument) = arguments.next() {
        if argument == "--baseline" {
            baseline = Some(arguments.next().context("--baseline needs a path")?.into());
        } else {
            names.push(argument);
        }
    }
    Ok((baseline, names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_a_baseline_and_areas() {
        let given = ["redirect", "--baseline", "/tmp/redirect"].map(str::to_owned);
        let (baseline, names) = arguments(given.into_iter()).unwrap();
        assert_eq!((baseline, names), (Some("/tmp/redirect".into()), vec!["redirect".to_owned()]));
        assert!(arguments(["--baseline".to_owned()].into_iter()).is_err());
    }
}
