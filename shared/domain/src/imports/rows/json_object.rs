//! Reads a JSON object as a row, with the same names as the columns of CSV. Notes unknown names and leaves them out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::column::{Column, Source};
use super::fields::{Fault, Fields, Tags};
use super::names::{column_of_source, common_column, normalize, recognise_source};
use super::notes::Notes;

/// How many names are cached. The objects of one file have the same names.
const MAX_CACHED_NAMES: usize = 64;
/// The longest name that is cached, in bytes.
const MAX_CACHED_NAME_BYTES: usize = 64;

/// Reads objects, and caches what their names mean.
#[derive(Default)]
pub(super) struct ObjectParser {
    cached_names: Vec<(Box<str>, Option<Column>)>,
    /// The index in `cached_names` of the name that probably comes next: most objects have the same order.
    expected: usize,
    source: Option<Source>,
    pub(super) notes: Notes,
}

impl ObjectParser {
    /// Reads objects that `source` wrote.
    pub(super) fn new(source: Option<Source>) -> Self {
        Self { source, ..Self::default() }
    }

    /// Reads the fields of an object. A JSON string instead of an object is a URL.
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
        self.expected = 0;
        let mut fields = Fields { source: self.source, ..Fields::default() };
        let mut fault = None;
        let row = RowVisitor { parser: self, fields: &mut fields, fault: &mut fault };
        let read = row.deserialize(&mut reader).and_then(|()| reader.end());
        read.map_err(|error| Fault::of_row(text, describe(&error)))?;
        fault.map_or(Ok(fields), Err)
    }

    fn column(&mut self, name: &str) -> Option<Column> {
        if let Some((cached, column)) = self.cached_names.get(self.expected)
            && **cached == *name
        {
            self.expected += 1;
            return *column;
        }
        if let Some(at) = self.cached_names.iter().position(|(cached, _)| **cached == *name) {
            self.expected = at + 1;
            return self.cached_names[at].1;
        }
        let normalized = normalize(name);
        let column = common_column(&normalized).or_else(|| {
            let source = self.source?;
            column_of_source(&normalized, source)
        });
        if column.is_none() {
            self.notes.add_unknown_column(name);
        }
        if self.cached_names.len() < MAX_CACHED_NAMES && name.len() <= MAX_CACHED_NAME_BYTES {
            self.cached_names.push((name.into(), column));
            self.expected = self.cached_names.len();
        }
        column
    }
}

/// Recognises the service that wrote an object by the names in it.
pub(super) fn recognise_object_source(text: &[u8]) -> Option<Source> {
    let names: BTreeMap<String, IgnoredAny> = serde_json::from_slice(text).ok()?;
    let names: Vec<String> = names.keys().map(|name| normalize(name)).collect();
    recognise_source(&names)
}

/// Returns the message of `serde_json` without its line, which is always 1: it reads one row at a time.
fn describe(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    format!("is not a JSON object: {message} (character {})", error.column())
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

/// Sets `fields`, and `fault` to the first field of the wrong type.
struct RowVisitor<'p, 'de> {
    parser: &'p mut ObjectParser,
    fields: &'p mut Fields<'de>,
    fault: &'p mut Option<Fault>,
}

impl<'de> DeserializeSeed<'de> for RowVisitor<'_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RowVisitor<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = 0_u32;
        while let Some(column) = map.next_key_seed(NameVisitor(self.parser))? {
            // Of two names with the same meaning, the first counts.
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
            if let Err(printed) = set_field(self.fields, column, value) {
                self.fault.get_or_insert_with(|| wrong_type(column, &printed));
            }
        }
        Ok(())
    }
}

/// Sets the field of `column`. Returns the value in printed form if it has the wrong type.
fn set_field<'de>(fields: &mut Fields<'de>, column: Column, value: Value<'de>) -> Result<(), Cow<'de, str>> {
    let number = matches!(
        column,
        Column::CreatedAt
            | Column::StartsAt
            | Column::ExpiresAt
            | Column::ImportedClicks
            | Column::MaxClicks
            | Column::RedirectStatus
            // A number is a text, too.
            | Column::Slug
            | Column::Title
    );
    match value {
        Value::Absent => {}
        Value::Text(text) => fields.set(column, text),
        Value::Texts(tags) if column == Column::Tags => fields.tags = Tags::List(tags),
        Value::Number(text) if number => fields.set(column, Cow::Owned(text)),
        Value::Flag(flag) if matches!(column, Column::Archived | Column::ForwardQuery | Column::HasPassword) => {
            fields.set(column, Cow::Borrowed(if flag { "true" } else { "false" }));
        }
        Value::Texts(_) => return Err(Cow::Borrowed("[…]")),
        Value::Named(name) if column == Column::Tags => fields.tags = Tags::List(vec![name]),
        Value::Named(_) => return Err(Cow::Borrowed("{…}")),
        Value::Number(text) => return Err(Cow::Owned(text)),
        Value::Flag(flag) => return Err(Cow::Borrowed(if flag { "true" } else { "false" })),
        Value::Other(printed) => return Err(Cow::Borrowed(printed)),
    }
    Ok(())
}

/// Looks up the column of a name.
struct NameVisitor<'p>(&'p mut ObjectParser);

impl<'de> DeserializeSeed<'de> for NameVisitor<'_> {
    type Value = Option<Column>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NameVisitor<'_> {
    type Value = Option<Column>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }
    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.column(name))
    }
}

/// The value of a field.
enum Value<'a> {
    Text(Cow<'a, str>),
    Texts(Vec<Cow<'a, str>>),
    Number(String),
    Flag(bool),
    /// An object with a name, as tags have.
    Named(Cow<'a, str>),
    Absent,
    /// A value that no column has, in printed form.
    Other(&'static str),
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
        let mut named = None;
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let is_name = matches!(&*name, "name" | "text" | "title" | "label");
            match (named.is_none() && is_name).then(|| map.next_value::<Value<'de>>()).transpose()? {
                Some(Value::Text(text)) => named = Some(text),
                Some(_) => {}
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(named.map_or(Value::Other("{…}"), Value::Named))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
        let (mut texts, mut other) = (Vec::new(), false);
        while let Some(value) = list.next_element()? {
            match value {
                Value::Text(text) | Value::Named(text) => texts.push(text),
                Value::Number(text) => texts.push(Cow::Owned(text)),
                Value::Absent => {}
                Value::Texts(_) | Value::Flag(_) | Value::Other(_) => other = true,
            }
        }
        Ok(if other { Value::Other("[…]") } else { Value::Texts(texts) })
    }
}
