//! Proves who calls, limits how often, and notes that a key or session was used: one layer for all HTTP functions with callers.
//!
//! A caller proves itself with the header `Authorization`, or with the cookie of a session if there is no such header.

mod change_log;
mod limit_headers;
pub(crate) mod proof;
mod same_origin;
mod session_cookie;
#[cfg(test)]
mod session_tests;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, header};
use lambda_http::RequestExt;
use tracing::Instrument;
use waypost_domain::access::authenticate::{AuthenticatePorts, Authenticated, authenticate};
use waypost_domain::access::ports::KeyReader;
use waypost_domain::access::ports::{KeyUsage, TokenVerifier};
use waypost_domain::access::rate_limit::{Admission, RateLimiter};
use waypost_domain::access::sessions::authenticate_session::{self, authenticate_session};
use waypost_domain::access::sessions::limit_sign_in::{LimitPorts, limit_sign_in};
use waypost_domain::access::sessions::ports::{SessionReader, SignInAttempts, SignInCodes};
use waypost_domain::access::sessions::prove::{NewSession, ProvePorts, Proven, prove};
use waypost_domain::access::sessions::session::{CurrentSession, Session, SessionSecret};
use waypost_domain::ports::{Clock, Random};
use waypost_domain::{ApiKey, Caller, Error, StoreError};

use self::change_log::Change;
pub use self::change_log::Unchanged;
use self::limit_headers::describe;
use self::proof::Proof;
use self::session_cookie::FromCookie;
pub use self::session_cookie::SessionCookie;
use crate::problem::Problem;
use crate::sender::sender_address;

/// How long the note of a use may take. It is written while the handler works, so that it rarely delays the answer.
const NOTE_TIMEOUT: Duration = Duration::from_millis(200);

/// Proves who calls, and counts the calls.
#[derive(Clone)]
pub struct Authentication {
    keys: Arc<dyn KeyReader>,
    clock: Arc<dyn Clock>,
    usage: Option<Arc<dyn KeyUsage>>,
    tokens: Option<Arc<dyn TokenVerifier>>,
    sessions: Option<(Arc<dyn SessionReader>, SessionCookie)>,
    limiter: Option<Arc<RateLimiter>>,
    front_door_secret: Option<Arc<str>>,
}

/// What a sign-in needs beside what other requests need.
#[derive(Clone, Copy)]
pub struct SignInPorts<'a> {
    /// Takes sign-in codes.
    pub codes: &'a dyn SignInCodes,
    /// Counts those that fail.
    pub attempts: &'a dyn SignInAttempts,
    /// Makes salts for the names of addresses.
    pub random: &'a dyn Random,
}

/// What a request presents to prove its caller.
enum Presented {
    /// The header `Authorization`, if it has one. It wins over a cookie.
    Header(Option<Proof>),
    /// The cookie of a session, if it can be one.
    Session(Option<SessionSecret>),
}

impl Authentication {
    /// Accepts API keys only, without limits.
    pub fn new(keys: Arc<dyn KeyReader>, clock: Arc<dyn Clock>) -> Self {
        Self { keys, clock, usage: None, tokens: None, sessions: None, limiter: None, front_door_secret: None }
    }

    /// Adds a store that notes when a key was used.
    pub fn noting_use(self, usage: Arc<dyn KeyUsage>) -> Self {
        Self { usage: Some(usage), ..self }
    }

    /// Accepts tokens of an identity provider too.
    pub fn with_tokens(self, tokens: Arc<dyn TokenVerifier>) -> Self {
        Self { tokens: Some(tokens), ..self }
    }

    /// Accepts the sessions in this store too, by a cookie.
    pub fn with_sessions(self, sessions: Arc<dyn SessionReader>, cookie: SessionCookie) -> Self {
        Self { sessions: Some((sessions, cookie)), ..self }
    }

    /// Limits requests with `limiter`.
    pub fn with_limits(self, limiter: Arc<RateLimiter>) -> Self {
        Self { limiter: Some(limiter), ..self }
    }

    /// Takes the caller's address from CloudFront's header in requests that have this secret.
    pub fn behind_front_door(self, secret: &str) -> Self {
        Self { front_door_secret: Some(secret.into()), ..self }
    }

    /// Returns how the cookie of sessions travels.
    pub fn session_cookie(&self) -> SessionCookie {
        self.sessions.as_ref().map(|(_, cookie)| *cookie).unwrap_or_default()
    }

    /// Proves who signs in with the request of these `parts`, whose body is `new`, and counts it against the limit of that caller.
    ///
    /// # Errors
    /// 401 if the credential is not valid, 403 if another site made the browser send the request, 415 if its body is not declared as
    /// JSON, 422 if the body does not have exactly one credential, 429 if the caller is above its limit or too many sign-ins from its
    /// address have failed.
    pub async fn prove_sign_in(
        &self,
        parts: &Parts,
        new: &NewSession,
        ports: &SignInPorts<'_>,
    ) -> Result<Proven, Problem> {
        same_origin::check_sign_in(&parts.headers, self.session_cookie().scheme())?;
        let address = sender_address(&parts.headers, parts.request_context_ref(), self.front_door_secret.as_deref());
        let limit = LimitPorts { attempts: ports.attempts, clock: self.clock.as_ref(), random: ports.random };
        let by = ProvePorts { authenticate: self.ports(), codes: ports.codes };
        let proven = limit_sign_in(&limit, address, prove(&by, new, address)).await;
        let proven = proven.inspect_err(|error| {
            if matches!(error, Error::Unauthenticated(_)) {
                log_failed_sign_in(parts.method.as_str(), parts.uri.path());
            }
        })?;
        // A sign-in code has no limit of its own: it is used up.
        if let Some(key_id) = &proven.key_id {
            let caller = Caller::new(proven.workspace.clone(), proven.role, key_id.clone());
            if let Admission::Refused(_, retry_after_seconds) = self.admit(&caller).await {
                tracing::info!(event = "limits.refused", workspace = %caller.workspace, key_id);
                return Err(Error::RateLimited { retry_after_seconds }.into());
            }
        }
        Ok(proven)
    }

    fn ports(&self) -> AuthenticatePorts<'_> {
        AuthenticatePorts { keys: self.keys.as_ref(), tokens: self.tokens.as_deref(), clock: self.clock.as_ref() }
    }

    fn presented(&self, headers: &HeaderMap) -> Presented {
        if let Some(header) = headers.get(header::AUTHORIZATION) {
            return Presented::Header(Some(Proof::of_header(header)));
        }
        match self.sessions.as_ref().map(|(_, cookie)| cookie.read(headers)) {
            None | Some(FromCookie::Absent) => Presented::Header(None),
            Some(FromCookie::Unusable) => Presented::Session(None),
            Some(FromCookie::Secret(secret)) => Presented::Session(Some(secret)),
        }
    }

    /// Proves the caller of a request. Gives also what proved it.
    async fn prove(&self, presented: Presented, address: Option<IpAddr>) -> Result<(Authenticated, Proof), Error> {
        match presented {
            Presented::Header(proof) => {
                let header = proof.as_ref().and_then(|proof| std::str::from_utf8(proof.as_bytes()).ok());
                let found = authenticate(&self.ports(), header, address).await?;
                Ok((found, proof.ok_or(authenticate_session::INVALID)?))
            }
            Presented::Session(secret) => {
                let (sessions, secret) = self.sessions.as_ref().zip(secret).ok_or(authenticate_session::INVALID)?;
                let found = authenticate_session(sessions.0.as_ref(), &self.ports(), &secret, address).await?;
                Ok((found, Proof::of_session(&secret)))
            }
        }
    }

    async fn admit(&self, caller: &Caller) -> Admission {
        match &self.limiter {
            Some(limiter) => limiter.admit(caller, self.clock.now()).await,
            None => Admission::Unlimited,
        }
    }

    /// Notes the use of a key and of a session. A failure is logged and fails no request: only people read the notes.
    async fn note_use(&self, key: Option<String>, session: Option<CurrentSession>, caller: &Caller) {
        tokio::join!(self.note_use_of_key(key, caller), self.note_use_of_session(session, caller));
    }

    async fn note_use_of_key(&self, hash: Option<String>, caller: &Caller) {
        let (Some(usage), Some(hash)) = (&self.usage, hash) else { return };
        let now = self.clock.now();
        let noted = usage.note(&hash, now, now.plus_seconds(-ApiKey::USE_NOTED_EVERY_SECONDS));
        in_time(noted, "key.use_not_noted", caller).await;
    }

    async fn note_use_of_session(&self, current: Option<CurrentSession>, caller: &Caller) {
        let now = self.clock.now();
        let (Some((sessions, _)), Some(CurrentSession { hash, session })) = (&self.sessions, current) else { return };
        if session.should_note_use(now) {
            let noted = sessions.note(&hash, now, now.plus_seconds(-Session::USE_NOTED_EVERY_SECONDS));
            in_time(noted, "session.use_not_noted", caller).await;
        }
    }
}

async fn in_time(noted: impl Future<Output = Result<(), StoreError>>, event: &str, caller: &Caller) {
    let (workspace, key_id) = (&caller.workspace, &caller.key_id);
    match tokio::time::timeout(NOTE_TIMEOUT, noted).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(event, %workspace, key_id, %error),
        Err(_) => tracing::warn!(event, %workspace, key_id, error = "timeout"),
    }
}

fn log_failed_sign_in(method: &str, path: &str) {
    tracing::warn!(event = "sign_in.failed", method, path);
}

/// Lets a request through if its caller is proven and within its limit. Handlers get the [`Caller`] and its
/// [`Credential`](waypost_domain::access::key::Credential) as `Extension`s, its [`CurrentSession`] if it came with the cookie of one, and
/// their log lines its workspace and key id.
pub(crate) async fn require_caller(State(by): State<Authentication>, mut request: Request, next: Next) -> Response {
    let presented = by.presented(request.headers());
    if let Presented::Session(_) = &presented
        && let Err(problem) = same_origin::check(&request, by.session_cookie().scheme())
    {
        tracing::warn!(event = "session.forged", method = %request.method(), path = request.uri().path());
        return problem.into_response();
    }
    let by_header = matches!(presented, Presented::Header(Some(_)));
    let address = sender_address(request.headers(), request.request_context_ref(), by.front_door_secret.as_deref());
    let (authenticated, proof) = match by.prove(presented, address).await {
        Ok(proof) => proof,
        Err(error) => {
            // Without a header nobody tried to sign in. A browser comes with the cookie of an ended session now and then.
            if matches!(error, Error::Unauthenticated(_)) && by_header {
                log_failed_sign_in(request.method().as_str(), request.uri().path());
            }
            return Problem::from(error).into_response();
        }
    };
    let Authenticated { caller, credential, note_use_of, session } = authenticated;
    let admission = by.admit(&caller).await;
    let change = Change::of(&request);
    let mut response = match admission {
        Admission::Refused(_, retry_after_seconds) => {
            tracing::info!(event = "limits.refused", workspace = %caller.workspace, key_id = caller.key_id);
            Problem::from(Error::RateLimited { retry_after_seconds }).into_response()
        }
        Admission::Admitted(_) | Admission::Unlimited => {
            let span = tracing::info_span!("call", workspace = %caller.workspace, key_id = caller.key_id);
            let extensions = request.extensions_mut();
            extensions.insert(caller.clone());
            extensions.insert(credential);
            extensions.insert(proof);
            if let Some(session) = &session {
                extensions.insert(session.clone());
            }
            let noting = by.note_use(note_use_of, session, &caller);
            let response = tokio::join!(next.run(request).instrument(span), noting).0;
            if let Some(change) = change {
                change.log(&caller, &response);
            }
            response
        }
    };
    if let Admission::Admitted(standing) | Admission::Refused(standing, _) = admission {
        describe(&standing, response.headers_mut());
    }
    response
}
