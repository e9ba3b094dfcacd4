//! Imports as a whole: how much the loader costs beside the table, how much memory it takes whatever the file, and how long
//! ten million rows take.

mod memory;
mod ratio;
mod simulation;
mod source;
mod stubs;

use std::collections::BTreeMap;

use anyhow::Result;

use crate::area::{Findings, Setting};
use crate::goals::Verdict;

pub(crate) use self::memory::load_alone;

/// Measures all three.
pub(crate) fn measure(_: &Setting<'_>) -> Result<Findings> {
    let ratio = ratio::measure()?;
    let (small, large) = (memory::peak_mb(20_000_000)?, memory::peak_mb(2_000_000_000)?);
    println!("peak memory: {small:.1} MB for a file of 20 MB, {large:.1} MB for one of 2 GB");
    let minutes = simulation::minutes()?;
    let numbers = BTreeMap::from([
        ("import_end_to_end_ratio", ratio),
        ("import_memory_ratio", large / small),
        ("import_peak_mb", large),
        ("import_ten_million_rows_minutes", minutes),
    ]);
    let goals = vec![
        Verdict::at_least("import / bare loop with the same statements, rows a second", ratio, 0.85),
        Verdict::at_most("peak memory of an import of 2 GB / of 20 MB", large / small, 1.15),
        Verdict::at_most("peak memory of an import of 2 GB, MB", large, 96.0),
    ];
    Ok(Findings { numbers, goals, ..Findings::default() })
}
