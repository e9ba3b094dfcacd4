//! Tests that what the API does without is optional in the document, and the reverse.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::Value;
use waypost_domain::abuse::change::ReportChange;
use waypost_domain::access::create_key::NewKey;
use waypost_domain::access::sessions::prove::NewSession;
use waypost_domain::blocking::add::NewBlockedTargets;
use waypost_domain::exports::start::NewExport;
use waypost_domain::imports::start::NewImport;
use waypost_domain::link_changes::request::NewLinkChange;
use waypost_domain::links::request::LinkFields;
use waypost_domain::tags::define::TagFields;
use waypost_domain::tags::rename::NewTagName;

use super::document;
use crate::link_batches::NewBatch;
use crate::qr::QrStyle;

/// Fields without which a body can be read, and which a later check requires.
const CHECKED_LATER: [&str; 6] = [
    "post /v1/links /url",
    "post /v1/link-batches /items/*/url",
    "post /v1/link-changes /change/replace_url_prefix/from",
    "post /v1/link-changes /change/replace_url_prefix/to",
    "post /v1/link-changes /change/rename_tag/from",
    "post /v1/link-changes /change/rename_tag/to",
];

#[test]
fn query_parameter_is_required_only_where_the_api_refuses_a_request_without_it() {
    let document = document();
    let mut required = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            for parameter in operation["parameters"].as_array().unwrap() {
                if parameter["in"] == "query" && parameter["required"] == true {
                    required.push(format!("{method} {path} {}", parameter["name"].as_str().unwrap()));
                }
            }
        }
    }
    assert_eq!(required, ["delete /v1/blocked-targets target"]);
}

#[test]
fn field_of_a_body_is_required_exactly_if_the_body_cannot_be_read_without_it() {
    let mut problems = Vec::new();
    let mut tried = 0;
    for (operation, read) in [
        ("patch /v1/abuse-reports/{link_id}", can_be_read::<ReportChange> as fn(&Value) -> bool),
        ("post /v1/blocked-targets", can_be_read::<NewBlockedTargets>),
        ("post /v1/link-batches", can_be_read::<NewBatch>),
        ("post /v1/link-changes", can_be_read::<NewLinkChange>),
        ("post /v1/links", can_be_read::<LinkFields>),
        ("post /v1/links/{slug}/qr", can_be_read::<QrStyle>),
        ("post /v1/exports", can_be_read::<NewExport>),
        ("post /v1/imports", can_be_read::<NewImport>),
        ("post /v1/keys", can_be_read::<NewKey>),
        ("post /v1/sessions", can_be_read::<NewSession>),
        ("put /v1/tags/{tag}", can_be_read::<TagFields>),
        ("post /v1/tags/{tag}/rename", can_be_read::<NewTagName>),
    ] {
        let document = document();
        let (method, path) = operation.split_once(' ').unwrap();
        let body = &document["paths"][path][method]["requestBody"]["content"]["application/json"];
        for example in body["examples"].as_object().unwrap().values() {
            let whole = &example["value"];
            assert!(read(whole), "{operation}: {whole}");
            for (at, is_required) in fields(&document, &body["schema"], whole, "") {
                tried += 1;
                let name = format!("{operation} {}", without_numbers(&at));
                let is_needed = !read(&without(whole, &at)) || CHECKED_LATER.contains(&name.as_str());
                if is_needed != is_required {
                    problems.push(format!("{name}: required in the document {is_required}, by the API {is_needed}"));
                }
            }
        }
    }
    assert_eq!(problems, Vec::<String>::new());
    assert!(tried > 40, "{tried}");
}

fn can_be_read<T: DeserializeOwned>(value: &Value) -> bool {
    serde_json::from_value::<T>(value.clone()).is_ok()
}

/// Returns the pointer to every field of `value`, and whether its schema requires it.
fn fields(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                // Names in a map, such as columns of a file, are no fields.
                let Some((schema, is_required)) = field(document, schema, map.keys().collect(), name) else { continue };
                found.push((at.clone(), is_required));
                found.extend(fields(document, &schema, inner, &at));
            }
        }
        Value::Array(items) => {
            let schema = alternatives(document, schema).into_iter().find(|schema| schema["items"].is_object());
            for (index, item) in items.iter().enumerate() {
                let schema = schema.as_ref().map_or(&Value::Null, |schema| &schema["items"]);
                found.extend(fields(document, schema, item, &format!("{at}/{index}")));
            }
        }
        _ => {}
    }
    found
}

/// Returns the schema of the field `name` of an object with the fields `names`, and whether it is required.
fn field(document: &Value, schema: &Value, names: BTreeSet<&String>, name: &str) -> Option<(Value, bool)> {
    let has_all = |schema: &&Value| names.iter().all(|name| !schema["properties"][name.as_str()].is_null());
    let all = alternatives(document, schema);
    let schema = all.iter().find(has_all)?;
    let is_required = schema["required"].as_array().is_some_and(|required| required.iter().any(|it| it == name));
    Some((schema["properties"][name].clone(), is_required))
}

/// Returns the schemas that a value may have by `schema`.
fn alternatives(document: &Value, schema: &Value) -> Vec<Value> {
    if let Some(reference) = schema["$ref"].as_str() {
        return alternatives(document, document.pointer(&reference[1..]).unwrap());
    }
    let mut all = vec![schema.clone()];
    for kind in ["anyOf", "oneOf", "allOf"] {
        all.extend(schema[kind].as_array().into_iter().flatten().flat_map(|schema| alternatives(document, schema)));
    }
    all
}

/// Returns `value` without the field at `at`.
fn without(value: &Value, at: &str) -> Value {
    let (parent, name) = at.rsplit_once('/').unwrap();
    let mut value = value.clone();
    let fields = value.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    fields.remove(&name.replace("~1", "/").replace("~0", "~"));
    value
}

fn without_numbers(at: &str) -> String {
    let parts = at.split('/').map(|part| if part.parse::<usize>().is_ok() { "*" } else { part });
    parts.collect::<Vec<_>>().join("/")
}
