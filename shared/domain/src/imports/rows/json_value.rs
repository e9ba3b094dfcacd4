//! Reads the value of a field in a JSON object.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// The names under which an object has its text, such as a tag.
const TEXT_NAMES: [&str; 5] = ["name", "text", "title", "label", "tag"];

/// The value of a field.
#[derive(Debug)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    /// The texts of a list.
    Texts {
        texts: Vec<Cow<'a, str>>,
        /// Whether the list also has something else.
        others: bool,
    },
    Number(String),
    Flag(bool),
    Absent,
    /// An object, and its name if it has one.
    Object(Option<Cow<'a, str>>),
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }
    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Absent)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Flag(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value.to_string()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value.to_string()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value.to_string()))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let mut name = None;
        while let Some((key, value)) = map.next_entry::<Value<'de>, Value<'de>>()? {
            if let (Value::Text(key), Value::Text(text)) = (key, value)
                && name.is_none()
                && TEXT_NAMES.contains(&key.as_ref())
            {
                name = Some(text);
            }
        }
        Ok(Value::Object(name))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
        let (mut texts, mut others) = (Vec::new(), false);
        while let Some(value) = list.next_element()? {
            match value {
                Value::Text(text) | Value::Object(Some(text)) => texts.push(text),
                Value::Number(number) => texts.push(Cow::Owned(number)),
                Value::Absent => {}
                Value::Texts { .. } | Value::Flag(_) | Value::Object(None) => others = true,
            }
        }
        Ok(Value::Texts { texts, others })
    }
}
