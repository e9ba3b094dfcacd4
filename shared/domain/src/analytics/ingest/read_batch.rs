//! Reads the records of a batch.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::batch::{Batch, OwnedLink, Record, TextId};
use super::click_text::ClickText;
use super::decoded::Decoded;
use super::record::{Malformed, Received};
use super::referrer;
use super::user_agent::{Agent, ClickClient, UserAgents};
use crate::analytics::model::aggregate::{LinkKey, link_pk, misses_pk};
use crate::analytics::model::dimension::Dimension;
use crate::analytics::model::lane::Lane;
use crate::analytics::model::link_value::link_value;
use crate::analytics::model::recent::ClickHash;
use crate::analytics::model::sequence::Digits;
use crate::analytics::model::visitors::Visitor;
use crate::clicks::click::Trigger;
use crate::clicks::missed_path::MissedPath;
use crate::links::address::LinkAddress;
use crate::links::id::LinkId;
use crate::values::borrowed_text::BorrowedText;
use crate::values::domains::Domain;
use crate::values::slug::Slug;
use crate::values::workspace::WorkspaceId;
use crate::visitors::system::Platform;

type Map<K, V> = HashMap<K, V, RandomState>;

/// Reads `received`, whose data is in `decoded`. Returns the batch, and the index of each record that cannot be read with
/// the reason.
pub(crate) fn read_batch<'a>(
    received: &'a [Received<'a>],
    decoded: &'a Decoded,
    agents: &UserAgents,
) -> (Batch<'a>, Vec<(usize, String)>) {
    let mut reader = Reader::new(agents);
    reader.batch.records.reserve_exact(received.len());
    let mut malformed = Vec::new();
    for (index, received) in received.iter().enumerate() {
        let read = match decoded.get(index) {
            Ok(json) => reader.record(index, received, json).map_err(|reason| reason.to_string()),
            Err(reason) => Err(reason.to_string()),
        };
        match read {
            Ok(record) => reader.batch.records.push(record),
            Err(reason) => malformed.push((index, reason)),
        }
    }
    reader.batch.sort();
    (reader.batch, malformed)
}

/// The values of one user agent.
#[derive(Clone, Copy)]
struct AgentValues {
    bot: bool,
    values: [(Dimension, TextId); 5],
}

/// A link of the batch at one address.
#[derive(Clone, Copy)]
struct LinkRef {
    /// The index in [`Reader::keys`].
    key: usize,
    /// The value of [`Dimension::Link`].
    name: TextId,
}

/// What an event is counted for, see [`Reader::owner`].
type Owner = (usize, (Dimension, TextId), (u32, u32));

/// What the client hints of a click say.
type Hints = (Option<Platform>, Option<bool>);

/// Reads records, and replaces each text by its index.
struct Reader<'a, 'b> {
    agents: &'b UserAgents,
    batch: Batch<'a>,
    text_ids: Map<String, TextId>,
    /// The names of [`Trigger::Link`] and [`Trigger::Qr`].
    triggers: [TextId; 2],
    lanes: Map<&'a str, usize>,
    /// The index in `slugs` by the text of the domain: all spellings of a domain have the same index.
    domains: Map<String, usize>,
    domain_indices: Map<Domain, usize>,
    /// The domains, and for each the index in `addresses` by slug.
    slugs: Vec<(Domain, Map<String, usize>)>,
    /// The addresses of the batch, each with the link of clicks that have no id.
    addresses: Vec<(LinkAddress, LinkRef)>,
    /// The links by id. A link that moved has several addresses, and a name for each.
    ids: Map<String, Vec<(usize, LinkRef)>>,
    /// The links of the batch.
    keys: Vec<LinkKey>,
    workspaces: Map<String, usize>,
    /// The index in [`Batch::owned_links`] by lane, workspace and link.
    owned_links: Map<(usize, usize, usize), usize>,
    /// The index in [`Batch::owned_links`] of misses, by lane, domain and owner of the domain.
    missed_domains: Map<(usize, usize, Option<usize>), usize>,
    referrers: Map<String, (TextId, TextId)>,
    known_agents: Map<Hints, Map<String, AgentValues>>,
}

impl<'a, 'b> Reader<'a, 'b> {
    fn new(agents: &'b UserAgents) -> Self {
        let mut reader = Self {
            agents,
            batch: Batch::default(),
            text_ids: Map::default(),
            triggers: [0; 2],
            lanes: Map::default(),
            domains: Map::default(),
            domain_indices: Map::default(),
            slugs: Vec::new(),
            addresses: Vec::new(),
            ids: Map::default(),
            keys: Vec::new(),
            workspaces: Map::default(),
            owned_links: Map::default(),
            missed_domains: Map::default(),
            referrers: Map::default(),
            known_agents: Map::default(),
        };
        reader.batch.texts.push(String::new());
        reader.triggers = [reader.text_id("link"), reader.text_id("qr")];
        reader
    }

    fn record(&mut self, index: usize, received: &'a Received<'a>, json: &'a [u8]) -> Result<Record<'a>, Malformed> {
        let lane = self.lane(&received.shard)?;
        let sequence = Digits::parse(&received.sequence)?;
        let (click, time) = ClickText::read(json)?;
        let (owned_link, (dimension, value), more) = self.owner(lane, &click)?;
        let (bot, mut values) = self.values(&click);
        if !bot {
            values[dimension as usize] = value;
        }
        Ok(Record {
            received: index,
            lane,
            sequence,
            arrived_millis: received.arrived_millis.unwrap_or_else(|| time.as_millis()),
            click: ClickHash::of(click.id.as_str()),
            time,
            owned_link,
            visitor: click.visitor.as_ref().and_then(|visitor| Visitor::of(visitor.as_str())),
            bot,
            more,
            values,
        })
    }

    /// Finds what a click or a miss is counted for. Returns its index in [`Batch::owned_links`], the value that tells it there from
    /// others, and how many more misses there were.
    fn owner(&mut self, lane: usize, click: &ClickText<'_>) -> Result<Owner, Malformed> {
        let Some(miss) = &click.miss else {
            let (slug, workspace) = click.slug_and_workspace()?;
            let address = self.address(click.domain.as_str(), slug)?;
            let link = match &click.link_id {
                Some(id) => self.identified(id.as_str(), address)?,
                None => self.addresses[address].1,
            };
            let workspace = self.workspace(workspace)?;
            return Ok((self.owned_link(lane, workspace, link.key), (Dimension::Link, link.name), (0, 0)));
        };
        let domain = self.domain(click.domain.as_str())?;
        let owner = click.workspace.as_ref().map(|owner| self.workspace(owner.as_str())).transpose()?;
        // The redirect cleans paths. Whoever else writes to the stream must not get other ones into the statistics.
        let path = self.text_id(MissedPath::cleaned(miss.path.as_str()).as_str());
        Ok((self.missed_domain(lane, domain, owner), (Dimension::Path, path), (miss.more, miss.more_bots)))
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

    fn domain(&mut self, text: &str) -> Result<usize, Malformed> {
        if let Some(index) = self.domains.get(text) {
            return Ok(*index);
        }
        let domain = Domain::parse(text).map_err(|error| Malformed::Field("domain", error.to_string()))?;
        let index = *self.domain_indices.entry(domain.clone()).or_insert(self.slugs.len());
        if index == self.slugs.len() {
            self.slugs.push((domain, Map::default()));
        }
        self.domains.insert(text.to_owned(), index);
        Ok(index)
    }

    /// Returns the index of an address in `addresses`.
    fn address(&mut self, domain: &str, slug: &str) -> Result<usize, Malformed> {
        let index = self.domain(domain)?;
        let (domain, known) = &mut self.slugs[index];
        if let Some(address) = known.get(slug) {
            return Ok(*address);
        }
        let parsed = Slug::parse(slug).map_err(|error| Malformed::Field("slug", error.to_string()))?;
        let address = LinkAddress { domain: domain.clone(), slug: parsed };
        known.insert(slug.to_owned(), self.addresses.len());
        let name = self.text_id(&link_value(None, &address));
        self.keys.push(LinkKey::Address(address.clone()));
        self.addresses.push((address, LinkRef { key: self.keys.len() - 1, name }));
        Ok(self.addresses.len() - 1)
    }

    /// Returns the link with this id at the address with this index.
    fn identified(&mut self, text: &str, address: usize) -> Result<LinkRef, Malformed> {
        let known = self.ids.get(text).map_or(&[][..], Vec::as_slice);
        if let Some((_, link)) = known.iter().find(|(at, _)| *at == address) {
            return Ok(*link);
        }
        let key = known.first().map(|(_, link)| link.key);
        let id = LinkId::parse(text).map_err(|error| Malformed::Field("link_id", error.to_string()))?;
        let name = self.text_id(&link_value(Some(&id), &self.addresses[address].0));
        let key = key.unwrap_or_else(|| {
            self.keys.push(LinkKey::Id(id));
            self.keys.len() - 1
        });
        let link = LinkRef { key, name };
        self.ids.entry(text.to_owned()).or_default().push((address, link));
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

    fn owned_link(&mut self, lane: usize, workspace: usize, link: usize) -> usize {
        *self.owned_links.entry((lane, workspace, link)).or_insert_with(|| {
            let pk = link_pk(&self.batch.workspaces[workspace], &self.keys[link]).into();
            self.batch.owned_links.push(OwnedLink { lane, workspace: Some(workspace), pk });
            self.batch.owned_links.len() - 1
        })
    }

    fn missed_domain(&mut self, lane: usize, domain: usize, owner: Option<usize>) -> usize {
        *self.missed_domains.entry((lane, domain, owner)).or_insert_with(|| {
            let pk = misses_pk(&self.slugs[domain].0, owner.map(|owner| &self.batch.workspaces[owner])).into();
            self.batch.owned_links.push(OwnedLink { lane, workspace: None, pk });
            self.batch.owned_links.len() - 1
        })
    }

    /// Tells whether a bot clicked, and returns the values of the click by dimension.
    fn values(&mut self, click: &ClickText<'_>) -> (bool, [TextId; Dimension::COUNT]) {
        let mut values = [0; Dimension::COUNT];
        let agent = self.agent(&ClickClient {
            user_agent: click.user_agent.as_ref().map_or("", BorrowedText::as_str),
            platform: click.platform.as_ref().and_then(|name| Platform::named(name.as_str())),
            mobile: click.mobile,
        });
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
        let utm = &click.utm;
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
                values[dimension as usize] = self.text_id(text.as_str());
            }
        }
        if click.miss.is_none() {
            values[Dimension::Trigger as usize] = self.triggers[usize::from(click.trigger == Trigger::Qr)];
        }
        if let Some(rule) = click.rule {
            values[Dimension::Rule as usize] = self.text_id(&rule.to_string());
        }
        (bot, values)
    }

    fn agent(&mut self, client: &ClickClient<'_>) -> AgentValues {
        let hints = (client.platform, client.mobile);
        if let Some(values) = self.known_agents.get(&hints).and_then(|agents| agents.get(client.user_agent)) {
            return *values;
        }
        let values = self.agent_values(&self.agents.read(client));
        self.known_agents.entry(hints).or_default().insert(client.user_agent.to_owned(), values);
        values
    }

    fn agent_values(&mut self, agent: &Arc<Agent>) -> AgentValues {
        let mut value = |text: Option<&str>| text.map_or(0, |text| self.text_id(text));
        let bot = agent.bot.as_ref();
        AgentValues {
            bot: bot.is_some(),
            values: [
                (Dimension::Device, value(agent.device.map(|device| device.as_str()))),
                (Dimension::Browser, value(agent.browser.as_deref())),
                (Dimension::Os, value(agent.os)),
                (Dimension::BotKind, value(bot.map(|bot| bot.kind))),
                (Dimension::Bot, value(bot.and_then(|bot| bot.name.as_deref()))),
            ],
        }
    }

    /// Returns the group of a referrer, and its host.
    fn referrer(&mut self, host: &str) -> (TextId, TextId) {
        if let Some(values) = self.referrers.get(host) {
            return *values;
        }
        let lower = host.to_ascii_lowercase();
        let values = (self.text_id(referrer::group(&lower)), self.text_id(&lower));
        self.referrers.insert(host.to_owned(), values);
        values
    }

    /// Returns the index of `text` among the texts of the batch, and adds a new one to them.
    fn text_id(&mut self, text: &str) -> TextId {
        if text.is_empty() {
            return 0;
        }
        if let Some(id) = self.text_ids.get(text) {
            return *id;
        }
        let id = TextId::try_from(self.batch.texts.len()).unwrap_or(0);
        self.batch.texts.push(text.to_owned());
        self.text_ids.insert(text.to_owned(), id);
        id
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::analytics::ingest::user_agent::tests::{AGENTS, CHROME};
    use crate::clicks::click::Click;
    use crate::testing::analytics::{click, miss, received, received_miss};

    const TIME: &str = "2026-01-02T03:04:05Z";

    fn reason(data: &[u8]) -> String {
        let received = [Received { data: STANDARD.encode(data).into(), ..received(6, 1, &click("a", TIME)) }];
        let decoded = Decoded::of(&received);
        read_batch(&received, &decoded, &AGENTS).1.remove(0).1
    }

    #[test]
    fn click_is_read() {
        let mut click = click("a", TIME);
        click.utm.source = Some("a \"quoted\"\ttext".into());
        click.user_agent = Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into());
        let received = [received(6, 17, &click)];
        let decoded = Decoded::of(&received);
        let (batch, malformed) = read_batch(&received, &decoded, &AGENTS);
        let record = &batch.records[0];
        assert!(malformed.is_empty() && !record.bot);
        assert_eq!((batch.lanes[0].as_str(), record.sequence), ("000000000006", Digits::parse("17").unwrap()));
        assert_eq!((record.click, record.time), (ClickHash::of(&click.id), click.time));
        assert_eq!(
            (&*batch.owned_links[record.owned_link].pk, &batch.workspaces[0]),
            ("WS#acme#go.example.com#a", &click.workspace)
        );
        assert_eq!(batch.text(record.value(Dimension::UtmSource)), "a \"quoted\"\ttext");
        assert_eq!((record.value(Dimension::Country), batch.text(record.value(Dimension::Trigger))), (0, "link"));
    }

    #[test]
    fn malformed_record_gives_the_reason() {
        assert!(reason(b"").contains("not a click"));
        assert!(reason(b"{}").contains("version"));
        assert!(reason(br#"{"version":1}"#).contains("missing field"));
        assert_eq!(reason(br#"{"version":2,"anything":[]}"#), "version 2 of the click is not known here");
        let mut later = click("a", TIME);
        later.version = 3;
        assert!(reason(&serde_json::to_vec(&later).unwrap()).starts_with("version 3"));
        let text = serde_json::to_string(&click("a", TIME)).unwrap();
        for (from, to, expected) in [
            ("go.example.com", "go example", "the domain is not a host name"),
            ("\"slug\":\"a\"", "\"slug\":\"a#b\"", "the slug may only contain"),
            ("\"acme\"", "\"Acme\"", "the workspace a workspace has"),
            ("\"domain\"", "\"link_id\":\"7\",\"domain\"", "the link_id is not the id of a link"),
            ("2026-01-02T03", "2026-01-32T03", "the time is not a time"),
            ("\"slug\"", "\"slag\"", "missing field `slug`"),
            ("\"workspace\"", "\"workspice\"", "missing field `workspace`"),
        ] {
            let found = reason(text.replace(from, to).as_bytes());
            assert!(found.contains(expected), "{found}");
        }
    }

    #[test]
    fn clicks_are_counted_by_the_id_of_their_link() {
        let (first, second) = (LinkId::derive(click("a", TIME).time, "1"), LinkId::derive(click("a", TIME).time, "2"));
        let clicks = [("a", None), ("a", Some(&first)), ("b", Some(&first)), ("a", Some(&second)), ("b", Some(&first))];
        let received: Vec<_> = clicks
            .into_iter()
            .zip(1..)
            .map(|((slug, id), sequence)| {
                let user_agent = Some(CHROME.to_owned());
                received(6, sequence, &Click { link_id: id.cloned(), user_agent, ..click(slug, TIME) })
            })
            .collect();
        let decoded = Decoded::of(&received);
        let (batch, malformed) = read_batch(&received, &decoded, &AGENTS);
        assert!(malformed.is_empty());
        let shown = |record: &Record<'_>| {
            let pk = batch.owned_links[record.owned_link].pk.to_string();
            (pk, batch.text(record.value(Dimension::Link)).to_owned())
        };
        let expected = [
            ("WS#acme#go.example.com#a".to_owned(), "go.example.com/a".to_owned()),
            (format!("WS#acme#{first}"), format!("{first} go.example.com/a")),
            (format!("WS#acme#{first}"), format!("{first} go.example.com/b")),
            (format!("WS#acme#{second}"), format!("{second} go.example.com/a")),
            (format!("WS#acme#{first}"), format!("{first} go.example.com/b")),
        ];
        assert_eq!(batch.records.iter().map(shown).collect::<Vec<_>>(), expected);
        assert_eq!(batch.owned_links.len(), 3);
    }

    #[test]
    fn misses_are_counted_by_domain_and_owner() {
        let missed = |path: &str, owner: Option<&str>, sequence| {
            let mut miss = miss(path, TIME);
            miss.workspace = owner.map(|owner| WorkspaceId::parse(owner).unwrap());
            miss.user_agent = Some(CHROME.to_owned());
            (miss.miss.more, miss.miss.more_bots) = (sequence as u32, 2);
            received_miss(6, sequence, &miss)
        };
        let received = [
            missed("/a", None, 1),
            missed("/b", Some("acme"), 2),
            missed("/a", None, 3),
            received(6, 4, &Click { user_agent: Some(CHROME.to_owned()), ..click("a", TIME) }),
        ];
        let decoded = Decoded::of(&received);
        let (batch, malformed) = read_batch(&received, &decoded, &AGENTS);
        assert!(malformed.is_empty(), "{malformed:?}");
        let shown = |record: &Record<'_>| {
            let OwnedLink { pk, workspace, .. } = &batch.owned_links[record.owned_link];
            let values = [Dimension::Path, Dimension::Link, Dimension::Trigger].map(|it| batch.text(record.value(it)));
            (pk.to_string(), workspace.is_some(), values, record.more)
        };
        let misses = "MISSES#go.example.com";
        assert_eq!(
            batch.records.iter().map(shown).collect::<Vec<_>>(),
            [
                (misses.to_owned(), false, ["/a", "", ""], (1, 2)),
                (format!("{misses}#acme"), false, ["/b", "", ""], (2, 2)),
                (misses.to_owned(), false, ["/a", "", ""], (3, 2)),
                ("WS#acme#go.example.com#a".to_owned(), true, ["", "go.example.com/a", "link"], (0, 0)),
            ]
        );
    }

    #[test]
    fn path_of_another_producer_is_cleaned() {
        let text = serde_json::to_string(&miss("/a", TIME)).unwrap().replace("/a", "a\\u0007b");
        let received = [Received { data: STANDARD.encode(text).into(), ..received_miss(6, 1, &miss("/a", TIME)) }];
        let decoded = Decoded::of(&received);
        let (batch, _) = read_batch(&received, &decoded, &AGENTS);
        // Without a user agent it is a bot's, which has no path.
        assert_eq!((batch.records[0].bot, batch.records[0].value(Dimension::Path)), (true, 0));
        assert!(batch.texts.iter().any(|text| text == "/a\u{fffd}b"), "{:?}", batch.texts);
    }

    #[test]
    fn spellings_of_a_domain_are_one_link() {
        let text = serde_json::to_string(&click("a", TIME)).unwrap();
        let of = |domain: &str, sequence| {
            let data = STANDARD.encode(text.replace("go.example.com", domain)).into();
            Received { data, ..received(6, sequence, &click("a", TIME)) }
        };
        let received = [of("go.example.com", 1), of("GO.example.com.", 2), of("go.example.com", 2)];
        let decoded = Decoded::of(&received);
        let (batch, _) = read_batch(&received, &decoded, &AGENTS);
        assert_eq!((batch.owned_links.len(), batch.records.len()), (1, 2));
    }
}
