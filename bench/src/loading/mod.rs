//! Measures imports as a whole: how much slower the loader is than a bare loop, how much memory it takes for files of any size,
//! how long ten million rows take, and how near an import comes to what its table takes.

mod limits;
mod memory;
mod ratio;
mod simulation;
mod source;
mod stubs;
mod tables;
mod time;

use std::collections::BTreeMap;

use anyhow::Result;

use self::limits::{Minutes, Throughput};
use self::ratio::Rates;
use crate::goals::Figure;
use crate::measurement::{Findings, Setting};

pub(crate) use self::memory::load_alone;

/// The writes a second of a table's partition, of a new table, and of one that has grown; the names of what they find.
const LIMITS: [(u64, &str, &str); 3] = [
    (1_000, "import_share_of_1000", "import into a table of 1,000 writes a second, rows a simulated second"),
    (4_000, "import_share_of_4000", "import into a table of 4,000 writes a second, rows a simulated second"),
    (40_000, "import_share_of_40000", "import into a table of 40,000 writes a second, rows a simulated second"),
];
/// How many seconds an import into such a table takes at the least.
const LIMIT_SECONDS: u64 = 120;

/// Measures all of it.
pub(crate) fn measure(_: &Setting<'_>) -> Result<Findings> {
    let Rates { loader, bare_loop } = ratio::measure()?;
    let (small, large) = (memory::peak_mb(20_000_000)?, memory::peak_mb(2_000_000_000)?);
    println!("peak memory: {small:.1} MB for a file of 20 MB, {large:.1} MB for one of 2 GB");
    let Minutes { import, table } = limits::minutes()?;
    let mut numbers = BTreeMap::from([
        ("import_end_to_end_ratio", loader / bare_loop),
        ("import_memory_ratio", large / small),
        ("import_peak_mb", large),
        ("import_ten_million_rows_minutes", import),
    ]);
    let mut goals = vec![
        Figure::of("import into DynamoDB, rows a second", loader)
            .over("bare loop, same statements", bare_loop)
            .at_least(0.85),
        Figure::of("import of 2 GB, peak memory, MB", large).over("import of 20 MB, peak memory", small).at_most(1.15),
        Figure::of("import of ten million rows, simulated minutes", import)
            .over("the table at 4,000 writes a second", table)
            .at_most(1.05),
    ];
    for (writes, key, name) in LIMITS {
        let Throughput { import, table } = limits::throughput(writes, LIMIT_SECONDS)?;
        numbers.insert(key, import / table);
        goals.push(Figure::of(name, import).over("all that the table takes", table).at_least(0.95));
    }
    Ok(Findings { numbers, goals, ..Findings::default() })
}
