//! Answers `GET /v1/me`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Router};
use http::header;
use waypost_api::me::{MeView, Stack};
use waypost_api::parameters::parameters_of;
use waypost_domain::Caller;
use waypost_domain::access::key::Credential;
use waypost_domain::access::rate_limit::RateLimits;
use waypost_domain::access::sessions::session::CurrentSession;
use waypost_domain::domains::ports::DomainReader;
use waypost_domain::domains::rules::with_rules;
use waypost_http::problem::Problem;
use waypost_http::query_parameters::only_known_parameters;

/// The settings of the routes.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) stack: Stack,
    pub(crate) limits: RateLimits,
    pub(crate) domain_settings: Arc<dyn DomainReader>,
}

/// Makes the routes of this function.
pub(crate) fn routes(app: App) -> Router {
    let routes = Router::new().route("/v1/me", get(me)).with_state(Arc::new(app));
    only_known_parameters(routes, parameters_of)
}

/// Reads only which domains are open to the caller: authentication has read the key, and the rest are settings of the function.
async fn me(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Extension(credential): Extension<Credential>,
    session: Option<Extension<CurrentSession>>,
) -> Result<impl IntoResponse, Problem> {
    let limit = app.limits.of(caller.role);
    let domains = with_rules(&app.stack.domains, app.domain_settings.as_ref(), &caller.workspace).await?;
    let stack = Stack { domains, ..app.stack.clone() };
    Ok((
        [(header::CACHE_CONTROL, "no-store")],
        axum::Json(MeView::of(caller, credential, session.as_deref(), limit, &stack)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use http::Request;
    use serde_json::{Value, json};
    use tower::ServiceExt;
    use waypost_api::me::{Features, IdentityProvider};
    use waypost_domain::access::key_limits::KeyLimits;
    use waypost_domain::access::rate_limit::RateLimit;
    use waypost_domain::access::sessions::ports::SessionWriter;
    use waypost_domain::access::sessions::session::{Session, SessionSecret};
    use waypost_domain::testing::domains::MemoryDomains;
    use waypost_domain::testing::keys::{MemoryKeys, MemoryTokens};
    use waypost_domain::testing::samples::{caller, session};
    use waypost_domain::testing::sessions::MemorySessions;
    use waypost_domain::testing::system::{FixedClock, SeededRandom};
    use waypost_domain::{Domain, Domains, Role, WorkspaceId};
    use waypost_http::authentication::{Authentication, SessionCookie};
    use waypost_http::router::api;
    use waypost_http::testing::send_any_queries;

    struct Fixture {
        router: Router,
        keys: Arc<MemoryKeys>,
        domains: Arc<MemoryDomains>,
        sessions: Arc<MemorySessions>,
    }

    fn fixture() -> Fixture {
        let stack = Stack {
            domains: Domains::parse("go.example.com,acme.example.com=acme,other.example.com=other,s.example.org")
                .unwrap(),
            max_body_bytes: 1_000,
            max_import_bytes: 5_000,
            features: Features {
                tokens: true,
                identity_provider: Some(IdentityProvider {
                    issuer: "https://login.example.com/".to_owned(),
                    client_id: "waypost-console".to_owned(),
                }),
                countries: false,
                unsafe_targets: true,
                archive_days: 0,
                file_days: 30,
            },
            operators: WorkspaceId::parse("ops").unwrap(),
        };
        let limits = RateLimits { editor: RateLimit::parse("20/100").unwrap(), ..RateLimits::default() };
        let (keys, clock) = (Arc::new(MemoryKeys::default()), Arc::new(FixedClock::at("2026-01-02T03:04:05Z")));
        let domains = Arc::new(MemoryDomains::default());
        let tokens = MemoryTokens::with("a.b.c", caller("other", Role::Viewer));
        let sessions = Arc::new(MemorySessions::default());
        let authentication = Authentication::new(keys.clone(), clock)
            .with_tokens(Arc::new(tokens))
            .with_sessions(sessions.clone(), SessionCookie::Secure);
        let app = App { stack, limits, domain_settings: domains.clone() };
        Fixture { router: api(routes(app), authentication), keys, domains, sessions }
    }

    async fn read(fixture: &Fixture, authorization: &str) -> (u16, Value) {
        let request = Request::get("/v1/me").header("authorization", authorization).body(Body::empty()).unwrap();
        let response = fixture.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        assert_eq!(response.headers()["cache-control"], "no-store");
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn key_reads_who_it_is_and_what_it_may_do() {
        let fixture = fixture();
        let editor = fixture.keys.authorize(1, "acme", Role::Editor);
        let key = fixture.keys.all()[0].clone();
        let (status, me) = read(&fixture, &editor).await;
        assert_eq!(status, 200, "{me}");
        assert_eq!(
            me,
            json!({
                "workspace": "acme", "role": "editor", "is_operator": false,
                "credential": {"kind": "key", "id": key.key_id, "name": key.name, "expires_at": key.expires_at, "limits": null},
                "domains": ["go.example.com", "acme.example.com", "s.example.org"],
                "default_domain": "go.example.com",
                "limits": {
                    "requests": {"per_second": 20, "burst": 100}, "body_bytes": 1_000, "page_items": 100, "batch_items": 100,
                    "batch_passwords": 10, "tags": 20, "import_bytes": 5_000, "logo_bytes": 131_072,
                },
                "session": null,
                "features": {
                    "tokens": true, "identity_provider": {"issuer": "https://login.example.com/", "client_id": "waypost-console"},
                    "countries": false, "unsafe_targets": true, "archive_days": 0, "file_days": 30,
                },
                "api_version": "v1", "version": env!("CARGO_PKG_VERSION"),
            })
        );
        let secret = editor.trim_start_matches("Bearer ");
        assert!(!me.to_string().contains(secret));
    }

    #[tokio::test]
    async fn session_is_told_apart_from_its_key() {
        let fixture = fixture();
        let secret = SessionSecret::generate(&SeededRandom::new(5));
        let session = Session { role: Role::Editor, ..session(1, "acme", "ses_1") };
        let session = Session { expires_at: session.expires_at.plus_seconds(100_000), ..session };
        fixture.sessions.insert(&secret.hash(), &session).await.unwrap();
        let request = Request::get("/v1/me").header("cookie", format!("__Host-waypost_session={}", secret.expose()));
        let request = request.header("sec-fetch-site", "same-origin").body(Body::empty()).unwrap();
        let response = fixture.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let me: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            me["session"],
            json!({"id": session.id, "created_at": session.created_at, "expires_at": session.expires_at})
        );
        assert_eq!((&me["credential"]["kind"], &me["credential"]["id"]), (&json!("code"), &json!("ses_1")));
        assert_eq!(me["role"], "editor");
    }

    #[tokio::test]
    async fn limited_key_reads_its_limits() {
        let fixture = fixture();
        let limits = KeyLimits {
            domains: vec![Domain::parse("s.example.org").unwrap()],
            tags: vec!["a".to_owned()],
            ..KeyLimits::default()
        };
        let key = fixture.keys.authorize_limited(1, "acme", Role::Editor, limits);
        let (_, me) = read(&fixture, &key).await;
        assert_eq!((&me["domains"], &me["default_domain"]), (&json!(["s.example.org"]), &json!("go.example.com")));
        let shown = json!({"domains": ["s.example.org"], "tags": ["a"], "own_links": false, "addresses": []});
        assert_eq!(me["credential"]["limits"], shown);
    }

    #[tokio::test]
    async fn every_role_and_a_token_may_ask() {
        let fixture = fixture();
        for (number, role) in [(1, Role::Viewer), (2, Role::Editor), (3, Role::Admin)] {
            let key = fixture.keys.authorize(number, "acme", role);
            let (status, me) = read(&fixture, &key).await;
            assert_eq!((status, &me["role"]), (200, &json!(role)));
            assert_eq!(me["limits"]["requests"].is_null(), role != Role::Editor, "{me}");
        }
        let (status, me) = read(&fixture, "Bearer a.b.c").await;
        assert_eq!((status, &me["workspace"]), (200, &json!("other")));
        assert_eq!(
            (&me["credential"]["kind"], &me["credential"]["name"]),
            (&json!("token"), &json!(MemoryTokens::SUBJECT))
        );
        assert_eq!(me["domains"], json!(["go.example.com", "other.example.com", "s.example.org"]));
        assert_eq!(read(&fixture, "Bearer nonsense").await.0, 401);
    }

    #[tokio::test]
    async fn operators_are_admins_without_limits_of_their_workspace() {
        let fixture = fixture();
        let tagged = KeyLimits { tags: vec!["a".to_owned()], ..KeyLimits::default() };
        for (key, is_operator) in [
            (fixture.keys.authorize(1, "ops", Role::Admin), true),
            (fixture.keys.authorize(2, "ops", Role::Editor), false),
            (fixture.keys.authorize(3, "acme", Role::Admin), false),
            (fixture.keys.authorize_limited(4, "ops", Role::Admin, tagged), false),
        ] {
            let (status, me) = read(&fixture, &key).await;
            assert_eq!((status, &me["is_operator"]), (200, &json!(is_operator)), "{me}");
        }
    }

    #[tokio::test]
    async fn domains_are_those_that_are_open_to_the_workspace() {
        let fixture = fixture();
        let key = fixture.keys.authorize(1, "acme", Role::Viewer);
        fixture.domains.set("s.example.org", json!({"workspaces": ["other"]}));
        assert_eq!(read(&fixture, &key).await.1["domains"], json!(["go.example.com", "acme.example.com"]));
        let (_, me) = read(&fixture, "Bearer a.b.c").await;
        assert_eq!(me["domains"], json!(["go.example.com", "other.example.com", "s.example.org"]));
        fixture.domains.fail(true);
        assert_eq!(read(&fixture, &key).await.0, 503);
    }

    #[tokio::test]
    async fn sample_event_works() {
        let fixture = fixture();
        let event = include_str!("../../../events/me/read.json");
        let (mut parts, body) = lambda_http::request::from_str(event).unwrap().into_parts();
        let key = fixture.keys.authorize(1, "acme", Role::Viewer);
        parts.headers.insert("authorization", key.parse().unwrap());
        let request = Request::from_parts(parts, Body::from(body.to_vec()));
        assert_eq!(fixture.router.clone().oneshot(request).await.unwrap().status(), 200);
    }

    #[tokio::test]
    async fn any_query_is_answered_or_refused() {
        let fixture = fixture();
        let key = fixture.keys.authorize(1, "acme", Role::Viewer);
        send_any_queries(&fixture.router, &key, parameters_of, &[("GET", "/v1/me", "/v1/me")]).await;
    }
}
