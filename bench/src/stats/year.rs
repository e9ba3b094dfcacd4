//! Makes the statistics of a link with 270 clicks a day for a year.

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use waypost_aws::dynamo::aggregates::item_of;
use waypost_domain::Timestamp;
use waypost_domain::analytics::ingest::aggregate_clicks::{AggregateClicksPorts, aggregate_clicks};
use waypost_domain::analytics::ingest::user_agent::UserAgents;
use waypost_domain::analytics::model::aggregate::Aggregate;
use waypost_domain::testing::analytics::{MemoryAggregates, MemoryQuarantine, click, received};

use crate::aws::Table;
use crate::chance::Chance;

const USER_AGENTS: &str = include_str!("../../../tests/data/user-agents.tsv");
const COUNTRIES: [&str; 20] = [
    "DE", "CH", "AT", "FR", "US", "GB", "IT", "ES", "NL", "BE", "PL", "SE", "DK", "NO", "FI", "JP", "IN", "BR", "CA",
    "AU",
];
const REFERRERS: [&str; 12] = [
    "t.co",
    "www.google.com",
    "l.facebook.com",
    "www.linkedin.com",
    "news.ycombinator.com",
    "www.bing.com",
    "duckduckgo.com",
    "out.reddit.com",
    "www.example.org",
    "blog.example.com",
    "mail.google.com",
    "lobste.rs",
];
const LANGUAGES: [&str; 6] = ["de", "en", "fr", "it", "es", "ja"];
const DAYS: u64 = 365;
const CLICKS_A_DAY: u64 = 270;
/// 2025-01-01T00:00:00Z.
const START: i64 = 1_735_689_600;

/// Folds the clicks of the year, spread over `lanes`; returns the items.
pub(super) fn table(lanes: u64) -> Result<Table> {
    let (agents, store, quarantine) = (UserAgents::new()?, MemoryAggregates::default(), MemoryQuarantine::default());
    let user_agents: Vec<&str> = USER_AGENTS.lines().filter_map(|line| Some(line.split_once('\t')?.1)).collect();
    let mut chance = Chance(7);
    for day in 0..DAYS {
        let mut batch = Vec::new();
        for number in 0..CLICKS_A_DAY {
            let mut click = click("docs", "2025-01-01T00:00:00Z");
            let second = START + i64::try_from(day * 86_400 + chance.next() % 86_400)?;
            click.time = Timestamp::from_millis(second * 1000)?;
            click.visitor = Some(format!("{:016x}{:016x}", chance.next(), day));
            click.user_agent = Some(pick(&mut chance, &user_agents).to_owned());
            click.country = Some(pick(&mut chance, &COUNTRIES).to_owned());
            click.referrer = Some(pick(&mut chance, &REFERRERS).to_owned());
            click.language = Some(pick(&mut chance, &LANGUAGES).to_owned());
            click.utm.source = Some("newsletter".to_owned());
            click.utm.campaign = Some(format!("week-{}", day / 7));
            batch.push(received(number % lanes, day * CLICKS_A_DAY + number + 1, &click));
        }
        let ports = AggregateClicksPorts { agents: &agents, store: &store, quarantine: &quarantine, archive: None };
        let outcome = futures::executor::block_on(aggregate_clicks(&ports, &batch));
        anyhow::ensure!(outcome.failed.is_empty(), "the clicks were not folded");
    }
    let mut table = Table::default();
    // The hours of most of the year are long deleted.
    let is_kept = |sk: &str| sk.starts_with("DAY#") || sk.starts_with("TOTAL#");
    let of_link =
        |aggregate: &&Aggregate| *aggregate.key.pk == *"WS#acme#go.example.com#docs" && is_kept(&aggregate.key.sk);
    for aggregate in store.all().iter().filter(of_link) {
        let item = item_of(aggregate)?;
        let fields = item.iter().map(|(name, value)| Ok((name.clone(), to_json(value)?)));
        table.put(Value::Object(fields.collect::<Result<_>>()?))?;
    }
    Ok(table)
}

/// Writes a value in DynamoDB's JSON.
fn to_json(value: &AttributeValue) -> Result<Value> {
    Ok(match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(digits) => json!({"N": digits}),
        AttributeValue::B(bytes) => json!({"B": STANDARD.encode(bytes)}),
        AttributeValue::M(map) => {
            let fields = map.iter().map(|(name, value)| Ok((name.clone(), to_json(value)?)));
            json!({"M": Value::Object(fields.collect::<Result<_>>()?)})
        }
        AttributeValue::L(list) => json!({"L": list.iter().map(to_json).collect::<Result<Vec<_>>>()?}),
        _ => return Err(anyhow::anyhow!("aggregates don't have such values")).context("to_json"),
    })
}

/// Picks a value; early ones come more often.
fn pick<'a>(chance: &mut Chance, values: &[&'a str]) -> &'a str {
    values[chance.popular(values.len())]
}
