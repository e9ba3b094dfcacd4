//! Clicks as they come: real user agents, few of them often and many of them seldom, and a shard at its limit of a thousand
//! a second.

use anyhow::{Context, Result};
use waypost_domain::analytics::ingest::record::Received;
use waypost_domain::testing::analytics::{click, received};

const USER_AGENTS: &str = include_str!("../../../tests/data/user-agents.tsv");
/// Of each user agent there are so many versions.
const VERSIONS: usize = 40;
/// 2026-01-02T10:00:00Z.
const START: i64 = 1_767_348_000_000;

/// A source of clicks, always the same.
pub(super) struct Traffic {
    agents: Vec<String>,
    links: usize,
    state: u64,
    sent: u64,
}

impl Traffic {
    /// Clicks on so many links, each as likely as the others.
    pub(super) fn over(links: usize) -> Result<Self> {
        let listed = USER_AGENTS.lines().filter_map(|line| Some(line.split_once('\t')?.1));
        let agents: Vec<String> =
            (0..VERSIONS).flat_map(|version| listed.clone().map(move |agent| with_version(agent, version))).collect();
        anyhow::ensure!(!agents.is_empty(), "there is no user agent");
        Ok(Self { agents, links, state: 17, sent: 0 })
    }

    /// SplitMix64.
    fn chance(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap_or(0)
    }

    /// The square of chance prefers the first ones.
    fn preferring(&mut self, end: usize) -> usize {
        self.chance(end) * self.chance(end) / end
    }

    /// The next `count` records of the shard.
    pub(super) fn records(&mut self, count: usize) -> Result<Vec<Received<'static>>> {
        (0..count).map(|_| self.record()).collect()
    }

    fn record(&mut self) -> Result<Received<'static>> {
        let millis = START + i64::try_from(self.sent)?;
        self.sent += 1;
        let time = waypost_domain::values::timestamp::Timestamp::from_millis(millis).context("a time")?;
        let mut click = click(&format!("link-{}", self.chance(self.links)), "2026-01-02T00:00:00Z");
        click.time = time;
        click.id = format!(
            "019b0c6b-{:04x}-7{:03x}-8{:03x}-{:012x}",
            self.sent & 0xffff,
            self.chance(4096),
            self.chance(4096),
            self.chance(1 << 48)
        );
        let agent = self.preferring(self.agents.len());
        click.user_agent = self.agents.get(agent).cloned();
        click.country = Some(format!("{}{}", char::from(b'A' + u8::try_from(self.preferring(20))?), 'X'));
        click.visitor = Some(format!("v{:010}", self.chance(100_000)));
        click.language = Some(["de", "en", "fr", "es", "it", "pl"][self.preferring(6)].to_owned());
        if self.chance(10) < 6 {
            let hosts =
                ["t.co", "google.com", "l.facebook.com", "example.org", "linkedin.com", "reddit.com", "blog.example"];
            click.referrer = Some(hosts[self.preferring(7)].to_owned());
        }
        if self.chance(10) < 2 {
            click.utm.source = Some("newsletter".to_owned());
            click.utm.campaign = Some(format!("campaign-{}", self.chance(12)));
        }
        // As Kinesis has them: 56 digits.
        let sequence = format!("4959033827149025660855969253836157{:022}", self.sent * 4);
        Ok(Received { sequence: sequence.into(), ..received(6, 0, &click) })
    }
}

/// The user agent with another version in its last number.
fn with_version(agent: &str, version: usize) -> String {
    match agent.rfind('.').filter(|_| version > 0) {
        Some(dot) => {
            format!("{}.{version}{}", &agent[..dot], agent[dot + 1..].trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => agent.to_owned(),
    }
}
