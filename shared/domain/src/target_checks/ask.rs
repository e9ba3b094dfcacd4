//! Asks the targets of some links: each target once, each host one target after the other.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures::StreamExt;
use sha2::{Digest, Sha256};
use url::{Position, Url};

use super::finding::Finding;
use super::ports::CheckPorts;
use crate::links::link::Link;
use crate::links::target_check::FailureReason;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;

/// How many hosts are asked at the same time.
const HOSTS_AT_ONCE: usize = 16;
/// The longest pause before another request to a host, in milliseconds. A pause is a random part of it.
const GAP_MILLIS: u64 = 500;
/// After so many targets of an origin in a row without an answer in time, its others count as such, too.
const SLOW_TARGETS: u8 = 3;
/// So many targets are remembered within a slice.
const MAX_REMEMBERED: usize = 50_000;

/// A target in few bytes.
type TargetHash = [u8; 32];

fn hash(url: &TargetUrl) -> TargetHash {
    Sha256::digest(url.as_str()).into()
}

/// Asks targets within one slice of a run, and remembers what it found.
#[derive(Default)]
pub(super) struct Asker {
    found: HashMap<TargetHash, Finding>,
    hosts: HashMap<String, Host>,
    /// How many targets it has asked.
    pub(super) asked: u64,
}

/// What is known of a host.
#[derive(Debug, Clone, Default)]
struct Host {
    was_asked: bool,
    /// Origins (scheme, host and port) that gave no answer, and how many of their targets in a row did not.
    silent: BTreeMap<String, (Finding, u8)>,
}

/// The targets of a host, in the order of their links.
struct Question {
    name: String,
    host: Host,
    targets: Vec<(TargetHash, TargetUrl, Url)>,
    /// Whether its first target is asked however late it is, so that each slice gets on.
    is_first: bool,
}

/// What came of a [`Question`].
struct Reply {
    name: String,
    host: Host,
    found: Vec<(TargetHash, Finding)>,
    asked: u64,
}

impl Asker {
    /// Returns what is found about the targets of `links`, in their order: of the first links, as many as there is time for until
    /// `late`, and at least of the first one if nothing was asked before.
    pub(super) async fn ask(&mut self, ports: &CheckPorts, links: &[&Link], late: Timestamp) -> Vec<Finding> {
        if self.found.len() > MAX_REMEMBERED {
            (self.found, self.hosts) = Default::default();
        }
        let questions = self.questions(links);
        let asking = questions.into_iter().map(|question| put(ports, question, late));
        let mut replies = futures::stream::iter(asking).buffer_unordered(HOSTS_AT_ONCE);
        while let Some(reply) = replies.next().await {
            self.found.extend(reply.found);
            self.hosts.insert(reply.name, reply.host);
            self.asked += reply.asked;
        }
        links.iter().map_while(|link| self.found.get(&hash(&link.url)).copied()).collect()
    }

    /// Returns the targets that are not known yet, by host.
    fn questions(&mut self, links: &[&Link]) -> Vec<Question> {
        let mut questions: Vec<Question> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut seen = HashSet::new();
        for link in links {
            let hash = hash(&link.url);
            if self.found.contains_key(&hash) || !seen.insert(hash) {
                continue;
            }
            let url = Url::parse(link.url.as_str()).ok();
            let Some((name, url)) = url.and_then(|url| Some((url.host_str()?.to_owned(), url))) else {
                self.found.insert(hash, Finding::Unknown);
                continue;
            };
            let place = *places.entry(name.clone()).or_insert_with(|| {
                let host = self.hosts.get(&name).cloned().unwrap_or_default();
                let is_first = self.asked == 0 && questions.is_empty();
                questions.push(Question { name, host, targets: Vec::new(), is_first });
                questions.len() - 1
            });
            questions[place].targets.push((hash, link.url.clone(), url));
        }
        questions
    }
}

/// Asks the targets of one host until `late`.
async fn put(ports: &CheckPorts, question: Question, late: Timestamp) -> Reply {
    let Question { name, mut host, targets, is_first } = question;
    let (mut found, mut asked) = (Vec::with_capacity(targets.len()), 0);
    for (hash, target, url) in targets {
        let origin = &url[..Position::BeforePath];
        if let Some(finding) = host.silence_of(origin) {
            found.push((hash, finding));
            continue;
        }
        if ports.clock.now() >= late && !(is_first && asked == 0) {
            break;
        }
        if host.was_asked {
            ports.timer.pause(GAP_MILLIS).await;
        }
        host.was_asked = true;
        asked += 1;
        let answer = ports.targets.ask(&target).await;
        let finding = Finding::of(&answer.answer);
        host.note(origin, finding, answer.is_of_own_host);
        found.push((hash, finding));
    }
    Reply { name, host, found, asked }
}

impl Host {
    /// Returns what holds for all targets of `origin`, if it gives no answers.
    fn silence_of(&self, origin: &str) -> Option<Finding> {
        let (finding, times) = self.silent.get(origin)?;
        let needed = if *finding == Finding::Fails(FailureReason::Timeout) { SLOW_TARGETS } else { 1 };
        Some(*finding).filter(|_| *times >= needed)
    }

    fn note(&mut self, origin: &str, finding: Finding, is_of_own_host: bool) {
        use FailureReason::{Connection, Dns, Timeout, Tls};
        match finding {
            Finding::Fails(Dns | Connection | Tls | Timeout) if is_of_own_host => {
                let (known, times) = self.silent.entry(origin.to_owned()).or_insert((finding, 0));
                (*known, *times) = (finding, if *known == finding { *times + 1 } else { 1 });
            }
            _ => drop(self.silent.remove(origin)),
        }
    }
}
