//! From a visitor's request to the redirect, and the click that is to be counted.

use std::sync::Arc;

use http::{HeaderValue, Method, Response, StatusCode, header};
use lambda_http::{Body, Request, RequestExt};
use waypost_aws::problem::Problem;
use waypost_domain::follow_link::{PendingClick, click, find_target};
use waypost_domain::ports::{Clock, LinkReader, Random};
use waypost_domain::{Domains, Link};

use crate::pages::refusal;
use crate::visit::visit;

/// What a redirect needs.
pub(crate) struct App {
    pub(crate) links: Arc<dyn LinkReader>,
    pub(crate) domains: Domains,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
}

/// The answer to `request`, and the click if it was one. HEAD is none: link checkers and previews send it.
pub(crate) async fn handle(app: &App, request: &Request) -> (Response<Body>, Option<PendingClick>) {
    let (mut response, click) = answer(app, request).await;
    let id = request.lambda_context_ref().and_then(|context| HeaderValue::from_str(&context.request_id).ok());
    if let Some(id) = id {
        response.headers_mut().insert("x-request-id", id);
    }
    (response, click)
}

async fn answer(app: &App, request: &Request) -> (Response<Body>, Option<PendingClick>) {
    let method = request.method();
    let refuse = |problem| (refusal(method, request.headers(), problem), None);
    if method != Method::GET && method != Method::HEAD {
        let (mut response, none) = refuse(Problem::no_such_method());
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return (response, none);
    }
    let visit = visit(request);
    match find_target(app.links.as_ref(), &app.domains, &visit).await {
        Ok(Some(link)) => match redirect(&link) {
            Some(response) if method == Method::GET => {
                (response, Some(click(&visit, &link, app.clock.as_ref(), app.random.as_ref())))
            }
            Some(response) => (response, None),
            None => refuse(Problem::no_such_path()),
        },
        Ok(None) => refuse(Problem::no_such_path()),
        Err(error) => refuse(error.into()),
    }
}

/// 302, which no cache keeps unasked, so that every click comes by here; `no-store` says it to those that keep too much.
fn redirect(link: &Link) -> Option<Response<Body>> {
    let target = HeaderValue::from_str(link.url.as_str()).ok()?;
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, target);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_http::request::from_str;
    use serde_json::{Value, json};
    use waypost_domain::memory::{FixedClock, MemoryLinks, SeededRandom, link};
    use waypost_domain::ports::LinkWriter;

    const EVENT: &str = include_str!("../../../events/redirect/get.json");

    async fn app() -> (App, Arc<MemoryLinks>) {
        let links = Arc::new(MemoryLinks::default());
        links.insert(&link("acme", "docs", "https://example.com/docs")).await.unwrap();
        let app = App {
            links: links.clone(),
            domains: Domains::parse("go.example.com").unwrap(),
            clock: Arc::new(FixedClock::at("2026-01-02T03:04:05Z")),
            random: Arc::new(SeededRandom::new(1)),
        };
        (app, links)
    }

    fn request(change: impl FnOnce(&mut Value)) -> Request {
        let mut event: Value = serde_json::from_str(EVENT).unwrap();
        change(&mut event);
        from_str(&event.to_string()).unwrap()
    }

    #[tokio::test]
    async fn the_sample_event_is_redirected_and_is_a_click() {
        let (app, _) = app().await;
        let (response, click) = handle(&app, &request(|_| {})).await;
        assert_eq!(
            (response.status(), &response.headers()["location"]),
            (StatusCode::FOUND, &"https://example.com/docs".parse().unwrap())
        );
        let pending = click.unwrap();
        assert_eq!(pending.click.slug.as_str(), "docs");
        assert_eq!(pending.address, Some("203.0.113.9".parse().unwrap()));
        assert!(pending.click.user_agent.unwrap().contains("Firefox"));
    }

    #[tokio::test]
    async fn head_is_answered_alike_but_is_no_click() {
        let (app, _) = app().await;
        let head = request(|event| event["requestContext"]["http"]["method"] = json!("HEAD"));
        let (response, click) = handle(&app, &head).await;
        assert_eq!((response.status(), click.is_none()), (StatusCode::FOUND, true));
    }

    #[tokio::test]
    async fn an_unknown_slug_is_a_page_for_a_browser_and_a_problem_for_others() {
        let (app, _) = app().await;
        let unknown = request(|event| event["rawPath"] = json!("/none"));
        let (response, click) = handle(&app, &unknown).await;
        assert_eq!((response.status(), click.is_none()), (StatusCode::NOT_FOUND, true));
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
        let client = request(|event| {
            event["rawPath"] = json!("/none");
            event["headers"]["accept"] = json!("*/*");
        });
        let (response, _) = handle(&app, &client).await;
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }

    #[tokio::test]
    async fn other_methods_are_refused() {
        let (app, _) = app().await;
        let post = request(|event| event["requestContext"]["http"]["method"] = json!("POST"));
        let (response, click) = handle(&app, &post).await;
        assert_eq!((response.status(), click.is_none()), (StatusCode::METHOD_NOT_ALLOWED, true));
        assert_eq!(response.headers()["allow"], "GET, HEAD");
    }

    #[tokio::test]
    async fn a_table_that_is_away_is_503_with_a_retry() {
        let (app, links) = app().await;
        links.fail(true);
        let (response, click) = handle(&app, &request(|_| {})).await;
        assert_eq!((response.status(), click.is_none()), (StatusCode::SERVICE_UNAVAILABLE, true));
        assert_eq!(response.headers()["retry-after"], "2");
    }

    #[tokio::test]
    async fn cloudfronts_word_on_the_address_goes_before_api_gateways() {
        let (app, _) = app().await;
        for (text, address) in [("198.51.100.7:4711", "198.51.100.7"), ("2001:db8::1:443", "2001:db8::1")] {
            let request = request(|event| event["headers"]["cloudfront-viewer-address"] = json!(text));
            let (_, click) = handle(&app, &request).await;
            assert_eq!(click.unwrap().address, Some(address.parse().unwrap()));
        }
    }
}
