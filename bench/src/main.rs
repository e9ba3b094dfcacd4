//! Feeds real bootstraps through a Lambda of its own and measures them, see `docs/performance.md`.
//!
//! `waypost-bench [BASELINE]` builds what it measures. `BASELINE` is the path of an earlier `redirect`, which is then
//! measured in the same run.

mod aws;
mod bootstraps;
mod cores;
mod figures;
mod goals;
mod http;
mod lambda;
mod measure;
mod network;
mod process;
mod sandbox;
mod scenario;
mod summary;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::bootstraps::Bootstraps;
use crate::measure::Bench;
use crate::summary::Summary;

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the package is in the workspace")?;
    let folder = root.join("target/bench");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut bootstraps = Bootstraps::build(root, &["redirect", "bench-noop", "bench-getitem"])?;
    if let Some(baseline) = std::env::args_os().nth(1) {
        bootstraps.add(scenario::BASELINE, baseline.into());
    }
    let bench = Bench { bootstraps: &bootstraps, logs: &folder };
    cores::stay_on_one()?;
    let figures = bench.all()?;
    let goals = goals::judge(&figures)?;
    let summary = Summary { figures, goals };
    summary.write(&folder.join("summary.json"))?;
    println!("\n{}", summary.table());
    Ok(())
}
