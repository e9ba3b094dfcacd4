//! `/v1/me`.

use schemars::JsonSchema;
use serde::Serialize;
use waypost_domain::access::key::{Credential, CredentialKind};
use waypost_domain::access::key_limits::KeyLimits;
use waypost_domain::access::rate_limit::RateLimit;
use waypost_domain::access::sessions::session::CurrentSession;
use waypost_domain::blocking::operator::require_operator;
use waypost_domain::values::page::MAX_LIMIT;
use waypost_domain::{Caller, Domain, Domains, Link, Role, Timestamp, WorkspaceId};

use crate::link_batches::{MAX_ITEMS, MAX_PASSWORDS};
use crate::qr::MAX_LOGO_BYTES;

/// The caller, and what it may do.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Me")]
pub struct MeView {
    /// The workspace that the key or token belongs to.
    workspace: String,
    /// The key or token of the request, or of its session.
    credential: CredentialView,
    /// The session of the request; null if it came with a key or token itself.
    session: Option<MySessionView>,
    /// What the caller may do.
    role: Role,
    /// Whether the caller is an operator of the stack, who sees reports of abuse and the list of blocked targets.
    is_operator: bool,
    /// The domains that the caller can make links on.
    domains: Vec<Domain>,
    /// The domain of links that name none. A key that is limited to other domains must name one.
    default_domain: Domain,
    /// The greatest requests that the API takes.
    limits: LimitsView,
    /// What the stack has switched on.
    features: Features,
    /// The version of the API: the first part of its paths.
    api_version: &'static str,
    /// The version of Waypost.
    version: &'static str,
}

/// The session of a request.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "MySession")]
pub struct MySessionView {
    /// The session's id, which is not a secret.
    id: String,
    /// When the caller signed in.
    created_at: Timestamp,
    /// When the session ends.
    expires_at: Timestamp,
}

/// The key or token of a request.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Credential")]
pub struct CredentialView {
    /// What it is: a key, a token, or for a session a sign-in code.
    kind: CredentialKind,
    /// The id of the key, which is not a secret. For a token, `sub_` and a hash of its issuer and subject. For a code, the session's id.
    id: String,
    /// The name of the key, or the subject of the token.
    name: String,
    /// When it expires; never if null.
    expires_at: Option<Timestamp>,
    /// What limits the key beside its role; nothing if null.
    limits: Option<KeyLimits>,
}

/// The greatest requests that the API takes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Limits")]
pub struct LimitsView {
    /// How often the caller may send requests; without a limit if null.
    requests: Option<RequestLimitView>,
    /// The size of a body, in bytes.
    body_bytes: usize,
    /// The number of items on a page of a list.
    page_items: usize,
    /// The number of links in a batch.
    batch_items: usize,
    /// The number of links with a password in a batch.
    batch_passwords: usize,
    /// The number of tags of a link.
    tags: usize,
    /// The size of a file to import, in bytes.
    import_bytes: u64,
    /// The size of a QR code's logo, in bytes.
    logo_bytes: usize,
}

/// How often a caller may send requests.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[schemars(rename = "RequestLimit")]
pub struct RequestLimitView {
    /// The requests that the caller may send each second in the long run.
    per_second: u32,
    /// The requests that the caller may send at once after a pause.
    burst: u32,
}

/// What a stack has switched on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Features {
    /// Whether the API takes tokens of an identity provider too.
    pub tokens: bool,
    /// The identity provider by which people sign in to the console; null if the console knows none.
    pub identity_provider: Option<IdentityProvider>,
    /// Whether the stack knows the countries of visitors, for rules and statistics.
    pub countries: bool,
    /// Whether the stack asks Google Web Risk about targets: it refuses links to pages that are suspected of phishing, malware or unwanted
    /// software.
    pub unsafe_targets: bool,
    /// How long the stack keeps raw clicks, in days; it keeps none if 0.
    pub archive_days: u64,
    /// How long the stack keeps files of exports, and reports of imports, in days.
    pub file_days: u64,
}

/// An identity provider by which people sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IdentityProvider {
    /// The URL of the OpenID Connect issuer.
    pub issuer: String,
    /// The id under which the issuer knows the console.
    pub client_id: String,
}

/// What is the same for all callers.
#[derive(Debug, Clone)]
pub struct Stack {
    /// The domains of the stack.
    pub domains: Domains,
    /// The size of a body, in bytes.
    pub max_body_bytes: usize,
    /// The size of a file to import, in bytes.
    pub max_import_bytes: u64,
    /// What the stack has switched on.
    pub features: Features,
    /// The workspace whose admins are operators of the stack.
    pub operators: WorkspaceId,
}

impl MeView {
    /// Makes the view of `caller`, who has authenticated with `credential`, perhaps by a `session`, and may call as often as `limit` says.
    pub fn of(
        caller: Caller,
        credential: Credential,
        session: Option<&CurrentSession>,
        limit: Option<RateLimit>,
        stack: &Stack,
    ) -> Self {
        let domains = stack.domains.iter().filter(|domain| stack.domains.is_open_to(domain, &caller.workspace));
        let domains = domains.filter(|domain| caller.scope.allows_domain(domain.as_str()));
        let limits = LimitsView {
            requests: limit.map(|limit| RequestLimitView { per_second: limit.per_second(), burst: limit.burst() }),
            body_bytes: stack.max_body_bytes,
            page_items: MAX_LIMIT,
            batch_items: MAX_ITEMS,
            batch_passwords: MAX_PASSWORDS,
            tags: Link::MAX_TAGS,
            import_bytes: stack.max_import_bytes,
            logo_bytes: MAX_LOGO_BYTES,
        };
        Self {
            is_operator: require_operator(&caller, &stack.operators).is_ok(),
            domains: domains.cloned().collect(),
            default_domain: stack.domains.default_domain().clone(),
            workspace: caller.workspace.to_string(),
            role: caller.role,
            credential: CredentialView {
                kind: credential.kind,
                id: caller.key_id,
                name: credential.name,
                expires_at: credential.expires_at,
                limits: credential.limits,
            },
            session: session.map(|CurrentSession { session, .. }| MySessionView {
                id: session.id.clone(),
                created_at: session.created_at,
                expires_at: session.expires_at,
            }),
            limits,
            features: stack.features.clone(),
            api_version: "v1",
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}
