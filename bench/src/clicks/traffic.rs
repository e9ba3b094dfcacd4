//! Generates clicks: real user agents, few of them often and many of them seldom, from a shard at its limit of a thousand a
//! second.

use anyhow::{Context, Result};
use waypost_domain::analytics::ingest::record::Received;
use waypost_domain::testing::analytics::{click, received};

use crate::chance::Chance;

const USER_AGENTS: &str = include_str!("../../../tests/data/user-agents.tsv");
/// How many versions of each user agent there are.
const VERSIONS: usize = 40;
/// 2026-01-02T10:00:00Z.
const START: i64 = 1_767_348_000_000;

/// A source of clicks, the same in every run.
pub(super) struct Traffic {
    agents: Vec<String>,
    links: usize,
    chance: Chance,
    sent: u64,
}

impl Traffic {
    /// Clicks on `links` links, all equally often.
    pub(super) fn over(links: usize) -> Result<Self> {
        let listed = USER_AGENTS.lines().filter_map(|line| Some(line.split_once('\t')?.1));
        let agents: Vec<String> =
            (0..VERSIONS).flat_map(|version| listed.clone().map(move |agent| with_version(agent, version))).collect();
        anyhow::ensure!(!agents.is_empty(), "there is no user agent");
        Ok(Self { agents, links, chance: Chance(17), sent: 0 })
    }

    /// Generates the next `count` records of the shard.
    pub(super) fn records(&mut self, count: usize) -> Result<Vec<Received<'static>>> {
        (0..count).map(|_| self.record()).collect()
    }

    fn record(&mut self) -> Result<Received<'static>> {
        let millis = START + i64::try_from(self.sent)?;
        self.sent += 1;
        let time = waypost_domain::values::timestamp::Timestamp::from_millis(millis).context("a time")?;
        let mut click = click(&format!("link-{}", self.chance.below(self.links)), "2026-01-02T00:00:00Z");
        click.time = time;
        click.id = format!(
            "019b0c6b-{:04x}-7{:03x}-8{:03x}-{:012x}",
            self.sent & 0xffff,
            self.chance.below(4096),
            self.chance.below(4096),
            self.chance.below(1 << 48)
        );
        let agent = self.chance.popular(self.agents.len());
        click.user_agent = self.agents.get(agent).cloned();
        click.country = Some(format!("{}{}", char::from(b'A' + u8::try_from(self.chance.popular(20))?), 'X'));
        click.visitor = Some(format!("v{:010}", self.chance.below(100_000)));
        click.language = Some(["de", "en", "fr", "es", "it", "pl"][self.chance.popular(6)].to_owned());
        if self.chance.below(10) < 6 {
            let hosts =
                ["t.co", "google.com", "l.facebook.com", "example.org", "linkedin.com", "reddit.com", "blog.example"];
            click.referrer = Some(hosts[self.chance.popular(7)].to_owned());
        }
        if self.chance.below(10) < 2 {
            click.utm.source = Some("newsletter".to_owned());
            click.utm.campaign = Some(format!("campaign-{}", self.chance.below(12)));
        }
        // 56 digits, as in Kinesis.
        let sequence = format!("4959033827149025660855969253836157{:022}", self.sent * 4);
        Ok(Received { sequence: sequence.into(), ..received(6, 0, &click) })
    }
}

/// Changes the last number of a user agent.
fn with_version(agent: &str, version: usize) -> String {
    match agent.rfind('.').filter(|_| version > 0) {
        Some(dot) => {
            format!("{}.{version}{}", &agent[..dot], agent[dot + 1..].trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => agent.to_owned(),
    }
}
