//! Checks that the template, `cargo lambda watch` and the OpenAPI document have the same routes.

use std::collections::{BTreeMap, BTreeSet};

use crate::repository::{require_none, toml};
use crate::template::{Template, pascal};

/// The methods that a route with `ANY` takes, as far as anybody uses them.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The functions that answer visitors and browsers, not callers of the API.
const OUTSIDE_THE_API: [&str; 2] = ["redirect", "console"];

/// A path and a method.
pub(crate) type Route = (String, String);

/// Turns the template's routes into local paths with each method, and the logical id (without `Function`) of its function.
pub(crate) fn in_template(template: &Template) -> BTreeMap<Route, String> {
    let integrations = template.resources("AWS::ApiGatewayV2::Integration");
    let (mut found, mut any) = (BTreeMap::new(), BTreeMap::new());
    for (id, route) in template.resources("AWS::ApiGatewayV2::Route") {
        // `{tag+}` of the gateway is `{*tag}` of the local router.
        let key = route["Properties"]["RouteKey"].as_str().unwrap();
        let greedy = key.strip_suffix("+}").and_then(|key| key.rsplit_once('{'));
        let key = greedy.map_or_else(|| key.to_owned(), |(before, name)| format!("{before}{{*{name}}}"));
        let key = key.as_str();
        let target = route["Properties"]["Target"].as_str().unwrap();
        let integration = target.trim_start_matches("integrations/${").trim_end_matches('}');
        let integration = integrations.get(integration);
        let integration =
            integration.unwrap_or_else(|| panic!("template.yaml: the Target of {id} is not an integration"));
        let uri = integration["Properties"]["IntegrationUri"].as_str().unwrap();
        let function = uri.trim_end_matches("Function.Arn");
        match key.split_once(' ') {
            // A route with the method goes first.
            Some(("ANY", path)) => METHODS.iter().for_each(|method| {
                any.insert((path.to_owned(), (*method).to_owned()), function.to_owned());
            }),
            Some((method, path)) => drop(found.insert((path.to_owned(), method.to_owned()), function.to_owned())),
            None => {
                assert_eq!(key, "$default", "template.yaml: {id} has no method and path");
                let paths = ["/", "/{*path}"].into_iter();
                any.extend(paths.flat_map(|path| {
                    METHODS.map(|method| ((path.to_owned(), method.to_owned()), function.to_owned()))
                }));
            }
        }
    }
    for (path, method) in found.keys() {
        let refusing = any.contains_key(&(path.clone(), method.clone()));
        assert!(refusing, "template.yaml has no ANY {path}: a function must refuse other methods than {method} itself");
    }
    any.extend(found);
    any
}

/// Reads the paths of `cargo lambda watch` with each method, and the name of its function.
pub(crate) fn in_router() -> BTreeMap<Route, String> {
    let router = &toml("Cargo.toml")["workspace"]["metadata"]["lambda"]["watch"]["router"];
    let router =
        router.as_object().unwrap_or_else(|| panic!("Cargo.toml has no [workspace.metadata.lambda.watch.router]"));
    let mut found = BTreeMap::new();
    for (path, functions) in router {
        let mut add = |method: &str, function: &serde_json::Value| {
            found.insert((path.clone(), method.to_owned()), function.as_str().unwrap().to_owned());
        };
        match functions.as_array() {
            Some(of_methods) => of_methods.iter().for_each(|it| add(it["method"].as_str().unwrap(), &it["function"])),
            None => METHODS.iter().for_each(|method| add(method, functions)),
        }
    }
    found
}

#[test]
fn local_router_has_the_routes_of_the_template() {
    let template = in_template(&Template::read());
    let router: BTreeMap<Route, String> =
        in_router().into_iter().map(|(route, function)| (route, pascal(&function))).collect();
    let mut problems = Vec::new();
    for (route, id) in &template {
        let (path, method) = route;
        match router.get(route) {
            None => problems.push(format!(
                "Cargo.toml: the router has no {method} {path}, which template.yaml sends to {id}Function"
            )),
            Some(local) if local != id => problems.push(format!(
                "Cargo.toml: the router sends {method} {path} to {local}, template.yaml to {id}Function"
            )),
            Some(_) => {}
        }
    }
    for ((path, method), id) in router.iter().filter(|(route, _)| !template.contains_key(*route)) {
        problems
            .push(format!("template.yaml has no route {method} {path}, which the router in Cargo.toml sends to {id}"));
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
    let routes = in_router().into_iter().filter(|(_, function)| !OUTSIDE_THE_API.contains(&function.as_str()));
    let (rests, routes): (Vec<String>, Vec<String>) =
        routes.map(|((path, _), _)| path).partition(|path| path.contains("{*"));
    let local: BTreeSet<String> = routes.iter().map(|path| shape(path)).collect();
    // A route with the rest of a path stands for all that the document has below it.
    let below = |path: &&String| rests.iter().any(|rest| path.starts_with(rest.split("{*").next().unwrap()));
    let in_document: BTreeSet<String> = in_document.into_iter().filter(|path| !below(&path)).collect();
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
