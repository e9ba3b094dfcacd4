//! Reads the JSON of a page of aggregates.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use waypost_domain::analytics::model::tally::Tally;
use waypost_domain::analytics::ports::{AggregatePage, Summand};
use waypost_domain::values::borrowed_text::BorrowedText;

use super::attribute_json::Attributes;

#[derive(Deserialize)]
struct Page {
    #[serde(rename = "Items", default)]
    items: Vec<DecodedItem>,
    #[serde(rename = "LastEvaluatedKey", default)]
    last: Option<Key>,
}

#[derive(Deserialize)]
struct Key {
    sk: SortKey,
}

#[derive(Deserialize)]
struct SortKey {
    #[serde(rename = "S")]
    text: String,
}

/// Reads the answer to a Query.
///
/// # Errors
/// Says which item is not an aggregate, or that the answer is not a page.
pub(super) fn read_page(body: &[u8]) -> Result<AggregatePage, String> {
    match serde_json::from_slice::<Page>(body) {
        Ok(Page { items, last }) => Ok(AggregatePage {
            items: items.into_iter().map(|item| item.0).collect(),
            next: last.map(|key| key.sk.text),
        }),
        Err(error) => Err(unreadable_item(body).unwrap_or_else(|| format!("the answer cannot be read: {error}"))),
    }
}

/// Says which item is not an aggregate.
fn unreadable_item(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Items<'a> {
        #[serde(borrow, rename = "Items")]
        items: Vec<&'a RawValue>,
    }
    let Items { items } = serde_json::from_slice(body).ok()?;
    items.into_iter().find_map(|item| {
        let error = serde_json::from_str::<DecodedItem>(item.get()).err()?;
        let sk = serde_json::from_str::<Key>(item.get()).map_or_else(|_| String::new(), |key| key.sk.text);
        Some(format!("the item {sk} is not an aggregate: {error}"))
    })
}

/// An item, with the attributes that the query asked for. Absent attributes are zero or empty.
struct DecodedItem(Summand);

impl<'de> Deserialize<'de> for DecodedItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Item;
        impl<'de> Visitor<'de> for Item {
            type Value = DecodedItem;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an item")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DecodedItem, A::Error> {
                let mut sk = String::new();
                let rest = Rest { attributes: Attributes(map), sk: &mut sk };
                let tally = Tally::deserialize(MapAccessDeserializer::new(rest))?;
                Ok(DecodedItem(Summand { sk, tally }))
            }
        }
        deserializer.deserialize_map(Item)
    }
}

/// Reads all attributes of an item but the sort key, which it keeps aside.
struct Rest<'s, A> {
    attributes: Attributes<A>,
    sk: &'s mut String,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Rest<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(BorrowedText(name)) = self.attributes.next_key()? {
            if name != "sk" {
                return seed.deserialize(name.into_deserializer()).map(Some);
            }
            *self.sk = self.attributes.next_value()?;
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.attributes.next_value_seed(seed)
    }
}
