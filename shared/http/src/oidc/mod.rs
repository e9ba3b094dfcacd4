//! Verifies tokens of an OpenID Connect issuer: JWTs (RFC 7519) that are signed with a key that the issuer publishes.
//!
//! `jsonwebtoken` decodes and verifies them. The key decides on the algorithm, never the token: a token's header only chooses
//! among the issuer's keys, and a token that names another algorithm than its key has is refused. Shared secrets are never
//! taken from the issuer, so no key verifies `HS256`; `none` does not exist.

pub mod claims;
pub mod fetch;
mod key;
mod key_ring;

use std::sync::Arc;

use async_trait::async_trait;
use jsonwebtoken::errors::{Error, ErrorKind};
use serde_json::Value;
use url::Url;
use waypost_domain::access::key::Credential;
use waypost_domain::access::ports::TokenVerifier;
use waypost_domain::{Caller, StoreError, Timestamp};

use self::claims::{ExpectedClaims, credential};
use self::fetch::Fetch;
use self::key_ring::KeyRing;

/// The longest token that is read. API Gateway allows 10 KB for all headers of a request.
const MAX_BYTES: usize = 8192;

/// Verifies the tokens of one issuer. `jsonwebtoken` compares their `exp` and `nbf` with the machine's clock; the time that a
/// caller passes only tells how old the issuer's keys are.
pub struct OidcTokens {
    keys: KeyRing,
    expected: ExpectedClaims,
}

impl OidcTokens {
    /// Accepts tokens that say what is `expected`, and gets the issuer's keys with `fetch`.
    ///
    /// # Errors
    /// What is wrong with the issuer: it must be an `https` URL; `http` only on this machine's loopback address.
    pub fn new(expected: ExpectedClaims, fetch: Arc<dyn Fetch>) -> Result<Self, String> {
        let url = Url::parse(&expected.issuer).map_err(|_| "is not a URL".to_owned())?;
        if !fetch::is_safe(&url) || url.query().is_some() || url.fragment().is_some() {
            return Err("must be an https URL without query and fragment".to_owned());
        }
        Ok(Self { keys: KeyRing::new(&expected.issuer, fetch), expected })
    }

    /// Gives the caller of a token and what the token says of itself, or the reason to refuse the token.
    async fn check(&self, token: &str, now: Timestamp) -> Result<Result<Proof, &'static str>, StoreError> {
        if token.len() > MAX_BYTES {
            return Ok(Err("it is too long"));
        }
        let header = match jsonwebtoken::decode_header(token) {
            Ok(header) => header,
            Err(error) => return Ok(Err(reason(&error))),
        };
        // Extensions that must be understood (RFC 7515, section 4.1.11). None is, and the library does not check.
        if header.crit.is_some() {
            return Ok(Err("it has critical extensions"));
        }
        let Some(key) = self.keys.find(header.kid.as_deref(), now).await? else {
            return Ok(Err("the issuer has no such key"));
        };
        let verified = jsonwebtoken::decode::<Value>(token, &key.key, &self.expected.validation(key.algorithm));
        Ok(verified.map_err(|error| reason(&error)).and_then(|token| {
            ExpectedClaims::require_access_token(header.typ.as_deref(), &token.claims)?;
            Ok((self.expected.caller(&token.claims)?, credential(&token.claims)))
        }))
    }
}

/// A caller, and the token that it authenticated with.
type Proof = (Caller, Credential);

/// Says why a token is refused. The error's own text may repeat parts of the token, which must not be logged.
fn reason(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::InvalidSignature => "the signature is not the key's",
        ErrorKind::InvalidAlgorithm => "the algorithm is not the key's",
        ErrorKind::ExpiredSignature => "it has expired",
        ErrorKind::ImmatureSignature => "it is not valid yet",
        ErrorKind::InvalidIssuer => "it is from another issuer",
        ErrorKind::InvalidAudience => "it is for another audience",
        ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) => {
            "one of iss, aud, sub, exp and nbf is missing or not valid"
        }
        ErrorKind::InvalidToken | ErrorKind::Base64(_) | ErrorKind::Json(_) | ErrorKind::Utf8(_) => {
            "it is not a token in compact form, or its algorithm is unknown"
        }
        _ => "the issuer's key can't be used",
    }
}

#[async_trait]
impl TokenVerifier for OidcTokens {
    async fn verify(&self, token: &str, now: Timestamp) -> Result<Option<Proof>, StoreError> {
        match self.check(token, now).await? {
            Ok(proof) => Ok(Some(proof)),
            Err(reason) => {
                // The log tells the operator who sets up the issuer. The caller does not learn the reason.
                tracing::info!(event = "token.refused", reason);
                Ok(None)
            }
        }
    }
}
