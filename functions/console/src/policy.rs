//! Writes the Content-Security-Policy of the console: scripts and styles are files of its own, and it talks to its own host.

use http::HeaderValue;
use http::header::InvalidHeaderValue;
use url::Url;

/// Writes the policy. Pages may also talk to the origins of these URLs.
///
/// # Errors
/// An origin has a character that no header can have.
pub(crate) fn content_security_policy<'a>(
    others: impl Iterator<Item = &'a str>,
) -> Result<HeaderValue, InvalidHeaderValue> {
    let origins = others.filter_map(|url| Url::parse(url).ok()).map(|url| url.origin()).filter(|it| it.is_tuple());
    let origins: String = origins.map(|origin| format!(" {}", origin.ascii_serialization())).collect();
    HeaderValue::try_from(format!(
        "default-src 'self'; base-uri 'none'; connect-src 'self'{origins}; form-action 'self'; frame-ancestors 'none'; \
         img-src 'self' blob: data:; object-src 'none'"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_talk_to_their_own_host_and_to_named_origins() {
        let policy = |others: &[&str]| {
            let policy = content_security_policy(others.iter().copied()).unwrap();
            let policy = policy.to_str().unwrap().to_owned();
            assert!(policy.starts_with("default-src 'self';") && policy.contains("frame-ancestors 'none'"), "{policy}");
            assert!(!policy.contains("unsafe"), "{policy}");
            let sources = policy.split("connect-src ").nth(1).unwrap().split(';').next().unwrap();
            sources.to_owned()
        };
        assert_eq!(policy(&[]), "'self'");
        assert_eq!(
            policy(&["https://data.s3.eu-central-1.amazonaws.com", "https://login.example.com:8443/realms/a?b#c"]),
            "'self' https://data.s3.eu-central-1.amazonaws.com https://login.example.com:8443"
        );
        for nonsense in ["", "login", "data:text/plain,x", "https://a b/; script-src *", "javascript:x"] {
            assert_eq!(policy(&[nonsense]), "'self'", "{nonsense}");
        }
    }
}
