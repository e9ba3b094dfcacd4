//! JSON Lines: an object on each line, with the same names as the columns of CSV. Unknown names are left out.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::columns::split_tags;
use super::{Column, Fault, Fields};

/// The fields of one line.
pub(super) fn fields(line: &[u8]) -> Result<Fields<'static>, Fault> {
    let text = std::str::from_utf8(line).map_err(|_| Fault::of_row(line, "is not UTF-8 text"))?;
    let object: Object = serde_json::from_str(text).map_err(|error| Fault::of_row(line, describe(&error)))?;
    let mut fields = Fields::default();
    for (column, value) in object.0 {
        let text = match (column, value) {
            (_, Value::Absent) => continue,
            (Column::Tags, Value::Texts(tags)) => {
                fields.tags = tags.into_iter().map(Cow::Owned).collect();
                continue;
            }
            (_, Value::Text(text)) => text,
            (_, Value::Texts(_)) => return Err(wrong_type(column, "[…]".to_owned())),
            (_, Value::Other(shown)) => return Err(wrong_type(column, shown)),
        };
        match column {
            Column::Url => fields.url = given(&text),
            Column::Slug => fields.slug = given(&text),
            Column::Domain => fields.domain = given(&text),
            Column::Title => fields.title = given(&text),
            Column::Tags => fields.tags = split_tags(&text).map(|tag| Cow::Owned(tag.to_owned())).collect(),
        }
    }
    Ok(fields)
}

fn given(text: &str) -> Option<Cow<'static, str>> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(|text| Cow::Owned(text.to_owned()))
}

/// Whether the line is an object, and whether it has a URL.
pub(super) fn look(line: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(line).ok()?;
    let object: Object = serde_json::from_str(text).ok()?;
    Some(object.0.iter().any(|(column, _)| *column == Column::Url))
}

/// `serde_json`'s message without its position: every line is line 1 to it.
fn describe(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    format!("is no JSON object on one line: {message} (column {})", error.column())
}

fn wrong_type(column: Column, value: String) -> Fault {
    let expected = if column == Column::Tags { "a text or a list of texts" } else { "a text" };
    Fault { column: Some(column), value, cause: format!("must be {expected}") }
}

/// The known fields of an object, in their order; of two with the same meaning, the first counts.
struct Object(Vec<(Column, Value)>);

enum Value {
    Text(String),
    Texts(Vec<String>),
    Absent,
    Other(String),
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut known: Vec<(Column, Value)> = Vec::with_capacity(5);
                while let Some(name) = map.next_key::<String>()? {
                    match Column::of(&name).filter(|column| known.iter().all(|(seen, _)| seen != column)) {
                        Some(column) => known.push((column, map.next_value()?)),
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(Object(known))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned()))
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Absent)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(Value::Other(value.to_string()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(Value::Other(value.to_string()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(Value::Other(value.to_string()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(Value::Other(value.to_string()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Value::Other("{…}".to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
                let (mut texts, mut other) = (Vec::new(), None);
                while let Some(value) = list.next_element()? {
                    match value {
                        Value::Text(text) => texts.push(text),
                        Value::Absent => {}
                        Value::Texts(_) => other = Some("[…]".to_owned()),
                        Value::Other(shown) => other = Some(shown),
                    }
                }
                Ok(other.map_or(Value::Texts(texts), Value::Other))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
