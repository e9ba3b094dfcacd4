//! A JSON object as a row, with the same names as the columns of CSV. Unknown names are noted and left out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::column::Column;
use super::column::Source;
use super::fields::{Fault, Fields, Tags};
use super::notes::Notes;
use crate::imports::rows::names;

/// How many names are remembered. Objects of one file have the same ones.
const MAX_KEYS: usize = 64;
/// The longest name that is remembered, in bytes.
const MAX_KEY: usize = 64;

/// Reads objects. Remembers what their names mean.
#[derive(Default)]
pub(super) struct Objects {
    keys: Vec<(Box<str>, Option<Column>)>,
    /// Where in `keys` the next name probably is: objects mostly have the same order.
    next: usize,
    source: Option<Source>,
    pub(super) notes: Notes,
}

impl Objects {
    /// Reads objects that are from `source`.
    pub(super) fn of(source: Option<Source>) -> Self {
        Self { source, ..Self::default() }
    }

    /// The fields of the object that `text` is. A text alone is a URL.
    pub(super) fn fields<'a>(&mut self, text: &'a [u8]) -> Result<Fields<'a>, Fault> {
        let json = std::str::from_utf8(text).map_err(|_| Fault::of_row(text, "is not UTF-8 text"))?;
        if text.first() == Some(&b'"')
            && let Ok(url) = serde_json::from_str::<String>(json)
        {
            let mut fields = Fields { source: self.source, ..Fields::default() };
            fields.set(Column::Url, Cow::Owned(url));
            return Ok(fields);
        }
        let mut reader = serde_json::Deserializer::from_str(json);
        self.next = 0;
        let mut fields = Fields { source: self.source, ..Fields::default() };
        let mut fault = None;
        let row = Row { objects: self, fields: &mut fields, fault: &mut fault };
        let read = row.deserialize(&mut reader).and_then(|()| reader.end());
        read.map_err(|error| Fault::of_row(text, describe(&error)))?;
        fault.map_or(Ok(fields), Err)
    }

    fn column(&mut self, name: &str) -> Option<Column> {
        if let Some((key, column)) = self.keys.get(self.next)
            && **key == *name
        {
            self.next += 1;
            return *column;
        }
        if let Some(at) = self.keys.iter().position(|(key, _)| **key == *name) {
            self.next = at + 1;
            return self.keys[at].1;
        }
        let plain = names::plain(name);
        let column = names::column(&plain).or_else(|| {
            let source = self.source?;
            names::column_of_source(&plain, source)
        });
        if column.is_none() {
            self.notes.unknown_column(name);
        }
        if self.keys.len() < MAX_KEYS && name.len() <= MAX_KEY {
            self.keys.push((name.into(), column));
            self.next = self.keys.len();
        }
        column
    }
}

/// Who wrote an object, if that can be told from its names.
pub(super) fn source_of(text: &[u8]) -> Option<Source> {
    let names: BTreeMap<String, IgnoredAny> = serde_json::from_slice(text).ok()?;
    let plain: Vec<String> = names.keys().map(|name| names::plain(name)).collect();
    names::source(&plain)
}

/// `serde_json`'s message without its position: every row is line 1 to it.
fn describe(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    format!("is no JSON object: {message} (character {})", error.column())
}

#[cold]
fn wrong_type(column: Column, value: &str) -> Fault {
    let expected = match column {
        Column::Tags => "a text or a list of texts",
        Column::Rules | Column::Variants => "a list",
        Column::CreatedAt | Column::StartsAt | Column::ExpiresAt => "a text or a number",
        Column::ImportedClicks | Column::MaxClicks | Column::RedirectStatus => "a number",
        Column::Archived | Column::ForwardQuery => "true or false",
        _ => "a text",
    };
    Fault { column: Some(column), value: value.to_owned(), cause: format!("must be {expected}") }
}

/// Fills `fields`, and notes the first that is of the wrong type.
struct Row<'o, 'de> {
    objects: &'o mut Objects,
    fields: &'o mut Fields<'de>,
    fault: &'o mut Option<Fault>,
}

impl<'de> DeserializeSeed<'de> for Row<'_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Row<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = 0_u32;
        while let Some(column) = map.next_key_seed(Key(self.objects))? {
            // Of two with the same meaning, the first counts.
            let Some(column) = column.filter(|column| seen & (1 << *column as u32) == 0) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            seen |= 1 << column as u32;
            if matches!(column, Column::Rules | Column::Variants) {
                if let Some(list) = map.next_value::<Option<serde_json::Value>>()? {
                    let text = list.as_str().map_or_else(|| list.to_string(), str::to_owned);
                    self.fields.set(column, Cow::Owned(text));
                }
                continue;
            }
            let value = map.next_value()?;
            if let Err(shown) = take(self.fields, column, value) {
                self.fault.get_or_insert_with(|| wrong_type(column, &shown));
            }
        }
        Ok(())
    }
}

/// Sets the field `column`; gives the value back, as it may be shown, if it is of the wrong type.
fn take<'de>(fields: &mut Fields<'de>, column: Column, value: Value<'de>) -> Result<(), Cow<'de, str>> {
    let number = matches!(
        column,
        Column::CreatedAt
            | Column::StartsAt
            | Column::ExpiresAt
            | Column::ImportedClicks
            | Column::MaxClicks
            | Column::RedirectStatus
    );
    match value {
        Value::Absent => {}
        Value::Text(text) => fields.set(column, text),
        Value::Texts(tags) if column == Column::Tags => fields.tags = Tags::List(tags),
        Value::Number(text) if number => fields.set(column, Cow::Owned(text)),
        Value::Flag(flag) if matches!(column, Column::Archived | Column::ForwardQuery) => {
            fields.set(column, Cow::Borrowed(if flag { "true" } else { "false" }));
        }
        Value::Texts(_) => return Err(Cow::Borrowed("[…]")),
        Value::Number(text) => return Err(Cow::Owned(text)),
        Value::Flag(flag) => return Err(Cow::Borrowed(if flag { "true" } else { "false" })),
        Value::Other(shown) => return Err(Cow::Borrowed(shown)),
    }
    Ok(())
}

struct Key<'o>(&'o mut Objects);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<Column>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<Column>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }
    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.column(name))
    }
}

enum Value<'a> {
    Text(Cow<'a, str>),
    Texts(Vec<Cow<'a, str>>),
    Number(String),
    Flag(bool),
    Absent,
    Other(&'static str),
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
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
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other("{…}"))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
        let (mut texts, mut other) = (Vec::new(), false);
        while let Some(value) = list.next_element()? {
            match value {
                Value::Text(text) => texts.push(text),
                Value::Absent => {}
                Value::Texts(_) | Value::Number(_) | Value::Flag(_) | Value::Other(_) => other = true,
            }
        }
        Ok(if other { Value::Other("[…]") } else { Value::Texts(texts) })
    }
}
