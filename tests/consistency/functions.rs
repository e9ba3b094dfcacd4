//! Checks that each function has one name everywhere, a log group, a trigger, and the API crate only if it needs it.

use std::collections::BTreeSet;

use crate::repository::{folders, require_none, root, toml};
use crate::template::{Template, events, kebab, pascal};

#[test]
fn function_has_one_name_everywhere() {
    let in_template = Template::read().functions();
    let mut problems = Vec::new();
    for name in folders("functions") {
        let manifest = toml(&format!("functions/{name}/Cargo.toml"));
        if manifest["package"]["name"] != *name {
            problems.push(format!("functions/{name}/Cargo.toml: the package is not named {name}"));
        }
        let other = manifest["bin"].as_array().into_iter().flatten().find(|bin| bin["name"] != *name);
        if let Some(bin) = other {
            problems.push(format!("functions/{name}/Cargo.toml: the binary {} is not named {name}", bin["name"]));
        }
        if !root().join(format!("functions/{name}/src/main.rs")).is_file() {
            problems.push(format!("functions/{name} has no src/main.rs"));
        }
        let id = pascal(&name);
        let Some(function) = in_template.get(&id) else {
            problems.push(format!("template.yaml has no {id}Function for functions/{name}"));
            continue;
        };
        if function["Metadata"]["BuildMethod"] != "rust-cargolambda" {
            problems.push(format!("template.yaml: {id}Function has no BuildMethod rust-cargolambda"));
        }
        if function["Metadata"]["BuildProperties"]["Binary"] != *name {
            problems.push(format!("template.yaml: the Binary of {id}Function is not {name}"));
        }
        if function["Properties"]["FunctionName"] != format!("${{AWS::StackName}}-{name}") {
            problems.push(format!("template.yaml: the FunctionName of {id}Function does not end with -{name}"));
        }
    }
    for id in in_template.keys().filter(|id| !root().join("functions").join(kebab(id)).is_dir()) {
        problems.push(format!("template.yaml has {id}Function, but there is no folder functions/{}", kebab(id)));
    }
    require_none(&problems);
}

#[test]
fn function_has_a_log_group() {
    let template = Template::read();
    let common = template.global("LoggingConfig");
    assert_eq!((&common["LogFormat"], &common["ApplicationLogLevel"][1]), (&"JSON".into(), &"LogLevel".into()));
    let groups = template.resources("AWS::Logs::LogGroup");
    let mut problems = Vec::new();
    for (id, function) in template.functions() {
        let group = format!("{id}LogGroup");
        let Some(properties) = groups.get(&group).map(|group| &group["Properties"]) else {
            problems.push(format!("template.yaml has no {group} for {id}Function"));
            continue;
        };
        if properties["LogGroupName"] != format!("/aws/lambda/${{AWS::StackName}}-{}", kebab(&id)) {
            problems.push(format!("template.yaml: the LogGroupName of {group} is not that of {id}Function"));
        }
        if properties["RetentionInDays"] != "LogRetentionDays" {
            problems.push(format!("template.yaml: the RetentionInDays of {group} is not LogRetentionDays"));
        }
        if function["Properties"]["LoggingConfig"]["LogGroup"] != *group {
            problems.push(format!("template.yaml: {id}Function does not log to {group}"));
        }
    }
    require_none(&problems);
}

#[test]
fn function_has_a_trigger() {
    let template = Template::read();
    let integrated: BTreeSet<String> = template
        .resources("AWS::ApiGatewayV2::Integration")
        .values()
        .filter_map(|integration| integration["Properties"]["IntegrationUri"].as_str())
        .map(|uri| uri.trim_end_matches("Function.Arn").to_owned())
        .collect();
    let mut problems = Vec::new();
    for (id, function) in template.functions() {
        if events(&function).next().is_none() && !integrated.contains(&id) {
            problems.push(format!("template.yaml: nothing triggers {id}Function (no Events, no {id}Integration)"));
        }
    }
    require_none(&problems);
}

#[test]
fn only_api_functions_depend_on_the_api_crate() {
    let routes = crate::routes::in_template(&Template::read());
    let with_api: BTreeSet<&String> =
        routes.iter().filter(|((path, _), _)| !["/", "/{*path}"].contains(&path.as_str())).map(|(_, id)| id).collect();
    let mut problems = Vec::new();
    for name in folders("functions") {
        let manifest = toml(&format!("functions/{name}/Cargo.toml"));
        if !with_api.contains(&pascal(&name)) && !manifest["dependencies"]["waypost-api"].is_null() {
            problems.push(format!("functions/{name} has no API, but depends on waypost-api"));
        }
    }
    require_none(&problems);
}

#[test]
fn redirect_has_time_for_all_that_it_may_wait_for() {
    let template = Template::read();
    let timeout_s = template.timeout_s(&template.functions()["Redirect"]);
    let needed = waypost_aws::time_budget::longest_redirect();
    assert!(
        needed.as_secs() < timeout_s,
        "template.yaml: RedirectFunction has {timeout_s} s, but its calls may take {needed:?}: Lambda would end it before \
         its click is kept"
    );
}

#[test]
fn background_work_leaves_instances_for_redirects() {
    let template = Template::read();
    let mut problems = Vec::new();
    for (id, function) in template.functions() {
        for (name, kind, event) in events(&function) {
            let bounded = match kind {
                "SQS" => !event["ScalingConfig"]["MaximumConcurrency"].is_null(),
                // One invocation a shard.
                "Kinesis" | "DynamoDB" => event["ParallelizationFactor"] == 1,
                // An event at a time.
                "Schedule" | "ScheduleV2" => true,
                // Lambda starts an instance for each event.
                _ => !function["Properties"]["ReservedConcurrentExecutions"].is_null(),
            };
            if !bounded {
                problems.push(format!("template.yaml: {kind} event {name} can fill the account with {id}Function"));
            }
        }
    }
    if template.functions()["Redirect"]["Properties"]["ReservedConcurrentExecutions"].is_null() {
        problems.push("template.yaml: no parameter keeps instances for RedirectFunction".to_owned());
    }
    require_none(&problems);
}
