//! The redirect beside bootstraps that do less: start, response time, memory, size.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::area::{Findings, Setting};
use crate::bootstraps::Bootstraps;
use crate::cores::OneCore;
use crate::figures::Figures;
use crate::goals::Verdict;
use crate::measure::Bench;
use crate::scenario;

/// What a stream of 20 ms may add to a response, in microseconds: nothing, which is measured to a hundredth of it.
const NOTHING_US: f64 = 200.0;

/// Builds the bootstraps and measures them.
pub(crate) fn measure(setting: &Setting<'_>) -> Result<Findings> {
    let mut bootstraps = Bootstraps::build(setting.root, &["redirect", "bench-noop", "bench-getitem"])?;
    if let Some(baseline) = setting.baseline {
        bootstraps.add(scenario::BASELINE, baseline.into());
    }
    let bench = Bench { bootstraps: &bootstraps, logs: setting.folder };
    let _one = OneCore::stay()?;
    let figures = bench.all()?;
    let goals = judge(&figures)?;
    Ok(Findings { figures, goals, ..Findings::default() })
}

/// Holds `figures` against the goals.
///
/// # Errors
/// A scenario is missing.
pub(crate) fn judge(figures: &BTreeMap<&'static str, Figures>) -> Result<Vec<Verdict>> {
    let of = |key: &str| figures.get(key).with_context(|| format!("{key} was not measured"));
    let (noop, getitem, cached, uncached) =
        (of("noop")?, of("getitem")?, of("redirect_cached")?, of("redirect_uncached")?);
    let added = of("redirect_slow_stream")?.warm_us_p50 - of("redirect_paced")?.warm_us_p50;
    let many = of("redirect_distinct_slugs")?;
    Ok(vec![
        Verdict::at_most("cached redirect / no-op, response time p50", cached.warm_us_p50 / noop.warm_us_p50, 1.6),
        Verdict::at_most(
            "uncached redirect / GetItem, response time p50",
            uncached.warm_us_p50 / getitem.warm_us_p50,
            1.3,
        ),
        Verdict::at_most("response time p50 added by a stream of 20 ms, us", added, NOTHING_US),
        Verdict::at_most("exec to first next, ms", cached.init_ms_p50, 3.0),
        Verdict::at_most("exec to first next / GetItem", cached.init_ms_p50 / getitem.init_ms_p50, 1.6),
        Verdict::at_most("redirect binary, MB", kb_as_mb(cached.binary_kb), 8.0),
        Verdict::at_most("peak memory after 100,000 distinct slugs, MB", kb_as_mb(many.peak_rss_kb), 24.0),
    ])
}

/// Units of 1024 bytes as units of a million bytes.
#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
fn kb_as_mb(kb: u64) -> f64 {
    kb as f64 * 1024.0 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(warm_us_p50: f64, init_ms_p50: f64) -> Figures {
        Figures {
            init_ms_p50,
            init_ms_min: init_ms_p50,
            warm_us_p50,
            warm_us_p99: 0.0,
            cpu_us: 0.0,
            peak_rss_kb: 20_000,
            binary_kb: 7_000,
        }
    }

    fn all() -> BTreeMap<&'static str, Figures> {
        BTreeMap::from([
            ("noop", figures(20.0, 0.5)),
            ("getitem", figures(100.0, 2.0)),
            ("redirect_cached", figures(32.0, 3.0)),
            ("redirect_uncached", figures(131.0, 3.0)),
            ("redirect_slow_stream", figures(300.0, 3.0)),
            ("redirect_paced", figures(310.0, 3.0)),
            ("redirect_distinct_slugs", figures(131.0, 3.0)),
        ])
    }

    #[test]
    fn a_goal_is_met_up_to_its_limit() {
        let met: Vec<bool> = judge(&all()).unwrap().iter().map(|verdict| verdict.met).collect();
        assert_eq!(met, [true, false, true, true, true, true, true]);
    }

    #[test]
    fn sizes_are_in_millions_of_bytes() {
        let verdicts = judge(&all()).unwrap();
        assert_eq!((verdicts[5].value, verdicts[6].value), (7.17, 20.48));
    }

    #[test]
    fn what_was_not_measured_is_named() {
        let mut figures = all();
        figures.remove("redirect_paced");
        assert!(judge(&figures).unwrap_err().to_string().contains("redirect_paced"));
    }
}
