//! Asks the targets of some links: each target once, each host one target after the other.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures::StreamExt;
use sha2::{Digest, Sha256};
use url::{Position, Url};

use super::finding::Finding;
use super::ports::CheckPorts;
use crate::links::link::Link;
use crate::links::target_check::{FailureReason, TargetCheck};
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

/// What is found about the targets of a link: the finding that counts, and the pointer to its field if that is not `/url`.
pub(super) type Found = (Finding, Option<String>);

/// The targets of a host, in the order of their links.
struct Question {
    name: String,
    host: Host,
    targets: Vec<Target>,
}

/// A target to ask.
struct Target {
    hash: TargetHash,
    url: TargetUrl,
    parsed: Url,
    /// Whether it is asked however late it is, so that each slice gets on.
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
    pub(super) async fn ask(&mut self, ports: &CheckPorts, links: &[&Link], late: Timestamp) -> Vec<Found> {
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
        links.iter().map_while(|link| self.of(link)).collect()
    }

    /// Returns what counts of what is found about the targets of `link`; `None` if one of them was not asked. A target that fails counts:
    /// `url` before all others, and before the rest the one that failed before, so that its failures in a row are counted.
    fn of(&self, link: &Link) -> Option<Found> {
        let found = web_targets(link).map(|(pointer, url)| Some((pointer, *self.found.get(&hash(&url))?)));
        let found = found.collect::<Option<Vec<(String, Finding)>>>()?;
        let failed_before = link.target_check.as_ref().map(TargetCheck::pointer);
        let fails = |pointer: &str| {
            found
                .iter()
                .find(|(at, finding)| matches!(finding, Finding::Fails(_)) && (pointer.is_empty() || at == pointer))
        };
        let counts = fails("/url").or_else(|| failed_before.and_then(fails)).or_else(|| fails("")).or(found.first());
        Some(match counts {
            Some((pointer, finding @ Finding::Fails(_))) if pointer != "/url" => (*finding, Some(pointer.clone())),
            Some((_, finding)) => (*finding, None),
            None => (Finding::Unknown, None),
        })
    }

    /// Returns the targets that are not known yet, by host.
    fn questions(&mut self, links: &[&Link]) -> Vec<Question> {
        let mut questions: Vec<Question> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut seen = HashSet::new();
        let targets =
            links.iter().enumerate().flat_map(|(index, link)| web_targets(link).map(move |(_, url)| (index, url)));
        for (index, target) in targets {
            let hash = hash(&target);
            if self.found.contains_key(&hash) || !seen.insert(hash) {
                continue;
            }
            let url = Url::parse(target.as_str()).ok();
            let Some((name, parsed)) = url.and_then(|url| Some((url.host_str()?.to_owned(), url))) else {
                self.found.insert(hash, Finding::Unknown);
                continue;
            };
            let place = *places.entry(name.clone()).or_insert_with(|| {
                let host = self.hosts.get(&name).cloned().unwrap_or_default();
                questions.push(Question { name, host, targets: Vec::new() });
                questions.len() - 1
            });
            let is_first = self.asked == 0 && index == 0;
            questions[place].targets.push(Target { hash, url: target, parsed, is_first });
        }
        questions
    }
}

/// Returns the targets of a link that can be asked, with the pointers to their fields.
fn web_targets(link: &Link) -> impl Iterator<Item = (String, TargetUrl)> {
    link.targets().into_iter().filter(|(_, url)| url.is_web())
}

/// Asks the targets of one host until `late`.
async fn put(ports: &CheckPorts, question: Question, late: Timestamp) -> Reply {
    let Question { name, mut host, targets } = question;
    let (mut found, mut asked) = (Vec::with_capacity(targets.len()), 0);
    for Target { hash, url, parsed, is_first } in targets {
        let origin = &parsed[..Position::BeforePath];
        if let Some(finding) = host.silence_of(origin) {
            found.push((hash, finding));
            continue;
        }
        if ports.clock.now() >= late && !is_first {
            break;
        }
        if host.was_asked {
            ports.timer.pause(GAP_MILLIS).await;
        }
        host.was_asked = true;
        asked += 1;
        let answer = ports.targets.ask(&url).await;
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
