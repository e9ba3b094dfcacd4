//! Reads the issuer's public keys (RFC 7517), each with its one algorithm.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use serde::Deserialize;
use serde_json::Value;

/// A key with its one algorithm.
pub(super) struct PublicKey {
    /// The name that tokens use for it.
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// Reads the keys of a set that verify signatures. Leaves out keys for other purposes and of unknown kinds.
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
        let algorithm = algorithm(&jwk).filter(|_| is_for_signatures(&jwk))?;
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        is_sound(algorithm, &key).then_some(Self { id: jwk.common.key_id, algorithm, key })
    }
}

fn is_for_signatures(jwk: &Jwk) -> bool {
    matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature))
        && jwk.common.key_operations.as_ref().is_none_or(|operations| operations.contains(&KeyOperations::Verify))
}

/// Chooses the algorithm by the kind of key. Gives `None` if the key names another one, and for shared secrets.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let named = jwk.common.key_algorithm.map(Algorithm::try_from).transpose().ok()?;
    let algorithm = match &jwk.algorithm {
        // A key that names no algorithm is for the one that every issuer supports (OpenID Connect Core, section 15.1).
        AlgorithmParameters::RSA(_) => named.unwrap_or(Algorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => Algorithm::ES384,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        _ => return None,
    };
    named.is_none_or(|named| named == algorithm).then_some(algorithm)
}

/// Tells whether the key belongs to its algorithm's family and has a safe length. `jsonwebtoken` accepts RSA keys of any
/// length, and panics at Ed25519 keys that are too short.
fn is_sound(algorithm: Algorithm, key: &DecodingKey) -> bool {
    let length_is_right = match (algorithm, key.kind()) {
        // 2,048 bits (RFC 7518, section 3.3) to 4,096, the longest key that the `rsa` crate verifies with.
        (_, DecodingKeyKind::RsaModulusExponent { n, .. }) => {
            (256..=512).contains(&n.iter().skip_while(|byte| **byte == 0).count())
        }
        (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => point.len() == 1 + 2 * 32,
        (Algorithm::ES384, DecodingKeyKind::SecretOrDer(point)) => point.len() == 1 + 2 * 48,
        (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(point)) => point.len() == 32,
        _ => false,
    };
    length_is_right && key.family() == algorithm.family()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    #[test]
    fn only_known_signature_keys_are_kept() {
        let bytes = |length: usize| URL_SAFE_NO_PAD.encode(vec![0xff; length]);
        let (n, x) = (bytes(256), URL_SAFE_NO_PAD.encode([1; 32]));
        let rsa = json!({"kty": "RSA", "n": n, "e": "AQAB"});
        let with = |mut key: Value, name: &str, value: Value| {
            key[name] = value;
            key
        };
        let ec = json!({"kty": "EC", "crv": "P-256", "x": x, "y": x});
        let ed = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
        let mut with_zero = vec![0xff; 257];
        with_zero[0] = 0;
        for (key, algorithm) in [
            (rsa.clone(), Some(Algorithm::RS256)),
            (with(rsa.clone(), "alg", json!("PS512")), Some(Algorithm::PS512)),
            (with(rsa.clone(), "key_ops", json!(["verify"])), Some(Algorithm::RS256)),
            (with(rsa.clone(), "n", json!(URL_SAFE_NO_PAD.encode(with_zero))), Some(Algorithm::RS256)),
            (with(rsa.clone(), "n", json!(bytes(512))), Some(Algorithm::RS256)),
            (ec.clone(), Some(Algorithm::ES256)),
            (json!({"kty": "EC", "crv": "P-384", "x": bytes(48), "y": bytes(48)}), Some(Algorithm::ES384)),
            (ed.clone(), Some(Algorithm::EdDSA)),
            (with(ed.clone(), "alg", json!("EdDSA")), Some(Algorithm::EdDSA)),
            (with(ed.clone(), "alg", json!("Ed25519")), None),
            (with(ed.clone(), "crv", json!("X25519")), None),
            (with(ed.clone(), "x", json!(bytes(31))), None),
            (with(ed.clone(), "x", json!(bytes(33))), None),
            (with(ed, "kty", json!("EC")), None),
            (with(rsa.clone(), "use", json!("enc")), None),
            (with(rsa.clone(), "key_ops", json!(["encrypt"])), None),
            (with(rsa.clone(), "alg", json!("HS256")), None),
            (with(rsa.clone(), "alg", json!("ES256")), None),
            (with(rsa.clone(), "alg", json!("none")), None),
            (with(rsa.clone(), "alg", json!("RSA-OAEP")), None),
            (with(rsa.clone(), "n", json!("AAAA")), None),
            (with(rsa.clone(), "n", json!(bytes(255))), None),
            (with(rsa, "n", json!(bytes(513))), None),
            (with(ec.clone(), "alg", json!("ES384")), None),
            (with(ec.clone(), "crv", json!("P-384")), None),
            (with(ec.clone(), "crv", json!("P-521")), None),
            (with(ec, "x", json!("AQ")), None),
            (json!({"kty": "oct", "k": n, "alg": "HS256"}), None),
            (json!({"kty": "oct", "k": n}), None),
            (json!({"kty": "oct", "k": n, "alg": "RS256"}), None),
            (json!({"kty": 1}), None),
            (json!("key"), None),
        ] {
            let keys = keys_of_set(json!({"keys": [key]}).to_string().as_bytes()).unwrap();
            assert_eq!(keys.first().map(|key| key.algorithm), algorithm, "{key}");
        }
        assert!(keys_of_set(b"{}").is_err());
    }
}
