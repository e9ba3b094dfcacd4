//! Writes the Content-Security-Policy of the console: scripts and styles are files of its own. It talks to its own host and to the bucket,
//! and shows pictures and films of the bucket, which run nothing.

use http::HeaderValue;
use http::header::InvalidHeaderValue;
use url::Url;

/// Writes the policy. Pages may also talk to the origins of `bucket` and of the URLs of `others`, and show what is in the bucket.
///
/// # Errors
/// An origin has a character that no header can have.
pub(crate) fn content_security_policy<'a>(
    bucket: &'a str,
    others: impl Iterator<Item = &'a str>,
) -> Result<HeaderValue, InvalidHeaderValue> {
    let bucket = origin_of(bucket).unwrap_or_default();
    let origins: String = others.filter_map(origin_of).collect();
    HeaderValue::try_from(format!(
        "default-src 'self'; base-uri 'none'; connect-src 'self'{bucket}{origins}; form-action 'self'; frame-ancestors 'none'; \
         img-src 'self' blob: data:{bucket}; media-src 'self'{bucket}; object-src 'none'"
    ))
}

/// Returns the origin of a URL as a further source of a policy, after a space.
fn origin_of(url: &str) -> Option<String> {
    let origin = Url::parse(url).ok()?.origin();
    origin.is_tuple().then(|| format!(" {}", origin.ascii_serialization()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sources of a directive.
    fn sources<'a>(policy: &'a str, directive: &str) -> &'a str {
        policy.split("; ").find_map(|part| part.strip_prefix(directive)).unwrap().trim_start()
    }

    fn policy(bucket: &str, others: &[&str]) -> String {
        let policy = content_security_policy(bucket, others.iter().copied()).unwrap();
        let policy = policy.to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'self';") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        policy
    }

    #[test]
    fn pages_talk_to_their_own_host_to_the_bucket_and_to_named_origins() {
        let bucket = "https://data.s3.eu-central-1.amazonaws.com";
        assert_eq!(sources(&policy("", &[]), "connect-src"), "'self'");
        assert_eq!(
            sources(&policy(bucket, &["https://login.example.com:8443/realms/a?b#c"]), "connect-src"),
            "'self' https://data.s3.eu-central-1.amazonaws.com https://login.example.com:8443"
        );
        for nonsense in ["", "login", "data:text/plain,x", "https://a b/; script-src *", "javascript:x"] {
            for policy in [policy("", &[nonsense]), policy(nonsense, &[])] {
                assert_eq!(sources(&policy, "connect-src"), "'self'", "{nonsense}");
                assert_eq!(sources(&policy, "img-src"), "'self' blob: data:", "{nonsense}");
            }
        }
    }

    #[test]
    fn pages_show_pictures_and_films_of_the_bucket_alone() {
        let policy = policy("http://localhost:4566/x", &["https://login.example.com"]);
        assert_eq!(sources(&policy, "img-src"), "'self' blob: data: http://localhost:4566");
        assert_eq!(sources(&policy, "media-src"), "'self' http://localhost:4566");
        for directive in ["script-src", "style-src", "frame-src"] {
            assert!(!policy.contains(directive), "default-src holds: {policy}");
        }
    }
}
