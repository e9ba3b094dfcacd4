//! Checks that each schedule invokes a function, and that the function has a sample of its event.

use serde_json::Value;

use crate::repository::{require_none, root};
use crate::template::{Template, events, kebab, list};

/// Lists the schedules of a template: the name, and the logical id (without `Function`) of each function that it invokes.
fn schedules(template: &Template) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for (id, function) in template.functions() {
        let own = events(&function).filter(|(_, kind, _)| kind.starts_with("Schedule"));
        found.extend(own.map(|(name, _, _)| (name.clone(), vec![id.clone()])));
    }
    for (name, schedule) in template.resources("AWS::Scheduler::Schedule") {
        found.push((name, targets(&schedule["Properties"]["Target"])));
    }
    for (name, rule) in template.resources("AWS::Events::Rule") {
        if !rule["Properties"]["ScheduleExpression"].is_null() {
            found.push((name, targets(&rule["Properties"]["Targets"])));
        }
    }
    found
}

fn targets(value: &Value) -> Vec<String> {
    let arns = list(value).into_iter().filter_map(|target| target["Arn"].as_str());
    arns.filter_map(|arn| arn.strip_suffix("Function.Arn")).map(str::to_owned).collect()
}

/// Lists what is missing for the schedules of a template. `exists` tells whether the repository has a file.
fn problems(template: &Template, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let functions = template.functions();
    let mut problems = Vec::new();
    for (name, targets) in schedules(template) {
        if targets.is_empty() {
            problems.push(format!("template.yaml: the schedule {name} invokes no function"));
        }
        for id in targets {
            if !functions.contains_key(&id) {
                problems.push(format!("template.yaml has no {id}Function, which the schedule {name} invokes"));
                continue;
            }
            let sample = format!("events/{}/{}.json", kebab(&id), kebab(&name));
            if !exists(&sample) {
                problems.push(format!("the schedule {name} of {id}Function has no sample event: add {sample}"));
            }
        }
    }
    problems
}

#[test]
fn schedule_has_a_function_and_a_sample_event() {
    require_none(&problems(&Template::read(), |path| root().join(path).is_file()));
}

#[test]
fn schedule_without_function_or_sample_event_is_found() {
    let template = Template::parse(
        r"
        Resources:
          CloseImportsFunction:
            Type: AWS::Serverless::Function
            Properties:
              Events:
                EachHour: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 hour) } }
          SweepSchedule:
            Type: AWS::Scheduler::Schedule
            Properties: { ScheduleExpression: rate(1 day), Target: { Arn: !GetAtt SweepFunction.Arn } }
          NightlyRule:
            Type: AWS::Events::Rule
            Properties: { ScheduleExpression: cron(0 3 * * ? *), Targets: [{ Arn: !GetAtt SomeQueue.Arn }] }
        ",
    );
    let found = problems(&template, |_| false);
    assert_eq!(
        found,
        [
            "the schedule EachHour of CloseImportsFunction has no sample event: add events/close-imports/each-hour.json",
            "template.yaml has no SweepFunction, which the schedule SweepSchedule invokes",
            "template.yaml: the schedule NightlyRule invokes no function",
        ]
    );
    assert_eq!(problems(&template, |path| path == "events/close-imports/each-hour.json"), found[1..]);
}
