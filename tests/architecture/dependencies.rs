//! Checks that crates depend on each other along the arrows: functions -> http, lambda, api, aws, fetch -> domain.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::repository::{folders, require_none, root, toml};

/// The own crates that each crate under `shared/` may depend on.
const SHARED: [(&str, &[&str]); 6] = [
    ("api", &["waypost-domain"]),
    ("aws", &["waypost-domain"]),
    ("domain", &[]),
    ("fetch", &["waypost-domain"]),
    ("http", &["waypost-domain"]),
    ("lambda", &["waypost-aws", "waypost-domain", "waypost-http"]),
];
/// The own crates that a function may depend on.
const FUNCTION: [&str; 6] =
    ["waypost-api", "waypost-aws", "waypost-domain", "waypost-fetch", "waypost-http", "waypost-lambda"];

/// The foreign crates that a crate under `shared/` must not depend on. `aws-*` means every crate whose name begins with `aws-`.
const FORBIDDEN: [(&str, &[&str]); 3] = [
    ("aws", &["axum", "jsonwebtoken", "lambda_http", "lambda_runtime"]),
    ("fetch", &["aws-*", "axum", "lambda_http", "lambda_runtime"]),
    ("domain", &["aws-*", "aws_*", "axum*", "getrandom", "http", "http-*", "hyper*", "lambda*", "tokio*"]),
];

/// Folders whose crates may use test doubles outside of tests: they are not deployed.
const TESTING: [&str; 3] = ["bench", "fuzz", "tests"];

/// Reads all manifests, by the folder of the package.
fn manifests() -> BTreeMap<String, Value> {
    let mut found = BTreeMap::from([("fuzz".to_owned(), toml("fuzz/Cargo.toml"))]);
    for member in toml("Cargo.toml")["workspace"]["members"].as_array().unwrap() {
        let member = member.as_str().unwrap();
        let members: Vec<String> = match member.strip_suffix("/*") {
            Some(parent) => folders(parent).into_iter().map(|name| format!("{parent}/{name}")).collect(),
            None => vec![member.to_owned()],
        };
        for folder in members.into_iter().filter(|folder| root().join(folder).join("Cargo.toml").is_file()) {
            let manifest = toml(&format!("{folder}/Cargo.toml"));
            found.insert(folder, manifest);
        }
    }
    found
}

/// Lists the dependencies in `sections` of a manifest, also those of one platform only: crate and settings.
fn dependencies<'a>(manifest: &'a Value, sections: &[&str]) -> Vec<(String, &'a Value)> {
    let platforms = manifest["target"].as_object().into_iter().flatten().map(|(_, platform)| platform);
    let tables = std::iter::once(manifest).chain(platforms);
    let named = tables.flat_map(|table| sections.iter().filter_map(|section| table[*section].as_object()).flatten());
    named.map(|(name, settings)| (settings["package"].as_str().unwrap_or(name).to_owned(), settings)).collect()
}

const NORMAL: [&str; 2] = ["dependencies", "build-dependencies"];

#[test]
fn crates_depend_on_each_other_along_the_arrows() {
    let manifests = manifests();
    let own: BTreeSet<String> =
        manifests.values().map(|manifest| manifest["package"]["name"].as_str().unwrap().to_owned()).collect();
    let mut problems = Vec::new();
    for (folder, manifest) in &manifests {
        let allowed: &[&str] = match folder.split_once('/') {
            Some(("functions", _)) => &FUNCTION,
            Some(("shared", name)) => match SHARED.iter().find(|(known, _)| *known == name) {
                Some((_, allowed)) => allowed,
                None => {
                    problems.push(format!("{folder}: list in SHARED the crates it may depend on"));
                    continue;
                }
            },
            _ => continue,
        };
        for (name, _) in dependencies(manifest, &NORMAL) {
            if own.contains(&name) && !allowed.contains(&name.as_str()) {
                problems.push(format!("{folder} depends on {name}: the arrows between the crates do not allow it"));
            }
        }
    }
    require_none(&problems);
}

#[test]
fn function_does_not_depend_on_another_function() {
    let functions = folders("functions");
    let mut problems = Vec::new();
    for (folder, manifest) in manifests().iter().filter(|(folder, _)| folder.starts_with("functions/")) {
        let all = dependencies(manifest, &["dependencies", "build-dependencies", "dev-dependencies"]);
        for (name, _) in all.iter().filter(|(name, _)| functions.contains(name)) {
            problems.push(format!("{folder} depends on the function {name}: move what both need to shared/"));
        }
    }
    require_none(&problems);
}

#[test]
fn shared_crate_stays_in_its_layer() {
    let manifests = manifests();
    let mut problems = Vec::new();
    for (name, forbidden) in FORBIDDEN {
        let Some(manifest) = manifests.get(&format!("shared/{name}")) else {
            problems.push(format!("FORBIDDEN names shared/{name}, which does not exist"));
            continue;
        };
        for (dependency, _) in dependencies(manifest, &NORMAL) {
            let is_forbidden = |pattern: &&str| match pattern.strip_suffix('*') {
                Some(beginning) => dependency.starts_with(beginning),
                None => dependency == **pattern,
            };
            if forbidden.iter().any(is_forbidden) {
                problems.push(format!("shared/{name} depends on {dependency}, which belongs to another layer"));
            }
        }
    }
    require_none(&problems);
}

#[test]
fn test_doubles_are_for_tests_only() {
    let mut problems = Vec::new();
    let workspace = &toml("Cargo.toml")["workspace"];
    for (name, _) in dependencies(workspace, &NORMAL).iter().filter(|(_, settings)| has_testing(&settings["features"]))
    {
        problems.push(format!("Cargo.toml switches on the feature testing of {name} for the whole workspace"));
    }
    for (folder, manifest) in manifests() {
        if has_testing(&manifest["features"]["default"]) {
            problems.push(format!("{folder} has the feature testing by default"));
        }
        let features = manifest["features"].as_object().into_iter().flatten();
        for (feature, enabled) in features.filter(|(feature, _)| *feature != "testing") {
            if has_testing(enabled) {
                problems.push(format!("{folder}: the feature {feature} switches on the test doubles"));
            }
        }
        if TESTING.contains(&folder.split('/').next().unwrap()) {
            continue;
        }
        for (name, _) in
            dependencies(&manifest, &NORMAL).iter().filter(|(_, settings)| has_testing(&settings["features"]))
        {
            problems.push(format!("{folder} switches on the feature testing of {name} outside of [dev-dependencies]"));
        }
    }
    require_none(&problems);
}

/// Tells whether a list of features has `testing`, of this crate or of a dependency.
fn has_testing(features: &Value) -> bool {
    let names = features.as_array().into_iter().flatten().filter_map(Value::as_str);
    names.into_iter().any(|name| name == "testing" || name.ends_with("/testing"))
}
