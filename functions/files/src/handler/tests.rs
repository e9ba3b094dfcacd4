//! Tests the routes of files.

use super::*;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use serde_json::{Value, json};
use tower::ServiceExt;
use waypost_api::links::ShortUrls;
use waypost_domain::files::inspect::{InspectFilePorts, inspect_file};
use waypost_domain::files::stored_object::StoredObject;
use waypost_domain::testing::domains::MemoryDomains;
use waypost_domain::testing::idempotency::MemoryIdempotency;
use waypost_domain::testing::keys::MemoryKeys;
use waypost_domain::testing::links::MemoryLinks;
use waypost_domain::testing::stored_files::{MemoryFileBucket, MemoryFiles};
use waypost_domain::testing::system::{FixedClock, SeededRandom};
use waypost_domain::testing::workspaces::MemoryWorkspaces;
use waypost_domain::{Domains, Role};
use waypost_http::authentication::Authentication;
use waypost_http::router::api;
use waypost_http::testing::send_any_queries;

struct Fixture {
    router: Router,
    files: Arc<MemoryFiles>,
    bucket: Arc<MemoryFileBucket>,
    links: Arc<MemoryLinks>,
    keys: Vec<String>,
}

const EDITOR: usize = 0;
const VIEWER: usize = 1;
const STRANGER: usize = 2;

fn fixture() -> Fixture {
    let (files, bucket) = (Arc::new(MemoryFiles::default()), Arc::new(MemoryFileBucket::default()));
    let clock: Arc<dyn Clock> = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
    let store = MemoryKeys::default();
    let all = [("acme", Role::Editor), ("acme", Role::Viewer), ("other", Role::Admin)];
    let keys = all.into_iter().zip(0..);
    let keys = keys.map(|((workspace, role), seed)| store.authorize(seed, workspace, role)).collect();
    let links = Arc::new(MemoryLinks::default());
    let domains = Domains::parse("go.example.com").unwrap();
    let new_links = NewLinks {
        reader: links.clone(),
        writer: links.clone(),
        targets: links.clone(),
        workspaces: Arc::new(MemoryWorkspaces::default()),
        short_urls: ShortUrls::new(&domains, None),
        domains,
        domain_settings: Arc::new(MemoryDomains::default()),
        guard: None,
    };
    let app = App {
        new_links,
        files: files.clone(),
        collections: files.clone(),
        uploads: bucket.clone(),
        objects: bucket.clone(),
        contents: bucket.clone(),
        signer: bucket.clone(),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(9)),
        max_bytes: 1_000_000_000,
        adopt_folder: "adopt/".to_owned(),
        is_scanned: false,
        quota: FileQuota { files: 2, bytes: 1_000_000_000 },
    };
    let idempotency = Idempotency {
        store: Arc::new(MemoryIdempotency::default()),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(10)),
    };
    let router = api(routes(app, idempotency), Authentication::new(Arc::new(store), clock));
    Fixture { router, files, bucket, links, keys }
}

async fn send(fixture: &Fixture, request: http::Request<Body>) -> (Response, Value) {
    let response = fixture.router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    (Response::from_parts(parts, Body::empty()), json)
}

async fn call(fixture: &Fixture, key: usize, method: &str, path: &str, body: &str) -> (Response, Value) {
    let request = http::Request::builder().method(method).uri(path).header("authorization", &fixture.keys[key]);
    send(fixture, request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn file_is_announced_completed_read_and_deleted() {
    let fixture = fixture();
    let body = json!({
        "name": "a \u{202e}b.pdf", "size": 10, "content_type": "Application/PDF", "expires_at": "2026-02-01T01:00:00+01:00",
    });
    let body = body.to_string();
    let (response, started) = call(&fixture, EDITOR, "POST", "/v1/files", &body).await;
    assert_eq!(response.status(), 201, "{started}");
    let path = response.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(path, format!("/v1/files/{}", started["id"].as_str().unwrap()));
    assert_eq!((&started["status"], &started["name"]), (&json!("uploading"), &json!("a \u{202e}b.pdf")));
    assert_eq!(started["expires_at"], "2026-02-01T00:00:00.000Z");
    let disposition = started["upload"]["headers"]["content-disposition"].as_str().unwrap();
    assert!(disposition.starts_with("inline; filename=\"a _b.pdf\""), "{started}");
    assert_eq!((&started["upload"]["method"], &started["parts"]), (&json!("PUT"), &Value::Null));
    let (response, problem) = call(&fixture, EDITOR, "POST", &format!("{path}/completion"), "").await;
    assert_eq!(response.status(), 409, "{problem}");
    let key = fixture.files.all()[0].object_key();
    fixture.bucket.put(&key, StoredObject { size: 10, sha256: None, crc64nvme: None });
    for _ in 0..2 {
        let (response, file) = call(&fixture, EDITOR, "POST", &format!("{path}/completion"), "").await;
        assert_eq!((response.status().as_u16(), &file["status"]), (200, &json!("inspecting")), "{file}");
    }
    assert_eq!(call(&fixture, VIEWER, "GET", &path, "").await.1["url"], Value::Null, "it is not inspected yet");
    let clock = FixedClock::at("2026-01-02T03:04:06Z");
    let (files, bucket) = (fixture.files.as_ref(), fixture.bucket.as_ref());
    let ports = InspectFilePorts { files, contents: bucket, objects: bucket, clock: &clock, is_scanned: false };
    inspect_file(&ports, &key, None).await.unwrap();
    let (response, read) = call(&fixture, VIEWER, "GET", &path, "").await;
    assert_eq!((response.status().as_u16(), &response.headers()["cache-control"]), (200, &"no-store".parse().unwrap()));
    assert!(read["url"].as_str().unwrap().contains(started["id"].as_str().unwrap()), "{read}");
    assert_eq!(
        (&read["status"], &read["detected"]["content_type"]),
        (&json!("ready"), &json!("application/octet-stream"))
    );
    assert_eq!(read["target"], format!("https://files.invalid/{}", started["id"].as_str().unwrap()));
    let (_, page) = call(&fixture, VIEWER, "GET", "/v1/files", "").await;
    assert_eq!((&page["items"][0]["id"], &page["items"][0]["url"]), (&started["id"], &Value::Null));
    assert_eq!(call(&fixture, STRANGER, "GET", &path, "").await.0.status(), 404);
    assert_eq!(call(&fixture, STRANGER, "DELETE", &path, "").await.0.status(), 404);
    assert_eq!(call(&fixture, EDITOR, "DELETE", &path, "").await.0.status(), 204);
    assert_eq!(call(&fixture, EDITOR, "DELETE", &path, "").await.0.status(), 404);
    assert!(fixture.files.all().is_empty() && fixture.bucket.keys().is_empty());
}

#[tokio::test]
async fn parts_are_listed_in_pages() {
    let fixture = fixture();
    let body = json!({"name": "film", "size": 200_000_000}).to_string();
    let (_, started) = call(&fixture, EDITOR, "POST", "/v1/files", &body).await;
    assert_eq!((&started["upload"], &started["parts"]), (&Value::Null, &json!({"count": 24, "size": 8_388_608})));
    let path = format!("/v1/files/{}/parts", started["id"].as_str().unwrap());
    let (response, page) = call(&fixture, EDITOR, "GET", &format!("{path}?limit=20"), "").await;
    assert_eq!(response.status(), 200, "{page}");
    assert_eq!(page["items"].as_array().unwrap().len(), 20);
    let cursor = page["next_cursor"].as_str().unwrap();
    let (_, page) = call(&fixture, EDITOR, "GET", &format!("{path}?limit=20&cursor={cursor}"), "").await;
    let last = &page["items"][3];
    assert_eq!((&last["number"], &last["size"], &page["next_cursor"]), (&json!(24), &json!(7_062_016), &Value::Null));
    assert_eq!(last["upload"]["headers"]["content-length"], "7062016");
    assert_eq!(call(&fixture, VIEWER, "GET", &path, "").await.0.status(), 403);
    assert_eq!(call(&fixture, EDITOR, "GET", &format!("{path}?cursor=eA"), "").await.0.status(), 422);
}

#[tokio::test]
async fn collection_is_made_filled_listed_and_deleted() {
    let fixture = fixture();
    let body = json!({"name": "Photos", "expires_at": "2026-02-01T00:00:00Z"}).to_string();
    let (response, made) = call(&fixture, EDITOR, "POST", "/v1/collections", &body).await;
    assert_eq!(response.status(), 201, "{made}");
    let id = made["id"].as_str().unwrap();
    let path = format!("/v1/collections/{id}");
    assert_eq!(response.headers()["location"], path.as_str());
    assert_eq!(
        (&made["files"], &made["bytes"], &made["target"]),
        (&json!(0), &json!(0), &json!(format!("https://files.invalid/{id}")))
    );
    assert_eq!(made.get("secret"), None, "nobody is told it");
    let file = |path: &str| json!({"name": "a.jpg", "size": 10, "collection": id, "path": path}).to_string();
    for (name, status) in [("2026/a.jpg", 201), ("2025/a.jpg", 201), ("2026/A.JPG", 422)] {
        let (response, file) = call(&fixture, EDITOR, "POST", "/v1/files", &file(name)).await;
        assert_eq!(response.status(), status, "{file}");
    }
    let again = json!({"name": "A.JPG", "size": 10, "collection": id, "path": "2026/A.JPG"}).to_string();
    let (response, problem) = call(&fixture, EDITOR, "POST", "/v1/files", &again).await;
    assert_eq!(response.status(), 409, "{problem}");
    let (_, page) = call(&fixture, VIEWER, "GET", &format!("{path}/files?limit=1"), "").await;
    let first = &page["items"][0];
    assert_eq!((&first["path"], &first["collection"]), (&json!("2025/a.jpg"), &json!(id)), "{page}");
    assert_eq!(first["expires_at"], made["expires_at"], "it ends with its collection");
    let next = format!("{path}/files?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
    let (_, page) = call(&fixture, VIEWER, "GET", &next, "").await;
    assert_eq!((&page["items"][0]["path"], &page["next_cursor"]), (&json!("2026/a.jpg"), &Value::Null));
    let (_, read) = call(&fixture, VIEWER, "GET", &path, "").await;
    assert_eq!((&read["files"], &read["bytes"]), (&json!(2), &json!(20)));
    let (_, page) = call(&fixture, VIEWER, "GET", "/v1/collections", "").await;
    assert_eq!(page["items"], json!([read]));
    assert_eq!(call(&fixture, STRANGER, "GET", &path, "").await.0.status(), 404);
    assert_eq!(call(&fixture, STRANGER, "DELETE", &path, "").await.0.status(), 404);
    assert_eq!(call(&fixture, VIEWER, "DELETE", &path, "").await.0.status(), 403);
    assert_eq!(call(&fixture, EDITOR, "DELETE", &path, "").await.0.status(), 204);
    assert_eq!(call(&fixture, EDITOR, "DELETE", &path, "").await.0.status(), 404);
    assert!(fixture.files.all().is_empty() && fixture.files.collections().is_empty());
}

#[tokio::test]
async fn deletion_that_is_not_through_is_accepted() {
    let fixture = fixture();
    let (_, made) = call(&fixture, EDITOR, "POST", "/v1/collections", "{\"name\": \"Photos\"}").await;
    let file = json!({"name": "a.jpg", "size": 10, "collection": made["id"]}).to_string();
    assert_eq!(call(&fixture, EDITOR, "POST", "/v1/files", &file).await.0.status(), 201);
    let path = format!("/v1/collections/{}", made["id"].as_str().unwrap());
    // Finding it, marking it twice and listing its files work.
    fixture.files.fail_after(4);
    assert_eq!(call(&fixture, EDITOR, "DELETE", &path, "").await.0.status(), 202);
    assert_eq!(call(&fixture, EDITOR, "GET", &path, "").await.0.status(), 404);
    assert_eq!(fixture.files.all().len(), 1, "the cleaning removes it");
}

#[tokio::test]
async fn bad_requests_get_their_status_and_pointer() {
    let fixture = fixture();
    for (key, method, path, body, status, pointer) in [
        (EDITOR, "POST", "/v1/files", "{", 400, None),
        (EDITOR, "POST", "/v1/files", "{}", 422, Some("")),
        (EDITOR, "POST", "/v1/files", "{\"name\": \"\", \"size\": 1}", 422, Some("/name")),
        (EDITOR, "POST", "/v1/files", "{\"name\": \"a\", \"size\": 0}", 422, Some("/size")),
        (EDITOR, "POST", "/v1/files", "{\"name\": \"a\", \"size\": 1000000001}", 422, Some("/size")),
        (EDITOR, "POST", "/v1/files", "{\"name\": \"a\", \"size\": 1, \"sha256\": \"x\"}", 422, Some("/sha256")),
        (
            EDITOR,
            "POST",
            "/v1/files",
            "{\"name\": \"a\", \"size\": 1, \"expires_at\": \"2026-01-02T03:04:05Z\"}",
            422,
            Some("/expires_at"),
        ),
        (
            EDITOR,
            "POST",
            "/v1/files",
            "{\"name\": \"a\", \"size\": 1, \"expires_at\": \"2126-01-03T00:00:00Z\"}",
            422,
            Some("/expires_at"),
        ),
        (
            EDITOR,
            "POST",
            "/v1/files",
            "{\"name\": \"a\", \"size\": 1, \"expires_at\": \"soon\"}",
            422,
            Some("/expires_at"),
        ),
        (VIEWER, "POST", "/v1/files", "{\"name\": \"a\", \"size\": 1}", 403, None),
        (EDITOR, "POST", "/v1/file-adoptions", "{}", 422, Some("")),
        (EDITOR, "POST", "/v1/file-adoptions", "{\"object\": \"../a\"}", 422, Some("/object")),
        (EDITOR, "POST", "/v1/file-adoptions", "{\"object\": \"a\"}", 422, Some("/object")),
        (VIEWER, "POST", "/v1/file-adoptions", "{\"object\": \"a\"}", 403, None),
        (EDITOR, "GET", "/v1/file-adoptions", "", 405, None),
        (EDITOR, "PUT", "/v1/files/fil_1", "", 405, None),
        (EDITOR, "GET", "/v1/files/fil_1", "", 404, None),
        (EDITOR, "GET", "/v1/files/fil_1/parts", "", 404, None),
        (EDITOR, "POST", "/v1/files/fil_1/completion", "", 404, None),
        (EDITOR, "GET", "/v1/files?limit=1000", "", 422, Some("limit")),
        (EDITOR, "POST", "/v1/files", "{\"name\": \"a\", \"size\": 1, \"path\": \"a\"}", 422, Some("/path")),
        (
            EDITOR,
            "POST",
            "/v1/files",
            "{\"name\": \"a\", \"size\": 1, \"collection\": \"x\"}",
            422,
            Some("/collection"),
        ),
        (EDITOR, "POST", "/v1/collections", "{\"name\": \"\"}", 422, Some("/name")),
        (EDITOR, "POST", "/v1/collections", "{\"name\": \"a\", \"expires_at\": \"soon\"}", 422, Some("/expires_at")),
        (EDITOR, "POST", "/v1/collections", "{\"name\": \"a\", \"secret\": \"x\"}", 422, Some("/secret")),
        (VIEWER, "POST", "/v1/collections", "{\"name\": \"a\"}", 403, None),
        (EDITOR, "PATCH", "/v1/collections/col_1", "", 405, None),
        (EDITOR, "GET", "/v1/collections/col_1", "", 404, None),
        (EDITOR, "GET", "/v1/collections/col_1/files", "", 404, None),
        (EDITOR, "DELETE", "/v1/collections/col_1", "", 404, None),
        (EDITOR, "GET", "/v1/collections/col_1/files?limit=0", "", 422, Some("limit")),
    ] {
        let (response, problem) = call(&fixture, key, method, path, body).await;
        assert_eq!(response.status(), status, "{method} {path} {body}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"].as_str(), pointer, "{body}: {problem}");
    }
    assert!(fixture.files.all().is_empty());
}

#[tokio::test]
async fn sample_events_work() {
    let fixture = fixture();
    fixture.bucket.put_bytes("adopt/acme/2026/report.pdf", b"%PDF-1.7");
    for (event, status) in [
        (include_str!("../../../../events/files/start.json"), 201),
        (include_str!("../../../../events/files/adopt.json"), 201),
        (include_str!("../../../../events/files/list.json"), 200),
        (include_str!("../../../../events/files/read.json"), 404),
        (include_str!("../../../../events/files/parts.json"), 404),
        (include_str!("../../../../events/files/complete.json"), 404),
        (include_str!("../../../../events/files/delete.json"), 404),
        (include_str!("../../../../events/files/create-collection.json"), 201),
        (include_str!("../../../../events/files/list-collections.json"), 200),
        (include_str!("../../../../events/files/read-collection.json"), 404),
        (include_str!("../../../../events/files/list-collection-files.json"), 404),
        (include_str!("../../../../events/files/delete-collection.json"), 404),
    ] {
        let request = lambda_http::request::from_str(event).unwrap();
        let (mut parts, body) = request.into_parts();
        parts.headers.insert("authorization", fixture.keys[EDITOR].parse().unwrap());
        let body = Body::from(body.to_vec());
        let (response, json) = send(&fixture, http::Request::from_parts(parts, body)).await;
        assert_eq!(response.status(), status, "{json}");
    }
}

#[tokio::test]
async fn any_query_is_answered_or_refused() {
    let fixture = fixture();
    let operations = [
        ("GET", "/v1/files", "/v1/files"),
        ("POST", "/v1/files", "/v1/files"),
        ("POST", "/v1/file-adoptions", "/v1/file-adoptions"),
        ("GET", "/v1/files/{id}", "/v1/files/fil_1"),
        ("DELETE", "/v1/files/{id}", "/v1/files/fil_1"),
        ("GET", "/v1/files/{id}/parts", "/v1/files/fil_1/parts"),
        ("POST", "/v1/files/{id}/completion", "/v1/files/fil_1/completion"),
        ("GET", "/v1/collections", "/v1/collections"),
        ("POST", "/v1/collections", "/v1/collections"),
        ("GET", "/v1/collections/{id}", "/v1/collections/col_1"),
        ("DELETE", "/v1/collections/{id}", "/v1/collections/col_1"),
        ("GET", "/v1/collections/{id}/files", "/v1/collections/col_1/files"),
    ];
    send_any_queries(&fixture.router, &fixture.keys[EDITOR], parameters_of, &operations).await;
}

#[tokio::test]
async fn link_is_made_with_its_file() {
    let fixture = fixture();
    let link = json!({ "slug": "plan", "max_clicks": 3, "password": "correct horse" });
    let body = json!({ "name": "plan.pdf", "size": 10, "link": link }).to_string();
    let (response, started) = call(&fixture, EDITOR, "POST", "/v1/files", &body).await;
    assert_eq!(response.status(), 201, "{started}");
    let made = fixture.links.all();
    assert_eq!((made.len(), made[0].url.to_string()), (1, started["target"].as_str().unwrap().to_owned()));
    assert_eq!(started["link"]["short_url"], "https://go.example.com/plan");
    assert_eq!((&started["link"]["url"], &started["link"]["max_clicks"]), (&started["target"], &json!(3)));
    assert!(made[0].settings.password_hash.is_some());
    let (_, plain) =
        call(&fixture, EDITOR, "POST", "/v1/files", "{\"name\": \"a\", \"size\": 1, \"link\": null}").await;
    assert_eq!((&plain["status"], &plain["link"]), (&json!("uploading"), &Value::Null));
}

#[tokio::test]
async fn file_without_its_link_is_not_started() {
    let fixture = fixture();
    let file = |link: Value| json!({ "name": "a", "size": 1, "link": link }).to_string();
    assert_eq!(call(&fixture, EDITOR, "POST", "/v1/files", &file(json!({ "slug": "taken" }))).await.0.status(), 201);
    for (link, status, pointer) in [
        (json!({ "slug": "taken" }), 409, None),
        (json!({ "slug": "a b" }), 422, Some("/link/slug")),
        (json!({ "url": "https://example.com/" }), 422, Some("/link/url")),
        (json!({ "if_exists": "return" }), 422, Some("/link/if_exists")),
        (json!({ "keep_alias": true }), 422, Some("/link/keep_alias")),
        (json!({ "unknown": 1 }), 422, Some("/link/unknown")),
        (json!({ "utm": { "source": "a" } }), 422, Some("/link/utm")),
        (json!({ "utm_template": null }), 422, Some("/link/utm_template")),
        (
            json!({ "variants": [{ "name": "a", "url": "javascript:1", "weight": 1 }] }),
            422,
            Some("/link/variants/0/url"),
        ),
        (json!([]), 422, Some("/link")),
        (json!("plan"), 422, Some("/link")),
    ] {
        let (response, problem) = call(&fixture, EDITOR, "POST", "/v1/files", &file(link.clone())).await;
        assert_eq!(response.status(), status, "{link}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"].as_str(), pointer, "{link}: {problem}");
        assert_eq!((fixture.files.all().len(), fixture.links.all().len()), (1, 1), "{link}");
    }
    let both = json!({ "name": "", "size": 1, "link": { "slug": "a b", "max_clicks": 0 } }).to_string();
    let (_, problem) = call(&fixture, EDITOR, "POST", "/v1/files", &both).await;
    let pointers: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().filter_map(|e| e["pointer"].as_str()).collect();
    assert_eq!(pointers, ["/name", "/link/max_clicks", "/link/slug"]);
    assert_eq!(call(&fixture, VIEWER, "POST", "/v1/files", &file(json!({}))).await.0.status(), 403);
}
