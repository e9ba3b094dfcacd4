//! Tokens of an issuer that runs here, signed with real keys.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/issuer.rs"]
mod issuer;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use issuer::{Issuer, SigningKey, unsigned};
use ring::hmac;
use serde_json::{Value, json};
use waypost_aws::oidc::OidcTokens;
use waypost_domain::keys::ports::TokenVerifier;
use waypost_domain::{Role, Timestamp};

fn now() -> Timestamp {
    Timestamp::parse("2026-01-02T03:04:05Z").unwrap()
}

fn tokens(issuer: &Issuer) -> OidcTokens {
    OidcTokens::new(&issuer.url, "waypost", "workspace", "role").unwrap()
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
async fn a_token_of_each_algorithm_proves_its_caller() {
    for key in [SigningKey::rsa(), SigningKey::p256(), SigningKey::ed25519()] {
        let issuer = Issuer::start(vec![key.jwk("k1")]).await;
        let token = key.sign(&header(&key, "k1"), &claims(&issuer));
        let caller = tokens(&issuer).verify(&token, now()).await.unwrap().unwrap();
        assert_eq!((caller.workspace.as_str(), caller.role), ("acme", Role::Editor), "{}", key.algorithm());
        assert!(caller.key_id.starts_with("sub_"));
    }
}

#[tokio::test]
async fn a_changed_token_proves_nothing() {
    for key in [SigningKey::rsa(), SigningKey::p256(), SigningKey::ed25519()] {
        let issuer = Issuer::start(vec![key.jwk("k1")]).await;
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
async fn the_tokens_header_does_not_choose_the_algorithm() {
    let (rsa, p256) = (SigningKey::rsa(), SigningKey::p256());
    let issuer = Issuer::start(vec![rsa.jwk("rsa"), p256.jwk("ec")]).await;
    let (tokens, claims) = (tokens(&issuer), claims(&issuer));
    // The classic confusion: the public key, which everybody has, as the secret of an HMAC.
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
    // Somebody's own key in the header is not asked for.
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
    let issuer = Issuer::start(vec![key.jwk("k1")]).await;
    let tokens = tokens(&issuer);
    for (name, value) in [
        ("exp", json!(now().as_seconds() - 31)),
        ("nbf", json!(now().as_seconds() + 31)),
        ("aud", json!("other")),
        ("iss", json!("https://evil.example")),
        ("workspace", Value::Null),
        ("role", json!("owner")),
    ] {
        let mut claims = claims(&issuer);
        claims[name] = value;
        assert!(!is_accepted(&tokens, &key.sign(&header(&key, "k1"), &claims)).await, "{claims}");
    }
}

#[tokio::test]
async fn a_new_key_is_found_and_made_up_ids_do_not_make_us_ask() {
    let (old, new) = (SigningKey::ed25519(), SigningKey::ed25519());
    let issuer = Issuer::start(vec![old.jwk("old")]).await;
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
async fn a_withdrawn_key_opens_nothing_after_an_hour() {
    let (old, new) = (SigningKey::ed25519(), SigningKey::ed25519());
    let issuer = Issuer::start(vec![old.jwk("old")]).await;
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
async fn known_keys_outlast_an_issuer_that_is_away() {
    let key = SigningKey::ed25519();
    let issuer = Issuer::start(vec![key.jwk("k1")]).await;
    let mut claims = claims(&issuer);
    claims["exp"] = json!(now().as_seconds() + 86_400);
    let token = key.sign(&header(&key, "k1"), &claims);
    let unknown = key.sign(&header(&key, "k2"), &claims);

    issuer.answer_with(503);
    let tokens = tokens(&issuer);
    for _ in 0..3 {
        assert!(tokens.verify(&token, now()).await.is_err_and(|error| error.is_retryable()));
    }
    assert_eq!(issuer.requests(), 1, "an issuer in trouble is left alone for some seconds");
    issuer.answer_with(200);
    assert!(tokens.verify(&token, now().plus_seconds(5)).await.unwrap().is_some());
    issuer.answer_with(500);
    let later = now().plus_seconds(7200);
    assert!(tokens.verify(&token, later).await.unwrap().is_some());
    assert!(tokens.verify(&unknown, later).await.is_err(), "nothing can be said about it");
}

#[tokio::test]
async fn a_token_without_a_key_id_needs_an_issuer_with_a_single_key() {
    let (one, other) = (SigningKey::ed25519(), SigningKey::ed25519());
    let issuer = Issuer::start(vec![one.jwk("k1")]).await;
    let token = one.sign(&json!({"alg": "EdDSA"}), &claims(&issuer));
    assert!(is_accepted(&tokens(&issuer), &token).await);
    issuer.publish(vec![one.jwk("k1"), other.jwk("k2")]);
    assert!(!is_accepted(&tokens(&issuer), &token).await);
}

#[tokio::test]
async fn a_configuration_that_is_not_to_be_trusted_gives_no_keys() {
    let key = SigningKey::ed25519();
    let issuer = Issuer::start(vec![key.jwk("k1")]).await;
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
    issuer.answer_with(302);
    assert!(tokens(&issuer).verify(&token, now()).await.is_err(), "redirects are not followed");
    issuer.answer_with(200);
    assert!(is_accepted(&tokens(&issuer), &token).await);
}

#[test]
fn an_issuer_must_have_https() {
    for issuer in
        ["", "id.example.com", "http://id.example.com", "https://id.example.com/?a", "https://id.example.com/#a"]
    {
        assert!(OidcTokens::new(issuer, "waypost", "workspace", "role").is_err(), "{issuer}");
    }
}
