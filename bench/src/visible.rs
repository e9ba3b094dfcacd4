//! Measures the time from a click to its statistics on a stack that is deployed to the local AWS: through the real redirect,
//! the stream, the aggregation and the API. The end-to-end test `clicks_become_visible` does it.
//!
//! These figures have no goal: the local AWS waits by rules of its own, and no floor of the same run has the same waits.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::figures::percentile;
use crate::measurement::{Findings, Setting};

#[derive(Debug, Deserialize)]
struct Followed {
    waited_ms: Vec<f64>,
}

/// Deploys the stack and follows clicks through it.
pub(crate) fn measure(setting: &Setting<'_>) -> Result<Findings> {
    let file = setting.folder.join("visible_after.json");
    if file.exists() {
        fs::remove_file(&file).context("cannot remove the file of an earlier run")?;
    }
    run(Command::new("python3").args(["tools/install.py", "sam", "ministack"]), setting)?;
    let tests = ["tools/end_to_end.py", "statistics::clicks_become_visible"];
    run(Command::new(setting.root.join(".tools/sam/bin/python")).args(tests), setting)?;
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let Followed { waited_ms } = serde_json::from_str(&text)?;
    let mut waited: Vec<Duration> = waited_ms.into_iter().map(|ms| Duration::from_secs_f64(ms / 1e3)).collect();
    let mut at = |percent| percentile(&mut waited, percent).as_secs_f64() * 1e3;
    let numbers = BTreeMap::from([("visible_after_ms_p50", at(50)), ("visible_after_ms_p95", at(95))]);
    Ok(Findings { numbers, ..Findings::default() })
}

fn run(command: &mut Command, setting: &Setting<'_>) -> Result<()> {
    let status = command.current_dir(setting.root).status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}
