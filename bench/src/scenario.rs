//! Who is measured, and with which requests.

use std::time::Duration;

/// How long the slow stream takes to accept a click.
pub(crate) const SLOW_STREAM: Duration = Duration::from_millis(20);
/// How many slugs a process must remember, or not remember, within the limit of memory.
pub(crate) const MANY_SLUGS: usize = 100_000;

/// Which slugs are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slugs {
    /// Always the same one, which a cache has.
    Same,
    /// Always another one, which no cache has.
    Other,
}

/// A bootstrap and the requests that it gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    /// What the summary calls it.
    pub(crate) key: &'static str,
    /// The binary's name.
    pub(crate) bootstrap: &'static str,
    pub(crate) slugs: Slugs,
    pub(crate) stream_delay: Duration,
    /// The pause before each request.
    pub(crate) pause: Duration,
}

const PLAIN: Scenario = Scenario {
    key: "noop",
    bootstrap: "bench-noop",
    slugs: Slugs::Same,
    stream_delay: Duration::ZERO,
    pause: Duration::ZERO,
};

/// The name of the binary that a run is compared with, if it is.
pub(crate) const BASELINE: &str = "baseline";

/// What is measured in turns.
pub(crate) const SCENARIOS: [Scenario; 8] = [
    PLAIN,
    Scenario { key: "getitem", bootstrap: "bench-getitem", slugs: Slugs::Other, ..PLAIN },
    Scenario { key: "redirect_cached", bootstrap: "redirect", ..PLAIN },
    Scenario { key: "redirect_uncached", bootstrap: "redirect", slugs: Slugs::Other, ..PLAIN },
    Scenario { key: "redirect_slow_stream", bootstrap: "redirect", stream_delay: SLOW_STREAM, ..PLAIN },
    // What the slow stream is compared with: a processor that has slept wakes up slowly, whatever the stream does.
    Scenario { key: "redirect_paced", bootstrap: "redirect", pause: SLOW_STREAM, ..PLAIN },
    Scenario { key: "baseline_cached", bootstrap: BASELINE, ..PLAIN },
    Scenario { key: "baseline_uncached", bootstrap: BASELINE, slugs: Slugs::Other, ..PLAIN },
];

/// Measured after the others, once.
pub(crate) const DISTINCT_SLUGS: Scenario =
    Scenario { key: "redirect_distinct_slugs", bootstrap: "redirect", slugs: Slugs::Other, ..PLAIN };

impl Scenario {
    /// How many requests it gets in a turn: fewer where each takes long.
    pub(crate) fn requests_in_a_turn(&self) -> usize {
        if (self.stream_delay + self.pause).is_zero() { 250 } else { 15 }
    }

    /// What the answer to an event must have in it. An error would be fast as well.
    pub(crate) fn expected(&self) -> &'static str {
        if self.bootstrap == PLAIN.bootstrap { "\"statusCode\":200" } else { "\"statusCode\":302" }
    }

    /// The event of the request with this number: what API Gateway sends for a browser's GET.
    pub(crate) fn event(&self, number: usize) -> String {
        let slug = match self.slugs {
            Slugs::Same => "spring-sale".to_owned(),
            Slugs::Other => format!("s{number:010}"),
        };
        EVENT.replace("{slug}", &slug)
    }
}

/// What API Gateway sends for a GET of `/{slug}`.
pub(crate) const EVENT: &str = include_str!("event.json");

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn path(scenario: &Scenario, number: usize) -> String {
        let event: Value = serde_json::from_str(&scenario.event(number)).unwrap();
        assert_eq!(event["rawPath"], event["requestContext"]["http"]["path"]);
        event["rawPath"].as_str().unwrap().to_owned()
    }

    #[test]
    fn slugs_are_the_same_or_others() {
        assert_eq!(path(&PLAIN, 1), path(&PLAIN, 2));
        assert_ne!(path(&DISTINCT_SLUGS, 1), path(&DISTINCT_SLUGS, 2));
    }
}
