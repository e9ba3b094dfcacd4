//! Checks that each function has a role of its own, and that roles name each action and resource.

use serde_json::Value;

use crate::repository::require_none;
use crate::template::{Template, kebab, list};

/// Lists the statements of a role.
pub(crate) fn statements(role: &Value) -> impl Iterator<Item = &Value> {
    let policies = role["Properties"]["Policies"].as_array().into_iter().flatten();
    policies.flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]))
}

/// Tells whether a role allows `action` on `resource`.
pub(crate) fn allows(role: &Value, action: &str, resource: &str) -> bool {
    let mut granting = statements(role).filter(|statement| {
        list(&statement["Action"]).iter().any(|value| **value == *action)
            && list(&statement["Resource"]).iter().any(|value| **value == *resource)
    });
    granting.any(|statement| statement["Effect"] == "Allow")
}

#[test]
fn function_has_a_role_of_its_own() {
    let template = Template::read();
    let roles = template.resources("AWS::IAM::Role");
    let mut problems = Vec::new();
    for (id, function) in template.functions() {
        if function["Properties"]["Role"] != format!("{id}Role.Arn") {
            problems.push(format!("template.yaml: the Role of {id}Function is not {id}Role"));
        }
        let Some(role) = roles.get(&format!("{id}Role")) else {
            problems.push(format!("template.yaml has no {id}Role for {id}Function"));
            continue;
        };
        if list(&role["Properties"]["Policies"]).iter().any(|policy| policy["PolicyName"] != kebab(&id)) {
            problems.push(format!("template.yaml: a PolicyName of {id}Role is not {}", kebab(&id)));
        }
        for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
            if !allows(role, action, &format!("{id}LogGroup.Arn")) {
                problems.push(format!("template.yaml: {id}Role does not allow {action} on {id}LogGroup"));
            }
        }
    }
    require_none(&problems);
}

#[test]
fn role_names_each_action_and_resource() {
    let mut problems = Vec::new();
    for (id, role) in Template::read().resources("AWS::IAM::Role") {
        if !role["Properties"]["ManagedPolicyArns"].is_null() {
            problems.push(format!("template.yaml: {id} has a managed policy"));
        }
        for statement in statements(&role) {
            let actions: Vec<&str> = list(&statement["Action"]).iter().filter_map(|action| action.as_str()).collect();
            if actions.is_empty() || actions.iter().any(|action| action.contains('*')) {
                problems.push(format!("template.yaml: {id} allows {actions:?}, not named actions"));
            }
            // X-Ray has no resources, and ListStreams none either (Service Authorization Reference).
            let none = |action: &&str| action.starts_with("xray:") || **action == *"dynamodb:ListStreams";
            let without_resources = actions.iter().all(none);
            if !without_resources && list(&statement["Resource"]).iter().any(|resource| **resource == "*") {
                problems.push(format!("template.yaml: {id} allows {actions:?} on every resource"));
            }
        }
    }
    require_none(&problems);
}
