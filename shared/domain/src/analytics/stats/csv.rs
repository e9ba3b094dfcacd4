//! Writes statistics as a table of comma-separated values (RFC 4180).

use super::answer::{Numbers, Stats};
use crate::files::csv::short_csv_cell;

/// Writes the top values if the request asked for any, otherwise the series. Visitors that are not known are an empty cell.
/// Values that are not known are one row of the kind `null` with the reason.
pub fn to_csv(stats: &Stats) -> String {
    let mut table = String::new();
    if stats.top.is_empty() {
        row(&mut table, ["start", "clicks", "bots", "visitors"]);
        for step in &stats.series.items {
            let Numbers { clicks, bots, visitors } = step.numbers;
            row(&mut table, [step.start.as_str(), &number(clicks), &number(bots), &number(visitors)]);
        }
        return table;
    }
    row(&mut table, ["dimension", "kind", "value", "clicks", "error"]);
    for (dimension, top) in &stats.top {
        let dimension = dimension.to_string();
        let Some(top) = top else {
            let reason = stats.null_because.get(&format!("top.{dimension}")).copied().unwrap_or_default();
            row(&mut table, [dimension.as_str(), "null", reason, "", ""]);
            continue;
        };
        for item in &top.items {
            row(
                &mut table,
                [dimension.as_str(), "value", &item.value, &item.clicks.to_string(), &item.error.to_string()],
            );
        }
        for (kind, clicks) in [("other", top.other), ("unknown", top.unknown)] {
            row(&mut table, [dimension.as_str(), kind, "", &clicks.to_string(), ""]);
        }
    }
    table
}

fn number(number: Option<u64>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

fn row<const N: usize>(table: &mut String, cells: [&str; N]) {
    table.push_str(&cells.map(short_csv_cell).join(","));
    table.push_str("\r\n");
}
