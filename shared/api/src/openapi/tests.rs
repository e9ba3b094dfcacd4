use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap();
        methods.iter().map(|(method, operation)| (method.clone(), path.clone(), operation.clone()))
    });
    all.collect()
}

/// Visits every value in the document.
fn visit(value: &Value, see: &mut impl FnMut(&Value)) {
    see(value);
    match value {
        Value::Object(fields) => fields.values().for_each(|value| visit(value, see)),
        Value::Array(items) => items.iter().for_each(|value| visit(value, see)),
        _ => {}
    }
}

#[test]
fn operation_ids_are_unique_and_links_lead_to_them() {
    let document = document();
    let all = operations(&document);
    let ids: BTreeSet<&str> = all.iter().map(|(_, _, operation)| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), all.len());
    let mut links = 0;
    for (_, path, operation) in &all {
        for answer in operation["responses"].as_object().unwrap().values() {
            for link in answer["links"].as_object().into_iter().flatten() {
                assert!(ids.contains(link.1["operationId"].as_str().unwrap()), "{path}: {}", link.0);
                links += 1;
            }
        }
    }
    assert!(links > 5);
}

#[test]
fn every_reference_has_its_component_and_every_component_is_referred_to() {
    let document = document();
    let mut seen = BTreeSet::new();
    visit(&document, &mut |value| {
        if let Some(reference) = value["$ref"].as_str() {
            seen.insert(reference.to_owned());
        }
    });
    for kind in ["schemas", "headers"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(seen.remove(&format!("#/components/{kind}/{name}")), "nothing refers to {kind}/{name}");
        }
    }
    assert!(seen.is_empty(), "{seen:?}");
}

#[test]
fn a_type_that_is_read_and_written_has_one_schema_or_two_names() {
    let mut operations = Operations::default();
    paths::add_all(&mut operations);
    assert_eq!(operations.into_parts().1.ambiguous(), Vec::<String>::new());
}

#[test]
fn descriptions_are_for_callers() {
    let mut others = Vec::new();
    visit(&document(), &mut |value| {
        if let Some(text) = value["description"].as_str()
            && ["[`", "::", "](", "crate", "docs/"].iter().any(|it| text.contains(it))
        {
            others.push(text.to_owned());
        }
    });
    assert_eq!(others, Vec::<String>::new());
}

#[test]
fn every_property_and_parameter_is_described() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            assert!(schema["description"].is_string() || schema["$ref"].is_string(), "{name}.{property}");
        }
    }
    for (_, path, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().unwrap() {
            assert!(parameter["description"].as_str().is_some_and(|text| !text.is_empty()), "{path}: {parameter}");
        }
    }
}

#[test]
fn every_post_takes_an_idempotency_key() {
    for (method, path, operation) in operations(&document()) {
        let headers: Vec<&Value> =
            operation["parameters"].as_array().unwrap().iter().map(|parameter| &parameter["name"]).collect();
        // A sign-in has no caller yet, whose requests the keys would tell apart.
        let takes = method == "post" && path != "/v1/sessions";
        assert_eq!(headers.iter().any(|name| *name == "Idempotency-Key"), takes, "{method} {path}");
    }
}

#[test]
fn every_operation_lists_the_problems_of_its_requests() {
    for (method, path, operation) in operations(&document()) {
        let has = |status: u16| operation["responses"][status.to_string()].is_object();
        assert!(has(422), "{method} {path}: every operation refuses unknown query parameters");
        let with_body = method == "post" || operation["requestBody"].is_object();
        assert!(!with_body || (has(400) && has(413) && has(422)), "{method} {path}");
        let with_part = path.contains('{');
        assert!(!with_part || has(404), "{method} {path}");
    }
}

/// The types of the console are made from a copy of the document. `make console-types` writes both.
#[test]
fn copy_of_the_console_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../console/openapi.json");
    let current = format!("{:#}\n", document());
    if std::env::var_os("WRITE_CONSOLE_DOCUMENT").is_some() {
        std::fs::write(path, &current).unwrap();
    }
    let copy = std::fs::read_to_string(path).unwrap();
    assert!(copy == current, "console/openapi.json differs from the API: run `make console-types`");
}
