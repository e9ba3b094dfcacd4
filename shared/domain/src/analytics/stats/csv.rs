//! Writes statistics as a table of comma-separated values (RFC 4180).

use super::answer::{Numbers, Stats};

/// Writes the top values if the request asked for any, otherwise the series. Cells that a spreadsheet would take for a
/// formula begin with an apostrophe.
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
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            table.push(',');
        }
        push_cell(table, cell);
    }
    table.push_str("\r\n");
}

fn push_cell(table: &mut String, cell: &str) {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let quoted = cell.contains([',', '"', '\r', '\n', '\t']);
    if quoted {
        table.push('"');
    }
    if is_formula {
        table.push('\'');
    }
    if quoted {
        table.push_str(&cell.replace('"', "\"\""));
        table.push('"');
    } else {
        table.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> String {
        let mut table = String::new();
        push_cell(&mut table, text);
        table
    }

    #[test]
    fn cell_is_escaped() {
        assert_eq!(cell("news"), "news");
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("@SUM(A1,\"x\")"), "\"'@SUM(A1,\"\"x\"\")\"");
        assert_eq!(cell("a\r\nb"), "\"a\r\nb\"");
        assert_eq!(cell("\tx"), "\"'\tx\"");
    }
}
