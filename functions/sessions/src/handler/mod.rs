//! Turns requests into use cases, and their results into answers.

#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock};

use axum::extract::{FromRequest, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Extension, Router};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use waypost_api::parameters::parameters_of;
use waypost_api::sessions::{CURRENT, SessionView, SessionsQuery};
use waypost_domain::Caller;
use waypost_domain::access::sessions::client_words::client_words;
use waypost_domain::access::sessions::end_session::{end_current_session, end_session};
use waypost_domain::access::sessions::list_sessions::list_sessions;
use waypost_domain::access::sessions::open_session::{OpenSessionPorts, open_session};
use waypost_domain::access::sessions::ports::{SessionIndex, SessionWriter, SignInAttempts, SignInCodes};
use waypost_domain::access::sessions::session::CurrentSession;
use waypost_domain::analytics::ingest::user_agent::{ClickClient, UserAgents};
use waypost_domain::ports::{Clock, Random};
use waypost_domain::visitors::client::{mobile, platform};
use waypost_http::authentication::{Authentication, SignInPorts};
use waypost_http::extract::{Json, Path, Query};
use waypost_http::problem::Problem;
use waypost_http::query_parameters::only_known_parameters;

/// The lists that name browsers. They are compiled at the first sign-in.
static AGENTS: LazyLock<Option<UserAgents>> = LazyLock::new(|| {
    UserAgents::new().inspect_err(|error| tracing::error!(event = "sessions.no_names_of_clients", %error)).ok()
});

/// The ports and settings of the routes.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) writer: Arc<dyn SessionWriter>,
    pub(crate) index: Arc<dyn SessionIndex>,
    pub(crate) codes: Arc<dyn SignInCodes>,
    pub(crate) attempts: Arc<dyn SignInAttempts>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) authentication: Authentication,
}

/// Makes the routes of this function: those that need a caller, and the one by which a caller signs in.
pub(crate) fn routes(app: App) -> (Router, Router) {
    let app = Arc::new(app);
    let routes = Router::new().route("/v1/sessions", get(list)).route("/v1/sessions/{id}", delete(end));
    let open = Router::new().route("/v1/sessions", post(sign_in));
    let finish = |routes: Router<Arc<App>>| only_known_parameters(routes.with_state(app.clone()), parameters_of);
    (finish(routes), finish(open))
}

async fn sign_in(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let Json(new) = Json::from_request(Request::from_parts(parts.clone(), body), &()).await?;
    let by = SignInPorts { codes: app.codes.as_ref(), attempts: app.attempts.as_ref(), random: app.random.as_ref() };
    let proven = app.authentication.prove_sign_in(&parts, &new, &by).await?;
    let ports =
        OpenSessionPorts { sessions: app.writer.as_ref(), clock: app.clock.as_ref(), random: app.random.as_ref() };
    let (session, secret) = open_session(&ports, proven, client(&parts.headers)).await?;
    let seconds = session.expires_at.as_seconds() - app.clock.now().as_seconds();
    let cookie = app.authentication.session_cookie().set(&secret, seconds);
    let answer = (StatusCode::CREATED, axum::Json(SessionView::of_new(session))).into_response();
    Ok(with_cookie(answer, cookie))
}

/// Names the client by its headers.
fn client(headers: &HeaderMap) -> Option<String> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let client = ClickClient {
        user_agent: text(header::USER_AGENT).unwrap_or_default(),
        platform: text(HeaderName::from_static("sec-ch-ua-platform")).and_then(platform),
        mobile: text(HeaderName::from_static("sec-ch-ua-mobile")).and_then(mobile),
    };
    AGENTS.as_ref().and_then(|agents| client_words(agents, &client))
}

fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    let headers = response.headers_mut();
    headers.extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    current: Option<Extension<CurrentSession>>,
    Query(query): Query<SessionsQuery>,
) -> Result<impl IntoResponse, Problem> {
    let (all, page) = query.into_parts();
    let page = list_sessions((app.index.as_ref(), app.clock.as_ref()), &caller, all, &page).await?;
    Ok(axum::Json(page.map(|session| SessionView::of(session, current.as_deref()))))
}

async fn end(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    current: Option<Extension<CurrentSession>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let own = current.as_ref().map(|Extension(current)| current.session.id.as_str());
    if id != CURRENT && own != Some(id.as_str()) {
        end_session(app.index.as_ref(), app.writer.as_ref(), &caller, &id).await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    end_current_session(app.writer.as_ref(), &caller, current.as_deref()).await?;
    Ok(with_cookie(StatusCode::NO_CONTENT.into_response(), app.authentication.session_cookie().clear()))
}
