//! How long it takes until a click is in the statistics, on a stack that is deployed to the local AWS: through the real
//! redirect, the stream, the aggregation and the API. The end-to-end test `clicks_become_visible` measures it.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::area::{Findings, Setting};
use crate::figures::percentile;
use crate::goals::Verdict;

/// The longest that 95 of 100 clicks may take, in milliseconds.
const VISIBLE_MS: f64 = 3000.0;

#[derive(Debug, Deserialize)]
struct Followed {
    waited_ms: Vec<f64>,
}

/// Deploys the stack and follows clicks.
pub(crate) fn measure(setting: &Setting<'_>) -> Result<Findings> {
    let file = setting.folder.join("visible_after.json");
    if file.exists() {
        fs::remove_file(&file).context("cannot remove what an earlier run found")?;
    }
    run(Command::new("python3").args(["tools/install.py", "sam", "ministack"]), setting)?;
    let tests = ["tools/end_to_end.py", "statistics::clicks_become_visible"];
    run(Command::new(setting.root.join(".tools/sam/bin/python")).args(tests), setting)?;
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let Followed { waited_ms } = serde_json::from_str(&text)?;
    let mut waited: Vec<Duration> = waited_ms.into_iter().map(|ms| Duration::from_secs_f64(ms / 1e3)).collect();
    let mut at = |percent| percentile(&mut waited, percent).as_secs_f64() * 1e3;
    let numbers = BTreeMap::from([("visible_after_ms_p50", at(50)), ("visible_after_ms_p95", at(95))]);
    let goals =
        vec![Verdict::at_most("click to statistics, local stack, ms p95", numbers["visible_after_ms_p95"], VISIBLE_MS)];
    Ok(Findings { numbers, goals, ..Findings::default() })
}

fn run(command: &mut Command, setting: &Setting<'_>) -> Result<()> {
    let status = command.current_dir(setting.root).status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}
