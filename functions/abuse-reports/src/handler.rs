//! Turns requests into use cases, and their results into answers.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Extension, Router};
use http::StatusCode;
use waypost_api::abuse_reports::AbuseReportsQuery;
use waypost_api::parameters::parameters_of;
use waypost_domain::abuse::change::{ReportChange, change_report};
use waypost_domain::abuse::list::{ReportsRequest, find_report, list_reports};
use waypost_domain::abuse::ports::{AbuseReportIndex, AbuseReportStore};
use waypost_domain::abuse::remove::remove_report;
use waypost_domain::abuse::report::AbuseReport;
use waypost_domain::blocking::add::BlockTargetsPorts;
use waypost_domain::blocking::ports::{BlockListReader, BlockListWriter};
use waypost_domain::ports::Clock;
use waypost_domain::values::page::Page;
use waypost_domain::{Caller, WorkspaceId};
use waypost_http::extract::{Json, Path, Query};
use waypost_http::problem::Problem;
use waypost_http::query_parameters::only_known_parameters;

/// The ports and settings of the routes.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) store: Arc<dyn AbuseReportStore>,
    pub(crate) index: Arc<dyn AbuseReportIndex>,
    pub(crate) block_reader: Arc<dyn BlockListReader>,
    pub(crate) block_writer: Arc<dyn BlockListWriter>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The workspace whose admins are operators of the stack.
    pub(crate) operators: WorkspaceId,
}

/// Makes the routes of this function.
pub(crate) fn routes(app: App) -> Router {
    let routes = Router::new()
        .route("/v1/abuse-reports", get(list))
        .route("/v1/abuse-reports/{link_id}", get(read).patch(change).delete(remove))
        .with_state(Arc::new(app));
    only_known_parameters(routes, parameters_of)
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<AbuseReportsQuery>,
) -> Result<axum::Json<Page<AbuseReport>>, Problem> {
    let request = ReportsRequest::from(query);
    Ok(axum::Json(list_reports(app.index.as_ref(), &caller, &app.operators, &request).await?))
}

async fn read(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(link): Path<String>,
) -> Result<axum::Json<AbuseReport>, Problem> {
    Ok(axum::Json(find_report(app.store.as_ref(), &caller, &app.operators, &link).await?))
}

async fn change(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(link): Path<String>,
    Json(change): Json<ReportChange>,
) -> Result<axum::Json<AbuseReport>, Problem> {
    let blocking = BlockTargetsPorts {
        reader: app.block_reader.as_ref(),
        writer: app.block_writer.as_ref(),
        clock: app.clock.as_ref(),
        operators: &app.operators,
    };
    Ok(axum::Json(change_report(app.store.as_ref(), &blocking, &caller, &link, &change).await?))
}

async fn remove(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(link): Path<String>,
) -> Result<StatusCode, Problem> {
    remove_report(app.store.as_ref(), &caller, &app.operators, &link).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use http::Request;
    use serde_json::{Value, json};
    use tower::ServiceExt;
    use waypost_domain::abuse::file::file_report;
    use waypost_domain::abuse::new_report::{NewReport, ReportForm};
    use waypost_domain::testing::abuse::{MemoryReports, file_report_ports};
    use waypost_domain::testing::blocking::MemoryBlockList;
    use waypost_domain::testing::keys::MemoryKeys;
    use waypost_domain::testing::samples::link_with_id;
    use waypost_domain::testing::system::FixedClock;
    use waypost_domain::{LinkId, Role};
    use waypost_http::authentication::Authentication;
    use waypost_http::router::api;
    use waypost_http::testing::send_any_queries;

    /// The link of the sample events.
    const LINK: &str = "lnk_0193a5d2c5f07d1e8c3f6f0b6a3d9e21";
    const LIST: &str = "/v1/abuse-reports";

    struct Fixture {
        router: Router,
        blocked: Arc<MemoryBlockList>,
        operator: String,
        stranger: String,
    }

    /// Makes reports of two links, the older of which is [`LINK`].
    async fn fixture() -> Fixture {
        let (keys, reports) = (Arc::new(MemoryKeys::default()), Arc::new(MemoryReports::default()));
        let (blocked, clock) = (Arc::new(MemoryBlockList::default()), Arc::new(FixedClock::at("2026-01-02T03:04:05Z")));
        let ports = file_report_ports(&reports);
        let new = NewReport::parse(&ReportForm { reason: "phishing", comment: "It is fake.", email: "" }).unwrap();
        for minute in 0..2 {
            let mut link = link_with_id("acme", "docs", "https://evil.example/x", &minute.to_string());
            if minute == 0 {
                link.stored_id = Some(LinkId::parse(LINK).unwrap());
            }
            let now = clock.now().plus_seconds(60 * minute);
            file_report(&ports, &link, &new, None, now).await.unwrap();
        }
        let app = App {
            store: reports.clone(),
            index: reports,
            block_reader: blocked.clone(),
            block_writer: blocked.clone(),
            clock: clock.clone(),
            operators: WorkspaceId::parse("default").unwrap(),
        };
        Fixture {
            operator: keys.authorize(1, "default", Role::Admin),
            stranger: keys.authorize(2, "acme", Role::Admin),
            router: api(routes(app), Authentication::new(keys, clock)),
            blocked,
        }
    }

    async fn send(fixture: &Fixture, request: Request<Body>) -> (u16, Value) {
        let response = fixture.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn call(fixture: &Fixture, key: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path).header("authorization", key);
        send(fixture, request.body(Body::from(body.to_owned())).unwrap()).await
    }

    #[tokio::test]
    async fn reports_are_listed_closed_and_deleted() {
        let (fixture, item) = (fixture().await, format!("{LIST}/{LINK}"));
        let operator = fixture.operator.as_str();
        let (status, page) = call(&fixture, operator, "GET", &format!("{LIST}?limit=1"), "").await;
        assert_eq!((status, page["items"].as_array().unwrap().len()), (200, 1), "{page}");
        let next = format!("{LIST}?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
        let (_, page) = call(&fixture, operator, "GET", &next, "").await;
        assert_eq!((&page["items"][0]["link_id"], &page["next_cursor"]), (&json!(LINK), &Value::Null), "{page}");
        let (status, report) = call(&fixture, operator, "GET", &item, "").await;
        assert_eq!(
            (status, &report["count"], &report["reasons"]),
            (200, &json!(1), &json!({"phishing": 1})),
            "{report}"
        );
        assert_eq!(report["first"][0]["comment"], "It is fake.");
        assert!(report.get("revision").is_none() && report["closed_at"].is_null());
        let change = json!({"status": "closed", "block": {"target": "evil.example", "reason": "phishing"}}).to_string();
        let (status, closed) = call(&fixture, operator, "PATCH", &item, &change).await;
        assert_eq!(
            (status, &closed["status"], &closed["closed_at"]),
            (200, &json!("closed"), &json!("2026-01-02T03:04:05.000Z"))
        );
        assert_eq!(fixture.blocked.page("", None, 9).await.unwrap().len(), 1);
        let (_, page) = call(&fixture, operator, "GET", &format!("{LIST}?status=closed"), "").await;
        assert_eq!(page["items"][0], closed);
        for status in [204, 404] {
            assert_eq!(call(&fixture, operator, "DELETE", &item, "").await.0, status);
        }
    }

    #[tokio::test]
    async fn others_than_operators_are_refused_and_bad_requests_named() {
        let (fixture, item) = (fixture().await, format!("{LIST}/{LINK}"));
        let (operator, stranger) = (fixture.operator.as_str(), fixture.stranger.as_str());
        let absent = format!("{LIST}/lnk_0193a5d2c5f07d1e8c3f6f0b6a3d9e22");
        for (key, method, path, body, status, pointer) in [
            (stranger, "GET", LIST, "", 403, None),
            (stranger, "GET", item.as_str(), "", 403, None),
            (stranger, "PATCH", &item, "{}", 403, None),
            (stranger, "DELETE", &item, "", 403, None),
            (operator, "GET", &absent, "", 404, None),
            (operator, "PATCH", &absent, "{}", 404, None),
            (operator, "GET", "/v1/abuse-reports/x", "", 404, None),
            (operator, "POST", LIST, "{}", 405, None),
            (operator, "GET", "/v1/abuse-reports?status=done", "", 422, Some("status")),
            (operator, "GET", "/v1/abuse-reports?limit=0", "", 422, Some("limit")),
            (operator, "PATCH", &item, "{\"state\": \"closed\"}", 422, Some("/state")),
            (
                operator,
                "PATCH",
                &item,
                "{\"block\": {\"target\": \"com\", \"reason\": \"spam\"}}",
                422,
                Some("/block/target"),
            ),
        ] {
            let (found, problem) = call(&fixture, key, method, path, body).await;
            assert_eq!(found, status, "{method} {path} {problem}");
            if let Some(pointer) = pointer {
                assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
            }
        }
    }

    #[tokio::test]
    async fn sample_events_work() {
        let fixture = fixture().await;
        for (event, status) in [
            (include_str!("../../../events/abuse-reports/list.json"), 200),
            (include_str!("../../../events/abuse-reports/read.json"), 200),
            (include_str!("../../../events/abuse-reports/close.json"), 200),
            (include_str!("../../../events/abuse-reports/delete.json"), 204),
        ] {
            let (mut parts, body) = lambda_http::request::from_str(event).unwrap().into_parts();
            parts.headers.insert("authorization", fixture.operator.parse().unwrap());
            let (found, json) = send(&fixture, Request::from_parts(parts, Body::from(body.to_vec()))).await;
            assert_eq!(found, status, "{json}");
        }
    }

    #[tokio::test]
    async fn any_query_is_answered_or_refused() {
        let (fixture, item) = (fixture().await, format!("{LIST}/{LINK}"));
        let operations = [("GET", LIST, LIST), ("GET", "/v1/abuse-reports/{link_id}", item.as_str())];
        send_any_queries(&fixture.router, &fixture.operator, parameters_of, &operations).await;
    }
}
