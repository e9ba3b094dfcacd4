//! Checks that the template, `cargo lambda watch` and the OpenAPI document have the same routes.

use std::collections::{BTreeMap, BTreeSet};

use crate::repository::{require_none, toml};
use crate::template::{Template, pascal};

/// Turns the template's routes into local paths, each with the logical id (without `Function`) of its function.
pub(crate) fn in_template(template: &Template) -> BTreeMap<String, String> {
    let integrations = template.resources("AWS::ApiGatewayV2::Integration");
    let mut found = BTreeMap::new();
    for (id, route) in template.resources("AWS::ApiGatewayV2::Route") {
        let key = route["Properties"]["RouteKey"].as_str().unwrap();
        let target = route["Properties"]["Target"].as_str().unwrap();
        let integration = target.trim_start_matches("integrations/${").trim_end_matches('}');
        let integration = integrations.get(integration);
        let integration =
            integration.unwrap_or_else(|| panic!("template.yaml: the Target of {id} is not an integration"));
        let uri = integration["Properties"]["IntegrationUri"].as_str().unwrap();
        let function = uri.trim_end_matches("Function.Arn");
        match key.strip_prefix("ANY ") {
            Some(path) => drop(found.insert(path.to_owned(), function.to_owned())),
            None if key == "$default" => {
                for path in ["/", "/{*path}"] {
                    found.insert(path.to_owned(), function.to_owned());
                }
            }
            None => {
                panic!("template.yaml: {id} takes {key}: use ANY, so that the function refuses wrong methods itself")
            }
        }
    }
    found
}

/// Reads the paths of `cargo lambda watch`, each with the name of its function.
pub(crate) fn in_router() -> BTreeMap<String, String> {
    let router = &toml("Cargo.toml")["workspace"]["metadata"]["lambda"]["watch"]["router"];
    let router =
        router.as_object().unwrap_or_else(|| panic!("Cargo.toml has no [workspace.metadata.lambda.watch.router]"));
    router.iter().map(|(path, function)| (path.clone(), function.as_str().unwrap().to_owned())).collect()
}

#[test]
fn local_router_has_the_routes_of_the_template() {
    let template = in_template(&Template::read());
    let router: BTreeMap<String, String> =
        in_router().into_iter().map(|(path, function)| (path, pascal(&function))).collect();
    let mut problems = Vec::new();
    for (path, id) in &template {
        match router.get(path) {
            None => problems
                .push(format!("Cargo.toml: the router has no {path}, which template.yaml sends to {id}Function")),
            Some(local) if local != id => {
                problems.push(format!("Cargo.toml: the router sends {path} to {local}, template.yaml to {id}Function"));
            }
            Some(_) => {}
        }
    }
    for (path, id) in router.iter().filter(|(path, _)| !template.contains_key(*path)) {
        problems.push(format!("template.yaml has no route {path}, which the router in Cargo.toml sends to {id}"));
    }
    require_none(&problems);
}

#[test]
fn gateway_may_invoke_routed_functions() {
    let template = Template::read();
    let permissions = template.resources("AWS::Lambda::Permission");
    let routed: BTreeSet<String> = in_template(&template).into_values().collect();
    let mut problems = Vec::new();
    for id in &routed {
        let permission = permissions.get(&format!("{id}Permission")).map(|permission| &permission["Properties"]);
        if permission.is_none_or(|properties| properties["FunctionName"] != format!("{id}Function")) {
            problems.push(format!("template.yaml has no {id}Permission, which lets the API invoke {id}Function"));
        }
    }
    for (integration, resource) in template.resources("AWS::ApiGatewayV2::Integration") {
        let uri = resource["Properties"]["IntegrationUri"].as_str().unwrap_or_default();
        if !routed.contains(uri.trim_end_matches("Function.Arn")) {
            problems.push(format!("template.yaml: no route uses {integration}"));
        }
    }
    require_none(&problems);
}

#[test]
fn document_has_the_routes_of_the_api() {
    let document = waypost_api::openapi::document();
    let in_document: BTreeSet<String> = document["paths"].as_object().unwrap().keys().map(|path| shape(path)).collect();
    let routes = in_router().into_iter().filter(|(_, function)| function != "redirect");
    let local: BTreeSet<String> = routes.map(|(path, _)| shape(&path)).collect();
    let missing = local.difference(&in_document).map(|path| format!("the OpenAPI document has no {path}"));
    let surplus =
        in_document.difference(&local).map(|path| format!("no route has the path {path} of the OpenAPI document"));
    require_none(&missing.chain(surplus).collect::<Vec<_>>());
}

/// Removes the names of a path's parameters.
fn shape(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}
