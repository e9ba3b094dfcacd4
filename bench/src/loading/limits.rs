//! Measures in simulated time how near an import comes to what its table takes.

use std::sync::Arc;

use anyhow::Result;

use super::simulation::Simulation;
use super::tables::{PacedTable, Queueing, Throttling};
use super::time::SimulatedTime;

/// Simulated minutes of ten million rows.
pub(super) struct Minutes {
    pub(super) import: f64,
    /// The table alone.
    pub(super) table: f64,
}

/// Imports ten million rows into a table that makes writes wait instead of refusing them.
pub(super) fn minutes() -> Result<Minutes> {
    const ROWS: u64 = 10_000_000;
    const WRITES: u64 = 4_000;
    let time = Arc::new(SimulatedTime::default());
    let table = PacedTable { time: Arc::clone(&time), pace: Arc::new(Queueing::new(WRITES)) };
    let seconds = Simulation { rows: ROWS, time, links: Arc::new(table) }.seconds()?;
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let table = ROWS as f64 / WRITES as f64 / 60.0;
    Ok(Minutes { import: seconds / 60.0, table })
}

/// Rows a second into a table that refuses what is beyond its limit.
pub(super) struct Throughput {
    pub(super) import: f64,
    /// The most that the table takes, with the burst at the beginning.
    pub(super) table: f64,
}

/// Imports the rows of `seconds` at the limit into a table of `writes` a second.
pub(super) fn throughput(writes: u64, seconds: u64) -> Result<Throughput> {
    let rows = writes * (seconds + 1);
    let time = Arc::new(SimulatedTime::default());
    let pace = Arc::new(Throttling::new(writes));
    let table = PacedTable { time: Arc::clone(&time), pace: Arc::clone(&pace) };
    let taken = Simulation { rows, time, links: Arc::new(table) }.seconds()?;
    let least = pace.least_seconds(rows);
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let rows = rows as f64;
    Ok(Throughput { import: rows / taken, table: rows / least })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_comes_near_the_limit_of_a_throttling_table() {
        for writes in [1_000, 4_000] {
            let Throughput { import, table } = throughput(writes, 30).unwrap();
            assert!(import / table >= 0.9, "{writes} writes a second: {:.3} of the limit", import / table);
        }
    }
}
