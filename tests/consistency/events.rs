//! Checks that each function has sample events, that its trigger sends such events, and that a test loads each of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::repository::{folders, require_none, root};
use crate::routes::{Route, in_router};
use crate::template::{Template, events, pascal};

/// Reads the sample events of a function, by file name. Fails the test if one is not JSON.
fn samples(function: &str) -> BTreeMap<String, Value> {
    let folder = root().join("events").join(function);
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let event = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path.file_name().unwrap().to_string_lossy().into_owned(), event)
        })
        .collect()
}

#[test]
fn function_has_sample_events() {
    let (functions, events) = (folders("functions"), folders("events"));
    let mut problems = Vec::new();
    for name in &functions {
        if samples(name).is_empty() {
            problems.push(format!("functions/{name} has no sample event: add events/{name}/<what it shows>.json"));
        }
    }
    for name in events.difference(&functions) {
        problems.push(format!("events/{name} has no folder functions/{name}"));
    }
    require_none(&problems);
}

#[test]
fn sample_event_is_loaded_by_a_test() {
    let mut problems = Vec::new();
    for name in folders("functions") {
        let mut code = String::new();
        read_code(&root().join("functions").join(&name), &mut code);
        let missing: BTreeSet<String> =
            samples(&name).into_keys().filter(|file| !code.contains(&format!("/events/{name}/{file}"))).collect();
        problems.extend(missing.iter().map(|file| format!("no test of functions/{name} loads events/{name}/{file}")));
    }
    require_none(&problems);
}

/// Appends all Rust code below a folder to `code`.
fn read_code(folder: &Path, code: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_code(&path, code);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            code.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn sample_event_matches_a_trigger() {
    let template = Template::read().functions();
    let routes = in_router();
    let mut problems = Vec::new();
    for name in folders("functions") {
        let sources: Vec<String> = template
            .get(&pascal(&name))
            .into_iter()
            .flat_map(|function| {
                events(function).map(|(_, kind, _)| format!("aws:{}", kind.to_lowercase())).collect::<Vec<_>>()
            })
            .collect();
        for (file, event) in samples(&name) {
            let path = event["rawPath"].as_str();
            let method = event["requestContext"]["http"]["method"].as_str().unwrap_or_default();
            let source = event["Records"][0]["eventSource"].as_str();
            match (path, source) {
                (Some(path), _) if route(&routes, method, path) == Some(&name) => {}
                (Some(path), _) => {
                    problems.push(format!("events/{name}/{file}: the routes do not send {path} to {name}"))
                }
                (None, Some(source)) if sources.iter().any(|own| own == source) => {}
                (None, Some(source)) => {
                    problems.push(format!("events/{name}/{file}: {source} does not trigger {name}"))
                }
                // S3 sends this message once, when a bucket's notification is set up.
                (None, None) if event["Event"] == "s3:TestEvent" && sources.iter().any(|own| own == "aws:s3") => {}
                // A rule of EventBridge sends the events of services.
                (None, None)
                    if event["detail-type"].is_string() && sources.iter().any(|own| own == "aws:eventbridgerule") => {}
                // A schedule sends any event that the template defines.
                (None, None) if sources.iter().any(|own| own.starts_with("aws:schedule")) => {}
                (None, None) => problems.push(format!("events/{name}/{file} is not an event that triggers {name}")),
            }
        }
    }
    require_none(&problems);
}

/// Finds the function that gets requests with a method for a path. Of the routes that match, the one with the most literal parts wins.
fn route<'a>(routes: &'a BTreeMap<Route, String>, method: &str, path: &str) -> Option<&'a String> {
    let matching = routes.iter().filter(|((route, own), _)| own == method && matches(route, path));
    let best = matching.max_by_key(|((route, _), _)| route.split('/').filter(|part| !part.starts_with('{')).count());
    best.map(|(_, function)| function)
}

fn matches(route: &str, path: &str) -> bool {
    let (mut wanted, mut parts) = (route.split('/'), path.split('/'));
    loop {
        match (wanted.next(), parts.next()) {
            (Some(part), Some(_)) if part.starts_with("{*") => return true,
            (Some(part), Some(_)) if part.starts_with('{') => {}
            (Some(part), Some(given)) if part == given => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}
