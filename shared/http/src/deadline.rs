//! Answers 503 shortly before Lambda would end the invocation: a caller would then get a bare 500 from the gateway, and the
//! log no reason.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use lambda_http::RequestExt;

use crate::problem::Problem;

/// How long before the end of the invocation the answer goes out. A test on the template holds that a function's timeout has
/// room for this and for one call to a store.
pub const MARGIN: Duration = Duration::from_secs(1);
/// How long a request may take if nothing says when the invocation ends, as under `cargo lambda watch`. API Gateway waits 30 s.
const LONGEST: Duration = Duration::from_secs(28);

/// Answers 503 if the request is not answered [`MARGIN`] before the end of the invocation.
///
/// The work on it stops there, whatever it waits for. What it had done stays done: a second try with the same
/// `Idempotency-Key` finds it.
pub(crate) async fn answer_in_time(request: Request, next: Next) -> Response {
    let deadline = request.lambda_context_ref().map(|context| context.deadline);
    let limit = time_left(deadline, SystemTime::now());
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!(
                event = "request.timed_out",
                limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)
            );
            let detail = "the request took too long; try again";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Unavailable", detail).into_response()
        }
    }
}

/// Computes the time that the request may take. `deadline` is in milliseconds since 1970; one that has passed is none.
fn time_left(deadline: Option<u64>, now: SystemTime) -> Duration {
    let end = deadline.and_then(|millis| UNIX_EPOCH.checked_add(Duration::from_millis(millis)));
    match end.and_then(|end| end.duration_since(now).ok()) {
        Some(left) => left.saturating_sub(MARGIN),
        None => LONGEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::public_api;
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use lambda_http::Context;
    use tower::ServiceExt;

    fn in_seconds(seconds: u64) -> u64 {
        let end = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(seconds);
        end.as_millis().try_into().unwrap()
    }

    async fn ask(path: &str, deadline: u64) -> Response {
        let routes = Router::new()
            .route("/hanging", get(async || std::future::pending::<()>().await))
            .route("/slow", get(async || tokio::time::sleep(Duration::from_secs(5)).await));
        let mut context = Context::default();
        context.deadline = deadline;
        context.request_id = "r1".to_owned();
        let request = Request::get(path).body(Body::empty()).unwrap().with_lambda_context(context);
        public_api(routes).oneshot(request).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_hangs_is_answered_before_the_invocation_ends() {
        let began = tokio::time::Instant::now();
        let response = ask("/hanging", in_seconds(10)).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()["retry-after"], "2");
        assert_eq!(response.headers()["x-request-id"], "r1");
        let took = began.elapsed();
        assert!(took > Duration::from_secs(8) && took < Duration::from_millis(9100), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_request_is_answered_if_there_is_time() {
        assert_eq!(ask("/slow", in_seconds(10)).await.status(), StatusCode::OK);
        assert_eq!(ask("/slow", in_seconds(4)).await.status(), StatusCode::SERVICE_UNAVAILABLE);
        // `cargo lambda watch` gives a time in 1970.
        assert_eq!(ask("/slow", 600_000).await.status(), StatusCode::OK);
        assert_eq!(ask("/hanging", 600_000).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[test]
    fn a_deadline_that_is_near_leaves_no_time() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000);
        assert_eq!(time_left(Some(1_000_500), now), Duration::ZERO);
        assert_eq!(time_left(Some(1_010_000), now), Duration::from_secs(9));
        assert_eq!(time_left(Some(999_000), now), LONGEST);
        assert_eq!(time_left(Some(u64::MAX), now).as_secs(), u64::MAX / 1000 - 1_000 - 1);
        assert_eq!(time_left(None, now), LONGEST);
    }
}
