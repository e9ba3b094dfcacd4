//! Tokens of an OpenID Connect issuer: JWTs (RFC 7519) whose signature is verified with the keys that the issuer publishes.
//!
//! The algorithm is the key's, never the token's: a token's header only chooses among the issuer's keys, and is refused if it
//! names another algorithm than the key has. There is no code for `none` or for shared secrets.

mod claims;
mod fetch;
mod key;
mod key_ring;
mod token;

use async_trait::async_trait;
use url::Url;
use waypost_domain::keys::ports::TokenVerifier;
use waypost_domain::{Caller, StoreError, Timestamp};

use crate::settings::{SettingError, optional, required};
use claims::Expected;
use key_ring::KeyRing;
use token::Token;

/// Where a token's workspace is if the settings don't say.
const WORKSPACE_CLAIM: &str = "workspace";
/// Where a token's role is if the settings don't say.
const ROLE_CLAIM: &str = "role";

/// Verifies the tokens of one issuer.
pub struct OidcTokens {
    keys: KeyRing,
    expected: Expected,
}

impl OidcTokens {
    /// Tokens that `issuer` made for `audience`. A claim is named by its name, or by a JSON pointer if it is inside of another
    /// (`/realm_access/roles`).
    ///
    /// # Errors
    /// What is wrong with `issuer`: it must be an `https` URL; `http` only on this machine's loopback address.
    pub fn new(issuer: &str, audience: &str, workspace_claim: &str, role_claim: &str) -> Result<Self, String> {
        let url = Url::parse(issuer).map_err(|_| "is not a URL".to_owned())?;
        if !fetch::is_safe(&url) || url.query().is_some() || url.fragment().is_some() {
            return Err("must be an https URL without query and fragment".to_owned());
        }
        let expected = Expected {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            workspace_claim: workspace_claim.to_owned(),
            role_claim: role_claim.to_owned(),
        };
        Ok(Self { keys: KeyRing::new(issuer), expected })
    }

    /// From `JWT_ISSUER`, `JWT_AUDIENCE`, `JWT_WORKSPACE_CLAIM` and `JWT_ROLE_CLAIM`. None if there is no issuer: then no token
    /// proves anything.
    pub fn from_environment() -> Result<Option<Self>, SettingError> {
        let Some(issuer) = optional("JWT_ISSUER") else { return Ok(None) };
        let audience = required("JWT_AUDIENCE")?;
        let workspace = optional("JWT_WORKSPACE_CLAIM").unwrap_or_else(|| WORKSPACE_CLAIM.to_owned());
        let role = optional("JWT_ROLE_CLAIM").unwrap_or_else(|| ROLE_CLAIM.to_owned());
        let tokens = Self::new(&issuer, &audience, &workspace, &role)
            .map_err(|problem| SettingError::Invalid { name: "JWT_ISSUER", problem })?;
        Ok(Some(tokens))
    }

    /// The caller, or why there is none.
    async fn check(&self, text: &str, now: Timestamp) -> Result<Result<Caller, &'static str>, StoreError> {
        let token = match Token::parse(text) {
            Ok(token) => token,
            Err(reason) => return Ok(Err(reason)),
        };
        let Some(key) = self.keys.find(token.key_id.as_deref(), now).await? else {
            return Ok(Err("the issuer has no such key"));
        };
        if !key.verifies(&token) {
            return Ok(Err("the signature is not the key's"));
        }
        Ok(self.expected.caller(token.payload, now))
    }
}

#[async_trait]
impl TokenVerifier for OidcTokens {
    async fn verify(&self, token: &str, now: Timestamp) -> Result<Option<Caller>, StoreError> {
        match self.check(token, now).await? {
            Ok(caller) => Ok(Some(caller)),
            Err(reason) => {
                // For whoever sets the issuer up; the caller is told nothing of it.
                tracing::info!(event = "token.refused", reason);
                Ok(None)
            }
        }
    }
}
