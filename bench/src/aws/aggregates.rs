//! Keeps aggregates as DynamoDB does for `aggregate-clicks`: BatchGetItem, and PutItem on a condition.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The items by partition and sort key.
#[derive(Debug, Default)]
pub(crate) struct Aggregates(HashMap<(String, String), Stored>);

#[derive(Debug)]
struct Stored {
    seq: String,
    /// The item in DynamoDB's JSON.
    item: String,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

#[derive(Deserialize)]
struct BatchGet {
    #[serde(rename = "RequestItems")]
    tables: HashMap<String, Keys>,
}

#[derive(Deserialize)]
struct Keys {
    #[serde(rename = "Keys")]
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    pk: Text,
    sk: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put<'a> {
    #[serde(borrow)]
    item: &'a RawValue,
    condition_expression: String,
    #[serde(default)]
    expression_attribute_values: HashMap<String, Text>,
}

#[derive(Deserialize)]
struct Item {
    pk: Text,
    sk: Text,
    seq: Text,
}

impl Aggregates {
    /// Answers the body of a BatchGetItem.
    pub(crate) fn batch_get(&self, body: &[u8]) -> Result<String> {
        let BatchGet { tables } = serde_json::from_slice(body).context("a BatchGetItem")?;
        let responses = tables.into_iter().map(|(table, Keys { keys })| {
            let found = keys.into_iter().filter_map(|Key { pk, sk }| self.0.get(&(pk.text, sk.text)));
            let items: Vec<_> = found.map(|stored| stored.item.as_str()).collect();
            format!("\"{table}\":[{}]", items.join(","))
        });
        let responses: Vec<_> = responses.collect();
        Ok(format!("{{\"Responses\":{{{}}},\"UnprocessedKeys\":{{}}}}", responses.join(",")))
    }

    /// Executes the body of a PutItem; returns whether its condition holds.
    ///
    /// # Errors
    /// The condition is not one of `aggregate-clicks`.
    pub(crate) fn put(&mut self, body: &[u8]) -> Result<bool> {
        let Put { item, condition_expression, expression_attribute_values } =
            serde_json::from_slice(body).context("a PutItem")?;
        let Item { pk, sk, seq } = serde_json::from_str(item.get()).context("an aggregate")?;
        let key = (pk.text, sk.text);
        let stored = self.0.get(&key).map(|stored| stored.seq.as_str());
        let holds = match condition_expression.as_str() {
            "attribute_not_exists(pk)" => stored.is_none(),
            "seq = :read" => stored == expression_attribute_values.get(":read").map(|read| read.text.as_str()),
            other => bail!("the condition {other} is unknown"),
        };
        if holds {
            self.0.insert(key, Stored { seq: seq.text, item: item.get().to_owned() });
        }
        Ok(holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn put(store: &mut Aggregates, seq: &str, read: Option<&str>) -> bool {
        let mut request = json!({
            "TableName": "stats",
            "Item": {"pk": {"S": "WS#acme"}, "sk": {"S": "DAY#1"}, "seq": {"S": seq}, "clicks": {"N": "1"}},
            "ConditionExpression": "attribute_not_exists(pk)",
        });
        if let Some(read) = read {
            request["ConditionExpression"] = json!("seq = :read");
            request["ExpressionAttributeValues"] = json!({":read": {"S": read}});
        }
        store.put(request.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn item_is_written_on_its_condition_and_read_again() {
        let mut store = Aggregates::default();
        assert!(!put(&mut store, "1", Some("0")) && put(&mut store, "1", None));
        assert!(!put(&mut store, "2", None) && put(&mut store, "2", Some("1")) && !put(&mut store, "3", Some("1")));
        let key = |sk: &str| json!({"pk": {"S": "WS#acme"}, "sk": {"S": sk}});
        let request = json!({"RequestItems": {"stats": {"Keys": [key("DAY#1"), key("DAY#2")]}}});
        let answer: Value = serde_json::from_str(&store.batch_get(request.to_string().as_bytes()).unwrap()).unwrap();
        let items = answer["Responses"]["stats"].as_array().unwrap();
        assert_eq!((items.len(), &items[0]["seq"]["S"]), (1, &json!("2")));
    }
}
