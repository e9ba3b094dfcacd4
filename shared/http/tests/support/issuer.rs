//! An OpenID Connect issuer: publishes keys and signs tokens, in memory or over HTTP.

#![allow(dead_code, reason = "not every test file uses all of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    self, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A private key of an issuer.
pub(crate) enum SigningKey {
    /// For RS256.
    Rsa(Box<RsaKeyPair>),
    /// For ES256.
    P256(EcdsaKeyPair),
    /// For EdDSA.
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    pub(crate) fn rsa() -> Self {
        Self::Rsa(Box::new(RsaKeyPair::from_pkcs8(include_bytes!("../data/rsa-2048.pk8")).unwrap()))
    }

    pub(crate) fn p256() -> Self {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Self::P256(EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap())
    }

    pub(crate) fn ed25519() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::Ed25519(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    /// Gives the name of its algorithm.
    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    /// Makes the public key as an issuer publishes it.
    pub(crate) fn jwk(&self, id: &str) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Rsa(pair) => {
                let public: RsaPublicKeyComponents<Vec<u8>> = pair.public().into();
                json!({"kty": "RSA", "use": "sig", "kid": id, "n": encode(&public.n), "e": encode(&public.e)})
            }
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
                json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": id, "x": x, "y": y})
            }
            Self::Ed25519(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": id, "x": encode(pair.public_key().as_ref())})
            }
        }
    }

    /// Signs a token with these claims and any header.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// Signs a token of these two texts, which need not be JSON.
    pub(crate) fn sign_text(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let random = SystemRandom::new();
        let bytes = signed.as_bytes();
        let signature = match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &random, bytes, &mut signature).unwrap();
                signature
            }
            Self::P256(pair) => pair.sign(&random, bytes).unwrap().as_ref().to_vec(),
            Self::Ed25519(pair) => pair.sign(bytes).as_ref().to_vec(),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Encodes the part of a token that is signed.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

/// An issuer that publishes its configuration and its keys.
#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) url: String,
    answers: Arc<Mutex<Answers>>,
    requests: Arc<AtomicUsize>,
}

struct Answers {
    status: u16,
    discovery: String,
    keys: String,
}

impl Issuer {
    /// Makes an issuer of this URL that publishes `keys`.
    pub(crate) fn new(url: &str, keys: Vec<Value>) -> Self {
        let discovery = json!({"issuer": url, "jwks_uri": format!("{url}/keys")}).to_string();
        let answers = Answers { status: 200, discovery, keys: json!({"keys": keys}).to_string() };
        Self { url: url.to_owned(), answers: Arc::new(Mutex::new(answers)), requests: Arc::default() }
    }

    /// Starts an issuer that answers over HTTP at this address.
    pub(crate) async fn start_at(address: &str, keys: Vec<Value>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let issuer = Self::new(&format!("http://{}", listener.local_addr().unwrap()), keys);
        tokio::spawn(issuer.clone().serve(listener));
        issuer
    }

    /// Publishes other keys.
    pub(crate) fn publish(&self, keys: Vec<Value>) {
        self.answers.lock().unwrap().keys = json!({"keys": keys}).to_string();
    }

    /// Answers with this status from now on.
    pub(crate) fn answer_with(&self, status: u16) {
        self.answers.lock().unwrap().status = status;
    }

    /// Publishes another configuration.
    pub(crate) fn configure(&self, discovery: String) {
        self.answers.lock().unwrap().discovery = discovery;
    }

    /// Counts the requests so far.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Answers a request for `path` with a status and a body.
    pub(crate) fn answer(&self, path: &str) -> (u16, String) {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let answers = self.answers.lock().unwrap();
        let body = if path == "/.well-known/openid-configuration" { &answers.discovery } else { &answers.keys };
        (answers.status, body.clone())
    }

    async fn serve(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(self.clone().serve_one(stream));
        }
    }

    /// Answers one request of a connection.
    async fn serve_one(self, mut stream: TcpStream) {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut buffer = [0; 1024];
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(length) => request.extend_from_slice(&buffer[..length]),
            }
        }
        let path = request.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        let (status, body) = self.answer(&String::from_utf8_lossy(path));
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        // A client that has disconnected misses no answer.
        let _ = stream.write_all((head + &body).as_bytes()).await;
    }
}
