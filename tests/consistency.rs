//! Folders, packages, template, local routes and sample events say the same.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn folders(path: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(path)).unwrap().map(|entry| entry.unwrap());
    entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().unwrap()).collect()
}

fn toml(path: &str) -> Value {
    toml::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The template's resources of one type, by logical id. Tags such as `!Ref` are left out, their arguments stay.
fn resources(kind: &str) -> BTreeMap<String, Value> {
    let template: Value = serde_saphyr::from_str(&read("template.yaml")).unwrap();
    let all = template["Resources"].as_object().unwrap().clone().into_iter();
    all.filter(|(_, resource)| resource["Type"] == kind).collect()
}

/// `load-import` -> `LoadImport`
fn pascal(name: &str) -> String {
    name.split('-').map(|part| part[..1].to_uppercase() + &part[1..]).collect()
}

#[test]
fn a_function_has_one_name_everywhere() {
    let functions = folders("functions");
    let in_template = resources("AWS::Serverless::Function");
    for name in &functions {
        assert_eq!(toml(&format!("functions/{name}/Cargo.toml"))["package"]["name"], *name);
        let id = format!("{}Function", pascal(name));
        let resource = in_template.get(&id).unwrap_or_else(|| panic!("template.yaml has no {id} for functions/{name}"));
        assert_eq!(resource["Metadata"]["BuildMethod"], "rust-cargolambda", "{id}");
        assert_eq!(resource["Metadata"]["BuildProperties"]["Binary"], *name, "{id}");
        assert_eq!(resource["Properties"]["Role"], format!("{}Role.Arn", pascal(name)), "{id} has no role of its own");
    }
    assert_eq!(in_template.len(), functions.len(), "template.yaml has a function without a folder");
}

#[test]
fn every_function_has_a_sample_event_that_is_json() {
    assert_eq!(folders("events"), folders("functions"));
    for name in folders("events") {
        let mut events = 0;
        for entry in fs::read_dir(root().join("events").join(&name)).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            events += 1;
        }
        assert!(events > 0, "events/{name} is empty");
    }
}

#[test]
fn local_routes_and_the_templates_are_the_same() {
    let mut in_template = BTreeMap::new();
    let integrations = resources("AWS::ApiGatewayV2::Integration");
    for (id, route) in resources("AWS::ApiGatewayV2::Route") {
        let key = route["Properties"]["RouteKey"].as_str().unwrap();
        let target = route["Properties"]["Target"].as_str().unwrap();
        let integration = target.trim_start_matches("integrations/${").trim_end_matches('}');
        let uri = integrations[integration]["Properties"]["IntegrationUri"].as_str().unwrap();
        let function = uri.trim_end_matches("Function.Arn").to_owned();
        match key.strip_prefix("ANY ") {
            Some(path) => drop(in_template.insert(path.to_owned(), function)),
            None if key == "$default" => {
                in_template.insert("/".to_owned(), function.clone());
                in_template.insert("/{*path}".to_owned(), function);
            }
            None => panic!("{id}: a route takes any method, so that the function can refuse the wrong ones: {key}"),
        }
    }
    let router = &toml("Cargo.toml")["workspace"]["metadata"]["lambda"]["watch"]["router"];
    let local: BTreeMap<String, String> = router
        .as_object()
        .expect("Cargo.toml has [workspace.metadata.lambda.watch.router]")
        .iter()
        .map(|(path, function)| (path.clone(), pascal(function.as_str().unwrap())))
        .collect();
    assert_eq!(local, in_template);
}

#[test]
fn the_document_has_every_route_of_the_api_and_no_other() {
    let document = waypost_api::openapi::document();
    let in_document: BTreeSet<String> = document["paths"].as_object().unwrap().keys().map(|path| shape(path)).collect();
    let router = &toml("Cargo.toml")["workspace"]["metadata"]["lambda"]["watch"]["router"];
    let routes = router.as_object().unwrap().iter().filter(|(_, function)| *function != "redirect");
    let local: BTreeSet<String> = routes.map(|(path, _)| shape(path)).collect();
    assert_eq!(in_document, local);
}

/// The path without its parameters' names.
fn shape(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn a_shard_has_one_invocation_at_a_time_and_reports_partial_failures() {
    let function = &resources("AWS::Serverless::Function")["AggregateClicksFunction"];
    let mapping = &function["Properties"]["Events"]["Clicks"]["Properties"];
    assert_eq!(
        mapping["ParallelizationFactor"], 1,
        "that a click is counted once rests on this: see docs/analytics.md"
    );
    assert_eq!(mapping["FunctionResponseTypes"][0], "ReportBatchItemFailures");
    assert_eq!(mapping["BisectBatchOnFunctionError"], true);
}

#[test]
fn no_role_has_more_than_named_actions_on_named_resources() {
    for (id, role) in resources("AWS::IAM::Role") {
        assert!(role["Properties"]["ManagedPolicyArns"].is_null(), "{id} has a managed policy");
        for policy in role["Properties"]["Policies"].as_array().unwrap() {
            for statement in policy["PolicyDocument"]["Statement"].as_array().unwrap() {
                let actions = statement["Action"].to_string();
                assert!(!actions.contains('*'), "{id}: {actions}");
                let all = statement["Resource"] == "*";
                assert!(!all || actions.contains("xray:"), "{id}: {actions} on every resource");
            }
        }
    }
}

#[test]
fn dependencies_point_one_way() {
    let functions = folders("functions");
    let dependencies =
        |path: &str| -> BTreeSet<String> { toml(path)["dependencies"].as_object().unwrap().keys().cloned().collect() };
    for name in &functions {
        let needed = dependencies(&format!("functions/{name}/Cargo.toml"));
        assert!(needed.is_disjoint(&functions), "functions/{name} depends on another function");
    }
    for name in ["redirect", "load-import", "aggregate-clicks"] {
        let needed = dependencies(&format!("functions/{name}/Cargo.toml"));
        assert!(!needed.contains("waypost-api"), "functions/{name} has no API, but depends on it");
    }
    let shared = |crate_name: &str| -> BTreeSet<String> {
        let all = dependencies(&format!("shared/{crate_name}/Cargo.toml"));
        all.into_iter().filter(|name| name.starts_with("waypost-")).collect()
    };
    assert_eq!(shared("api"), BTreeSet::from(["waypost-domain".to_owned()]));
    assert_eq!(shared("aws"), BTreeSet::from(["waypost-domain".to_owned()]));
    for name in dependencies("shared/domain/Cargo.toml") {
        let outside = ["aws-", "lambda_", "axum", "waypost-"].iter().any(|prefix| name.starts_with(prefix));
        assert!(!outside && name != "tokio" && name != "getrandom", "shared/domain depends on {name}");
    }
}
