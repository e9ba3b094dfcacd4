//! Remembers what is known about URLs, in bounded memory.

use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use super::ports::Verdict;
use super::threat::Threat;
use crate::values::timestamp::Timestamp;

/// The most URLs that are remembered, some 100 bytes each.
pub const MAX_REMEMBERED: usize = 8_192;
/// How long an answer is remembered that does not say how long it holds, in seconds: that of a URL nobody knows anything bad of.
pub const SHORT_SECONDS: i64 = 300;
/// The longest time for which an answer is remembered, in seconds.
pub const LONGEST_SECONDS: i64 = 24 * 3600;

/// A URL in few bytes.
type UrlHash = [u8; 32];

#[derive(Debug, Clone, Copy)]
struct Entry {
    threat: Option<Threat>,
    from: Timestamp,
    until: Timestamp,
}

/// Answers of the process.
#[derive(Debug)]
pub struct VerdictCache(Cache<UrlHash, Entry>);

impl Default for VerdictCache {
    fn default() -> Self {
        Self(Cache::new(MAX_REMEMBERED))
    }
}

impl VerdictCache {
    /// Returns what is known about `url` at `now`: its threat, or that it has none. `None` if nothing is known any more.
    pub fn get(&self, url: &str, now: Timestamp) -> Option<Option<Threat>> {
        let entry = self.0.get(&hash(url))?;
        // A clock that was set back must not make an answer hold longer.
        (entry.from <= now && now < entry.until).then_some(entry.threat)
    }

    /// Remembers `verdict` about `url`, which came at `now`.
    pub fn put(&self, url: &str, verdict: &Verdict, now: Timestamp) {
        let until = verdict.until.unwrap_or_else(|| now.plus_seconds(SHORT_SECONDS));
        let until = until.min(now.plus_seconds(LONGEST_SECONDS));
        self.0.insert(hash(url), Entry { threat: verdict.threat, from: now, until });
    }
}

fn hash(url: &str) -> UrlHash {
    Sha256::digest(url).into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_767_225_600_000 + seconds * 1000).unwrap()
    }

    fn threat(number: u8) -> Option<Threat> {
        [None, Some(Threat::Phishing), Some(Threat::Malware), Some(Threat::UnwantedSoftware)][usize::from(number % 4)]
    }

    proptest! {
        /// What the cache tells is the newest answer about that URL, and never older than that answer allows.
        #[test]
        fn cache_tells_the_newest_answer_or_nothing(
            steps in prop::collection::vec((0_u8..6, 0_u8..4, prop::option::of(-50_i64..100_000), 0_i64..400, any::<bool>()), 1..60),
        ) {
            let (cache, mut newest, mut now) = (VerdictCache::default(), HashMap::new(), 0);
            for (url, kind, holds, passed, is_put) in steps {
                now += passed;
                let name = format!("https://{url}.example/");
                if is_put {
                    let verdict = Verdict { threat: threat(kind), until: holds.map(|seconds| at(now + seconds)) };
                    cache.put(&name, &verdict, at(now));
                    newest.insert(url, (threat(kind), now + holds.unwrap_or(SHORT_SECONDS).min(LONGEST_SECONDS)));
                }
                let expected = newest.get(&url).filter(|(_, until)| now < *until).map(|(threat, _)| *threat);
                prop_assert_eq!(cache.get(&name, at(now)), expected);
            }
        }
    }

    #[test]
    fn memory_is_bounded() {
        let (cache, verdict) = (VerdictCache::default(), Verdict { threat: None, until: None });
        for n in 0..3 * MAX_REMEMBERED {
            cache.put(&format!("https://{n}.example/"), &verdict, at(0));
            assert!(cache.0.len() <= MAX_REMEMBERED);
        }
        let kept = (0..3 * MAX_REMEMBERED).filter(|n| cache.get(&format!("https://{n}.example/"), at(1)).is_some());
        assert!(kept.count() > MAX_REMEMBERED / 2);
    }

    #[test]
    fn clock_that_was_set_back_makes_nothing_hold_longer() {
        let cache = VerdictCache::default();
        cache.put("https://a.example/", &Verdict { threat: None, until: Some(at(60)) }, at(0));
        assert_eq!(cache.get("https://a.example/", at(-1)), None);
        assert_eq!(cache.get("https://a.example/", at(0)), Some(None));
    }
}
