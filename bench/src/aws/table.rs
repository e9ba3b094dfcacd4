//! Answers a Query of one partition as DynamoDB does: projected, and in pages of 1 MB.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

/// The size of a page ("Query", DynamoDB API reference), counted before the projection.
const PAGE_BYTES: usize = 1024 * 1024;

/// A table with one partition.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// By sort key.
    items: BTreeMap<String, Value>,
    /// Earlier answers by request: a repeated request takes no time.
    answers: HashMap<String, String>,
}

impl Table {
    /// Adds an item in DynamoDB's JSON.
    pub(crate) fn put(&mut self, item: Value) -> Result<()> {
        let sk = item["sk"]["S"].as_str().context("an item has a sort key")?.to_owned();
        self.items.insert(sk, item);
        Ok(())
    }

    pub(crate) fn items(&self) -> usize {
        self.items.len()
    }

    /// The size of all items, as DynamoDB counts it.
    pub(crate) fn bytes(&self) -> usize {
        self.items.values().map(size_of_item).sum()
    }

    /// The answer to the body of a Query.
    pub(crate) fn query(&mut self, body: &[u8]) -> Result<&str> {
        let request: Value = serde_json::from_slice(body)?;
        // Its keys are sorted, so that the same request has the same name.
        let name = request.to_string();
        if !self.answers.contains_key(&name) {
            let answer = self.page(&request)?.to_string();
            self.answers.insert(name.clone(), answer);
        }
        self.answers.get(&name).map(String::as_str).context("the answer is in the map")
    }

    fn page(&self, request: &Value) -> Result<Value> {
        let value = |name: &str| request["ExpressionAttributeValues"][name]["S"].as_str().context("a bound");
        let (first, last) = (value(":first")?, value(":last")?);
        let after = request["ExclusiveStartKey"]["sk"]["S"].as_str().unwrap_or_default();
        let paths = request["ProjectionExpression"].as_str().context("a projection")?;
        let (mut items, mut bytes) = (Vec::new(), 0);
        let mut answer = json!({});
        for (sk, item) in self.items.range(first.to_owned()..=last.to_owned()).filter(|(sk, _)| sk.as_str() > after) {
            items.push(projected(item, paths, &request["ExpressionAttributeNames"]));
            bytes += size_of_item(item);
            if bytes >= PAGE_BYTES {
                answer["LastEvaluatedKey"] = json!({"pk": item["pk"], "sk": {"S": sk}});
                break;
            }
        }
        answer["Count"] = json!(items.len());
        answer["Items"] = items.into();
        Ok(answer)
    }
}

fn projected(item: &Value, paths: &str, names: &Value) -> Value {
    let mut shown = Map::new();
    let name = |placeholder: &str| names[placeholder].as_str().unwrap_or_default().to_owned();
    for path in paths.split(", ") {
        match path.split_once('.') {
            None => {
                let name = name(path);
                if let Some(value) = item.get(&name) {
                    shown.insert(name, value.clone());
                }
            }
            Some((map, key)) => {
                let (map, key) = (name(map), name(key));
                if let Some(value) = item[&map]["M"].get(&key) {
                    let shown = shown.entry(map).or_insert_with(|| json!({"M": {}}));
                    shown["M"][key] = value.clone();
                }
            }
        }
    }
    shown.into()
}

/// "DynamoDB item sizes and formats", developer guide.
fn size_of_item(item: &Value) -> usize {
    item.as_object().into_iter().flatten().map(|(name, value)| name.len() + size_of(value)).sum()
}

fn size_of(value: &Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|value| value.iter().next()) else { return 0 };
    let text = value.as_str().unwrap_or_default();
    match kind.as_str() {
        "S" => text.len(),
        "N" => text.len().div_ceil(2) + 1,
        "B" => text.len() / 4 * 3,
        "M" => {
            3 + value.as_object().into_iter().flatten().map(|(name, of)| 1 + name.len() + size_of(of)).sum::<usize>()
        }
        "L" => 3 + value.as_array().into_iter().flatten().map(|of| 1 + size_of(of)).sum::<usize>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_is_projected_and_ends_at_its_size() {
        let mut table = Table::default();
        for day in 1..=9 {
            let visitors = json!({"B": "A".repeat(400_000)});
            let dimensions = json!({"M": {"country": {"M": {}}, "os": {"M": {}}}});
            table
                .put(json!({"sk": {"S": format!("DAY#{day}")}, "visitors": visitors, "dimensions": dimensions}))
                .unwrap();
        }
        let mut request = json!({
            "ExpressionAttributeValues": {":first": {"S": "DAY#2"}, ":last": {"S": "DAY#8"}},
            "ExpressionAttributeNames": {"#sk": "sk", "#dimensions": "dimensions", "#d_os": "os"},
            "ProjectionExpression": "#sk, #dimensions.#d_os",
        });
        let page: Value = serde_json::from_str(table.query(request.to_string().as_bytes()).unwrap()).unwrap();
        assert_eq!((&page["Count"], &page["LastEvaluatedKey"]["sk"]["S"]), (&json!(4), &json!("DAY#5")));
        assert_eq!(page["Items"][0], json!({"sk": {"S": "DAY#2"}, "dimensions": {"M": {"os": {"M": {}}}}}));
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"].clone();
        let page: Value = serde_json::from_str(table.query(request.to_string().as_bytes()).unwrap()).unwrap();
        assert_eq!((&page["Count"], page.get("LastEvaluatedKey")), (&json!(3), None));
    }
}
