//! Looks at the first objects of a JSON file, before the first of them becomes a link.

use std::collections::BTreeMap;

use super::buffer::Buffer;
use super::column::{Column, Source};
use super::column_names::ColumnNames;
use super::json::{Document, Element};
use super::json_object::{Meaning, meaning_of};
use super::layout::Shape;
use super::unnamed::describe_unnamed_slugs;

/// How many objects are looked at.
const MAX_OBJECTS: usize = 50;

/// Describes the field that probably holds the slugs of a JSON file that begins with `head`, if no field is known to.
pub(super) fn describe_unnamed_object_slugs(
    head: &[u8],
    shape: &Shape,
    source: Option<Source>,
    given: &ColumnNames,
) -> Option<String> {
    let objects: Vec<BTreeMap<String, serde_json::Value>> = match shape {
        Shape::JsonLines => {
            let lines = head.split(|byte| *byte == b'\n').take(MAX_OBJECTS);
            lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
        }
        Shape::JsonDocument => read_elements(head),
        _ => return None,
    };
    let mut unknown: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in objects.iter().flatten() {
        match meaning_of(name, source, given) {
            Meaning::Known(Column::Slug | Column::ShortUrl | Column::CustomUrl) => return None,
            Meaning::Unknown => unknown.entry(name).or_default().push(match value {
                serde_json::Value::String(text) => text,
                serde_json::Value::Null => "",
                // No slug.
                _ => "{…}",
            }),
            _ => {}
        }
    }
    describe_unnamed_slugs(unknown.into_iter())
}

fn read_elements(head: &[u8]) -> Vec<BTreeMap<String, serde_json::Value>> {
    let mut document = Document::default();
    let mut buffer = Buffer::new(0, 1);
    buffer.extend(head);
    let mut objects = Vec::new();
    for _ in 0..MAX_OBJECTS {
        let object = match document.find(&mut buffer) {
            Ok(Element::Whole(length)) => serde_json::from_slice(&buffer.rest()[..length]),
            Ok(Element::Flat(link)) => serde_json::from_slice(&link),
            _ => break,
        };
        objects.extend(object);
    }
    objects
}
