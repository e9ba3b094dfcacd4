//! Reads ranges of aggregates from `StatsTable`. Asks for the needed attributes only.

use std::collections::HashMap;

use async_trait::async_trait;
use waypost_domain::StoreError;
use waypost_domain::analytics::ports::{AggregatePage, AggregateReader, KeyRange, Parts};

use super::aggregate_decoder::query_page;
use super::aggregates::DynamoAggregates;
use super::{Item, text};

const OPERATION: &str = "aggregates.range";

#[async_trait]
impl AggregateReader for DynamoAggregates {
    async fn range(&self, range: &KeyRange<'_>, parts: &Parts) -> Result<AggregatePage, StoreError> {
        let (projection, names) = projection(parts);
        let start = range
            .after
            .as_deref()
            .map(|sk| Item::from([("pk".to_owned(), text(range.pk)), ("sk".to_owned(), text(sk))]));
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(range.pk))
            .expression_attribute_values(":first", text(range.first.as_str()))
            .expression_attribute_values(":last", text(range.last.as_str()))
            .projection_expression(projection)
            .set_expression_attribute_names(Some(names))
            .set_exclusive_start_key(start);
        query_page(query, OPERATION, range.pk).await
    }
}

/// Names the attributes of `parts`, by placeholders: DynamoDB reserves many words.
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
