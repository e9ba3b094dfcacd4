//! Answers with the files of the console, and with what it must know before anybody is signed in.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use waypost_domain::StoreError;
use waypost_domain::files::ports::ObjectReader;
use waypost_http::conditional_requests::{conditional_response, list_header};
use waypost_http::extract::Path;
use waypost_http::problem::Problem;

use crate::files::{Wanted, media_type};
use crate::provider::Config;

/// The folder of the console in the bucket.
const FOLDER: &str = "console";
/// The largest file, in bytes. The answer of a function has at most 6 MB, in base64.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// A file whose name changes with its content is kept for a year.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// All others are asked for again, with their entity tag.
const ASK_AGAIN: &str = "no-cache";
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// The files, the policy of their pages, and how people sign in.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) objects: Arc<dyn ObjectReader>,
    pub(crate) policy: HeaderValue,
    pub(crate) config: Config,
}

/// A file of the console.
struct File {
    bytes: Bytes,
    etag: String,
    is_compressed: bool,
}

/// Makes the routes of this function.
pub(crate) fn routes(app: App) -> Router {
    let routes = Router::new().route("/console", get(page)).route("/console/", get(page));
    let routes = routes.route("/console/config.json", get(config)).route("/console/{*path}", get(file));
    routes.with_state(Arc::new(app))
}

/// No cache keeps the answer (the router says so), for a deploy can change it.
async fn config(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(ROBOTS, "noindex")], Json(app.config.clone()))
}

async fn page(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    answer(&app, &headers, Wanted::Page).await
}

async fn file(State(app): State<Arc<App>>, headers: HeaderMap, Path(path): Path<String>) -> Result<Response, Problem> {
    answer(&app, &headers, Wanted::of(&path)).await
}

async fn answer(app: &App, headers: &HeaderMap, wanted: Wanted) -> Result<Response, Problem> {
    let accepts_gzip = accepts_gzip(headers);
    let found = find(app, wanted.file(), accepts_gzip).await?;
    let (wanted, found) = match (wanted, found) {
        (Wanted::File(_), None) => (Wanted::Page, find(app, Wanted::Page.file(), accepts_gzip).await?),
        other => other,
    };
    let Some(file) = found else { return Err(missing(&wanted)) };
    let cache = if matches!(wanted, Wanted::Asset(_)) { FOR_EVER } else { ASK_AGAIN };
    let mut response = conditional_response(headers, &file.etag, cache, file.bytes);
    let fields = response.headers_mut();
    if response_has_body(fields) {
        fields.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(wanted.file()).0));
        if file.is_compressed {
            fields.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    fields.insert(CONTENT_SECURITY_POLICY, app.policy.clone());
    for (name, value) in [
        (VARY, "accept-encoding"),
        (REFERRER_POLICY, "same-origin"),
        (X_FRAME_OPTIONS, "DENY"),
        (OPENER_POLICY, "same-origin"),
        (ROBOTS, "noindex"),
    ] {
        fields.insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// Tells a full answer from a 304, by the type that axum gives to bytes.
fn response_has_body(fields: &HeaderMap) -> bool {
    fields.contains_key(CONTENT_TYPE)
}

fn missing(wanted: &Wanted) -> Problem {
    match wanted {
        Wanted::Page => {
            let detail = "the console is not deployed with this stack: `make deploy` puts it there";
            Problem::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
        }
        Wanted::Asset(_) | Wanted::File(_) => Problem::no_such_path(),
    }
}

/// Tells whether the client takes gzip (RFC 9110, section 12.5.3).
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let Some(list) = list_header(headers, ACCEPT_ENCODING) else { return false };
    let mut codings = list.split(',').map(|coding| coding.split_once(';').unwrap_or((coding, "")));
    codings.any(|(name, weight)| {
        let refused = weight.trim().trim_start_matches("q=").parse::<f64>().is_ok_and(|weight| weight <= 0.0);
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// Reads a file, or its compressed copy if there is one and the client takes it.
async fn find(app: &App, file: &str, accepts_gzip: bool) -> Result<Option<File>, Problem> {
    if accepts_gzip
        && media_type(file).1
        && let Some((bytes, etag)) = read(app, &format!("{FOLDER}/{file}.gz")).await?
    {
        return Ok(Some(File { bytes, etag, is_compressed: true }));
    }
    let found = read(app, &format!("{FOLDER}/{file}")).await?;
    Ok(found.map(|(bytes, etag)| File { bytes, etag, is_compressed: false }))
}

async fn read(app: &App, key: &str) -> Result<Option<(Bytes, String)>, Problem> {
    let Some(object) = app.objects.open(key).await? else { return Ok(None) };
    if object.size > MAX_BYTES {
        tracing::error!(event = "console.file_too_large", key, size_bytes = object.size);
        let detail = "a file of the console is too large to be served";
        return Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail));
    }
    let whole = object.body.try_fold(BytesMut::new(), |mut whole, piece| async move {
        whole.extend_from_slice(&piece);
        Ok::<_, StoreError>(whole)
    });
    Ok(Some((whole.await?.freeze(), format!("\"{}\"", object.etag))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::extract::Request;
    use tower::ServiceExt;
    use waypost_domain::testing::files::MemoryUploads;
    use waypost_http::router::public_api;

    use crate::policy::content_security_policy;

    const POLICY: &str = "default-src 'self'; base-uri 'none'; connect-src 'self' https://data.example; form-action 'self'; \
                          frame-ancestors 'none'; img-src 'self' blob: data: https://data.example; \
                          media-src 'self' https://data.example; object-src 'none'";

    fn router(files: &[(&str, &'static str)]) -> Router {
        let objects = Arc::new(MemoryUploads::default());
        for (path, content) in files {
            objects.put(format!("console/{path}"), *content);
        }
        let policy = content_security_policy("https://data.example/x", std::iter::empty()).unwrap();
        public_api(routes(App { objects, policy, config: Config::default() }))
    }

    fn built() -> Router {
        router(&[
            ("index.html", "<!doctype html>"),
            ("index.html.gz", "compressed html"),
            ("assets/index-1.js", "script"),
            ("assets/index-1.js.gz", "compressed script"),
            ("assets/bare-1.js", "bare script"),
            ("assets/logo-1.png", "png"),
            ("assets/logo-1.png.gz", "never"),
            ("icon.svg", "<svg/>"),
        ])
    }

    async fn send(router: &Router, request: Request) -> (u16, HeaderMap, String) {
        let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn get(router: &Router, path: &str, encoding: &str) -> (u16, HeaderMap, String) {
        let request = Request::get(path).header("accept-encoding", encoding).body(Body::empty()).unwrap();
        send(router, request).await
    }

    #[tokio::test]
    async fn paths_lead_to_files_and_all_others_to_the_page() {
        let router = built();
        let (page, script) = ("text/html; charset=utf-8", "text/javascript; charset=utf-8");
        for (path, status, body, media_type, cache) in [
            ("/console", 200, "<!doctype html>", page, ASK_AGAIN),
            ("/console/", 200, "<!doctype html>", page, ASK_AGAIN),
            ("/console/index.html", 200, "<!doctype html>", page, ASK_AGAIN),
            ("/console/links/go.example.com/docs", 200, "<!doctype html>", page, ASK_AGAIN),
            ("/console/links/%2e%2e%2f%2e%2e/secret", 200, "<!doctype html>", page, ASK_AGAIN),
            ("/console/missing.svg", 200, "<!doctype html>", page, ASK_AGAIN),
            ("/console/assets/index-1.js", 200, "script", script, FOR_EVER),
            ("/console/assets/logo-1.png", 200, "png", "image/png", FOR_EVER),
            ("/console/icon.svg", 200, "<svg/>", "image/svg+xml", ASK_AGAIN),
            ("/console/assets/gone-0.js", 404, "", "application/problem+json", "no-store"),
        ] {
            let (found, headers, text) = get(&router, path, "identity").await;
            let header = |name: &str| headers[name].to_str().unwrap().to_owned();
            assert_eq!((found, header("content-type").as_str()), (status, media_type), "{path}");
            assert_eq!(header("cache-control"), cache, "{path}");
            assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
            if status == 200 {
                assert_eq!(text, body, "{path}");
                assert_eq!(header("content-security-policy"), POLICY);
                assert_eq!(
                    (header("x-frame-options"), header("referrer-policy")),
                    ("DENY".into(), "same-origin".into())
                );
            }
        }
    }

    #[tokio::test]
    async fn way_to_sign_in_is_told_to_anyone_and_kept_by_no_cache() {
        // Even if a file of that name is there.
        let router = router(&[("config.json", "file"), ("config.json.gz", "file"), ("index.html", "page")]);
        let (status, headers, body) = get(&router, "/console/config.json", "gzip").await;
        assert_eq!((status, body.as_str()), (200, r#"{"identity_provider":null}"#));
        assert_eq!(
            (&headers["content-type"], &headers["cache-control"]),
            (&HeaderValue::from_static("application/json"), &HeaderValue::from_static("no-store"))
        );
        let request = Request::post("/console/config.json").body(Body::empty()).unwrap();
        assert_eq!(send(&router, request).await.0, 405);
    }

    #[tokio::test]
    async fn compressed_copy_is_given_to_who_takes_it() {
        let router = built();
        for (path, encoding, body, encoded) in [
            ("/console/", "gzip, deflate, br", "compressed html", true),
            ("/console/", "br", "<!doctype html>", false),
            ("/console/", "gzip;q=0", "<!doctype html>", false),
            ("/console/", "br;q=1.0, GZIP;q=0.5", "compressed html", true),
            ("/console/", "", "<!doctype html>", false),
            ("/console/assets/index-1.js", "gzip", "compressed script", true),
            ("/console/assets/bare-1.js", "gzip", "bare script", false),
            ("/console/assets/logo-1.png", "gzip", "png", false),
        ] {
            let (status, headers, text) = get(&router, path, encoding).await;
            assert_eq!((status, text.as_str()), (200, body), "{path} {encoding}");
            assert_eq!(headers.contains_key("content-encoding"), encoded, "{path} {encoding}");
            assert_eq!(headers["vary"], "accept-encoding");
        }
    }

    #[tokio::test]
    async fn unchanged_page_is_not_sent_again() {
        let router = built();
        let (_, headers, _) = get(&router, "/console/", "gzip").await;
        let etag = headers["etag"].to_str().unwrap();
        let request = Request::get("/console/links").header("accept-encoding", "gzip").header("if-none-match", etag);
        let (status, headers, body) = send(&router, request.body(Body::empty()).unwrap()).await;
        assert_eq!((status, body.as_str(), headers.contains_key("content-encoding")), (304, "", false));
        assert_eq!(
            (&headers["cache-control"], &headers["vary"]),
            (&"no-cache".parse().unwrap(), &"accept-encoding".parse().unwrap())
        );
    }

    #[tokio::test]
    async fn stack_without_the_console_says_so() {
        let (status, _, body) = get(&router(&[]), "/console/links", "gzip").await;
        assert!(status == 404 && body.contains("not deployed"), "{status} {body}");
        for method in ["POST", "DELETE"] {
            let request = Request::builder().method(method).uri("/console/").body(Body::empty()).unwrap();
            assert_eq!(send(&built(), request).await.0, 405);
        }
        let request = Request::builder().method("HEAD").uri("/console/").body(Body::empty()).unwrap();
        let (status, _, body) = send(&built(), request).await;
        assert_eq!((status, body.as_str()), (200, ""));
    }

    #[tokio::test]
    async fn sample_event_works() {
        let event = lambda_http::request::from_str(include_str!("../../../events/console/page.json")).unwrap();
        assert_eq!(send(&built(), event.map(|_| Body::empty())).await.0, 200);
    }
}
