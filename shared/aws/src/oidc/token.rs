//! A signed token in its compact form (RFC 7515, section 7.1), taken apart but not yet believed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// Longer than any token that fits into the headers of a request (10 KB for all of them).
const MAX_BYTES: usize = 8192;

/// The parts of a token.
#[derive(Debug)]
pub(super) struct Token<'a> {
    /// The algorithm that it says it is signed with. Never chooses anything; see [`super::key`].
    pub(super) algorithm: String,
    /// Which of the issuer's keys it says it is signed with.
    pub(super) key_id: Option<String>,
    /// What is signed.
    pub(super) signed: &'a [u8],
    /// The claims as JSON, to be read once the signature is verified.
    pub(super) payload: Vec<u8>,
    /// The signature.
    pub(super) signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood (RFC 7515, section 4.1.11). None are.
    crit: Option<serde::de::IgnoredAny>,
}

impl<'a> Token<'a> {
    /// Takes `text` apart, or says why it is no token.
    pub(super) fn parse(text: &'a str) -> Result<Self, &'static str> {
        const MALFORMED: &str = "it is not a token in compact form";
        if text.len() > MAX_BYTES {
            return Err("it is too long");
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(MALFORMED)?;
        let (header, payload) = signed.split_once('.').ok_or(MALFORMED)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| MALFORMED);
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| MALFORMED)?;
        if header.crit.is_some() {
            return Err("it has critical extensions");
        }
        Ok(Self {
            algorithm: header.alg,
            key_id: header.kid,
            signed: signed.as_bytes(),
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compact(header: &str) -> String {
        format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode("s"))
    }

    #[test]
    fn a_token_is_taken_apart() {
        let text = compact(r#"{"alg":"RS256","kid":"k1","typ":"JWT"}"#);
        let token = Token::parse(&text).unwrap();
        assert_eq!((token.algorithm.as_str(), token.key_id.as_deref()), ("RS256", Some("k1")));
        assert_eq!((token.payload.as_slice(), token.signature.as_slice()), (b"{}".as_slice(), b"s".as_slice()));
        assert!(text.as_bytes().starts_with(token.signed));
    }

    #[test]
    fn other_texts_are_refused() {
        let good = compact(r#"{"alg":"RS256"}"#);
        for text in [
            "",
            ".",
            "..",
            "a.b",
            "wp_nonsense",
            &format!("{good}.x"),
            &format!("{good}="),
            &good.replacen('.', "=.", 1),
            &compact("{}"),
            &compact("[]"),
            &compact(r#"{"alg":1}"#),
            &compact(r#"{"alg":"RS256","alg":"none"}"#),
            &compact(r#"{"alg":"RS256","crit":["b64"],"b64":false}"#),
            &"a".repeat(MAX_BYTES + 1),
        ] {
            assert!(Token::parse(text).is_err(), "{text}");
        }
    }
}
