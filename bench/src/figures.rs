//! Makes figures of single measurements.

use std::time::Duration;

use serde::Serialize;

/// The figures of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Figures {
    /// From the start of the process to its first request for an event: the median of many starts.
    pub(crate) init_ms_p50: f64,
    /// The same, the fastest start: other work on the machine slowed it least.
    pub(crate) init_ms_min: f64,
    /// From handing out an event to receiving the response: the median.
    pub(crate) warm_us_p50: f64,
    /// The same, the time that 99 of 100 responses need at most.
    pub(crate) warm_us_p99: f64,
    /// CPU of an invocation, the work after the response included: the mean.
    pub(crate) cpu_us: f64,
    /// The peak of resident memory, in units of 1024 bytes.
    pub(crate) peak_rss_kb: u64,
    /// The stripped binary's size, in units of 1024 bytes.
    pub(crate) binary_kb: u64,
}

/// The measurements of a scenario.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    pub(crate) inits: Vec<Duration>,
    pub(crate) responses: Vec<Duration>,
    pub(crate) cpu: Duration,
    pub(crate) peak_rss_kb: u64,
}

impl Samples {
    /// Makes the figures; `binary_kb` is the binary's size.
    pub(crate) fn figures(mut self, binary_kb: u64) -> Figures {
        let responses = u32::try_from(self.responses.len().max(1)).unwrap_or(u32::MAX);
        Figures {
            init_ms_p50: rounded(percentile(&mut self.inits, 50), 1e3),
            init_ms_min: rounded(percentile(&mut self.inits, 0), 1e3),
            warm_us_p50: rounded(percentile(&mut self.responses, 50), 1e6),
            warm_us_p99: rounded(percentile(&mut self.responses, 99), 1e6),
            cpu_us: rounded(self.cpu / responses, 1e6),
            peak_rss_kb: self.peak_rss_kb,
            binary_kb,
        }
    }
}

/// Finds the least of `samples` that `percent` of them do not exceed (nearest rank; 0 is the fastest); zero without samples.
pub(crate) fn percentile(samples: &mut [Duration], percent: usize) -> Duration {
    samples.sort_unstable();
    let rank = (samples.len() * percent).div_ceil(100).max(1);
    samples.get(rank - 1).copied().unwrap_or_default()
}

/// The median; not a number without numbers.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Converts `time` to units of which a second has `per_second`, with two digits.
fn rounded(time: Duration, per_second: f64) -> f64 {
    (time.as_secs_f64() * per_second * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(range: std::ops::RangeInclusive<u64>) -> Vec<Duration> {
        range.rev().map(Duration::from_micros).collect()
    }

    #[test]
    fn percentile_takes_the_nearest_rank() {
        assert_eq!(percentile(&mut micros(1..=100), 50), Duration::from_micros(50));
        assert_eq!(percentile(&mut micros(1..=100), 99), Duration::from_micros(99));
        assert_eq!(percentile(&mut micros(1..=5), 50), Duration::from_micros(3));
        assert_eq!(percentile(&mut micros(1..=5), 99), Duration::from_micros(5));
        assert_eq!(percentile(&mut micros(7..=7), 50), Duration::from_micros(7));
        assert_eq!(percentile(&mut [], 50), Duration::ZERO);
    }

    #[test]
    fn figures_are_in_their_units() {
        let samples = Samples {
            inits: vec![Duration::from_micros(1_234); 3],
            responses: micros(1..=200),
            cpu: Duration::from_micros(5_000),
            peak_rss_kb: 9_000,
        };
        let expected = Figures {
            init_ms_p50: 1.23,
            init_ms_min: 1.23,
            warm_us_p50: 100.0,
            warm_us_p99: 198.0,
            cpu_us: 25.0,
            peak_rss_kb: 9_000,
            binary_kb: 1,
        };
        assert_eq!(samples.figures(1), expected);
    }
}
