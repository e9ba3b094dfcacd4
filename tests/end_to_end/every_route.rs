//! Calls every route of the stack's OpenAPI document without the right to do so. Covers routes that are added later too.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Answer, Stack};

/// An operation of the document.
struct Operation {
    method: Method,
    path: String,
    /// The lowest role that may call it. `None` if it needs no key.
    role: Option<String>,
    body: Value,
}

/// Reads the operations from the stack's OpenAPI document.
async fn operations(stack: &Stack) -> Vec<Operation> {
    let document = stack.visit(Method::GET, "/v1/openapi.json", &[]).await;
    assert_eq!(document.status, 200, "{document:?}");
    let document = document.json();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let content = operation["requestBody"]["content"].as_object().into_iter().flatten().next();
            let example = content.and_then(|(_, media)| media["examples"].as_object()?.values().next().cloned());
            all.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                role: operation["security"][0]["bearer"][0].as_str().map(str::to_owned),
                body: example.map(|example| example["value"].clone()).unwrap_or_default(),
            });
        }
    }
    // Read first: later operations create and change resources.
    all.sort_by_key(|operation| operation.method != Method::GET);
    all
}

/// One resource of each kind that a path can name.
struct Resources {
    /// The path of each, by the path in the document.
    paths: BTreeMap<&'static str, String>,
    /// The answers that the owner got at the start.
    seen: Vec<(String, Value)>,
}

impl Resources {
    /// Creates the resources. `slug` must be free.
    async fn create(stack: &Stack, owner: &str, slug: &str) -> Self {
        let make = async |path: &str, body: Value| {
            let answer = stack.call(owner, Method::POST, path, body).await;
            assert!(matches!(answer.status.as_u16(), 201 | 202), "{answer:?}");
            answer.json()
        };
        let link = make("/v1/links", json!({"url": "https://example.com/", "slug": slug})).await;
        let import = make("/v1/imports", json!({"content_length": 10})).await;
        let file = make("/v1/files", json!({"name": "every-route.bin", "size": 10, "in_parts": true})).await;
        let collection = make("/v1/collections", json!({"name": "every-route"})).await;
        let key = make("/v1/keys", json!({"name": "every-route-key", "role": "viewer"})).await;
        let export = make("/v1/exports", json!({})).await;
        let change = json!({"select": {"links": [{"slug": slug}]}, "change": {"archived": false}, "dry_run": true});
        let change = make("/v1/link-changes", change).await;
        let session = make("/v1/sessions", json!({"key": owner})).await;
        let path = |collection: &str, id: &Value| format!("{collection}/{}", id.as_str().unwrap());
        let paths = BTreeMap::from([
            ("/v1/links/{slug}", path("/v1/links", &link["slug"])),
            ("/v1/imports/{id}", path("/v1/imports", &import["id"])),
            ("/v1/files/{id}", path("/v1/files", &file["id"])),
            ("/v1/collections/{id}", path("/v1/collections", &collection["id"])),
            ("/v1/exports/{id}", path("/v1/exports", &export["id"])),
            ("/v1/link-changes/{id}", path("/v1/link-changes", &change["id"])),
            ("/v1/keys/{key_id}", path("/v1/keys", &key["key_id"])),
            ("/v1/sessions/{id}", path("/v1/sessions", &session["id"])),
            // The test stack gives it to `every-route-owner`. The other workspaces here do not see it either.
            ("/v1/domains/{domain}", "/v1/domains/owned.example".to_owned()),
        ]);
        let mut resources = Self { paths, seen: Vec::new() };
        resources.seen = resources.look(stack, owner).await;
        resources
    }

    /// Reads all that the owner can see of them.
    async fn look(&self, stack: &Stack, owner: &str) -> Vec<(String, Value)> {
        let mut seen = Vec::new();
        // Leave out the jobs: they change by themselves.
        let is_job = |path: &&str| path.starts_with("/v1/exports") || path.starts_with("/v1/link-changes");
        let items = self.paths.values().map(String::as_str).filter(|path| !is_job(path));
        for path in ["/v1/keys", "/v1/links", "/v1/imports", "/v1/files", "/v1/collections"].into_iter().chain(items) {
            let mut answer = stack.call(owner, Method::GET, path, Value::Null).await.json();
            for item in answer["items"].as_array_mut().into_iter().flatten() {
                item.as_object_mut().unwrap().remove("last_used_at");
            }
            seen.push((path.to_owned(), answer));
        }
        seen
    }

    /// Puts the owner's resource into a path. Gives `None` if the path names none.
    fn fill(&self, path: &str) -> Option<String> {
        // A tag is a text that each workspace has for itself. The operator is told apart before a report is looked for.
        if !path.contains('{') || path.starts_with("/v1/tags/") || is_for_operators(path) {
            return None;
        }
        let resource = self.paths.iter().find(|(template, _)| path.starts_with(**template));
        let (template, resource) = resource.unwrap_or_else(|| panic!("Resources has nothing for {path}: add it"));
        Some(path.replace(template, resource))
    }

    /// Tells whether `text` names any of them.
    fn are_named_in(&self, text: &str) -> bool {
        self.paths.values().any(|path| text.contains(path.rsplit('/').next().unwrap()))
    }
}

/// Tells whether only admins of the operator's workspace may call the operations at `path`.
fn is_for_operators(path: &str) -> bool {
    path == "/v1/blocked-targets" || path.starts_with("/v1/abuse-reports")
}

/// Tells whether the operation at `path` signs a caller in: it takes a credential in its body, which the example has not.
fn is_sign_in(method: &Method, path: &str) -> bool {
    *method == Method::POST && path == "/v1/sessions"
}

fn must_be_a_problem(answer: &Answer, what: &str) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{what}: {answer:?}");
    assert_ne!(answer.header("x-request-id"), "", "{what}: {answer:?}");
}

#[tokio::test]
async fn no_route_reaches_another_workspace() {
    let stack = Stack::from_environment();
    let owner = stack.new_key("every-route-owner", "admin").await;
    let stranger = stack.new_key("every-route-stranger", "admin").await;
    let resources = Resources::create(&stack, &owner, "every-route-foreign").await;
    // What the example of an adoption names.
    let own = stack.s3.put_object().bucket(&stack.bucket).key("adopt/every-route-stranger/2026/report.pdf");
    own.body(b"%PDF-1.7".to_vec().into()).send().await.unwrap();
    for Operation { method, path, role, body } in operations(&stack).await {
        let what = format!("{method} {path}");
        let foreign = resources.fill(&path);
        let signs_in = is_sign_in(&method, &path);
        let answer = stack.call(&stranger, method, foreign.as_deref().unwrap_or(&path), body).await;
        if signs_in {
            assert_eq!(answer.status, 401, "{what}: {answer:?}");
            must_be_a_problem(&answer, &what);
        } else if foreign.is_some() {
            assert_eq!(answer.status, 404, "{what}: {answer:?}");
            must_be_a_problem(&answer, &what);
        } else if is_for_operators(&path) {
            assert_eq!(answer.status, 403, "{what}: {answer:?}");
            must_be_a_problem(&answer, &what);
        } else {
            assert!(answer.status.is_success(), "{what}: {answer:?}");
            assert!(role.is_none() || !resources.are_named_in(&answer.text), "{what}: {answer:?}");
        }
    }
    assert_eq!(resources.look(&stack, &owner).await, resources.seen);
}

#[tokio::test]
async fn no_route_reaches_what_a_limited_key_must_not_see() {
    let stack = Stack::from_environment();
    let owner = stack.new_key("every-route-limited", "admin").await;
    let resources = Resources::create(&stack, &owner, "every-route-outside").await;
    for limits in [json!({"tags": ["every-route-inside"]}), json!({"own_links": true})] {
        let new = json!({"name": "limited", "role": "editor", "limits": limits});
        let answer = stack.call(&owner, Method::POST, "/v1/keys", new).await;
        let key = answer.json();
        let (id, limited) = (key["key_id"].as_str().unwrap(), key["secret"].as_str().unwrap());
        for Operation { method, path, role, body } in operations(&stack).await {
            let what = format!("{method} {path} {limits}");
            let foreign = resources.fill(&path);
            let answer = stack.call(limited, method.clone(), foreign.as_deref().unwrap_or(&path), body).await;
            if foreign.is_some() {
                assert!(matches!(answer.status.as_u16(), 403 | 404), "{what}: {answer:?}");
                must_be_a_problem(&answer, &what);
            } else {
                assert!(role.is_none() || !resources.are_named_in(&answer.text), "{what}: {answer:?}");
                // A list is not ready until the catalogue is.
                assert_ne!(answer.status, 500, "{what}: {answer:?}");
            }
        }
        let revoked = stack.call(&owner, Method::DELETE, &format!("/v1/keys/{id}"), Value::Null).await;
        assert_eq!(revoked.status, 204, "{revoked:?}");
    }
    // What a key with `own_links` creates is its own; nothing of the owner's has changed.
    for (path, seen) in resources.look(&stack, &owner).await {
        let (_, before) = resources.seen.iter().find(|(other, _)| *other == path).unwrap();
        if !["/v1/links", "/v1/files", "/v1/collections"].contains(&path.as_str()) {
            assert_eq!(seen, *before, "{path}");
        }
    }
}

#[tokio::test]
async fn only_open_routes_answer_without_a_key() {
    let stack = Stack::from_environment();
    let mut open = Vec::new();
    for Operation { method, path, role, body } in operations(&stack).await {
        let what = format!("{method} {path}");
        let path = path.replace(['{', '}'], "");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        for key in ["", "wp_nonsense"] {
            let answer = stack.call_with_text(key, method.clone(), &path, body.clone()).await;
            if role.is_some() || what == "POST /v1/sessions" {
                assert_eq!(answer.status, 401, "{what}: {answer:?}");
                must_be_a_problem(&answer, &what);
            } else {
                assert_eq!(answer.status, 200, "{what}: {answer:?}");
            }
        }
        open.extend(role.is_none().then_some(what));
    }
    assert_eq!(open, ["GET /healthz", "GET /v1/openapi.json", "POST /v1/sessions"]);
}

#[tokio::test]
async fn routes_need_the_documented_role() {
    let stack = Stack::from_environment();
    let admin = stack.new_key("every-route-roles", "admin").await;
    let resources = Resources::create(&stack, &admin, "every-route-role").await;
    let mut keys = Vec::new();
    for role in ["viewer", "editor"] {
        keys.push((role, stack.new_key("every-route-roles", role).await));
    }
    for Operation { method, path, role, body } in operations(&stack).await {
        let Some(needed) = role else { continue };
        let at = resources.fill(&path).unwrap_or_else(|| path.clone());
        for (role, key) in &keys {
            let too_low = matches!((needed.as_str(), *role), ("admin", _) | ("editor", "viewer"));
            // Other tests cover the changes that a role may make.
            if too_low || method == Method::GET {
                let answer = stack.call(key, method.clone(), &at, body.clone()).await;
                assert_eq!(answer.status == 403, too_low, "{method} {path} as {role}: {answer:?}");
                assert!(!answer.status.is_server_error(), "{method} {path} as {role}: {answer:?}");
            }
        }
    }
    assert_eq!(resources.look(&stack, &admin).await, resources.seen);
}

#[tokio::test]
async fn no_route_takes_an_unknown_query_parameter() {
    let stack = Stack::from_environment();
    let admin = stack.new_key("every-route-query", "admin").await;
    let resources = Resources::create(&stack, &admin, "every-route-query").await;
    for Operation { method, path, role, body } in operations(&stack).await {
        let what = format!("{method} {path}");
        let at = resources.fill(&path).unwrap_or(path);
        for query in ["Domain=x", "tags=x", "limit_=1", "unknown=1"] {
            let key = if role.is_some() { admin.as_str() } else { "" };
            let answer = stack.call(key, method.clone(), &format!("{at}?{query}"), body.clone()).await;
            assert_eq!(answer.status, 422, "{what}: {answer:?}");
            must_be_a_problem(&answer, &what);
            let name = query.split('=').next().unwrap();
            assert_eq!(answer.json()["errors"][0]["pointer"], name, "{what}: {answer:?}");
        }
    }
    assert_eq!(resources.look(&stack, &admin).await, resources.seen);
}
