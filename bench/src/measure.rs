//! Measures all scenarios in turns (A B C A B C …): other work that slows the machine for a while slows all of them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::aws::Aws;
use crate::bootstraps::Bootstraps;
use crate::figures::{Figures, Samples};
use crate::process::{cpu_time, peak_rss_kb};
use crate::sandbox::Sandbox;
use crate::scenario::{DISTINCT_SLUGS, MANY_SLUGS, SCENARIOS, Scenario};

/// How often the bench starts each bootstrap.
const STARTS: usize = 41;
/// How many turns each scenario gets.
const TURNS: usize = 40;
/// How many requests each bootstrap gets before the measured ones.
const WARM_UP: usize = 300;

/// Measures bootstraps.
pub(crate) struct Bench<'a> {
    pub(crate) bootstraps: &'a Bootstraps,
    /// The folder for the bootstraps' logs.
    pub(crate) logs: &'a Path,
}

/// A scenario with its running bootstrap.
struct Run {
    scenario: Scenario,
    sandbox: Sandbox,
    samples: Samples,
    requests: usize,
}

impl Bench<'_> {
    /// Measures all scenarios whose bootstrap was built.
    pub(crate) fn all(&self) -> Result<BTreeMap<&'static str, Figures>> {
        let built = SCENARIOS.into_iter().filter(|scenario| self.bootstraps.path(scenario.bootstrap).is_ok());
        let scenarios: Vec<Scenario> = built.collect();
        println!("starting each bootstrap {STARTS} times");
        let mut runs = self.starts(&scenarios)?;
        for run in &mut runs {
            run.requests(WARM_UP.min(10 * run.scenario.requests_in_a_turn()))?;
            run.samples.responses.clear();
        }
        println!("{TURNS} turns of requests");
        for _ in 0..TURNS {
            for run in &mut runs {
                run.turn(run.scenario.requests_in_a_turn())?;
            }
        }
        println!("{MANY_SLUGS} distinct slugs");
        let mut many = self.start(DISTINCT_SLUGS)?;
        many.turn(MANY_SLUGS)?;
        runs.push(many);
        runs.into_iter().map(|run| self.figures(run)).collect()
    }

    /// Starts all scenarios [`STARTS`] times in turns, and keeps the last process of each.
    fn starts(&self, scenarios: &[Scenario]) -> Result<Vec<Run>> {
        let mut runs: Vec<Run> = scenarios.iter().map(|scenario| self.start(*scenario)).collect::<Result<_>>()?;
        for run in &mut runs {
            // The first start reads the binary from the disk.
            run.samples.inits.clear();
        }
        for _ in 0..STARTS {
            for run in &mut runs {
                let next = self.start(run.scenario)?;
                run.samples.inits.extend(next.samples.inits);
                run.sandbox = next.sandbox;
            }
        }
        Ok(runs)
    }

    fn start(&self, scenario: Scenario) -> Result<Run> {
        let bootstrap = self.bootstraps.path(scenario.bootstrap)?;
        let log = self.logs.join(format!("{}.log", scenario.key));
        let aws = Aws::with_stream_delay(scenario.stream_delay);
        let (sandbox, init) = Sandbox::start(bootstrap, &log, aws)?;
        let samples = Samples { inits: vec![init], ..Samples::default() };
        Ok(Run { scenario, sandbox, samples, requests: 0 })
    }

    fn figures(&self, mut run: Run) -> Result<(&'static str, Figures)> {
        run.samples.peak_rss_kb = peak_rss_kb(run.sandbox.pid())?;
        let binary_kb = self.bootstraps.size_kb(run.scenario.bootstrap)?;
        Ok((run.scenario.key, run.samples.figures(binary_kb)))
    }
}

impl Run {
    fn turn(&mut self, requests: usize) -> Result<()> {
        let before = cpu_time(self.sandbox.pid())?;
        self.requests(requests)?;
        self.samples.cpu += cpu_time(self.sandbox.pid())?.saturating_sub(before);
        Ok(())
    }

    fn requests(&mut self, requests: usize) -> Result<()> {
        for _ in 0..requests {
            self.request().with_context(|| format!("request {} of {}", self.requests, self.scenario.key))?;
        }
        Ok(())
    }

    fn request(&mut self) -> Result<()> {
        self.requests += 1;
        let event = self.scenario.event(self.requests);
        if !self.scenario.pause.is_zero() {
            std::thread::sleep(self.scenario.pause);
        }
        let (time, response) = self.sandbox.invoke(&event)?;
        let text = String::from_utf8_lossy(&response);
        ensure!(text.contains(self.scenario.expected()), "the bootstrap answers {text}");
        self.samples.responses.push(time);
        Ok(())
    }
}
