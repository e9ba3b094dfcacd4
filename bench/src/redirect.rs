//! Measures the redirect beside bootstraps that do less: start, response time, CPU, memory, size.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::bootstraps::Bootstraps;
use crate::cores::OneCore;
use crate::figures::Figures;
use crate::goals::{Figure, Goal};
use crate::measure::Bench;
use crate::measurement::{Findings, Setting};
use crate::scenario;

/// Builds the bootstraps and measures them.
pub(crate) fn measure(setting: &Setting<'_>) -> Result<Findings> {
    let mut bootstraps = Bootstraps::build(setting.root, &["redirect", "bench-noop", "bench-getitem"])?;
    if let Some(baseline) = setting.baseline {
        bootstraps.add(scenario::BASELINE, baseline.into());
    }
    let bench = Bench { bootstraps: &bootstraps, logs: setting.folder };
    let _pinned = OneCore::pin()?;
    let figures = bench.all()?;
    let goals = goals(&figures)?;
    Ok(Findings { figures, goals, ..Findings::default() })
}

/// Holds `figures` against the goals.
///
/// # Errors
/// A scenario is missing.
fn goals(figures: &BTreeMap<&'static str, Figures>) -> Result<Vec<Goal>> {
    let of = |key: &str| figures.get(key).with_context(|| format!("{key} was not measured"));
    let (noop, getitem) = (of("noop")?, of("getitem")?);
    let (cached, uncached) = (of("redirect_cached")?, of("redirect_uncached")?);
    let file = of("redirect_file")?;
    let (slow_stream, paced) = (of("redirect_slow_stream")?, of("redirect_paced")?);
    let hanging_stream = of("redirect_hanging_stream")?;
    let many = of("redirect_distinct_slugs")?;
    Ok(vec![
        Figure::of("cached redirect, response p50, us", cached.warm_us_p50)
            .over("no-op", noop.warm_us_p50)
            .at_most(1.1),
        Figure::of("cached redirect and its click, CPU, us", cached.cpu_us).over("no-op", noop.cpu_us).at_most(2.2),
        Figure::of("uncached redirect, response p50, us", uncached.warm_us_p50)
            .over("GetItem", getitem.warm_us_p50)
            .at_most(1.1),
        Figure::of("cached redirect to a file, response p50, us", file.warm_us_p50)
            .over("cached redirect", cached.warm_us_p50)
            .at_most(1.15),
        // A redirect that waits for its stream is slower by a factor of a hundred.
        Figure::of("redirect, stream of 20 ms, response p50, us", slow_stream.warm_us_p50)
            .over("redirect, pause of 20 ms", paced.warm_us_p50)
            .at_most(2.0),
        Figure::of("redirect, stream that hangs, response p50, us", hanging_stream.warm_us_p50)
            .over("redirect, pause of 20 ms", paced.warm_us_p50)
            .at_most(2.0),
        Figure::of("redirect, exec to first next p50, ms", cached.init_ms_p50)
            .over("GetItem", getitem.init_ms_p50)
            .at_most(0.6),
        Figure::of("redirect, peak memory, 100,000 slugs, MB", kb_as_mb(many.peak_rss_kb))
            .over("redirect, peak memory, one slug", kb_as_mb(cached.peak_rss_kb))
            .at_most(2.0),
        Figure::of("redirect, binary, MB", kb_as_mb(cached.binary_kb)).at_most(8.0),
    ])
}

/// Converts units of 1024 bytes to units of a million bytes.
#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
fn kb_as_mb(kb: u64) -> f64 {
    kb as f64 * 1024.0 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(warm_us_p50: f64, init_ms_p50: f64, peak_rss_kb: u64) -> Figures {
        Figures {
            init_ms_p50,
            init_ms_min: init_ms_p50,
            warm_us_p50,
            warm_us_p99: 0.0,
            cpu_us: warm_us_p50,
            peak_rss_kb,
            binary_kb: 7_000,
        }
    }

    fn all() -> BTreeMap<&'static str, Figures> {
        BTreeMap::from([
            ("noop", figures(20.0, 0.5, 4_000)),
            ("getitem", figures(100.0, 5.0, 8_000)),
            ("redirect_cached", figures(22.0, 3.0, 9_000)),
            ("redirect_uncached", figures(131.0, 3.0, 9_500)),
            ("redirect_file", figures(25.0, 3.0, 9_000)),
            ("redirect_slow_stream", figures(310.0, 3.0, 9_000)),
            ("redirect_hanging_stream", figures(310.0, 3.0, 9_000)),
            ("redirect_paced", figures(300.0, 3.0, 9_000)),
            ("redirect_distinct_slugs", figures(131.0, 3.0, 15_000)),
        ])
    }

    #[test]
    fn goal_is_met_up_to_its_limit() {
        let met: Vec<bool> = goals(&all()).unwrap().iter().map(|goal| goal.met).collect();
        assert_eq!(met, [true, true, false, true, true, true, true, true, true]);
    }

    #[test]
    fn sizes_are_in_millions_of_bytes() {
        let goals = goals(&all()).unwrap();
        assert_eq!((goals[7].figure, goals[8].value), (15.36, 7.17));
    }

    #[test]
    fn missing_scenario_is_named() {
        let mut figures = all();
        figures.remove("redirect_paced");
        assert!(goals(&figures).unwrap_err().to_string().contains("redirect_paced"));
    }
}
