//! Measures the CPU of `aggregate-clicks` as a process: the real bootstrap, the AWS SDK included, gets events of a Kinesis stream
//! and talks to a stand-in for DynamoDB and S3. The floor is a bootstrap that only parses the same events.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::faults::driver::event_of;
use super::traffic::Traffic;
use crate::aws::Aws;
use crate::bootstraps::Bootstraps;
use crate::cores::OneCore;
use crate::figures::median;
use crate::measurement::{Findings, Setting};
use crate::process::cpu_time;
use crate::sandbox::Sandbox;

/// The function and its floor.
const BOOTSTRAPS: [&str; 2] = ["aggregate-clicks", "bench-aggregate-floor"];
/// Clicks in an event.
const CLICKS: usize = 1_000;
const LINKS: usize = 100;
/// Events before the measured ones: they fill the cache of user agents and make the aggregates.
const WARM_UP: usize = 20;
const EVENTS: usize = 60;

/// Builds both bootstraps and sends them the same events in turns.
pub(crate) fn measure(setting: &Setting<'_>) -> Result<Findings> {
    let bootstraps = Bootstraps::build(setting.root, &BOOTSTRAPS)?;
    let _pinned = OneCore::pin()?;
    let start = |name: &str| -> Result<Sandbox> {
        let log = setting.folder.join(format!("{name}.log"));
        Ok(Sandbox::start(bootstraps.path(name)?, &log, Aws::default())?.0)
    };
    let [function, floor] = BOOTSTRAPS;
    let (mut function, mut floor) = (start(function)?, start(floor)?);
    let mut traffic = Traffic::over(LINKS)?;
    let (mut of_function, mut of_floor) = (Vec::new(), Vec::new());
    for number in 0..WARM_UP + EVENTS {
        let event = event_of(&traffic.records(CLICKS)?);
        let (floor, function) = (cpu_of(&mut floor, &event)?, cpu_of(&mut function, &event)?);
        if number >= WARM_UP {
            of_floor.push(floor.as_secs_f64() * 1e3);
            of_function.push(function.as_secs_f64() * 1e3);
        }
    }
    let (function, floor) = (median(of_function), median(of_floor));
    let mut findings = Findings::default();
    findings.numbers.extend([
        ("aggregate_cpu_ms_per_1000_clicks", function),
        ("aggregate_floor_cpu_ms_per_1000_clicks", floor),
        ("aggregate_cpu_ratio", function / floor),
    ]);
    Ok(findings)
}

/// The CPU that a bootstrap takes for an event.
fn cpu_of(bootstrap: &mut Sandbox, event: &str) -> Result<Duration> {
    let before = cpu_time(bootstrap.pid())?;
    let (_, response) = bootstrap.invoke(event)?;
    let cpu = cpu_time(bootstrap.pid())?.saturating_sub(before);
    ensure!(response == br#"{"batchItemFailures":[]}"#, "{}", String::from_utf8_lossy(&response));
    Ok(cpu)
}
