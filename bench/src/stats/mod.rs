//! Statistics: a year of a link's, answered by the real bootstrap; and the estimate of visitors.

mod table;
mod visitors;
mod year;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

pub(crate) use self::table::Table;
use crate::area::{Findings, Setting};
use crate::aws::Aws;
use crate::bootstraps::Bootstraps;
use crate::cores::OneCore;
use crate::figures::percentile;
use crate::goals::Verdict;
use crate::sandbox::Sandbox;

/// How many requests of each kind are measured, in turns.
const TURNS: usize = 100;
/// How many come before.
const WARM_UP: usize = 10;
/// The longest that a year may take, in milliseconds.
const YEAR_MS: f64 = 5.0;
/// The greatest relative error of an estimate of visitors.
const VISITORS_ERROR: f64 = 0.03;

/// What is asked, and what the summary calls its median. The floor has the same requests and no clicks in them.
const QUESTIONS: [(&str, &str); 5] = [
    ("stats_year_floor_ms_p50", "/v1/links/docs/stats?from=2019-01-01&to=2019-12-31"),
    ("stats_year_ms_p50", "/v1/links/docs/stats?from=2025-01-01&to=2025-12-31"),
    (
        "stats_year_by_month_ms_p50",
        "/v1/links/docs/stats?from=2025-01-01&to=2025-12-31&interval=month&group_by=country",
    ),
    ("stats_year_time_zone_ms_p50", "/v1/links/docs/stats?from=2025-01-01&to=2025-12-31&tz=Europe/Berlin"),
    ("stats_year_all_groups_ms_p50", "/v1/links/docs/stats?from=2025-01-01&to=2025-12-31&group_by=all"),
];

/// Builds the bootstrap and measures it; then the estimate of visitors.
pub(crate) fn measure(setting: &Setting<'_>) -> Result<Findings> {
    let bootstraps = Bootstraps::build(setting.root, &["stats"])?;
    println!("folding a year of clicks");
    let table = year::table()?;
    let mut numbers = BTreeMap::from([
        ("stats_year_items", table.items() as f64),
        ("stats_year_item_bytes", table.bytes() as f64 / table.items() as f64),
    ]);
    {
        let _one = OneCore::stay()?;
        numbers.extend(answer_times(setting, &bootstraps, table)?);
    }
    println!("estimating visitors");
    let errors = visitors::errors()?;
    numbers.insert("visitors_worst_error", errors.worst);
    numbers.insert("visitors_standard_error", errors.standard);
    let goals = vec![
        Verdict::at_most("a year of a link's statistics, ms p50", numbers["stats_year_ms_p50"], YEAR_MS),
        Verdict::at_most("visitors, worst error of 10 to 1,000,000", errors.worst, VISITORS_ERROR),
    ];
    Ok(Findings { numbers, goals, ..Findings::default() })
}

fn answer_times(setting: &Setting<'_>, bootstraps: &Bootstraps, table: Table) -> Result<BTreeMap<&'static str, f64>> {
    let aws = Aws::with_table(Rc::new(RefCell::new(table)));
    let (mut sandbox, _) = Sandbox::start(bootstraps.path("stats")?, &setting.folder.join("stats.log"), aws)?;
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for turn in 0..WARM_UP + TURNS {
        for (key, path) in QUESTIONS {
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

/// What API Gateway sends for a GET of `path`.
fn event(path: &str) -> Result<String> {
    let (path, query) = path.split_once('?').context("a path with a query")?;
    let mut event: Value = serde_json::from_str(crate::scenario::EVENT)?;
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["path"] = json!(path);
    event["rawQueryString"] = json!(query);
    // The bootstrap looks for its hash; the stub has every key.
    event["headers"]["authorization"] = json!(format!("Bearer wp_{}", "A".repeat(43)));
    Ok(event.to_string())
}
