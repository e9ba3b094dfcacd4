//! Writes and reads the cookie that holds the secret of a session.

use http::{HeaderMap, HeaderValue, header};
use waypost_domain::access::sessions::session::SessionSecret;

/// The longest `Cookie` header that is read, in bytes. API Gateway allows 10 KB for all headers of a request.
const MAX_BYTES: usize = 16 * 1024;

/// How the cookie travels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SessionCookie {
    /// By HTTPS only, to the host that set it and no other (`__Host-`, RFC 6265bis).
    #[default]
    Secure,
    /// By HTTP too, for a stack on one's own machine: some browsers take no `__Host-` cookie from `http://localhost`.
    PlainHttp,
}

/// What the cookies of a request say about a session.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FromCookie {
    /// There is no such cookie.
    Absent,
    /// There is one that cannot be the secret of a session, or several.
    Unusable,
    /// The secret.
    Secret(SessionSecret),
}

impl SessionCookie {
    /// Reads a setting: `secure` or `plain-http`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "secure" => Some(Self::Secure),
            "plain-http" => Some(Self::PlainHttp),
            _ => None,
        }
    }

    /// Returns the name of the cookie.
    pub fn name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-waypost_session",
            Self::PlainHttp => "waypost_session",
        }
    }

    /// Returns the scheme of the pages that send it.
    pub(crate) fn scheme(self) -> &'static str {
        match self {
            Self::Secure => "https",
            Self::PlainHttp => "http",
        }
    }

    /// Makes the `Set-Cookie` header that gives a browser the secret for so many seconds.
    pub fn set(self, secret: &SessionSecret, seconds: i64) -> Option<HeaderValue> {
        self.header(secret.expose(), seconds.max(0))
    }

    /// Makes the `Set-Cookie` header that makes a browser forget the secret.
    pub fn clear(self) -> Option<HeaderValue> {
        self.header("", 0)
    }

    fn header(self, value: &str, seconds: i64) -> Option<HeaderValue> {
        let secure = if self == Self::Secure { " Secure;" } else { "" };
        let text = format!("{}={value}; Path=/;{secure} HttpOnly; SameSite=Strict; Max-Age={seconds}", self.name());
        let mut header = HeaderValue::try_from(text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// Reads the secret from the cookies of a request.
    pub(crate) fn read(self, headers: &HeaderMap) -> FromCookie {
        let (mut found, mut left) = (FromCookie::Absent, MAX_BYTES);
        for header in headers.get_all(header::COOKIE) {
            if header.len() > left {
                return FromCookie::Unusable;
            }
            left -= header.len();
            // Other cookies can have any bytes.
            for pair in header.as_bytes().split(|byte| *byte == b';') {
                let Some(equals) = pair.iter().position(|byte| *byte == b'=') else { continue };
                let (name, value) = (pair[..equals].trim_ascii(), pair[equals + 1..].trim_ascii());
                if name != self.name().as_bytes() {
                    continue;
                }
                if found != FromCookie::Absent {
                    // Somebody may have planted another one: trust none.
                    return FromCookie::Unusable;
                }
                let secret = std::str::from_utf8(value).ok().and_then(SessionSecret::parse);
                found = secret.map_or(FromCookie::Unusable, FromCookie::Secret);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use waypost_domain::testing::system::SeededRandom;

    fn secret() -> SessionSecret {
        SessionSecret::generate(&SeededRandom::new(1))
    }

    fn read(cookie: SessionCookie, headers: &[&[u8]]) -> FromCookie {
        let mut map = HeaderMap::new();
        for value in headers {
            map.append(header::COOKIE, HeaderValue::from_bytes(value).unwrap());
        }
        cookie.read(&map)
    }

    #[test]
    fn cookie_is_bound_to_the_host_and_hidden_from_scripts() {
        let value = secret().expose().to_owned();
        let text = |header: Option<HeaderValue>| header.unwrap().to_str().unwrap().to_owned();
        assert_eq!(
            text(SessionCookie::Secure.set(&secret(), 43_200)),
            format!("__Host-waypost_session={value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200")
        );
        assert_eq!(
            text(SessionCookie::PlainHttp.set(&secret(), 60)),
            format!("waypost_session={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=60")
        );
        assert_eq!(
            text(SessionCookie::Secure.clear()),
            "__Host-waypost_session=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"
        );
    }

    #[test]
    fn secret_is_read_from_one_cookie_only() {
        let value = secret().expose().to_owned();
        let own = format!("__Host-waypost_session={value}");
        for (cookies, expected) in [
            (own.clone(), FromCookie::Secret(secret())),
            (format!("a=b; {own};c=d"), FromCookie::Secret(secret())),
            (format!("{own} ; x"), FromCookie::Secret(secret())),
            (String::new(), FromCookie::Absent),
            ("a=b; c".to_owned(), FromCookie::Absent),
            (format!("waypost_session={value}"), FromCookie::Absent),
            (format!("__host-waypost_session={value}"), FromCookie::Absent),
            (format!("x__Host-waypost_session={value}"), FromCookie::Absent),
            (format!("a={own}"), FromCookie::Absent),
            ("__Host-waypost_session=".to_owned(), FromCookie::Unusable),
            ("__Host-waypost_session=wp_nonsense".to_owned(), FromCookie::Unusable),
            (format!("{own}; {own}"), FromCookie::Unusable),
            (format!("{own}; __Host-waypost_session=x"), FromCookie::Unusable),
            (format!("{own}x"), FromCookie::Unusable),
        ] {
            assert_eq!(read(SessionCookie::Secure, &[cookies.as_bytes()]), expected, "{cookies}");
        }
        let twice = [own.as_bytes(), b"a=b".as_slice(), own.as_bytes()];
        assert_eq!(read(SessionCookie::Secure, &twice), FromCookie::Unusable);
        let beside = [b"a=\xff\x80".as_slice(), own.as_bytes()];
        assert_eq!(read(SessionCookie::Secure, &beside), FromCookie::Secret(secret()));
        let long = format!("a={}; {own}", "x".repeat(MAX_BYTES));
        assert_eq!(read(SessionCookie::Secure, &[long.as_bytes()]), FromCookie::Unusable);
    }

    #[test]
    fn settings_are_named() {
        assert_eq!(SessionCookie::parse("secure"), Some(SessionCookie::Secure));
        assert_eq!(SessionCookie::parse("plain-http"), Some(SessionCookie::PlainHttp));
        for other in ["", "Secure", "http"] {
            assert_eq!(SessionCookie::parse(other), None);
        }
    }

    proptest! {
        #[test]
        fn any_cookies_can_be_read(cookies in prop::collection::vec("[a-z=; \u{e4}_-]{0,40}", 0..4)) {
            let values: Vec<&[u8]> = cookies.iter().map(|text| text.as_bytes()).collect();
            prop_assert_eq!(read(SessionCookie::Secure, &values), FromCookie::Absent);
        }
    }
}
