//! Reads a JSON object as a row, with the same names as the columns of CSV. Notes unknown names and leaves them out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::column::{Column, Source};
use super::column_names::ColumnNames;
use super::fields::{Fault, Fields, Tags};
use super::json_value::Value;
use super::names::{WEAK_URL_NAMES, column_of_source, common_column, normalize, recognise_source};
use super::notes::Notes;

/// How many names are cached. The objects of one file have the same names.
const MAX_CACHED_NAMES: usize = 64;
/// The longest name that is cached, in bytes.
const MAX_CACHED_NAME_BYTES: usize = 64;

/// Reads objects, and caches what their names mean.
#[derive(Default)]
pub(super) struct ObjectParser {
    cached_names: Vec<(Box<str>, Meaning)>,
    /// The index in `cached_names` of the name that probably comes next: most objects have the same order.
    expected: usize,
    source: Option<Source>,
    /// What the owner says about the names.
    given: ColumnNames,
    pub(super) notes: Notes,
}

/// What a name in an object means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Known(Column),
    /// A URL, if the object has no URL with a better name.
    WeakUrl,
    Unknown,
}

impl ObjectParser {
    /// Reads objects that `source` wrote, with names as their owner says in `given`.
    pub(super) fn new(source: Option<Source>, given: &ColumnNames) -> Self {
        Self { source, given: given.clone(), ..Self::default() }
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

    fn meaning(&mut self, name: &str) -> Meaning {
        if let Some((cached, meaning)) = self.cached_names.get(self.expected)
            && **cached == *name
        {
            self.expected += 1;
            return *meaning;
        }
        if let Some(at) = self.cached_names.iter().position(|(cached, _)| **cached == *name) {
            self.expected = at + 1;
            return self.cached_names[at].1;
        }
        let meaning = meaning_of(name, self.source, &self.given);
        if meaning == Meaning::Unknown {
            self.notes.add_unknown_column(name);
        }
        if self.cached_names.len() < MAX_CACHED_NAMES && name.len() <= MAX_CACHED_NAME_BYTES {
            self.cached_names.push((name.into(), meaning));
            self.expected = self.cached_names.len();
        }
        meaning
    }
}

/// Returns what `name` means in the objects of `source`.
pub(super) fn meaning_of(name: &str, source: Option<Source>, given: &ColumnNames) -> Meaning {
    let normalized = normalize(name);
    let of_source = || source.and_then(|source| column_of_source(&normalized, source));
    let is_given = |column: &Column| given.iter().any(|(_, given)| given == *column);
    let found = || of_source().or_else(|| common_column(&normalized)).filter(|column| !is_given(column));
    match given.get(&normalized).or_else(found) {
        Some(column) => Meaning::Known(column),
        None if WEAK_URL_NAMES.contains(&normalized.as_str()) => Meaning::WeakUrl,
        None => Meaning::Unknown,
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
        Column::Rules | Column::Variants | Column::Aliases => "a list",
        Column::Geo | Column::Preview => "an object",
        Column::ImportedClicks | Column::MaxClicks | Column::RedirectStatus => "a number",
        Column::Archived | Column::ForwardQuery | Column::ForwardPath | Column::Landing => "true or false",
        _ if column.is_time() => "a text or a number",
        _ => "a text",
    };
    // The report never shows a password.
    let value = if column.is_password() { "" } else { value };
    Fault { column: Some(column), value: value.to_owned(), cause: format!("must be {expected}") }
}

/// Sets `fields`, and `fault` to the first field of the wrong type without which there is no link.
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
        let mut seen = 0_u64;
        let mut weak_url: Option<Value<'de>> = None;
        while let Some(meaning) = map.next_key_seed(NameVisitor(self.parser))? {
            let column = match meaning {
                Meaning::Known(column) if column != Column::Ignored => column,
                Meaning::WeakUrl if weak_url.is_none() => {
                    weak_url = Some(map.next_value()?);
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            // Of two names with the same meaning, the first counts, unless they restrict the link: then both do.
            let bit = 1 << column as u64;
            if seen & bit != 0 && !column.restricts() {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if matches!(column, Column::Rules | Column::Variants | Column::Geo | Column::Preview | Column::Aliases) {
                if let Some(value) = map.next_value::<Option<serde_json::Value>>()? {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    self.fields.set(column, Cow::Owned(text));
                }
                continue;
            }
            let value: Value<'de> = map.next_value()?;
            if !matches!(value, Value::Absent) {
                seen |= bit;
            }
            if let Err(printed) = set_field(self.fields, column, value) {
                let fault = wrong_type(column, &printed);
                if matches!(column, Column::Url | Column::Slug | Column::ShortUrl | Column::CustomUrl) {
                    self.fault.get_or_insert(fault);
                } else {
                    self.fields.faults.push(fault);
                }
            }
        }
        if self.fields.url.is_none()
            && self.fault.is_none()
            && let Some(Value::Text(url)) = weak_url
        {
            self.fields.set(Column::Url, url);
        }
        Ok(())
    }
}

/// Sets the field of `column`. Returns the value in printed form if it has the wrong type.
fn set_field<'de>(fields: &mut Fields<'de>, column: Column, value: Value<'de>) -> Result<(), Cow<'de, str>> {
    match value {
        Value::Absent => {}
        Value::Text(text) => fields.set(column, text),
        // A list of URLs of which any will do.
        Value::Texts { texts, .. } if column == Column::CustomUrl => {
            let mut texts = texts.into_iter();
            if let Some(first) = texts.next() {
                fields.set(column, first);
            }
            for text in texts {
                let cause = "is another short link of the row and is left out".to_owned();
                fields.faults.push(Fault { column: Some(column), value: text.into_owned(), cause });
            }
        }
        Value::Texts { texts, others } if column == Column::Tags => {
            if others {
                fields.faults.push(wrong_type(column, "[…]"));
            }
            fields.tags = Tags::List(texts);
        }
        Value::Object(Some(name)) if column == Column::Tags => fields.tags = Tags::List(vec![name]),
        Value::Number(text) if column != Column::Url => fields.set(column, Cow::Owned(text)),
        Value::Flag(flag) if column.is_flag() => {
            fields.set(column, Cow::Borrowed(if flag { "true" } else { "false" }));
        }
        // Services have `false` for none.
        Value::Flag(false) if column.restricts() => {}
        Value::Texts { .. } => return Err(Cow::Borrowed("[…]")),
        Value::Number(text) => return Err(Cow::Owned(text)),
        Value::Flag(flag) => return Err(Cow::Borrowed(if flag { "true" } else { "false" })),
        Value::Object(_) => return Err(Cow::Borrowed("{…}")),
    }
    Ok(())
}

/// Looks up the column of a name.
struct NameVisitor<'p>(&'p mut ObjectParser);

impl<'de> DeserializeSeed<'de> for NameVisitor<'_> {
    type Value = Meaning;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NameVisitor<'_> {
    type Value = Meaning;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }
    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.meaning(name))
    }
}
