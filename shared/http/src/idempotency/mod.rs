//! Handles `Idempotency-Key` on POST: a request that was done before gets the answer it had.
//!
//! Wrap routes with [`idempotent`], inside [`crate::router::api`], which proves the caller. A handler marks what it creates
//! with the [`waypost_domain::access::idempotency::RequestFingerprint`] in the request's extensions, so that a second try after a crash finds it.

mod seal;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use waypost_domain::Caller;
use waypost_domain::access::idempotency::{Answer, Claim, Claimed, IdempotencyStore};
use waypost_domain::ports::{Clock, Random};

use self::seal::Seal;
use crate::authentication::proof::Proof;
use crate::extract::read_body;
use crate::problem::Problem;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Marks an answer that was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The headers that are kept with an answer. All others belong to one request only.
const KEPT_HEADERS: [HeaderName; 5] = [CONTENT_TYPE, LOCATION, ETAG, CACHE_CONTROL, CONTENT_SECURITY_POLICY];
/// The largest answer of a Lambda function: 6 MB.
const MAX_ANSWER_BYTES: usize = 6 * 1024 * 1024;
/// When to ask again while the first request is still worked on, in seconds.
const RETRY_AFTER_BUSY: u64 = 2;

/// Stores answers, tells the time and tells attempts apart.
#[derive(Clone)]
pub struct Idempotency {
    /// Keeps answers.
    pub store: Arc<dyn IdempotencyStore>,
    /// Tells when an answer is too old.
    pub clock: Arc<dyn Clock>,
    /// Tells attempts apart.
    pub random: Arc<dyn Random>,
}

/// Marks a response, in its extensions: another attempt may get another answer, although the status does not say so.
#[derive(Debug, Clone, Copy)]
pub struct Transient;

/// Marks a response, in its extensions: its body holds a secret. The answer is kept sealed, so that only the credential of
/// the first request gets it again.
#[derive(Debug, Clone, Copy)]
pub struct Secret;

/// Does a POST with an `Idempotency-Key` to `routes` once.
pub fn idempotent(routes: Router, idempotency: Idempotency) -> Router {
    routes.route_layer(from_fn_with_state(idempotency, answer_once))
}

async fn answer_once(State(by): State<Idempotency>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(IDEMPOTENCY_KEY) {
        return next.run(request).await;
    }
    match claim(&by, request).await {
        Ok((claim, request)) => answer(&by, claim, request, next).await.unwrap_or_else(IntoResponse::into_response),
        Err(problem) => problem.into_response(),
    }
}

/// Makes the claim of a request, and gives the request back with its body read.
async fn claim(by: &Idempotency, request: Request) -> Result<(Claim, Request), Problem> {
    let (mut parts, body) = request.into_parts();
    let body = read_body(body).await?;
    let caller = parts.extensions.get::<Caller>().cloned().ok_or_else(no_caller)?;
    let mut keys = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
    let key = keys.next().filter(|_| keys.next().is_none()).and_then(|key| key.to_str().ok()).unwrap_or_default();
    // Include the role: a caller whose role does not allow the request must not get its answer.
    let (role, target) = (caller.role.to_string(), parts.uri.path_and_query().map_or("", |target| target.as_str()));
    let what: [&[u8]; 4] = [parts.method.as_str().as_bytes(), target.as_bytes(), role.as_bytes(), &body];
    let proof = parts.extensions.get::<Proof>().ok_or_else(no_caller)?;
    let claim = Claim::new(caller.workspace, key, (&what, proof.as_bytes()), by.clock.now(), by.random.as_ref())
        .ok_or_else(|| {
            let detail = format!("Idempotency-Key has 1 to {} printable ASCII characters", Claim::MAX_KEY_LEN);
            Problem::new(StatusCode::BAD_REQUEST, "malformed", "Malformed request", detail)
        })?;
    parts.extensions.insert(claim.fingerprint());
    Ok((claim, Request::from_parts(parts, Body::from(body))))
}

fn no_caller() -> Problem {
    tracing::error!(event = "idempotency.no_caller");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", "the caller is not known here")
}

async fn answer(by: &Idempotency, claim: Claim, request: Request, next: Next) -> Result<Response, Problem> {
    let seal = request.extensions().get::<Proof>().and_then(|proof| Seal::new(&claim, proof));
    match by.store.claim(&claim).await? {
        Claimed::Yes => Ok(first_answer(by, &claim, seal, next.run(request).await).await),
        Claimed::Done(answer) => unpack(answer, seal),
        Claimed::Busy => {
            let detail = "another request with this Idempotency-Key is in progress";
            let problem = Problem::new(StatusCode::CONFLICT, "in-progress", "In progress", detail);
            Err(problem.with_retry_after(RETRY_AFTER_BUSY))
        }
        Claimed::Other => {
            let detail = "this Idempotency-Key was used for another request, or by another API key or token, in the last 24 hours";
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", "Key reused", detail))
        }
    }
}

/// Keeps an answer, or releases the claim if another attempt may get another answer. The answer goes out even if it cannot be
/// kept: the request was done.
async fn first_answer(by: &Idempotency, claim: &Claim, seal: Option<Seal>, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let status = parts.status;
    let transient = status.is_server_error()
        || parts.extensions.get::<Transient>().is_some()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS);
    let body = to_bytes(body, MAX_ANSWER_BYTES).await.unwrap_or_default();
    let headers = KEPT_HEADERS.iter().filter_map(|name| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.to_string(), value.to_owned()))
    });
    let kept = if transient {
        by.store.release(claim).await
    } else {
        let mut answer = pack(status, headers.collect(), &body);
        if parts.extensions.get::<Secret>().is_some() {
            let sealed = seal.and_then(|seal| seal.close(std::mem::take(&mut answer.body), by.random.as_ref()));
            answer = Answer { body: sealed.unwrap_or_default(), sealed: true, ..answer };
        }
        by.store.finish(claim, &answer).await
    };
    if let Err(error) = kept {
        tracing::warn!(event = "idempotency.not_kept", operation = error.operation, %error);
    }
    Response::from_parts(parts, Body::from(body))
}

/// Compresses an answer. One that is still too large is replaced with a problem that says so.
fn pack(status: StatusCode, headers: Vec<(String, String)>, body: &[u8]) -> Answer {
    let packed = compress_to_vec(body, 6);
    if packed.len() <= Answer::MAX_BODY_BYTES {
        return Answer { status: status.as_u16(), headers, body: packed, sealed: false };
    }
    let detail = "the request was done; its answer was too large to be kept";
    let problem = Problem::new(StatusCode::CONFLICT, "answer-not-kept", "Answer not kept", detail).into_http();
    let headers = vec![(CONTENT_TYPE.to_string(), "application/problem+json".to_owned())];
    Answer { status: problem.status().as_u16(), headers, body: compress_to_vec(problem.body(), 6), sealed: false }
}

fn unpack(mut answer: Answer, seal: Option<Seal>) -> Result<Response, Problem> {
    if answer.sealed {
        answer.body = seal.and_then(|seal| seal.open(&answer.body)).ok_or_else(|| {
            let detail = "the request was done; its answer holds a secret, which only the key or token that sent the first request gets again";
            Problem::new(StatusCode::CONFLICT, "answer-not-kept", "Answer not kept", detail)
        })?;
    }
    let body = decompress_to_vec_with_limit(&answer.body, MAX_ANSWER_BYTES).map_err(|_| {
        tracing::error!(event = "idempotency.broken_answer");
        let detail = "the kept answer cannot be read";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail)
    })?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str())) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

#[cfg(test)]
mod tests;
