//! What a verified token must say, and whom it names.

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use waypost_domain::{Caller, Role, Timestamp, WorkspaceId};

/// How far the issuer's clock may be from ours, in seconds.
const LEEWAY_SECONDS: f64 = 30.0;

/// What a token must say.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) issuer: String,
    pub(super) audience: String,
    /// A claim's name, or a JSON pointer to one.
    pub(super) workspace_claim: String,
    /// A claim's name, or a JSON pointer to one.
    pub(super) role_claim: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: OneOrMany,
    sub: String,
    exp: f64,
    nbf: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn has(&self, text: &str) -> bool {
        match self {
            Self::One(one) => one == text,
            Self::Many(many) => many.iter().any(|one| one == text),
        }
    }
}

impl Expected {
    /// The caller that the payload of a verified token names, or why it names none.
    pub(super) fn caller(&self, payload: Vec<u8>, now: Timestamp) -> Result<Caller, &'static str> {
        let all: Value = serde_json::from_slice(&payload).map_err(|_| "the claims are not JSON")?;
        let claims = Claims::deserialize(&all).map_err(|_| "one of iss, aud, sub and exp is missing or not valid")?;
        if claims.iss != self.issuer {
            return Err("it is from another issuer");
        }
        if !claims.aud.has(&self.audience) {
            return Err("it is for another audience");
        }
        let now = now.as_millis() as f64 / 1000.0;
        if claims.exp + LEEWAY_SECONDS <= now {
            return Err("it has expired");
        }
        if claims.nbf.is_some_and(|start| start > now + LEEWAY_SECONDS) {
            return Err("it is not valid yet");
        }
        if claims.sub.is_empty() {
            return Err("it has no subject");
        }
        let workspace = claim(&all, &self.workspace_claim).and_then(Value::as_str);
        let workspace = workspace.and_then(|text| WorkspaceId::parse(text).ok()).ok_or("it names no workspace")?;
        let role = claim(&all, &self.role_claim).and_then(role).ok_or("it names no role")?;
        Ok(Caller { workspace, role, key_id: subject_id(&claims.iss, &claims.sub) })
    }
}

fn claim<'a>(all: &'a Value, name: &str) -> Option<&'a Value> {
    if name.starts_with('/') { all.pointer(name) } else { all.get(name) }
}

/// The role, or the highest of several. Names of other services' roles among them are nothing to us.
fn role(claim: &Value) -> Option<Role> {
    match claim {
        Value::String(name) => Role::parse(name),
        Value::Array(names) => names.iter().filter_map(|name| Role::parse(name.as_str()?)).max(),
        _ => None,
    }
}

/// What stands for the subject in logs and limits. Subjects can be addresses of people.
fn subject_id(issuer: &str, subject: &str) -> String {
    let digest = Sha256::new().chain_update(issuer).chain_update([0]).chain_update(subject).finalize();
    let digits: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("sub_{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: &str = "2026-01-02T03:04:05Z";

    fn check(changes: Value) -> Result<Caller, &'static str> {
        let now = Timestamp::parse(NOW).unwrap();
        let expected = Expected {
            issuer: "https://id.example.com/".into(),
            audience: "waypost".into(),
            workspace_claim: "https://waypost.example/workspace".into(),
            role_claim: "/realm_access/roles".into(),
        };
        let mut claims = json!({
            "iss": "https://id.example.com/", "aud": ["other", "waypost"], "sub": "a@example.com",
            "exp": now.as_seconds() + 60, "https://waypost.example/workspace": "acme",
            "realm_access": {"roles": ["offline_access", "viewer", "editor"]},
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        expected.caller(claims.to_string().into_bytes(), now)
    }

    #[test]
    fn a_token_names_workspace_and_the_highest_role() {
        let caller = check(json!({})).unwrap();
        assert_eq!((caller.workspace.as_str(), caller.role), ("acme", Role::Editor));
        assert!(caller.key_id.starts_with("sub_") && caller.key_id.len() == 20, "{}", caller.key_id);
        let other = check(json!({"sub": "b@example.com"})).unwrap();
        assert_ne!(other.key_id, caller.key_id);
    }

    #[test]
    fn what_is_not_for_us_or_not_now_names_nobody() {
        let now = Timestamp::parse(NOW).unwrap().as_seconds();
        for changes in [
            json!({"iss": "https://id.example.com"}),
            json!({"iss": ["https://id.example.com/"]}),
            json!({"aud": "other"}),
            json!({"aud": []}),
            json!({"aud": null}),
            json!({"exp": now - 30}),
            json!({"exp": null}),
            json!({"exp": (now + 60).to_string()}),
            json!({"nbf": now + 31}),
            json!({"nbf": "soon"}),
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

    #[test]
    fn clocks_may_differ_a_little() {
        let now = Timestamp::parse(NOW).unwrap().as_seconds();
        check(json!({"exp": now - 29, "nbf": now + 30})).unwrap();
        check(json!({"exp": now as f64 + 0.5, "aud": "waypost"})).unwrap();
    }
}
