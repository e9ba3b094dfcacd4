//! Reads what a visitor's request says.

use std::borrow::Cow;
use std::net::IpAddr;

use super::accept_language::preferred_language;
use crate::values::country::parse_country;
use crate::visitors::client::{self, Client};
use crate::visitors::system::Platform;

/// How many query parameters are read; the rest is ignored.
const MAX_PARAMETERS: usize = 50;

/// A visitor's request. Everything in it is untrusted, and nothing in it can change a target's scheme, host, port or path.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// The `Host` header.
    pub host: Option<String>,
    /// The path, percent-encoded or not, with its leading slash.
    pub path: String,
    /// The query string without `?`, percent-encoded.
    pub query: String,
    /// The address the request came from. Only its salted hash leaves the process.
    pub address: Option<IpAddr>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// The `Sec-CH-UA-Platform` header: a quoted name such as `"Android"`.
    pub platform: Option<String>,
    /// The `Sec-CH-UA-Mobile` header: `?1` on a telephone.
    pub mobile: Option<String>,
    /// The `Referer` header.
    pub referrer: Option<String>,
    /// Whether the `Accept` header has `text/html`: browsers ask for pages so, programs for anything.
    pub wants_page: bool,
    /// The `Accept-Language` header.
    pub accept_language: Option<String>,
    /// The visitor's country as a proxy or database names it, in upper or lower case.
    pub country: Option<String>,
    /// Whether a browser fetches the page before anybody asked for it. Then the visit is no click.
    pub prefetch: bool,
    /// Whether the request has `DNT: 1` or `Sec-GPC: 1`. Then the click gets no visitor hash.
    pub opted_out: bool,
}

impl Visit {
    /// Returns the first query parameters, decoded, in their order.
    pub fn parameters(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        url::form_urlencoded::parse(self.query.as_bytes()).take(MAX_PARAMETERS)
    }

    /// Returns the tag of the language that the visitor prefers, `*` if any.
    pub fn preferred_language(&self) -> Option<&str> {
        preferred_language(self.accept_language.as_deref()?)
    }

    /// Returns the primary subtag of the language that the visitor prefers, in lower case.
    pub fn language(&self) -> Option<String> {
        let primary = self.preferred_language()?.split('-').next()?;
        let valid = (2..=3).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_alphabetic());
        valid.then(|| primary.to_ascii_lowercase())
    }

    /// Returns the country's ISO 3166-1 alpha-2 code in upper case, if there is one.
    pub fn country(&self) -> Option<String> {
        parse_country(self.country.as_deref()?).ok().map(str::to_owned)
    }

    /// Returns what the visit says about its client.
    pub fn client(&self) -> Client {
        Client::new(self.user_agent.as_deref(), self.platform(), self.mobile())
    }

    /// Returns the platform that the client hint names.
    pub fn platform(&self) -> Option<Platform> {
        client::platform(self.platform.as_deref()?)
    }

    /// Returns what the client hint says about a phone.
    pub fn mobile(&self) -> Option<bool> {
        client::mobile(self.mobile.as_deref()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_are_countries_or_languages() {
        for (text, country, language) in [
            ("ch", Some("CH"), Some("ch")),
            ("de-CH, en;q=0.8", None, Some("de")),
            ("*", None, None),
            ("", None, None),
            ("ü", None, None),
            ("c1", None, None),
            ("UK", None, Some("uk")),
            ("fr;q=0.2, de-AT", None, Some("de")),
            ("de;q=0", None, None),
        ] {
            let text = Some(text.to_owned());
            let visit = Visit { country: text.clone(), accept_language: text, ..Visit::default() };
            assert_eq!((visit.country().as_deref(), visit.language().as_deref()), (country, language), "{visit:?}");
        }
    }

    #[test]
    fn client_hints_are_read() {
        for (platform, mobile, expected) in [
            (Some("\"Android\""), Some("?1"), (Some(Platform::Android), Some(true))),
            (Some("\"Windows\""), Some("?0"), (Some(Platform::Windows), Some(false))),
            (Some("\"Unknown\""), Some("1"), (None, None)),
            (None, None, (None, None)),
        ] {
            let (platform, mobile) = (platform.map(str::to_owned), mobile.map(str::to_owned));
            let visit = Visit { platform, mobile, ..Visit::default() };
            assert_eq!((visit.platform(), visit.mobile()), expected, "{visit:?}");
        }
    }

    #[test]
    fn only_the_first_fifty_parameters_are_read() {
        let query: Vec<String> = (0..60).map(|n| format!("p{n}=%20{n}")).collect();
        let visit = Visit { query: query.join("&"), ..Visit::default() };
        let read: Vec<_> = visit.parameters().collect();
        assert_eq!((read.len(), &*read[49].0, &*read[49].1), (50, "p49", " 49"));
    }
}
