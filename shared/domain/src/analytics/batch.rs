//! A batch of records, read: every text that repeats has a number, so that folding compares numbers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::RandomState;

use super::click_text::{ClickText, Text};
use super::record::{Malformed, Received};
use super::sequence::Digits;
use super::user_agent::Agent;
use super::{Dimension, Lane, UserAgents, referrer};
use crate::click::Trigger;
use crate::{Domain, LinkId, Slug, Timestamp, WorkspaceId};

type Map<K, V> = HashMap<K, V, RandomState>;

/// The number of a text in [`Batch::texts`]; 0 is no text.
pub(super) type Value = u32;

/// A record that can be counted.
#[derive(Debug)]
pub(super) struct Record<'a> {
    /// Its place in what was received.
    pub(super) received: usize,
    pub(super) lane: usize,
    pub(super) sequence: Digits<'a>,
    pub(super) arrived_millis: i64,
    pub(super) id: Text<'a>,
    pub(super) time: Timestamp,
    pub(super) link: usize,
    pub(super) workspace: usize,
    pub(super) visitor: Option<Text<'a>>,
    pub(super) bot: bool,
    /// By dimension.
    values: [Value; Dimension::COUNT],
}

impl Record<'_> {
    pub(super) fn value(&self, dimension: Dimension) -> Value {
        self.values[dimension as usize]
    }
}

/// Records of a batch, and what they have in common.
#[derive(Default)]
pub(super) struct Batch<'a> {
    pub(super) lanes: Vec<Lane>,
    pub(super) links: Vec<LinkId>,
    pub(super) workspaces: Vec<WorkspaceId>,
    /// Ascending by lane and sequence number, each number once.
    pub(super) records: Vec<Record<'a>>,
    texts: Vec<String>,
    /// Clicks by value, all zero unless [`Batch::count`] is at work.
    counting: Mutex<Vec<u64>>,
}

impl<'a> Batch<'a> {
    /// Reads `received`, whose data `decoded` holds at the same places; gives those that cannot be read beside it.
    pub(super) fn read(
        received: &'a [Received<'a>],
        decoded: &'a [Result<Vec<u8>, Malformed>],
        agents: &UserAgents,
    ) -> (Self, Vec<(usize, String)>) {
        let mut reader = Reader::new(agents);
        let mut malformed = Vec::new();
        for (index, (received, decoded)) in received.iter().zip(decoded).enumerate() {
            let read = match decoded {
                Ok(json) => reader.record(index, received, json).map_err(|reason| reason.to_string()),
                Err(reason) => Err(reason.to_string()),
            };
            match read {
                Ok(record) => reader.batch.records.push(record),
                Err(reason) => malformed.push((index, reason)),
            }
        }
        let mut batch = reader.batch;
        let place = |record: &Record<'a>| (record.lane, record.sequence);
        if !batch.records.is_sorted_by_key(place) {
            batch.records.sort_by_key(place);
        }
        batch.records.dedup_by_key(|record| place(record));
        batch.counting = Mutex::new(vec![0; batch.texts.len()]);
        (batch, malformed)
    }

    pub(super) fn text(&self, value: Value) -> &str {
        self.texts.get(value as usize).map_or("", String::as_str)
    }

    /// How often each value is in `values`, in the order of their first appearance.
    pub(super) fn count(&self, values: impl Iterator<Item = Value>) -> Vec<(Value, u64)> {
        let mut counting = self.counting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = Vec::new();
        for value in values.filter(|value| *value != 0) {
            let count = &mut counting[value as usize];
            if *count == 0 {
                seen.push((value, 0));
            }
            *count += 1;
        }
        for (value, count) in &mut seen {
            *count = std::mem::take(&mut counting[*value as usize]);
        }
        seen
    }
}

/// What one user agent says, as numbers.
struct AgentValues {
    bot: bool,
    values: [(Dimension, Value); 5],
}

/// Reads records and gives texts their numbers.
struct Reader<'a, 'b> {
    agents: &'b UserAgents,
    batch: Batch<'a>,
    text_values: Map<String, Value>,
    lanes: Map<&'a str, usize>,
    /// By domain and slug, as they are written.
    links: Map<String, Map<String, usize>>,
    /// The name of each link of the batch.
    link_names: Vec<Value>,
    link_ids: Map<LinkId, usize>,
    workspaces: Map<String, usize>,
    referrers: Map<String, (Value, Value)>,
    known_agents: Map<String, AgentValues>,
}

impl<'a, 'b> Reader<'a, 'b> {
    fn new(agents: &'b UserAgents) -> Self {
        Self {
            agents,
            batch: Batch { texts: vec![String::new()], ..Batch::default() },
            text_values: Map::default(),
            lanes: Map::default(),
            links: Map::default(),
            link_names: Vec::new(),
            link_ids: Map::default(),
            workspaces: Map::default(),
            referrers: Map::default(),
            known_agents: Map::default(),
        }
    }

    fn record(&mut self, index: usize, received: &'a Received<'a>, json: &'a [u8]) -> Result<Record<'a>, Malformed> {
        let lane = self.lane(&received.shard)?;
        let sequence = Digits::parse(&received.sequence)?;
        let (click, time) = ClickText::read(json)?;
        let link = self.link(click.domain.as_str(), click.slug.as_str())?;
        let workspace = self.workspace(click.workspace.as_str())?;
        let (bot, mut values) = self.values(&click);
        if !bot {
            values[Dimension::Link as usize] = self.link_names[link];
        }
        Ok(Record {
            received: index,
            lane,
            sequence,
            arrived_millis: received.arrived_millis.unwrap_or_else(|| time.as_millis()),
            id: click.id,
            time,
            link,
            workspace,
            visitor: click.visitor,
            bot,
            values,
        })
    }

    fn lane(&mut self, shard: &'a str) -> Result<usize, Malformed> {
        if let Some(lane) = self.lanes.get(shard) {
            return Ok(*lane);
        }
        let lane = Lane::of_shard(shard)?;
        self.batch.lanes.push(lane);
        self.lanes.insert(shard, self.batch.lanes.len() - 1);
        Ok(self.batch.lanes.len() - 1)
    }

    /// The link's number: the same for all ways to write its domain.
    fn link(&mut self, domain: &str, slug: &str) -> Result<usize, Malformed> {
        if let Some(link) = self.links.get(domain).and_then(|slugs| slugs.get(slug)) {
            return Ok(*link);
        }
        let id = LinkId {
            domain: Domain::parse(domain).map_err(|error| Malformed::Field("domain", error.to_string()))?,
            slug: Slug::parse(slug).map_err(|error| Malformed::Field("slug", error.to_string()))?,
        };
        let link = match self.link_ids.get(&id) {
            Some(link) => *link,
            None => {
                let name = self.text(&format!("{}/{}", id.domain, id.slug));
                self.link_names.push(name);
                self.batch.links.push(id.clone());
                self.link_ids.insert(id, self.batch.links.len() - 1);
                self.batch.links.len() - 1
            }
        };
        self.links.entry(domain.to_owned()).or_default().insert(slug.to_owned(), link);
        Ok(link)
    }

    fn workspace(&mut self, text: &str) -> Result<usize, Malformed> {
        if let Some(workspace) = self.workspaces.get(text) {
            return Ok(*workspace);
        }
        let id = WorkspaceId::parse(text).map_err(|error| Malformed::Field("workspace", error.to_string()))?;
        self.batch.workspaces.push(id);
        self.workspaces.insert(text.to_owned(), self.batch.workspaces.len() - 1);
        Ok(self.batch.workspaces.len() - 1)
    }

    /// Whether the click is a bot's, and its values by dimension.
    fn values(&mut self, click: &ClickText<'_>) -> (bool, [Value; Dimension::COUNT]) {
        let mut values = [0; Dimension::COUNT];
        let agent = self.agent(click.user_agent.as_ref().map_or("", Text::as_str));
        for (dimension, value) in agent.values {
            values[dimension as usize] = value;
        }
        let bot = agent.bot;
        if bot {
            return (bot, values);
        }
        if let Some(host) = &click.referrer {
            let (group, host) = self.referrer(host.as_str());
            values[Dimension::Referrer as usize] = group;
            values[Dimension::ReferrerHost as usize] = host;
        }
        let (utm, trigger) = (&click.utm, if click.trigger == Trigger::Qr { "qr" } else { "link" });
        for (dimension, text) in [
            (Dimension::Country, &click.country),
            (Dimension::Language, &click.language),
            (Dimension::UtmSource, &utm.source),
            (Dimension::UtmMedium, &utm.medium),
            (Dimension::UtmCampaign, &utm.campaign),
            (Dimension::UtmTerm, &utm.term),
            (Dimension::UtmContent, &utm.content),
            (Dimension::Variant, &click.variant),
        ] {
            if let Some(text) = text {
                values[dimension as usize] = self.text(text.as_str());
            }
        }
        values[Dimension::Trigger as usize] = self.text(trigger);
        if let Some(rule) = click.rule {
            values[Dimension::Rule as usize] = self.text(&rule.to_string());
        }
        (bot, values)
    }

    fn agent(&mut self, text: &str) -> &AgentValues {
        if !self.known_agents.contains_key(text) {
            let values = self.agent_values(&self.agents.read(text));
            self.known_agents.insert(text.to_owned(), values);
        }
        &self.known_agents[text]
    }

    fn agent_values(&mut self, agent: &Arc<Agent>) -> AgentValues {
        let mut value = |text: Option<&str>| text.map_or(0, |text| self.text(text));
        let bot = agent.bot.as_ref();
        AgentValues {
            bot: bot.is_some(),
            values: [
                (Dimension::Device, value(agent.device.map(|device| device.as_str()))),
                (Dimension::Browser, value(agent.browser.as_deref())),
                (Dimension::Os, value(agent.os.as_deref())),
                (Dimension::BotKind, value(bot.map(|bot| bot.kind))),
                (Dimension::Bot, value(bot.and_then(|bot| bot.name.as_deref()))),
            ],
        }
    }

    /// The group of a referrer, and the host.
    fn referrer(&mut self, host: &str) -> (Value, Value) {
        if let Some(values) = self.referrers.get(host) {
            return *values;
        }
        let values = (self.text(referrer::group(host)), self.text(host));
        self.referrers.insert(host.to_owned(), values);
        values
    }

    fn text(&mut self, text: &str) -> Value {
        if text.is_empty() {
            return 0;
        }
        if let Some(value) = self.text_values.get(text) {
            return *value;
        }
        let value = Value::try_from(self.batch.texts.len()).unwrap_or(0);
        self.batch.texts.push(text.to_owned());
        self.text_values.insert(text.to_owned(), value);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::memory::{click, received};
    use crate::analytics::user_agent::tests::AGENTS;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    const TIME: &str = "2026-01-02T03:04:05Z";

    fn reason(data: &[u8]) -> String {
        let received = [Received { data: STANDARD.encode(data).into(), ..received(6, 1, &click("a", TIME)) }];
        let decoded: Vec<_> = received.iter().map(Received::decode).collect();
        Batch::read(&received, &decoded, &AGENTS).1.remove(0).1
    }

    #[test]
    fn a_click_is_read() {
        let mut click = click("a", TIME);
        click.utm.source = Some("a \"quoted\"\ttext".into());
        click.user_agent = Some("Fernseher".into());
        let received = [received(6, 17, &click)];
        let decoded: Vec<_> = received.iter().map(Received::decode).collect();
        let (batch, malformed) = Batch::read(&received, &decoded, &AGENTS);
        let record = &batch.records[0];
        assert!(malformed.is_empty() && !record.bot);
        assert_eq!((batch.lanes[0].as_str(), record.sequence), ("000000000006", Digits::parse("17").unwrap()));
        assert_eq!((record.id.as_str(), record.time), (click.id.as_str(), click.time));
        assert_eq!((&batch.links[0].slug, &batch.workspaces[0]), (&click.slug, &click.workspace));
        assert_eq!(batch.text(record.value(Dimension::UtmSource)), "a \"quoted\"\ttext");
        assert_eq!((record.value(Dimension::Country), batch.text(record.value(Dimension::Trigger))), (0, "link"));
    }

    #[test]
    fn what_is_wrong_with_a_record_is_said() {
        assert!(reason(b"").contains("no click"));
        assert!(reason(b"{}").contains("version"));
        assert!(reason(br#"{"version":1}"#).contains("missing field"));
        assert_eq!(reason(br#"{"version":2,"anything":[]}"#), "version 2 of the click is not known here");
        let mut later = click("a", TIME);
        later.version = 3;
        assert!(reason(&serde_json::to_vec(&later).unwrap()).starts_with("version 3"));
        let text = serde_json::to_string(&click("a", TIME)).unwrap();
        for (from, to, what) in [
            ("go.example.com", "go example", "the domain is not a host name"),
            ("\"slug\":\"a\"", "\"slug\":\"a#b\"", "the slug may only contain"),
            ("\"acme\"", "\"Acme\"", "the workspace a workspace has"),
            ("2026-01-02T03", "2026-01-32T03", "the time is not a time"),
        ] {
            let found = reason(text.replace(from, to).as_bytes());
            assert!(found.contains(what), "{found}");
        }
    }

    #[test]
    fn a_link_has_one_number_however_its_domain_is_written() {
        let text = serde_json::to_string(&click("a", TIME)).unwrap();
        let of = |domain: &str, sequence| {
            let data = STANDARD.encode(text.replace("go.example.com", domain)).into();
            Received { data, ..received(6, sequence, &click("a", TIME)) }
        };
        let received = [of("go.example.com", 1), of("GO.example.com.", 2), of("go.example.com", 2)];
        let decoded: Vec<_> = received.iter().map(Received::decode).collect();
        let (batch, _) = Batch::read(&received, &decoded, &AGENTS);
        assert_eq!((batch.links.len(), batch.records.len()), (1, 2));
    }
}
