//! Measures the peak memory of an import, in a process of its own.

use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};

use super::source::{GeneratedFile, ROW_BYTES};
use super::stubs::{DiscardingLinks, PART_BYTES, load, loader};
use crate::process::peak_rss_kb;

/// The argument that tells a process to load a file; the number of its bytes follows.
const ARGUMENT: &str = "load-alone";

/// Measures the peak memory of an import of `bytes` into stores that accept everything, in units of a million bytes.
pub(crate) fn peak_mb(bytes: u64) -> Result<f64> {
    let exe = std::env::current_exe()?;
    let output = Command::new(exe).args([ARGUMENT, &bytes.to_string()]).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let kb: f64 = String::from_utf8(output.stdout)?.trim().parse().context("a number of kilobytes")?;
    Ok(kb * 1024.0 / 1e6)
}

/// Loads a file and prints the peak, in a process that [`peak_mb`] started. Returns `false` in any other process.
pub(crate) fn load_alone(arguments: &[String]) -> Result<bool> {
    let [name, bytes] = arguments else { return Ok(false) };
    if name != ARGUMENT {
        return Ok(false);
    }
    let rows = bytes.parse::<u64>()? / ROW_BYTES;
    let (loader, queue) = loader(Arc::new(GeneratedFile { rows }), Arc::new(DiscardingLinks::default()), PART_BYTES)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(load(&loader, &queue, rows))?;
    println!("{}", peak_rss_kb(std::process::id())?);
    Ok(true)
}
