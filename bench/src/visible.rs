//! Measures a stack that is deployed to the local AWS: the time from a click to its statistics, through the real redirect, the
//! stream, the aggregation and the API; and how fast it imports rows. The end-to-end tests `clicks_become_visible` and
//! `import_is_timed_beside_a_bare_loop` do it.
//!
//! The time to visibility has no goal: the local AWS waits by rules of its own, and no floor of the same run has the same waits.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::figures::percentile;
use crate::goals::Figure;
use crate::measurement::{Findings, Setting};

/// The files that the tests write.
const CLICKS: &str = "visible_after.json";
const IMPORT: &str = "import_speed.json";

#[derive(Debug, Deserialize)]
struct Followed {
    waited_ms: Vec<f64>,
}

#[derive(Debug, Deserialize)]
struct Imported {
    rows: f64,
    import_seconds: f64,
    bare_loop_seconds: f64,
}

/// Deploys the stack, follows clicks through it and imports a file.
pub(crate) fn measure(setting: &Setting<'_>) -> Result<Findings> {
    for name in [CLICKS, IMPORT] {
        let file = setting.folder.join(name);
        if file.exists() {
            fs::remove_file(&file).context("cannot remove the file of an earlier run")?;
        }
    }
    run(Command::new("python3").args(["tools/install.py", "sam", "ministack"]), setting)?;
    let tests = ["statistics::clicks_become_visible", "import_speed::import_is_timed_beside_a_bare_loop"];
    let mut command = Command::new(setting.root.join(".tools/sam/bin/python"));
    // One after the other: each would slow the other.
    run(command.arg("tools/end_to_end.py").args(["--", "--test-threads=1"]).args(tests), setting)?;
    let Followed { waited_ms } = read(&setting.folder.join(CLICKS))?;
    let mut waited: Vec<Duration> = waited_ms.into_iter().map(|ms| Duration::from_secs_f64(ms / 1e3)).collect();
    let mut at = |percent| percentile(&mut waited, percent).as_secs_f64() * 1e3;
    let Imported { rows, import_seconds, bare_loop_seconds } = read(&setting.folder.join(IMPORT))?;
    let (import, bare_loop) = (rows / import_seconds, rows / bare_loop_seconds);
    let numbers = BTreeMap::from([
        ("visible_after_ms_p50", at(50)),
        ("visible_after_ms_p95", at(95)),
        ("import_local_rows_a_second", import),
        ("import_local_ratio", import / bare_loop),
    ]);
    let goals = vec![
        Figure::of("import on the local stack, rows a second", import)
            .over("bare loop, same statements, same stack", bare_loop)
            .at_least(0.6),
    ];
    Ok(Findings { numbers, goals, ..Findings::default() })
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(serde_json::from_str(&text)?)
}

fn run(command: &mut Command, setting: &Setting<'_>) -> Result<()> {
    let status = command.current_dir(setting.root).status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}
