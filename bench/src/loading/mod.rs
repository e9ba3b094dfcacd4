//! Measures imports as a whole: how much slower the loader is than a bare loop, how much memory it takes for files of any size,
//! and how long ten million rows take.

mod memory;
mod ratio;
mod simulation;
mod source;
mod stubs;

use std::collections::BTreeMap;

use anyhow::Result;

use self::ratio::Rates;
use self::simulation::Minutes;
use crate::goals::Figure;
use crate::measurement::{Findings, Setting};

pub(crate) use self::memory::load_alone;

/// Measures all three.
pub(crate) fn measure(_: &Setting<'_>) -> Result<Findings> {
    let Rates { loader, bare_loop } = ratio::measure()?;
    let (small, large) = (memory::peak_mb(20_000_000)?, memory::peak_mb(2_000_000_000)?);
    println!("peak memory: {small:.1} MB for a file of 20 MB, {large:.1} MB for one of 2 GB");
    let Minutes { import, table } = simulation::minutes()?;
    let numbers = BTreeMap::from([
        ("import_end_to_end_ratio", loader / bare_loop),
        ("import_memory_ratio", large / small),
        ("import_peak_mb", large),
        ("import_ten_million_rows_minutes", import),
    ]);
    let goals = vec![
        Figure::of("import into DynamoDB, rows a second", loader)
            .over("bare loop, same statements", bare_loop)
            .at_least(0.85),
        Figure::of("import of 2 GB, peak memory, MB", large).over("import of 20 MB, peak memory", small).at_most(1.15),
        Figure::of("import of ten million rows, simulated minutes", import)
            .over("the table at 4,000 writes a second", table)
            .at_most(1.05),
    ];
    Ok(Findings { numbers, goals, ..Findings::default() })
}
