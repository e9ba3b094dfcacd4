//! Checks what a verified token must say, and reads whom it names.

use jsonwebtoken::{Algorithm, Validation};
use serde_json::Value;
use sha2::{Digest, Sha256};
use waypost_domain::access::key::{Credential, CredentialKind};
use waypost_domain::values::hex::hex;
use waypost_domain::{Caller, Role, Timestamp, WorkspaceId};

/// How far the issuer's clock may be from ours, in seconds.
const LEEWAY_SECONDS: u64 = 30;

/// What a token must say.
#[derive(Debug, Clone)]
pub struct ExpectedClaims {
    /// Who made the token.
    pub issuer: String,
    /// For whom.
    pub audience: String,
    /// The claim that holds the workspace: its name, or a JSON pointer if it is inside another claim
    /// (`/organization/workspace`).
    pub workspace_claim: String,
    /// The claim that holds the role: its name, or a JSON pointer if it is inside another claim (`/realm_access/roles`).
    pub role_claim: String,
}

impl ExpectedClaims {
    /// What `jsonwebtoken` checks before anything in a token counts.
    pub(super) fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_exp = true;
        validation.validate_nbf = true;
        validation
    }

    /// Makes sure that a verified token is an access token. An ID token of the same issuer and audience proves to an
    /// application who signed in; it is no permission to call an API, and applications treat it with less care.
    ///
    /// RFC 9068 says it in the header (`at+jwt`), Cognito by `token_use`, Keycloak by `typ`. Where none of them speaks, a claim
    /// that only ID tokens have (OpenID Connect Core 1.0, sections 2 and 3.3.2.11) decides.
    pub(super) fn require_access_token(header: Option<&str>, claims: &Value) -> Result<(), &'static str> {
        const NOT_ACCESS: &str = "it is not an access token";
        let kind = header.map(|kind| kind.to_ascii_lowercase());
        let kind = kind.as_deref().map(|kind| kind.strip_prefix("application/").unwrap_or(kind));
        let text = |name| claims.get(name).and_then(Value::as_str);
        match (kind, text("token_use"), text("typ")) {
            (_, Some(usage), _) if usage != "access" => Err(NOT_ACCESS),
            (_, _, Some(usage)) if !usage.eq_ignore_ascii_case("bearer") && !usage.eq_ignore_ascii_case("jwt") => {
                Err(NOT_ACCESS)
            }
            (Some("at+jwt"), ..) | (None | Some("jwt"), Some(_), _) => Ok(()),
            (None | Some("jwt"), None, Some(usage)) if usage.eq_ignore_ascii_case("bearer") => Ok(()),
            (None | Some("jwt"), ..) => {
                let of_id_tokens = ["nonce", "at_hash", "c_hash", "s_hash"];
                let found = of_id_tokens.iter().any(|name| claims.get(*name).is_some());
                if found { Err(NOT_ACCESS) } else { Ok(()) }
            }
            (Some(_), ..) => Err(NOT_ACCESS),
        }
    }

    /// Reads the caller from the claims of a verified token, or says why it names none.
    pub(super) fn caller(&self, claims: &Value) -> Result<Caller, &'static str> {
        let text = |name| claims.get(name).and_then(Value::as_str);
        // A list of issuers passes the validation, but only a single issuer counts.
        let issuer = text("iss").filter(|issuer| *issuer == self.issuer).ok_or("it is from another issuer")?;
        let subject = text("sub").filter(|subject| !subject.is_empty()).ok_or("it has no subject")?;
        let workspace = claim(claims, &self.workspace_claim).and_then(Value::as_str);
        let workspace = workspace.and_then(|text| WorkspaceId::parse(text).ok()).ok_or("it names no workspace")?;
        let role = claim(claims, &self.role_claim).and_then(role).ok_or("it names no role")?;
        Ok(Caller::new(workspace, role, subject_id(issuer, subject)))
    }
}

/// Reads what a verified token says of itself.
pub(super) fn credential(claims: &Value) -> Credential {
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    // A NumericDate can have a fraction (RFC 7519, section 2). One after the year 9999 is no limit.
    let seconds = claims.get("exp").and_then(Value::as_f64);
    let expires_at = seconds.and_then(|seconds| Timestamp::from_millis((seconds * 1000.0) as i64).ok());
    Credential { kind: CredentialKind::Token, name: subject.to_owned(), expires_at, limits: None }
}

fn claim<'a>(all: &'a Value, name: &str) -> Option<&'a Value> {
    if name.starts_with('/') { all.pointer(name) } else { all.get(name) }
}

/// Reads the role, or the highest of several. Roles of other services are ignored.
fn role(claim: &Value) -> Option<Role> {
    match claim {
        Value::String(name) => Role::parse(name),
        Value::Array(names) => names.iter().filter_map(|name| Role::parse(name.as_str()?)).max(),
        _ => None,
    }
}

/// Makes the id that stands for the subject in logs and limits. The subject itself can be a person's address.
fn subject_id(issuer: &str, subject: &str) -> String {
    let digest = Sha256::new().chain_update(issuer).chain_update([0]).chain_update(subject).finalize();
    format!("sub_{}", hex(&digest[..8]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(changes: Value) -> Result<Caller, &'static str> {
        let expected = ExpectedClaims {
            issuer: "https://id.example.com/".into(),
            audience: "waypost".into(),
            workspace_claim: "https://waypost.example/workspace".into(),
            role_claim: "/realm_access/roles".into(),
        };
        let mut claims = json!({
            "iss": "https://id.example.com/", "sub": "a@example.com", "https://waypost.example/workspace": "acme",
            "realm_access": {"roles": ["offline_access", "viewer", "editor"]},
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        expected.caller(&claims)
    }

    #[test]
    fn token_names_workspace_and_highest_role() {
        let caller = check(json!({})).unwrap();
        assert_eq!((caller.workspace.as_str(), caller.role), ("acme", Role::Editor));
        assert!(caller.key_id.starts_with("sub_") && caller.key_id.len() == 20, "{}", caller.key_id);
        let other = check(json!({"sub": "b@example.com"})).unwrap();
        assert_ne!(other.key_id, caller.key_id);
    }

    #[test]
    fn access_token_is_told_from_others() {
        for (header, claims, accepted) in [
            // Nothing says what it is: Auth0, Okta and others of before RFC 9068.
            (None, json!({}), true),
            (Some("JWT"), json!({"scope": "openid"}), true),
            // RFC 9068.
            (Some("at+jwt"), json!({}), true),
            (Some("application/AT+JWT"), json!({"nonce": "n"}), true),
            // Cognito.
            (None, json!({"token_use": "access"}), true),
            (None, json!({"token_use": "id"}), false),
            (Some("at+jwt"), json!({"token_use": "id"}), false),
            // Keycloak. Its access tokens had a nonce for years.
            (Some("JWT"), json!({"typ": "Bearer", "nonce": "n"}), true),
            (Some("JWT"), json!({"typ": "ID"}), false),
            (Some("JWT"), json!({"typ": "Refresh"}), false),
            // ID tokens by what only they have.
            (Some("JWT"), json!({"nonce": "n"}), false),
            (Some("JWT"), json!({"at_hash": "h"}), false),
            (None, json!({"c_hash": "h"}), false),
            // Other tokens.
            (Some("logout+jwt"), json!({}), false),
            (Some("dpop+jwt"), json!({}), false),
            (Some(""), json!({}), false),
        ] {
            let given = ExpectedClaims::require_access_token(header, &claims);
            assert_eq!(given.is_ok(), accepted, "{header:?} {claims}");
        }
    }

    #[test]
    fn incomplete_claims_name_no_caller() {
        for changes in [
            json!({"iss": "https://id.example.com"}),
            json!({"iss": ["https://id.example.com/"]}),
            json!({"sub": ""}),
            json!({"sub": null}),
            json!({"https://waypost.example/workspace": "a#b"}),
            json!({"https://waypost.example/workspace": ["acme"]}),
            json!({"realm_access": {"roles": ["owner"]}}),
            json!({"realm_access": {}}),
        ] {
            assert!(check(changes.clone()).is_err(), "{changes}");
        }
    }
}
