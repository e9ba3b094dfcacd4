//! The issuer's public keys (RFC 7517, RFC 7518, RFC 8037), and what they verify.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};
use serde::Deserialize;
use serde_json::Value;

use super::token::Token;

/// A key, with the one algorithm that it is for.
pub(super) struct PublicKey {
    /// Its name in tokens.
    pub(super) id: Option<String>,
    algorithm: &'static str,
    material: Material,
}

enum Material {
    Rsa { parameters: &'static RsaParameters, modulus: Vec<u8>, exponent: Vec<u8> },
    Curve { algorithm: &'static dyn VerificationAlgorithm, point: Vec<u8> },
}

/// The members of a key that matter here.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The keys of a set that signatures can be verified with. Others are left out: a set may have keys for other purposes, and
/// kinds that are not known here.
///
/// # Errors
/// `json` is not a set of keys.
pub(super) fn keys_of_set(json: &[u8]) -> Result<Vec<PublicKey>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_slice(json)?;
    let jwks = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
    Ok(jwks.filter_map(PublicKey::from_jwk).collect())
}

impl PublicKey {
    fn from_jwk(jwk: Jwk) -> Option<Self> {
        let for_signatures = jwk.usage.as_deref().is_none_or(|usage| usage == "sig")
            && jwk.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|name| name == "verify"));
        if !for_signatures {
            return None;
        }
        let alg = jwk.alg.as_deref();
        let (algorithm, material) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => {
                // A key without an algorithm is for the one that every issuer must have (OpenID Connect Core, section 15.1).
                let (algorithm, parameters) = rsa(alg.unwrap_or("RS256"))?;
                (algorithm, Material::Rsa { parameters, modulus: number(jwk.n?)?, exponent: number(jwk.e?)? })
            }
            ("EC", Some("P-256")) => curve("ES256", &signature::ECDSA_P256_SHA256_FIXED, point(jwk.x?, jwk.y?, 32)?),
            ("EC", Some("P-384")) => curve("ES384", &signature::ECDSA_P384_SHA384_FIXED, point(jwk.x?, jwk.y?, 48)?),
            ("OKP", Some("Ed25519")) => curve("EdDSA", &signature::ED25519, decode(&jwk.x?)?),
            _ => return None,
        };
        let names_another = alg.is_some_and(|alg| normal(alg) != algorithm);
        (!names_another).then_some(Self { id: jwk.kid, algorithm, material })
    }

    /// Whether `token` is signed with this key, by this key's algorithm.
    pub(super) fn verifies(&self, token: &Token<'_>) -> bool {
        if normal(&token.algorithm) != self.algorithm {
            return false;
        }
        match &self.material {
            Material::Rsa { parameters, modulus, exponent } => {
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                key.verify(parameters, token.signed, &token.signature).is_ok()
            }
            Material::Curve { algorithm, point } => {
                UnparsedPublicKey::new(*algorithm, point).verify(token.signed, &token.signature).is_ok()
            }
        }
    }
}

/// RSA keys have 2,048 to 8,192 bits; ring refuses others.
fn rsa(name: &str) -> Option<(&'static str, &'static RsaParameters)> {
    Some(match name {
        "RS256" => ("RS256", &signature::RSA_PKCS1_2048_8192_SHA256),
        "RS384" => ("RS384", &signature::RSA_PKCS1_2048_8192_SHA384),
        "RS512" => ("RS512", &signature::RSA_PKCS1_2048_8192_SHA512),
        "PS256" => ("PS256", &signature::RSA_PSS_2048_8192_SHA256),
        "PS384" => ("PS384", &signature::RSA_PSS_2048_8192_SHA384),
        "PS512" => ("PS512", &signature::RSA_PSS_2048_8192_SHA512),
        _ => return None,
    })
}

fn curve(
    name: &'static str,
    algorithm: &'static dyn VerificationAlgorithm,
    point: Vec<u8>,
) -> (&'static str, Material) {
    (name, Material::Curve { algorithm, point })
}

/// RFC 9864 gave EdDSA with this curve a name of its own.
fn normal(name: &str) -> &str {
    if name == "Ed25519" { "EdDSA" } else { name }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// A positive number, without the leading zeros that some issuers write.
fn number(text: String) -> Option<Vec<u8>> {
    let bytes = decode(&text)?;
    let start = bytes.iter().position(|byte| *byte != 0)?;
    Some(bytes[start..].to_vec())
}

/// An uncompressed point (SEC 1, section 2.3.3).
fn point(x: String, y: String, length: usize) -> Option<Vec<u8>> {
    let (x, y) = (decode(&x)?, decode(&y)?);
    (x.len() == length && y.len() == length).then(|| [&[4], x.as_slice(), y.as_slice()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_keys_for_signatures_of_known_kinds_are_kept() {
        let (n, x) = (URL_SAFE_NO_PAD.encode([0xff; 256]), URL_SAFE_NO_PAD.encode([1; 32]));
        let rsa = json!({"kty": "RSA", "n": n, "e": "AQAB"});
        let with = |mut key: Value, name: &str, value: Value| {
            key[name] = value;
            key
        };
        let ec = json!({"kty": "EC", "crv": "P-256", "x": x, "y": x});
        for (key, algorithm) in [
            (rsa.clone(), Some("RS256")),
            (with(rsa.clone(), "alg", json!("PS512")), Some("PS512")),
            (with(rsa.clone(), "key_ops", json!(["verify"])), Some("RS256")),
            (ec.clone(), Some("ES256")),
            (json!({"kty": "OKP", "crv": "Ed25519", "x": x, "alg": "Ed25519"}), Some("EdDSA")),
            (with(rsa.clone(), "use", json!("enc")), None),
            (with(rsa.clone(), "key_ops", json!(["encrypt"])), None),
            (with(rsa.clone(), "alg", json!("HS256")), None),
            (with(rsa.clone(), "alg", json!("none")), None),
            (with(rsa.clone(), "alg", json!("RSA-OAEP")), None),
            (with(rsa, "n", json!("AAAA")), None),
            (with(ec.clone(), "alg", json!("ES384")), None),
            (with(ec.clone(), "crv", json!("P-521")), None),
            (with(ec, "x", json!("AQ")), None),
            (json!({"kty": "oct", "k": n, "alg": "HS256"}), None),
            (json!({"kty": 1}), None),
            (json!("key"), None),
        ] {
            let keys = keys_of_set(json!({"keys": [key]}).to_string().as_bytes()).unwrap();
            assert_eq!(keys.first().map(|key| key.algorithm), algorithm, "{key}");
        }
        assert!(keys_of_set(b"{}").is_err());
    }
}
