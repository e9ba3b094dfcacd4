//! Tests what people do with many links day by day, and how many calls each job takes. `docs/links.md` has the numbers. Asking again
//! until a job has ended counts as one call.

use std::cell::Cell;

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Answer, Stack, wait_for};

/// Somebody with a key, whose calls are counted.
struct Person {
    stack: Stack,
    key: String,
    calls: Cell<u32>,
}

impl Person {
    async fn new(workspace: &str, role: &str) -> Self {
        let stack = Stack::from_environment();
        let key = stack.new_key(workspace, role).await;
        Self { stack, key, calls: Cell::new(0) }
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Answer {
        self.calls.set(self.calls.get() + 1);
        self.stack.call(&self.key, method, path, body).await
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.call(Method::GET, path, Value::Null).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    /// Starts a job and waits for its end.
    async fn job(&self, path: &str, body: Value) -> Value {
        let method = if path.starts_with("/v1/tags/") && body.is_null() { Method::DELETE } else { Method::POST };
        let started = self.call(method, path, body).await;
        assert!([201, 202].contains(&started.status.as_u16()), "{path}: {started:?}");
        let at = started.header("location").to_owned();
        self.calls.set(self.calls.get() + 1);
        let job = wait_for(&format!("the job of {path} to end"), async || {
            let job = self.stack.call(&self.key, Method::GET, &at, Value::Null).await.json();
            (!["waiting", "running"].contains(&job["status"].as_str()?)).then_some(job)
        })
        .await;
        assert_eq!(job["status"], "succeeded", "{job}");
        job
    }

    /// Creates links, a hundred with each call. This is not part of the job.
    async fn has(&self, links: Vec<Value>) {
        for items in links.chunks(100) {
            let answer = self.stack.call(&self.key, Method::POST, "/v1/link-batches", json!({ "items": items })).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let failed = answer.json()["items"].as_array().unwrap().iter().find(|item| item["status"] != 201).cloned();
            assert_eq!(failed, None);
        }
    }

    /// Waits until a list has `total` links. This is not part of the job either: changes are listed within seconds.
    async fn lists(&self, query: &str, total: u64) -> Value {
        wait_for(&format!("{total} links with {query}"), async || {
            let path = format!("/v1/links?include=total&{query}");
            let page = self.stack.call(&self.key, Method::GET, &path, Value::Null).await;
            let page = (page.status == 200).then(|| page.json())?;
            (page["total"] == total).then_some(page)
        })
        .await
    }
}

fn slugs(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().filter_map(|item| item["slug"].as_str()).collect()
}

#[tokio::test]
async fn moving_in_from_dub_takes_three_calls() {
    let person = Person::new("job-moves-in", "editor").await;
    let file = "url,key,shortLink,title,tags,clicks\n\
        https://example.com/a,job-in-a,https://dub.sh/job-in-a,A,\"mail, spring\",41\n\
        https://example.com/b,job-in-b,https://dub.sh/job-in-b,B,,0\n";
    let import = person
        .call(Method::POST, "/v1/imports", json!({"filename": "dub.csv", "content_length": file.len()}))
        .await
        .json();
    assert_eq!(person.stack.upload(&import, file.into()).await.status, 200);
    let done = person.stack.finished_import(&person.key, import["id"].as_str().unwrap()).await;
    let calls = person.calls.get() + 2;
    assert_eq!((&done["status"], &done["counts"]["created"], calls), (&json!("succeeded"), &json!(2), 3), "{done}");
    let link = person.get("/v1/links/job-in-a").await;
    assert_eq!(
        (&link["tags"], &link["imported_clicks"], &link["title"]),
        (&json!(["mail", "spring"]), &json!(41), &json!("A"))
    );
}

#[tokio::test]
async fn tagging_by_campaign_takes_two_calls() {
    let person = Person::new("job-tags", "editor").await;
    let link = |n: usize| json!({"slug": format!("job-tag-{n}"), "url": format!("https://example.com/{}?utm_campaign=spring&n={n}", if n.is_multiple_of(3) { "shop" } else { "blog" })});
    person.has((0..9).map(link).collect()).await;
    let body = json!({"select": {"filter": {"url_prefix": "example.com/shop"}}, "change": {"add_tags": ["spring"]}});
    let job = person.job("/v1/link-changes", body).await;
    assert_eq!((&job["counts"]["changed"], person.calls.get()), (&json!(3), 2), "{job}");
    person.lists("tag=spring", 3).await;
}

#[tokio::test]
async fn renaming_a_campaign_takes_two_calls() {
    let person = Person::new("job-renames", "editor").await;
    person
        .has(
            (0..121)
                .map(|n| json!({"slug": format!("job-ren-{n}"), "url": "https://example.com/", "tags": ["spring"]}))
                .collect(),
        )
        .await;
    let job = person.job("/v1/tags/spring/rename", json!({"to": "spring 2026"})).await;
    assert_eq!((&job["counts"]["changed"], person.calls.get()), (&json!(121), 2), "{job}");
    person.lists("tag=spring%202026", 121).await;
}

#[tokio::test]
async fn finding_the_link_to_a_page_takes_one_call() {
    let person = Person::new("job-finds", "viewer").await;
    let editor = Person::new("job-finds", "editor").await;
    let page = "https://example.com/reports/annual?y=2025";
    editor
        .has(vec![
            json!({"slug": "job-find-a", "url": "https://example.com/reports/other"}),
            json!({"slug": "job-find-b", "url": page}),
            json!({"slug": "job-find-c", "url": "https://example.com/"}),
        ])
        .await;
    person.lists("search=job", 3).await;
    let path =
        "/v1/links?url=HTTPS://EXAMPLE.com/reports/annual?y%3D2025&created_after=2026-01-01T00:00:00Z&archived=any";
    let found = person.get(path).await;
    assert_eq!((slugs(&found), person.calls.get()), (vec!["job-find-b"], 1), "{found}");
}

#[tokio::test]
async fn swapping_the_target_of_500_links_takes_two_calls_and_undoing_it_two_more() {
    let person = Person::new("job-swaps", "editor").await;
    person
        .has(
            (0..500)
                .map(|n| json!({"slug": format!("job-swap-{n}"), "url": format!("https://old.example/p/{n}?x=1")}))
                .collect(),
        )
        .await;
    let swap = json!({"select": {"filter": {"host": "old.example"}}, "change": {"replace_url_prefix": {"from": "old.example/p", "to": "new.example/page"}}});
    let job = person.job("/v1/link-changes", swap).await;
    assert_eq!((&job["counts"]["changed"], person.calls.get()), (&json!(500), 2), "{job}");
    let link = person.stack.call(&person.key, Method::GET, "/v1/links/job-swap-77", Value::Null).await.json();
    assert_eq!(link["url"], "https://new.example/page/77?x=1");
    // It was wrong.
    let undo = person.job(&format!("/v1/link-changes/{}/undo", job["id"].as_str().unwrap()), Value::Null).await;
    assert_eq!((&undo["counts"]["changed"], person.calls.get()), (&json!(500), 4), "{undo}");
    let link = person.stack.call(&person.key, Method::GET, "/v1/links/job-swap-77", Value::Null).await.json();
    assert_eq!(link["url"], "https://old.example/p/77?x=1");
}

#[tokio::test]
async fn retiring_a_domain_takes_two_calls_and_its_short_urls_go_on() {
    let person = Person::new("retires-a-domain", "editor").await;
    person.has((0..7).map(|n| json!({"slug": format!("job-ret-{n}"), "domain": "retired.example", "url": "https://example.com/"})).collect()).await;
    let body = json!({"select": {"filter": {"domain": "retired.example", "archived": "any"}}, "change": {"domain": "go.example.com", "keep_alias": true}});
    let job = person.job("/v1/link-changes", body).await;
    assert_eq!((&job["counts"]["changed"], person.calls.get()), (&json!(7), 2), "{job}");
    for visited in [
        person.stack.visit_domain("retired.example", "/job-ret-3").await,
        person.stack.visit(Method::GET, "/job-ret-3", &[]).await,
    ] {
        assert_eq!((visited.status.as_u16(), visited.header("location")), (302, "https://example.com/"), "{visited:?}");
    }
}

#[tokio::test]
async fn handing_a_client_the_links_of_a_tag_takes_one_call() {
    let person = Person::new("job-hands-over", "admin").await;
    person
        .has(vec![
            json!({"slug": "job-hand-a", "url": "https://example.com/", "tags": ["client"]}),
            json!({"slug": "job-hand-b", "url": "https://example.com/", "tags": ["other"]}),
        ])
        .await;
    let key = person
        .call(Method::POST, "/v1/keys", json!({"name": "client", "role": "viewer", "limits": {"tags": ["client"]}}))
        .await;
    assert_eq!((key.status.as_u16(), person.calls.get()), (201, 1), "{key:?}");
    let secret = key.json()["secret"].as_str().unwrap().to_owned();
    let client = Person { stack: Stack::from_environment(), key: secret, calls: Cell::new(0) };
    assert_eq!(slugs(&client.lists("archived=any", 1).await), ["job-hand-a"]);
    for (path, status) in
        [("/v1/links/job-hand-a/stats", 200), ("/v1/links/job-hand-b", 404), ("/v1/links/job-hand-b/stats", 404)]
    {
        assert_eq!(client.call(Method::GET, path, Value::Null).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn seeing_what_is_broken_takes_one_call() {
    let person = Person::new("job-broken", "viewer").await;
    let editor = Person::new("job-broken", "editor").await;
    editor
        .has(vec![
            json!({"slug": "job-broken-a", "url": "http://gone.invalid/"}),
            json!({"slug": "job-broken-b", "url": "mailto:b@example.com"}),
        ])
        .await;
    // The operator's schedule.
    for time in ["2026-01-01T03:00:00Z", "2026-01-02T03:00:00Z", "2026-01-03T03:00:00Z"] {
        person.stack.check_targets("job-broken", time).await;
    }
    person.lists("broken=true", 1).await;
    let found = person.get("/v1/links?broken=true").await;
    assert_eq!((slugs(&found), person.calls.get()), (vec!["job-broken-a"], 1), "{found}");
    let check = &found["items"][0]["target_check"];
    assert_eq!((&check["status"], &check["reason"]), (&json!("broken"), &json!("dns")), "{check}");
}

#[tokio::test]
async fn taking_everything_out_takes_three_calls() {
    let person = Person::new("job-moves-out", "editor").await;
    person.has((0..5).map(|n| json!({"slug": format!("job-out-{n}"), "url": "https://example.com/"})).collect()).await;
    let export = person.job("/v1/exports", json!({"format": "jsonl"})).await;
    let file = person.stack.get(export["url"].as_str().unwrap()).await;
    assert_eq!((file.text.lines().count(), person.calls.get() + 1), (5, 3), "{}", file.text);
}
