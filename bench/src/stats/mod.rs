//! Measures statistics: the real bootstrap answers a year of a link; and the error of estimated visitors.

mod visitors;
mod year;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::aws::{Aws, Table};
use crate::bootstraps::Bootstraps;
use crate::cores::OneCore;
use crate::figures::percentile;
use crate::goals::Figure;
use crate::measurement::{Findings, Setting};
use crate::sandbox::Sandbox;

/// How many requests of each kind are measured, in turns.
const TURNS: usize = 100;
/// How many turns come before the measured ones.
const WARM_UP: usize = 10;
/// The greatest relative error of an estimate of visitors.
const VISITORS_ERROR: f64 = 0.03;

/// The lanes of a day, one for each shard: one is the default, four are a busy stream's.
const LANES: [u64; 2] = [1, 4];
const YEAR: &str = "/v1/links/docs/stats?from=2025-01-01&to=2025-12-31";

/// The requests: the key of the median in the summary, lanes, path. The floor is the request for a year without clicks.
const REQUESTS: [(&str, u64, &str); 6] = [
    ("stats_year_floor_ms_p50", 1, "/v1/links/docs/stats?from=2019-01-01&to=2019-12-31"),
    ("stats_year_ms_p50", 1, YEAR),
    ("stats_year_four_lanes_ms_p50", 4, YEAR),
    (
        "stats_year_by_month_ms_p50",
        1,
        "/v1/links/docs/stats?from=2025-01-01&to=2025-12-31&interval=month&group_by=country",
    ),
    ("stats_year_time_zone_ms_p50", 1, "/v1/links/docs/stats?from=2025-01-01&to=2025-12-31&tz=Europe/Berlin"),
    ("stats_year_all_groups_ms_p50", 1, "/v1/links/docs/stats?from=2025-01-01&to=2025-12-31&group_by=all"),
];

/// Builds the bootstrap and measures it; then measures the estimate of visitors.
pub(crate) fn measure(setting: &Setting<'_>) -> Result<Findings> {
    let bootstraps = Bootstraps::build(setting.root, &["stats"])?;
    println!("folding a year of clicks");
    let (mut tables, mut numbers) = (Vec::new(), BTreeMap::new());
    for lanes in LANES {
        let table = year::table(lanes)?;
        if lanes == 1 {
            numbers.insert("stats_year_items", table.items() as f64);
            numbers.insert("stats_year_item_bytes", table.bytes() as f64 / table.items() as f64);
        }
        tables.push((lanes, table));
    }
    {
        let _pinned = OneCore::pin()?;
        numbers.extend(answer_times(setting, &bootstraps, tables)?);
    }
    println!("estimating visitors");
    let errors = visitors::errors()?;
    numbers.insert("visitors_worst_error", errors.worst);
    numbers.insert("visitors_standard_error", errors.standard);
    let goals = vec![
        Figure::of("statistics of a link's year, p50, ms", numbers["stats_year_ms_p50"])
            .over("a year without clicks", numbers["stats_year_floor_ms_p50"])
            .at_most(4.0),
        Figure::of("visitors, worst error of 10 to 1,000,000", errors.worst).at_most(VISITORS_ERROR),
    ];
    Ok(Findings { numbers, goals, ..Findings::default() })
}

/// Sends all requests in turns, each to a bootstrap whose table has its lanes.
fn answer_times(
    setting: &Setting<'_>,
    bootstraps: &Bootstraps,
    tables: Vec<(u64, Table)>,
) -> Result<BTreeMap<&'static str, f64>> {
    let mut sandboxes = BTreeMap::new();
    for (lanes, table) in tables {
        let log = setting.folder.join(format!("stats-{lanes}.log"));
        let (sandbox, _) = Sandbox::start(bootstraps.path("stats")?, &log, Aws::with_table(table))?;
        sandboxes.insert(lanes, sandbox);
    }
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for turn in 0..WARM_UP + TURNS {
        for (key, lanes, path) in REQUESTS {
            let sandbox = sandboxes.get_mut(&lanes).context("a table for each number of lanes")?;
            let (time, response) = sandbox.invoke(&event(path)?).with_context(|| key)?;
            let response = String::from_utf8_lossy(&response);
            ensure!(response.contains("\"statusCode\":200"), "the bootstrap answers {response}");
            let empty = response.contains(r#"\"totals\":{\"clicks\":0,"#);
            ensure!(empty == key.contains("floor"), "{key} has the wrong clicks");
            if turn >= WARM_UP {
                times.entry(key).or_default().push(time);
            }
        }
    }
    let median = |(key, mut times): (_, Vec<Duration>)| (key, percentile(&mut times, 50).as_secs_f64() * 1e3);
    Ok(times.into_iter().map(median).collect())
}

/// A GET of `path`, as API Gateway sends it.
fn event(path: &str) -> Result<String> {
    let (path, query) = path.split_once('?').context("a path with a query")?;
    let mut event: Value = serde_json::from_str(crate::scenario::EVENT)?;
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["path"] = json!(path);
    event["rawQueryString"] = json!(query);
    // The stand-in for the table has every key.
    event["headers"]["authorization"] = json!(format!("Bearer wp_{}", "A".repeat(43)));
    Ok(event.to_string())
}
