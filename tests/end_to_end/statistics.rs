//! Tests statistics: clicks through the redirect, counted for link, tag and workspace.

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use waypost_tests::{Answer, FRONT_DOOR, Stack, wait_for};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1";
const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
/// How many clicks the test of visibility measures.
const MEASURED: u64 = 40;

async fn create(stack: &Stack, key: &str, slug: &str, tags: Value) {
    let link = json!({"url": "https://example.com/", "slug": slug, "tags": tags});
    assert_eq!(stack.call(key, Method::POST, "/v1/links", link).await.status, 201, "{slug}");
}

async fn click(stack: &Stack, slug: &str, agent: &str, address: &str) {
    let headers =
        [("user-agent", agent), ("x-forwarded-for", address), ("cloudfront-viewer-country", "CH"), FRONT_DOOR];
    let answer = stack.visit(Method::GET, &format!("/{slug}"), &headers).await;
    assert_eq!(answer.status, 302, "{slug}");
}

async fn read(stack: &Stack, key: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    stack.call_with_headers(key, Method::GET, path, Value::Null, headers).await
}

/// Waits until the statistics at `path` have this many clicks of people and of bots, and gives them.
async fn counted(stack: &Stack, key: &str, path: &str, clicks: u64, bots: u64) -> Value {
    wait_for(&format!("{clicks} and {bots} clicks in {path}"), async || {
        let stats = read(stack, key, path, &[]).await.json();
        let seen = (stats["totals"]["clicks"].as_u64()?, stats["totals"]["bots"].as_u64()?);
        assert!(seen.0 <= clicks && seen.1 <= bots, "too many clicks: {stats}");
        // The number of all time is an item of its own, and may be written a moment later.
        let all_time_follows = stats["all_time"]["clicks"].as_u64().is_none_or(|all_time| all_time >= clicks);
        (seen == (clicks, bots) && all_time_follows).then_some(stats)
    })
    .await
}

#[tokio::test]
async fn clicks_count_for_link_tag_and_workspace() {
    let stack = Stack::from_environment();
    let key = stack.new_key("statistics", "editor").await;
    create(&stack, &key, "statistics-a", json!(["statistics"])).await;
    create(&stack, &key, "statistics-b", json!(["statistics", "other"])).await;
    for (slug, agent, address) in [
        ("statistics-a", FIREFOX, "192.0.2.1"),
        ("statistics-a", IPHONE, "192.0.2.2"),
        ("statistics-a?qr=1", FIREFOX, "192.0.2.1"),
        ("statistics-a", GOOGLEBOT, "192.0.2.3"),
        ("statistics-b", FIREFOX, "192.0.2.1"),
    ] {
        click(&stack, slug, agent, address).await;
    }

    let link = counted(&stack, &key, "/v1/links/statistics-a/stats?group_by=all&compare=previous_period", 3, 1).await;
    let top = |stats: &Value, dimension: &str| -> Vec<(String, u64)> {
        let items = stats["top"][dimension]["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| (item["value"].as_str().unwrap().to_owned(), item["clicks"].as_u64().unwrap()))
            .collect()
    };
    assert_eq!(top(&link, "trigger"), [("link".to_owned(), 2), ("qr".to_owned(), 1)]);
    assert_eq!(top(&link, "bot"), [("Googlebot".to_owned(), 1)]);
    assert_eq!(top(&link, "browser")[0], ("Firefox".to_owned(), 2));
    assert_eq!((&link["all_time"]["clicks"], &link["change"]["before"]["clicks"]), (&json!(3), &json!(0)));
    assert_eq!(link["series"]["items"].as_array().unwrap().len(), 30);

    let tag = counted(&stack, &key, "/v1/stats?tag=statistics&group_by=link", 4, 1).await;
    let domain = link["domain"].as_str().unwrap();
    let links = [(format!("{domain}/statistics-a"), 3), (format!("{domain}/statistics-b"), 1)];
    assert_eq!((top(&tag, "link"), &tag["links"]), (links.to_vec(), &json!(2)));
    let workspace = counted(&stack, &key, "/v1/stats?group_by=link,trigger&limit=1", 4, 1).await;
    assert_eq!(
        (top(&workspace, "link"), top(&workspace, "trigger")),
        (links[..1].to_vec(), vec![("link".to_owned(), 3)])
    );
    assert_eq!(workspace["totals"]["visitors"], tag["totals"]["visitors"]);

    // Minutes, days of a time zone, and one value only.
    let minutes = counted(&stack, &key, "/v1/stats?tag=other&interval=minute&tz=Asia/Kolkata", 1, 0).await;
    assert_eq!((&minutes["exact"], &minutes["totals"]["visitors"]), (&json!(true), &Value::Null));
    let berlin = "/v1/links/statistics-a/stats?interval=week&tz=Europe/Berlin";
    assert_eq!(counted(&stack, &key, berlin, 3, 1).await["tz"], "Europe/Berlin");
    let filtered = read(&stack, &key, "/v1/links/statistics-a/stats?filter=trigger:qr", &[]).await.json();
    assert_eq!(filtered["totals"], json!({"clicks": 1, "bots": null, "visitors": null}));

    // A table, and 304 for a client that has it.
    let csv = [("accept", "text/csv")];
    let path = "/v1/links/statistics-a/stats?group_by=trigger";
    let table = read(&stack, &key, path, &csv).await;
    assert!(table.header("content-type").starts_with("text/csv"), "{table:?}");
    let rows = "dimension,kind,value,clicks,error\r\ntrigger,value,link,2,0\r\ntrigger,value,qr,1,0\r\n\
                trigger,other,,0,\r\ntrigger,unknown,,0,\r\n";
    assert_eq!(table.text, rows);
    let known = [("accept", "text/csv"), ("if-none-match", table.header("etag"))];
    let again = read(&stack, &key, path, &known).await;
    assert_eq!((again.status.as_u16(), again.text.as_str(), again.header("etag")), (304, "", table.header("etag")));

    // The link shows its clicks. Another workspace sees nothing.
    let shown = read(&stack, &key, "/v1/links/statistics-a?include=clicks", &[]).await.json();
    assert_eq!((&shown["clicks"], &shown["last_click_at"]), (&json!(3), &link["all_time"]["last_click_at"]));
    let stranger = stack.new_key("statistics-stranger", "admin").await;
    for path in ["/v1/stats", "/v1/stats?tag=statistics"] {
        assert_eq!(read(&stack, &stranger, path, &[]).await.json()["totals"]["clicks"], 0, "{path}");
    }
    assert_eq!(read(&stack, &stranger, "/v1/links/statistics-a/stats", &[]).await.status, 404);
    let refused = read(&stack, &key, "/v1/stats?filter=country:CH&group_by=os", &[]).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["errors"][0]["pointer"]), (422, &json!("filter")));
}

/// Measures how long clicks take to be visible, one after the other, and writes the times to `target/bench/visible_after.json`
/// for `make bench`. A long time does not fail the test.
#[tokio::test]
async fn clicks_become_visible() {
    let stack = Stack::from_environment();
    let key = stack.new_key("visible", "editor").await;
    create(&stack, &key, "visible", json!([])).await;
    // The first click waits for the start of all functions on its way.
    click(&stack, "visible", FIREFOX, "192.0.2.1").await;
    counted(&stack, &key, "/v1/links/visible/stats", 1, 0).await;
    let mut waited_ms = Vec::new();
    for n in 2..=MEASURED + 1 {
        click(&stack, "visible", FIREFOX, "192.0.2.1").await;
        let served = Instant::now();
        loop {
            let stats = read(&stack, &key, "/v1/links/visible/stats", &[]).await.json();
            if stats["totals"]["clicks"] == n {
                break;
            }
            assert!(served.elapsed() < Duration::from_secs(120), "click {n} is not counted: {stats}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        waited_ms.push(served.elapsed().as_secs_f64() * 1e3);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("target/bench");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("visible_after.json"), json!({"waited_ms": waited_ms}).to_string()).unwrap();
}
