use super::*;
use axum::body::{Body, to_bytes};
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;
use waypost_domain::Role;
use waypost_domain::testing::domains::MemoryDomains;
use waypost_domain::testing::keys::MemoryKeys;
use waypost_domain::testing::system::FixedClock;
use waypost_http::authentication::Authentication;
use waypost_http::router::api;
use waypost_http::testing::send_any_queries;

const ALL: &str = "go.example.com,acme.example.com=acme,s.example.org";

struct Fixture {
    router: Router,
    store: Arc<MemoryDomains>,
    operator: String,
    acme: String,
    editor: String,
}

fn fixture() -> Fixture {
    let (store, keys) = (Arc::new(MemoryDomains::default()), MemoryKeys::default());
    let clock = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
    let app = App {
        reader: store.clone(),
        writer: store.clone(),
        clock: clock.clone(),
        domains: Domains::parse(ALL).unwrap(),
        operator: WorkspaceId::parse("ops").unwrap(),
    };
    let operator = keys.authorize(1, "ops", Role::Admin);
    let acme = keys.authorize(2, "acme", Role::Admin);
    let editor = keys.authorize(3, "acme", Role::Editor);
    let router = api(routes(app), Authentication::new(Arc::new(keys), clock));
    Fixture { router, store, operator, acme, editor }
}

struct Answered {
    status: u16,
    etag: String,
    json: Value,
}

impl Fixture {
    async fn send(&self, key: &str, method: &str, path: &str, header: (&str, &str), body: &str) -> Answered {
        let request =
            Request::builder().method(method).uri(path).header("authorization", key).header(header.0, header.1);
        let response = self.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (status, etag) = (response.status().as_u16(), response.headers().get("etag").cloned());
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let etag = etag.map(|etag| etag.to_str().unwrap().to_owned()).unwrap_or_default();
        Answered { status, etag, json: serde_json::from_slice(&body).unwrap_or_default() }
    }

    async fn get(&self, key: &str, path: &str) -> Answered {
        self.send(key, "GET", path, ("accept", "*/*"), "").await
    }

    async fn patch(&self, key: &str, domain: &str, patch: Value) -> Answered {
        self.send(key, "PATCH", &format!("/v1/domains/{domain}"), ("accept", "*/*"), &patch.to_string()).await
    }
}

#[tokio::test]
async fn domain_is_shown_with_its_settings() {
    let fixture = fixture();
    let page = fixture.get(&fixture.acme, "/v1/domains").await;
    let names: Vec<_> = page.json["items"].as_array().unwrap().iter().map(|item| item["domain"].clone()).collect();
    assert_eq!(
        (page.status, names),
        (200, vec![json!("go.example.com"), json!("acme.example.com"), json!("s.example.org")])
    );
    let own = fixture.get(&fixture.editor, "/v1/domains/ACME.example.com").await;
    assert_eq!(
        own.json,
        json!({
            "domain": "acme.example.com", "is_default": false, "is_own": true, "is_open": true, "is_managed": true,
            "root_url": null, "not_found_url": null, "expired_url": null, "workspaces": null,
            "slugs": {"case": "sensitive", "slashes": false, "characters": "ascii"},
            "apple_app_site_association": null, "assetlinks": null, "updated_at": null,
        })
    );
    let shared = fixture.get(&fixture.editor, "/v1/domains/go.example.com").await.json;
    assert_eq!(
        (&shared["is_default"], &shared["is_managed"], shared.get("workspaces")),
        (&json!(true), &json!(false), None)
    );
    let page = fixture.get(&fixture.operator, "/v1/domains?limit=1").await.json;
    assert_eq!((page["items"].as_array().unwrap().len(), &page["items"][0]["is_managed"]), (1, &json!(true)));
    let next = format!("/v1/domains?cursor={}", page["next_cursor"].as_str().unwrap());
    let page = fixture.get(&fixture.operator, &next).await.json;
    assert_eq!((&page["items"][0]["domain"], &page["next_cursor"]), (&json!("s.example.org"), &Value::Null));
}

#[tokio::test]
async fn change_is_shown_and_guarded_by_its_entity_tag() {
    let fixture = fixture();
    let first = fixture.get(&fixture.operator, "/v1/domains/go.example.com").await;
    let apple = json!({"applinks": {"details": [{"appIDs": ["A.b"]}]}});
    let patch = json!({"root_url": " https://EXAMPLE.com", "workspaces": ["acme", "acme"], "apple_app_site_association": apple});
    let changed = fixture.patch(&fixture.operator, "go.example.com", patch).await;
    assert_eq!((changed.status, &changed.json["root_url"]), (200, &json!("https://example.com/")), "{}", changed.json);
    assert_eq!((&changed.json["workspaces"], &changed.json["apple_app_site_association"]), (&json!(["acme"]), &apple));
    assert_eq!(changed.json["updated_at"], "2026-01-02T03:04:05.000Z");
    let again = fixture.get(&fixture.operator, "/v1/domains/go.example.com").await;
    assert_eq!((&again.etag, &again.json), (&changed.etag, &changed.json));
    let path = "/v1/domains/go.example.com";
    let known = fixture.send(&fixture.operator, "GET", path, ("if-none-match", &again.etag), "").await;
    assert_eq!(known.status, 304);
    let late = fixture.send(&fixture.operator, "PATCH", path, ("if-match", &first.etag), "{\"root_url\": null}").await;
    assert_eq!(late.status, 412);
    // What a read gave changes nothing.
    let same = fixture.send(&fixture.operator, "PATCH", path, ("if-match", &again.etag), &again.json.to_string()).await;
    assert_eq!((same.status, &same.etag), (200, &again.etag), "{}", same.json);
    let reset = json!({"root_url": null, "workspaces": null, "apple_app_site_association": null});
    let reset = fixture.send(&fixture.operator, "PATCH", path, ("if-match", &again.etag), &reset.to_string()).await;
    assert_eq!((reset.status, &reset.json["workspaces"], &reset.json["root_url"]), (200, &Value::Null, &Value::Null));
}

#[tokio::test]
async fn bad_requests_get_their_status_and_pointer() {
    let fixture = fixture();
    fixture.store.set("s.example.org", json!({"workspaces": ["one"]}));
    let (operator, acme, editor) = (&fixture.operator, &fixture.acme, &fixture.editor);
    for (key, domain, patch, status, pointer) in [
        (operator, "go.example.com", json!({"root_url": "javascript:alert(1)"}), 422, Some("/root_url")),
        (operator, "go.example.com", json!({"not_found_url": "https://s.example.org/x"}), 422, Some("/not_found_url")),
        (operator, "go.example.com", json!({"expired_url": 1}), 422, Some("/expired_url")),
        (operator, "go.example.com", json!({"workspaces": ["ok", "No"]}), 422, Some("/workspaces/1")),
        (operator, "go.example.com", json!({"workspaces": "acme"}), 422, Some("/workspaces")),
        (operator, "go.example.com", json!({"workspaces": vec!["a"; 501]}), 422, Some("/workspaces")),
        (
            operator,
            "go.example.com",
            json!({"apple_app_site_association": []}),
            422,
            Some("/apple_app_site_association"),
        ),
        (operator, "go.example.com", json!({"assetlinks": {}}), 422, Some("/assetlinks")),
        (operator, "go.example.com", json!({"slugs": {"case": "upper"}}), 422, Some("/slugs/case")),
        (operator, "go.example.com", json!({"slugs": {"length": 3}}), 422, Some("/slugs/length")),
        (operator, "go.example.com", json!({"slugs": {"slashes": "yes"}}), 422, Some("/slugs/slashes")),
        (operator, "go.example.com", json!({"slugs": {"characters": "emoji"}}), 422, Some("/slugs/characters")),
        (operator, "go.example.com", json!({"is_default": false}), 422, Some("/is_default")),
        (operator, "go.example.com", json!({"domain": "x.example"}), 422, Some("/domain")),
        (operator, "go.example.com", json!({"color": 1}), 422, Some("/color")),
        (operator, "go.example.com", json!([]), 422, Some("")),
        (acme, "acme.example.com", json!({"workspaces": ["acme"]}), 422, Some("/workspaces")),
        (acme, "go.example.com", json!({"root_url": null}), 403, None),
        (editor, "acme.example.com", json!({"root_url": null}), 403, None),
        (operator, "acme.example.com", json!({"root_url": null}), 404, None),
        (acme, "s.example.org", json!({"root_url": null}), 404, None),
        (operator, "elsewhere.example", json!({"root_url": null}), 404, None),
        (operator, "a%20b", json!({"root_url": null}), 404, None),
    ] {
        let refused = fixture.patch(key, domain, patch.clone()).await;
        let found = refused.json["errors"][0]["pointer"].as_str();
        assert_eq!((refused.status, found), (status, pointer), "{domain} {patch:.80}: {}", refused.json);
    }
    assert_eq!(fixture.get(operator, "/v1/domains?cursor=eA").await.status, 422);
    assert_eq!(fixture.send(operator, "POST", "/v1/domains", ("accept", "*/*"), "{}").await.status, 405);
    let path = "/v1/domains/go.example.com";
    assert_eq!(
        fixture.send(operator, "PATCH", path, ("content-type", "application/json-patch+json"), "[]").await.status,
        415
    );
    fixture.store.fail(true);
    assert_eq!(fixture.get(operator, path).await.status, 503);
}

#[tokio::test]
async fn sample_events_work() {
    let fixture = fixture();
    for event in [
        include_str!("../../../../events/domains/list.json"),
        include_str!("../../../../events/domains/read.json"),
        include_str!("../../../../events/domains/change.json"),
    ] {
        let (mut parts, body) = lambda_http::request::from_str(event).unwrap().into_parts();
        parts.headers.insert("authorization", fixture.operator.parse().unwrap());
        let request = Request::from_parts(parts, Body::from(body.to_vec()));
        assert_eq!(fixture.router.clone().oneshot(request).await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn any_query_is_answered_or_refused() {
    let fixture = fixture();
    let (route, path) = ("/v1/domains/{domain}", "/v1/domains/go.example.com");
    let operations = [("GET", "/v1/domains", "/v1/domains"), ("GET", route, path), ("PATCH", route, path)];
    send_any_queries(&fixture.router, &fixture.operator, parameters_of, &operations).await;
}
