//! Tests tokens of an issuer in memory, signed with real keys.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/issuer.rs"]
mod issuer;

use std::sync::{Arc, LazyLock};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use issuer::{Issuer, SigningKey, unsigned};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, KeyPair, RsaEncoding};
use serde_json::{Value, json};
use url::Url;
use waypost_domain::access::key::CredentialKind;
use waypost_domain::access::ports::TokenVerifier;
use waypost_domain::{Role, Timestamp};
use waypost_http::oidc::OidcTokens;
use waypost_http::oidc::claims::ExpectedClaims;
use waypost_http::oidc::fetch::{Fetch, FetchError};

/// The time at which the tests began. `jsonwebtoken` compares tokens with the machine's clock.
fn now() -> Timestamp {
    static NOW: LazyLock<Timestamp> = LazyLock::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap()).unwrap()
    });
    *NOW
}

#[async_trait]
impl Fetch for Issuer {
    async fn get(&self, url: &Url, max_bytes: usize) -> Result<Bytes, FetchError> {
        match self.answer(url.path()) {
            (200, body) if body.len() <= max_bytes => Ok(body.into()),
            (status, body) => Err(format!("{url} answers {status} with {} bytes", body.len()).into()),
        }
    }
}

fn issuer(keys: Vec<Value>) -> Issuer {
    Issuer::new("https://id.example.com", keys)
}

fn expected(issuer: &str) -> ExpectedClaims {
    ExpectedClaims {
        issuer: issuer.to_owned(),
        audience: "waypost".to_owned(),
        workspace_claim: "workspace".to_owned(),
        role_claim: "role".to_owned(),
    }
}

fn tokens(issuer: &Issuer) -> OidcTokens {
    OidcTokens::new(expected(&issuer.url), Arc::new(issuer.clone())).unwrap()
}

fn header(key: &SigningKey, id: &str) -> Value {
    json!({"alg": key.algorithm(), "kid": id, "typ": "JWT"})
}

fn claims(issuer: &Issuer) -> Value {
    let (iat, exp) = (now().as_seconds(), now().as_seconds() + 300);
    json!({"iss": issuer.url, "aud": "waypost", "sub": "u1", "iat": iat, "exp": exp, "workspace": "acme", "role": "editor"})
}

async fn is_accepted(tokens: &OidcTokens, token: &str) -> bool {
    tokens.verify(token, now()).await.unwrap().is_some()
}

#[tokio::test]
async fn token_of_each_algorithm_proves_its_caller() {
    for key in [SigningKey::rsa(), SigningKey::p256(), SigningKey::ed25519()] {
        let issuer = issuer(vec![key.jwk("k1")]);
        let token = key.sign(&header(&key, "k1"), &claims(&issuer));
        let (caller, credential) = tokens(&issuer).verify(&token, now()).await.unwrap().unwrap();
        assert_eq!((caller.workspace.as_str(), caller.role), ("acme", Role::Editor), "{}", key.algorithm());
        assert!(caller.key_id.starts_with("sub_"));
        assert_eq!((credential.kind, credential.name.as_str()), (CredentialKind::Token, "u1"));
        assert_eq!(credential.expires_at.map(Timestamp::as_seconds), Some(now().as_seconds() + 300));
    }
}

#[tokio::test]
async fn key_verifies_only_its_own_algorithm() {
    let (rsa, random) = (SigningKey::rsa(), SystemRandom::new());
    let SigningKey::Rsa(pair) = &rsa else { unreachable!() };
    let kinds: [(&str, &dyn RsaEncoding); 6] = [
        ("RS256", &signature::RSA_PKCS1_SHA256),
        ("RS384", &signature::RSA_PKCS1_SHA384),
        ("RS512", &signature::RSA_PKCS1_SHA512),
        ("PS256", &signature::RSA_PSS_SHA256),
        ("PS384", &signature::RSA_PSS_SHA384),
        ("PS512", &signature::RSA_PSS_SHA512),
    ];
    for (name, encoding) in kinds {
        let mut jwk = rsa.jwk("k1");
        jwk["alg"] = json!(name);
        let issuer = issuer(vec![jwk]);
        let tokens = tokens(&issuer);
        for (claimed, _) in kinds {
            let signed = unsigned(&json!({"alg": claimed, "kid": "k1"}), &claims(&issuer));
            let mut bytes = vec![0; pair.public().modulus_len()];
            pair.sign(encoding, &random, signed.as_bytes(), &mut bytes).unwrap();
            let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes));
            assert_eq!(is_accepted(&tokens, &token).await, claimed == name, "{claimed} with a key for {name}");
        }
    }

    let kind = &signature::ECDSA_P384_SHA384_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap();
    let [x, y] = [1..49, 49..97].map(|half| URL_SAFE_NO_PAD.encode(&pair.public_key().as_ref()[half]));
    let issuer = issuer(vec![json!({"kty": "EC", "crv": "P-384", "kid": "k1", "x": x, "y": y})]);
    let signed = unsigned(&json!({"alg": "ES384", "kid": "k1"}), &claims(&issuer));
    let bytes = pair.sign(&random, signed.as_bytes()).unwrap();
    assert!(is_accepted(&tokens(&issuer), &format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes))).await);
}

#[tokio::test]
async fn changed_token_proves_nothing() {
    for key in [SigningKey::rsa(), SigningKey::p256(), SigningKey::ed25519()] {
        let issuer = issuer(vec![key.jwk("k1")]);
        let tokens = tokens(&issuer);
        let token = key.sign(&header(&key, "k1"), &claims(&issuer));
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let mut admin = claims(&issuer);
        admin["role"] = json!("admin");
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        bytes[7] ^= 1;
        for changed in [
            format!("{}.{signature}", unsigned(&header(&key, "k1"), &admin)),
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&bytes)),
            format!("{signed}."),
            signed.to_owned(),
        ] {
            assert!(!is_accepted(&tokens, &changed).await, "{changed}");
        }
        assert!(is_accepted(&tokens, &token).await);
    }
}

#[tokio::test]
async fn token_does_not_choose_the_algorithm() {
    let (rsa, p256) = (SigningKey::rsa(), SigningKey::p256());
    let issuer = issuer(vec![rsa.jwk("rsa"), p256.jwk("ec")]);
    let (tokens, claims) = (tokens(&issuer), claims(&issuer));
    // Algorithm confusion: the public key serves as the secret of an HMAC.
    for secret in [rsa.jwk("rsa").to_string(), rsa.jwk("rsa")["n"].as_str().unwrap().to_owned()] {
        let signed = unsigned(&json!({"alg": "HS256", "kid": "rsa"}), &claims);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
        assert!(!is_accepted(&tokens, &format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))).await);
    }
    for algorithm in ["none", "None", "", "HS256", "RS384", "PS256", "ES256"] {
        let header = json!({"alg": algorithm, "kid": "rsa"});
        assert!(!is_accepted(&tokens, &rsa.sign(&header, &claims)).await, "{algorithm}");
        assert!(!is_accepted(&tokens, &format!("{}.", unsigned(&header, &claims))).await, "{algorithm}");
    }
    // A key or a URL of keys in the header is ignored.
    let stranger = SigningKey::p256();
    for header in [
        json!({"alg": "ES256", "kid": "ec", "jwk": stranger.jwk("ec")}),
        json!({"alg": "ES256", "kid": "ec", "jku": "https://evil.example/keys"}),
        json!({"alg": "ES256", "kid": "rsa"}),
    ] {
        assert!(!is_accepted(&tokens, &stranger.sign(&header, &claims)).await, "{header}");
    }
    assert!(is_accepted(&tokens, &p256.sign(&header(&p256, "ec"), &claims)).await);
}

#[tokio::test]
async fn expired_foreign_and_early_tokens_prove_nothing() {
    let key = SigningKey::ed25519();
    let issuer = issuer(vec![key.jwk("k1")]);
    let tokens = tokens(&issuer);
    let now = now().as_seconds();
    for (name, value) in [
        ("exp", json!(now - 31)),
        ("exp", json!(0)),
        ("exp", json!(-1)),
        ("exp", json!((now + 60).to_string())),
        ("exp", Value::Null),
        ("nbf", json!(now + 120)),
        ("nbf", json!("soon")),
        ("nbf", Value::Null),
        ("aud", json!("other")),
        ("aud", json!(["other"])),
        ("aud", json!([])),
        ("aud", json!({"waypost": true})),
        ("aud", Value::Null),
        ("iss", json!("https://evil.example")),
        ("iss", json!(["https://evil.example", issuer.url])),
        ("iss", Value::Null),
        ("sub", json!("")),
        ("sub", Value::Null),
        ("workspace", Value::Null),
        ("role", json!("owner")),
    ] {
        let mut claims = claims(&issuer);
        claims[name] = value;
        assert!(!is_accepted(&tokens, &key.sign(&header(&key, "k1"), &claims)).await, "{claims}");
        claims.as_object_mut().unwrap().remove(name);
        let is_optional = name == "nbf";
        assert_eq!(is_accepted(&tokens, &key.sign(&header(&key, "k1"), &claims)).await, is_optional, "{claims}");
    }
}

#[tokio::test]
async fn clocks_may_differ_a_little() {
    let key = SigningKey::ed25519();
    let issuer = issuer(vec![key.jwk("k1")]);
    let tokens = tokens(&issuer);
    let now = now().as_seconds();
    for (name, value) in [
        ("exp", json!(now - 5)),
        ("exp", json!(now as f64 + 0.5)),
        ("nbf", json!(now + 25)),
        ("aud", json!(["other", "waypost"])),
    ] {
        let mut claims = claims(&issuer);
        claims[name] = value;
        assert!(is_accepted(&tokens, &key.sign(&header(&key, "k1"), &claims)).await, "{claims}");
    }
}

#[tokio::test]
async fn malformed_token_proves_nothing() {
    let key = SigningKey::ed25519();
    let issuer = issuer(vec![key.jwk("k1")]);
    let (tokens, claims) = (tokens(&issuer), claims(&issuer));
    let good = key.sign(&header(&key, "k1"), &claims);
    assert!(is_accepted(&tokens, &good).await);
    for text in [
        "",
        ".",
        "..",
        "a.b",
        "wp_nonsense",
        &format!("{good}.x"),
        &format!("{good}="),
        &format!(" {good}"),
        &good.replacen('.', "=.", 1),
        &"a".repeat(8193),
        &key.sign(&json!({}), &claims),
        &key.sign(&json!([]), &claims),
        &key.sign(&json!({"alg": 1, "kid": "k1"}), &claims),
        &key.sign(&json!({"alg": "EdDSA", "kid": 1}), &claims),
        &key.sign(&json!({"alg": "EdDSA", "kid": "k1", "crit": ["b64"], "b64": false}), &claims),
        &key.sign(&json!({"alg": "EdDSA", "kid": "k1", "crit": []}), &claims),
        &key.sign(&json!({"alg": "EdDSA", "kid": "k1", "crit": "b64"}), &claims),
        &key.sign(&header(&key, "k1"), &json!("claims")),
        &key.sign_text(r#"{"alg":"EdDSA","kid":"k1","alg":"none"}"#, &claims.to_string()),
        &key.sign_text(&header(&key, "k1").to_string(), &claims.to_string().replacen('{', r#"{"exp":1,"#, 1)),
        &key.sign_text(&header(&key, "k1").to_string(), "not JSON"),
    ] {
        assert!(!is_accepted(&tokens, text).await, "{text}");
    }
}

#[tokio::test]
async fn shared_secrets_and_short_keys_verify_nothing() {
    let key = SigningKey::ed25519();
    let secret = [7; 32];
    let text = URL_SAFE_NO_PAD.encode(secret);
    let issuer = issuer(vec![
        json!({"kty": "oct", "kid": "secret", "k": text, "alg": "HS256"}),
        json!({"kty": "oct", "kid": "silent", "k": text}),
        json!({"kty": "OKP", "crv": "Ed25519", "kid": "short", "x": "AQ"}),
        json!({"kty": "EC", "crv": "P-256", "kid": "no point", "x": text, "y": text}),
        json!({"kty": "RSA", "kid": "small", "n": text, "e": "AQAB"}),
        key.jwk("k1"),
    ]);
    let (tokens, claims) = (tokens(&issuer), claims(&issuer));
    for id in ["secret", "silent"] {
        let signed = unsigned(&json!({"alg": "HS256", "kid": id}), &claims);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), signed.as_bytes());
        assert!(!is_accepted(&tokens, &format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))).await, "{id}");
    }
    for (id, algorithm) in [("short", "EdDSA"), ("no point", "ES256"), ("small", "RS256")] {
        assert!(!is_accepted(&tokens, &key.sign(&json!({"alg": algorithm, "kid": id}), &claims)).await, "{id}");
    }
    assert!(is_accepted(&tokens, &key.sign(&header(&key, "k1"), &claims)).await);
}

#[tokio::test]
async fn unknown_key_ids_cause_few_requests() {
    let (old, new) = (SigningKey::ed25519(), SigningKey::ed25519());
    let issuer = issuer(vec![old.jwk("old")]);
    let (tokens, claims) = (tokens(&issuer), claims(&issuer));
    let (by_old, by_new) = (old.sign(&header(&old, "old"), &claims), new.sign(&header(&new, "new"), &claims));
    assert!(is_accepted(&tokens, &by_old).await);
    issuer.publish(vec![old.jwk("old"), new.jwk("new")]);
    for _ in 0..20 {
        assert!(!is_accepted(&tokens, &by_new).await);
    }
    assert_eq!(issuer.requests(), 2, "configuration and keys, once");
    assert!(tokens.verify(&by_new, now().plus_seconds(60)).await.unwrap().is_some());
    assert_eq!(issuer.requests(), 4);
    assert!(is_accepted(&tokens, &by_old).await);
    assert_eq!(issuer.requests(), 4);
}

#[tokio::test]
async fn withdrawn_key_is_refused_after_an_hour() {
    let (old, new) = (SigningKey::ed25519(), SigningKey::ed25519());
    let issuer = issuer(vec![old.jwk("old")]);
    let tokens = tokens(&issuer);
    let mut claims = claims(&issuer);
    claims["exp"] = json!(now().as_seconds() + 86_400);
    let by_old = old.sign(&header(&old, "old"), &claims);
    assert!(is_accepted(&tokens, &by_old).await);
    issuer.publish(vec![new.jwk("new")]);
    assert!(tokens.verify(&by_old, now().plus_seconds(3599)).await.unwrap().is_some());
    assert!(tokens.verify(&by_old, now().plus_seconds(3600)).await.unwrap().is_none());
}

#[tokio::test]
async fn known_keys_stay_valid_without_the_issuer() {
    let key = SigningKey::ed25519();
    let issuer = issuer(vec![key.jwk("k1")]);
    let mut claims = claims(&issuer);
    claims["exp"] = json!(now().as_seconds() + 86_400);
    let token = key.sign(&header(&key, "k1"), &claims);
    let unknown = key.sign(&header(&key, "k2"), &claims);

    issuer.answer_with(503);
    let tokens = tokens(&issuer);
    for _ in 0..3 {
        assert!(tokens.verify(&token, now()).await.is_err_and(|error| error.is_retryable()));
    }
    assert_eq!(issuer.requests(), 1, "a failing issuer is not asked again for some seconds");
    issuer.answer_with(200);
    assert!(tokens.verify(&token, now().plus_seconds(5)).await.unwrap().is_some());
    issuer.answer_with(500);
    let later = now().plus_seconds(7200);
    assert!(tokens.verify(&token, later).await.unwrap().is_some());
    assert!(tokens.verify(&unknown, later).await.is_err(), "an unknown key cannot be verified");
}

#[tokio::test]
async fn token_without_key_id_needs_a_single_key() {
    let (one, other) = (SigningKey::ed25519(), SigningKey::ed25519());
    let issuer = issuer(vec![one.jwk("k1")]);
    let token = one.sign(&json!({"alg": "EdDSA"}), &claims(&issuer));
    assert!(is_accepted(&tokens(&issuer), &token).await);
    issuer.publish(vec![one.jwk("k1"), other.jwk("k2")]);
    assert!(!is_accepted(&tokens(&issuer), &token).await);
}

#[tokio::test]
async fn untrusted_configuration_gives_no_keys() {
    let key = SigningKey::ed25519();
    let issuer = issuer(vec![key.jwk("k1")]);
    let token = key.sign(&header(&key, "k1"), &claims(&issuer));
    let keys = format!("{}/keys", issuer.url);
    for configuration in [
        json!({"issuer": "https://other.example", "jwks_uri": keys}).to_string(),
        json!({"issuer": issuer.url, "jwks_uri": "http://keys.example.com/"}).to_string(),
        json!({"issuer": issuer.url, "jwks_uri": "file:///etc/passwd"}).to_string(),
        json!({"issuer": issuer.url}).to_string(),
        "<html>".to_owned(),
        format!("{}{}", json!({"issuer": issuer.url, "jwks_uri": keys}), " ".repeat(256 * 1024)),
    ] {
        issuer.configure(configuration.clone());
        assert!(tokens(&issuer).verify(&token, now()).await.is_err(), "{:.200}", configuration);
    }
    issuer.configure(json!({"issuer": issuer.url, "jwks_uri": keys}).to_string());
    assert!(is_accepted(&tokens(&issuer), &token).await);
}

#[test]
fn issuer_must_use_https() {
    for issuer in
        ["", "id.example.com", "http://id.example.com", "https://id.example.com/?a", "https://id.example.com/#a"]
    {
        let fetch = Arc::new(Issuer::new(issuer, Vec::new()));
        assert!(OidcTokens::new(expected(issuer), fetch).is_err(), "{issuer}");
    }
}
