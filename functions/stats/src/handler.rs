//! From requests to the use case and back.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Router};
use waypost_api::stats::StatsQuery;
use waypost_aws::http::{Path, Query};
use waypost_aws::problem::Problem;
use waypost_domain::analytics::ports::AggregateReader;
use waypost_domain::analytics::read_stats::{StatsRequest, read_stats};
use waypost_domain::find_link::link_id;
use waypost_domain::ports::{Clock, LinkReader};
use waypost_domain::{Caller, Domains};

/// What the routes need.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) links: Arc<dyn LinkReader>,
    pub(crate) aggregates: Arc<dyn AggregateReader>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) domains: Domains,
}

/// The routes of this function.
pub(crate) fn routes(app: App) -> Router {
    Router::new().route("/v1/links/{slug}/stats", get(read)).with_state(Arc::new(app))
}

async fn read(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(slug): Path<String>,
    Query(query): Query<StatsQuery>,
) -> Result<impl IntoResponse, Problem> {
    let id = link_id(&app.domains, &slug, query.domain.as_deref())?;
    let request = StatsRequest {
        from: query.from.as_deref(),
        to: query.to.as_deref(),
        interval: query.interval.as_deref(),
        limit: query.limit,
    };
    let (links, aggregates) = (app.links.as_ref(), app.aggregates.as_ref());
    let stats = read_stats(links, aggregates, app.clock.as_ref(), &caller, &id, &request).await?;
    Ok(axum::Json(stats))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use http::Request;
    use lambda_http::request::from_str;
    use serde_json::{Value, json};
    use tower::ServiceExt;
    use waypost_aws::http::{Authentication, api};
    use waypost_domain::Role;
    use waypost_domain::analytics::UserAgents;
    use waypost_domain::analytics::aggregate_clicks::aggregate_clicks;
    use waypost_domain::analytics::memory::{MemoryAggregates, MemoryQuarantine, click, received};
    use waypost_domain::memory::{FixedClock, MemoryKeys, MemoryLinks, link};
    use waypost_domain::ports::LinkWriter;

    const MONTH: &str = include_str!("../../../events/stats/month.json");
    const HOURS: &str = include_str!("../../../events/stats/hours.json");

    struct Fixture {
        router: Router,
        aggregates: Arc<MemoryAggregates>,
        viewer: String,
        stranger: String,
    }

    async fn fixture() -> Fixture {
        let (links, aggregates) = (MemoryLinks::default(), Arc::new(MemoryAggregates::default()));
        links.insert(&link("acme", "docs", "https://example.com/")).await.unwrap();
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let batch: Vec<_> = [(2, "v1", firefox), (2, "v2", firefox), (3, "v1", firefox), (3, "", "curl/8.5.0")]
            .into_iter()
            .zip(1..)
            .map(|((day, visitor, agent), sequence)| {
                let mut click = click("docs", &format!("2026-01-{day:02}T03:04:05Z"));
                (click.visitor, click.user_agent) = (Some(visitor.to_owned()), Some(agent.to_owned()));
                received(0, sequence, &click)
            })
            .collect();
        let agents = UserAgents::new().unwrap();
        aggregate_clicks(&batch, &agents, aggregates.as_ref(), &MemoryQuarantine::default()).await;

        let (keys, clock) = (MemoryKeys::default(), Arc::new(FixedClock::at("2026-01-31T03:04:05Z")));
        let (viewer, stranger) = (keys.authorize(1, "acme", Role::Viewer), keys.authorize(2, "other", Role::Viewer));
        let app = App {
            links: Arc::new(links),
            aggregates: aggregates.clone(),
            clock: clock.clone(),
            domains: Domains::parse("go.example.com,s.example.org").unwrap(),
        };
        let router = api(routes(app), Authentication::new(Arc::new(keys), clock));
        Fixture { router, aggregates, viewer, stranger }
    }

    async fn call(fixture: &Fixture, key: &str, method: &str, path: &str) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path).header("authorization", key);
        answer(fixture, request.body(Body::empty()).unwrap()).await
    }

    /// What a sample event gets, sent with a key that is known here.
    async fn invoke(fixture: &Fixture, event: &str) -> (u16, Value) {
        let mut event: Value = serde_json::from_str(event).unwrap();
        event["headers"]["authorization"] = json!(fixture.viewer);
        let request = from_str(&event.to_string()).unwrap();
        answer(fixture, request.map(|_| Body::empty())).await
    }

    async fn answer(fixture: &Fixture, request: Request<Body>) -> (u16, Value) {
        let response = fixture.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let content_type = if status == 200 { "application/json" } else { "application/problem+json" };
        assert_eq!(response.headers()["content-type"], content_type);
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn the_sample_month_has_totals_days_and_top_values() {
        let (status, stats) = invoke(&fixture().await, MONTH).await;
        assert_eq!(status, 200);
        assert_eq!((&stats["domain"], &stats["slug"]), (&json!("go.example.com"), &json!("docs")));
        assert_eq!((&stats["from"], &stats["to"]), (&json!("2026-01-01"), &json!("2026-01-31")));
        let totals = json!({
            "clicks": 3, "bots": 1, "visitors": 2, "all_time_clicks": 3, "all_time_bots": 1,
            "first_click_at": "2026-01-02T03:04:05.000Z", "last_click_at": "2026-01-03T03:04:05.000Z",
        });
        assert_eq!(stats["totals"], totals);
        assert_eq!(stats["series"]["interval"], "day");
        assert_eq!(stats["series"]["items"].as_array().unwrap().len(), 31);
        assert_eq!(stats["series"]["items"][1], json!({"start": "2026-01-02", "clicks": 2, "bots": 0, "visitors": 2}));
        let browser = json!({"items": [{"value": "Firefox", "clicks": 3}], "other": 0, "unknown": 0});
        assert_eq!(stats["top"]["browser"], browser);
        assert_eq!(stats["top"]["country"], json!({"items": [], "other": 0, "unknown": 3}));
    }

    #[tokio::test]
    async fn the_sample_day_has_hours() {
        let (status, stats) = invoke(&fixture().await, HOURS).await;
        assert_eq!((status, &stats["series"]["interval"]), (200, &json!("hour")));
        assert_eq!(stats["series"]["items"].as_array().unwrap().len(), 24);
        assert_eq!(stats["series"]["items"][3], json!({"start": "2026-01-02T03:00:00Z", "clicks": 2}));
    }

    #[tokio::test]
    async fn bad_requests_get_the_status_and_pointer_they_deserve() {
        let fixture = fixture().await;
        let (viewer, stranger) = (fixture.viewer.as_str(), fixture.stranger.as_str());
        for (key, method, path, status, pointer) in [
            (viewer, "GET", "/v1/links/docs/stats?from=x", 422, Some("from")),
            (viewer, "GET", "/v1/links/docs/stats?from=2024-01-01&to=2025-12-31", 422, Some("from")),
            (viewer, "GET", "/v1/links/docs/stats?interval=week", 422, Some("interval")),
            (viewer, "GET", "/v1/links/docs/stats?limit=x", 422, Some("limit")),
            (viewer, "GET", "/v1/links/docs/stats?domain=evil.example", 422, Some("domain")),
            (viewer, "GET", "/v1/links/none/stats", 404, None),
            (viewer, "GET", "/v1/links/docs/stats?domain=s.example.org", 404, None),
            (viewer, "GET", "/v1/links/docs/stats/else", 404, None),
            (viewer, "POST", "/v1/links/docs/stats", 405, None),
            (stranger, "GET", "/v1/links/docs/stats", 404, None),
            ("Bearer nonsense", "GET", "/v1/links/docs/stats", 401, None),
        ] {
            let (got, problem) = call(&fixture, key, method, path).await;
            assert_eq!((got, problem["errors"][0]["pointer"].as_str()), (status, pointer), "{method} {path} {problem}");
        }
    }

    #[tokio::test]
    async fn a_link_without_clicks_has_zeros() {
        let fixture = fixture().await;
        let path = "/v1/links/docs/stats?from=2026-01-10&to=2026-01-11";
        let (status, stats) = call(&fixture, &fixture.viewer, "GET", path).await;
        assert_eq!((status, &stats["totals"]["clicks"], &stats["totals"]["visitors"]), (200, &json!(0), &json!(0)));
        assert_eq!(stats["series"]["items"].as_array().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_store_that_is_away_is_503() {
        let fixture = fixture().await;
        fixture.aggregates.fail(true);
        let (status, _) = call(&fixture, &fixture.viewer, "GET", "/v1/links/docs/stats").await;
        assert_eq!(status, 503);
    }
}
