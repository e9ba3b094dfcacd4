//! Builds what all HTTP functions share: authentication and idempotency.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use waypost_aws::dynamo::idempotency::DynamoIdempotency;
use waypost_aws::dynamo::keys::DynamoKeys;
use waypost_aws::dynamo::rate_limits::DynamoBuckets;
use waypost_aws::dynamo::sessions::DynamoSessions;
use waypost_domain::access::rate_limit::RateLimiter;
use waypost_http::authentication::{Authentication, SessionCookie};
use waypost_http::idempotency::Idempotency;
use waypost_http::oidc::OidcTokens;
use waypost_http::oidc::claims::ExpectedClaims;

use crate::fetch::HttpsFetch;
use crate::settings::{SettingError, optional, rate_limits, required};
use crate::system::{SystemClock, SystemRandom};

/// The claim that holds a token's workspace, unless `JWT_WORKSPACE_CLAIM` names another.
const WORKSPACE_CLAIM: &str = "workspace";
/// The claim that holds a token's role, unless `JWT_ROLE_CLAIM` names another.
const ROLE_CLAIM: &str = "role";

/// Builds authentication as the template sets it up: API keys, sessions and rate limits from the table `links_table`, tokens if
/// there is a `JWT_ISSUER`, and callers' addresses from CloudFront if there is a `FRONT_DOOR_SECRET`.
///
/// # Errors
/// [`SettingError`] names the setting that is missing or cannot be used.
pub fn authentication(dynamo: &Client, links_table: &str) -> Result<Authentication, SettingError> {
    let keys = Arc::new(DynamoKeys::new(dynamo.clone(), links_table));
    let buckets = Arc::new(DynamoBuckets::new(dynamo.clone(), links_table));
    let sessions = Arc::new(DynamoSessions::new(dynamo.clone(), links_table));
    let authentication = Authentication::new(keys.clone(), Arc::new(SystemClock))
        .noting_use(keys)
        .with_sessions(sessions, session_cookie()?)
        .with_limits(Arc::new(RateLimiter::new(buckets, rate_limits()?)));
    let authentication = match optional("FRONT_DOOR_SECRET") {
        Some(secret) => authentication.behind_front_door(&secret),
        None => authentication,
    };
    Ok(match tokens()? {
        Some(tokens) => authentication.with_tokens(Arc::new(tokens)),
        None => authentication,
    })
}

/// Reads from `SESSION_COOKIE` how the cookie of sessions travels.
fn session_cookie() -> Result<SessionCookie, SettingError> {
    const NAME: &str = "SESSION_COOKIE";
    let problem = || SettingError::Invalid { name: NAME, problem: "is neither 'secure' nor 'plain-http'".to_owned() };
    SessionCookie::parse(&required(NAME)?).ok_or_else(problem)
}

/// Reads `JWT_ISSUER`, `JWT_AUDIENCE`, `JWT_WORKSPACE_CLAIM` and `JWT_ROLE_CLAIM`. Gives `None` without an issuer: then no
/// token proves anything.
fn tokens() -> Result<Option<OidcTokens>, SettingError> {
    let Some(issuer) = optional("JWT_ISSUER") else { return Ok(None) };
    let expected = ExpectedClaims {
        issuer,
        audience: required("JWT_AUDIENCE")?,
        workspace_claim: optional("JWT_WORKSPACE_CLAIM").unwrap_or_else(|| WORKSPACE_CLAIM.to_owned()),
        role_claim: optional("JWT_ROLE_CLAIM").unwrap_or_else(|| ROLE_CLAIM.to_owned()),
    };
    let tokens = OidcTokens::new(expected, Arc::new(HttpsFetch::default()))
        .map_err(|problem| SettingError::Invalid { name: "JWT_ISSUER", problem })?;
    Ok(Some(tokens))
}

/// Builds idempotency that keeps answers in the table `links_table`.
pub fn idempotency(dynamo: &Client, links_table: &str) -> Idempotency {
    Idempotency {
        store: Arc::new(DynamoIdempotency::new(dynamo.clone(), links_table)),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
    }
}
