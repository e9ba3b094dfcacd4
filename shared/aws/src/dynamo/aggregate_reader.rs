//! Reads ranges of aggregates from `StatsTable`: only the attributes that are asked for, and no more of them is decoded.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::analytics::ports::{AggregatePage, AggregateReader, KeyRange, Parts, Summand};
use waypost_domain::analytics::{Counts, Dimension, Tally, VisitorSketch};
use waypost_domain::{StoreError, Timestamp};

use super::aggregates::{DynamoAggregates, take_text};
use super::{Item, broken, store_error, text};

const OPERATION: &str = "aggregates.range";

#[async_trait]
impl AggregateReader for DynamoAggregates {
    async fn range(&self, range: &KeyRange<'_>, parts: &Parts) -> Result<AggregatePage, StoreError> {
        let (projection, names) = projection(parts);
        let start = range
            .after
            .as_deref()
            .map(|sk| Item::from([("pk".to_owned(), text(range.pk)), ("sk".to_owned(), text(sk))]));
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(range.pk))
            .expression_attribute_values(":first", text(range.first.as_str()))
            .expression_attribute_values(":last", text(range.last.as_str()))
            .projection_expression(projection)
            .set_expression_attribute_names(Some(names))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| store_error(OPERATION, error))?;
        let items = page.items.unwrap_or_default().into_iter().map(|item| summand(item, range.pk));
        let next = page.last_evaluated_key.and_then(|mut key| take_text(&mut key, "sk"));
        Ok(AggregatePage { items: items.collect::<Result<_, _>>()?, next })
    }
}

/// The attributes of `parts`, by placeholders: DynamoDB reserves many words.
fn projection(parts: &Parts) -> (String, HashMap<String, String>) {
    let mut paths = vec!["sk", "clicks", "bots"];
    let groups: [(bool, &[&str]); 4] = [
        (parts.hours, &["hours", "bot_hours"]),
        (parts.minutes, &["minutes", "bot_minutes"]),
        (parts.visitors, &["visitors"]),
        (parts.clicked_at, &["first_click_at", "last_click_at"]),
    ];
    paths.extend(groups.into_iter().filter(|(wanted, _)| *wanted).flat_map(|(_, names)| names));
    let mut names: HashMap<String, String> =
        paths.iter().map(|name| (format!("#{name}"), (*name).to_owned())).collect();
    let mut expression: Vec<String> = paths.iter().map(|name| format!("#{name}")).collect();
    for dimension in &parts.dimensions {
        names.insert("#dimensions".to_owned(), "dimensions".to_owned());
        names.insert(format!("#d_{dimension}"), dimension.to_string());
        expression.push(format!("#dimensions.#d_{dimension}"));
    }
    (expression.join(", "), names)
}

fn summand(mut item: Item, pk: &str) -> Result<Summand, StoreError> {
    let sk = take_text(&mut item, "sk").unwrap_or_default();
    let tally =
        tally(item).map_err(|error| broken(OPERATION, format!("the item {pk} {sk} is no aggregate: {error}")))?;
    Ok(Summand { sk, tally })
}

/// What is not there is zero or empty.
fn tally(item: Item) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for (name, value) in item {
        match (name.as_str(), value) {
            ("clicks", value) => tally.clicks = number(&value)?,
            ("bots", value) => tally.bots = number(&value)?,
            ("hours", AttributeValue::M(map)) => tally.hours = numbers(&map)?,
            ("bot_hours", AttributeValue::M(map)) => tally.bot_hours = numbers(&map)?,
            ("minutes", AttributeValue::M(map)) => tally.minutes = numbers(&map)?,
            ("bot_minutes", AttributeValue::M(map)) => tally.bot_minutes = numbers(&map)?,
            ("visitors", AttributeValue::B(bytes)) => {
                tally.visitors = VisitorSketch::from_bytes(bytes.as_ref()).map_err(|error| error.to_string())?;
            }
            ("first_click_at", AttributeValue::S(time)) => tally.first_click_at = Some(moment(&time)?),
            ("last_click_at", AttributeValue::S(time)) => tally.last_click_at = Some(moment(&time)?),
            ("dimensions", AttributeValue::M(map)) => tally.dimensions = dimensions(map)?,
            (name, _) => return Err(format!("{name} is of another type")),
        }
    }
    Ok(tally)
}

fn number(value: &AttributeValue) -> Result<u64, String> {
    let AttributeValue::N(digits) = value else { return Err("a number is of another type".to_owned()) };
    digits.parse().map_err(|_| format!("{digits} is no number of clicks"))
}

fn numbers(map: &HashMap<String, AttributeValue>) -> Result<BTreeMap<u8, u64>, String> {
    let one = |(key, value): (&String, &AttributeValue)| {
        Ok((key.parse().map_err(|_| format!("{key} is no time"))?, number(value)?))
    };
    map.iter().map(one).collect()
}

fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| format!("{text} {error}"))
}

fn dimensions(map: HashMap<String, AttributeValue>) -> Result<BTreeMap<Dimension, Counts>, String> {
    let known = map.into_iter().filter_map(|(name, counts)| Some((Dimension::named(&name)?, counts)));
    let one = |(dimension, counts): (Dimension, AttributeValue)| {
        let counts = serde_dynamo::from_attribute_value(counts).map_err(|error| format!("{dimension}: {error}"))?;
        Ok((dimension, counts))
    };
    known.map(one).collect()
}
