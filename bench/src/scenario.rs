//! Scenarios: a bootstrap and the requests that it gets.

use std::time::Duration;

/// How long the slow stream takes to accept a click.
pub(crate) const SLOW_STREAM: Duration = Duration::from_millis(20);
/// How long the hanging stream takes: longer than a redirect waits for it.
pub(crate) const HANGING_STREAM: Duration = Duration::from_secs(4);
/// How many slugs one process is asked for. It must forget most of them to keep its memory.
pub(crate) const MANY_SLUGS: usize = 100_000;

/// The slug of the link that leads to a file.
pub(crate) const FILE_SLUG: &str = "a-film";

/// Which slugs the requests ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slugs {
    /// Always the same one: the cache has it.
    Same,
    /// A new one each time: no cache has it.
    Distinct,
    /// Always the one of a link to a file.
    File,
}

/// A bootstrap and the requests that it gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    /// Its key in the summary.
    pub(crate) key: &'static str,
    /// The binary's name.
    pub(crate) bootstrap: &'static str,
    pub(crate) slugs: Slugs,
    pub(crate) stream_delay: Duration,
    /// How long the bench waits before each request.
    pub(crate) pause: Duration,
}

const PLAIN: Scenario = Scenario {
    key: "noop",
    bootstrap: "bench-noop",
    slugs: Slugs::Same,
    stream_delay: Duration::ZERO,
    pause: Duration::ZERO,
};

/// The name of the earlier binary, if the run compares with one.
pub(crate) const BASELINE: &str = "baseline";

/// The scenarios that run in turns.
pub(crate) const SCENARIOS: [Scenario; 10] = [
    PLAIN,
    Scenario { key: "getitem", bootstrap: "bench-getitem", slugs: Slugs::Distinct, ..PLAIN },
    Scenario { key: "redirect_cached", bootstrap: "redirect", ..PLAIN },
    Scenario { key: "redirect_uncached", bootstrap: "redirect", slugs: Slugs::Distinct, ..PLAIN },
    Scenario { key: "redirect_file", bootstrap: "redirect", slugs: Slugs::File, ..PLAIN },
    Scenario { key: "redirect_slow_stream", bootstrap: "redirect", stream_delay: SLOW_STREAM, ..PLAIN },
    Scenario {
        key: "redirect_hanging_stream",
        bootstrap: "redirect",
        stream_delay: HANGING_STREAM,
        pause: SLOW_STREAM,
        ..PLAIN
    },
    // The peer of the slow streams: a processor that has slept wakes up slowly, with or without a stream.
    Scenario { key: "redirect_paced", bootstrap: "redirect", pause: SLOW_STREAM, ..PLAIN },
    Scenario { key: "baseline_cached", bootstrap: BASELINE, ..PLAIN },
    Scenario { key: "baseline_uncached", bootstrap: BASELINE, slugs: Slugs::Distinct, ..PLAIN },
];

/// Runs once, after the others.
pub(crate) const DISTINCT_SLUGS: Scenario =
    Scenario { key: "redirect_distinct_slugs", bootstrap: "redirect", slugs: Slugs::Distinct, ..PLAIN };

impl Scenario {
    /// How many requests it gets in a turn: few if each takes long.
    pub(crate) fn requests_in_a_turn(&self) -> usize {
        if (self.stream_delay + self.pause).is_zero() { 250 } else { 15 }
    }

    /// A part of every right answer. An error would be fast too.
    pub(crate) fn expected(&self) -> &'static str {
        if self.bootstrap == PLAIN.bootstrap { "\"statusCode\":200" } else { "\"statusCode\":302" }
    }

    /// Makes the event of a request by its number: a GET of a browser, as API Gateway sends it.
    pub(crate) fn event(&self, number: usize) -> String {
        let slug = match self.slugs {
            Slugs::Same => "spring-sale".to_owned(),
            Slugs::File => FILE_SLUG.to_owned(),
            Slugs::Distinct => format!("s{number:010}"),
        };
        EVENT.replace("{slug}", &slug)
    }
}

/// A GET of `/{slug}`, as API Gateway sends it.
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
    fn slugs_are_the_same_or_distinct() {
        assert_eq!(path(&PLAIN, 1), path(&PLAIN, 2));
        assert_ne!(path(&DISTINCT_SLUGS, 1), path(&DISTINCT_SLUGS, 2));
    }
}
