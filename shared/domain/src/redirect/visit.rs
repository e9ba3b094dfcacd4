//! Reads what a visitor's request says.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::links::settings::{Device, Os};

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
    /// The `Accept-Language` header.
    pub accept_language: Option<String>,
    /// The visitor's country as a proxy or database names it, in upper or lower case.
    pub country: Option<String>,
    /// Whether the request has `DNT: 1` or `Sec-GPC: 1`. Then the click gets no visitor hash.
    pub opted_out: bool,
}

impl Visit {
    /// Returns the first query parameters, decoded, in their order.
    pub fn parameters(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        url::form_urlencoded::parse(self.query.as_bytes()).take(MAX_PARAMETERS)
    }

    /// Returns the primary subtag of the first language range (RFC 9110, section 12.5.4), in lower case.
    pub fn language(&self) -> Option<String> {
        let tag = self.accept_language.as_deref()?.split([',', ';']).next()?.trim();
        let primary = tag.split('-').next()?;
        let valid = (2..=3).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_alphabetic());
        valid.then(|| primary.to_ascii_lowercase())
    }

    /// Returns the country's ISO 3166-1 alpha-2 code in upper case, if there is one.
    pub fn country(&self) -> Option<String> {
        let text = self.country.as_deref()?;
        let valid = text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
        valid.then(|| text.to_ascii_uppercase())
    }

    /// Returns the operating system, if it can be told: from the client hint that Chromium sends by default, else from words
    /// that user agents have in common. An iPad that asks for desktop pages claims to be a Mac.
    pub fn os(&self) -> Option<Os> {
        let hint = self.platform.as_deref().map(|text| text.trim_matches('"'));
        let agent = self.user_agent.as_deref().unwrap_or_default();
        let has = |words: &[&str]| words.iter().any(|word| agent.contains(word));
        match hint {
            Some("Android") => Some(Os::Android),
            Some("iOS") => Some(Os::Ios),
            Some("Windows") => Some(Os::Windows),
            Some("macOS") => Some(Os::Macos),
            Some("Linux" | "Chrome OS" | "Chromium OS") => Some(Os::Linux),
            // Keep this order: Windows Phones say "Android", Android says "Linux", iPhones say "like Mac OS X".
            _ if has(&["Windows"]) => Some(Os::Windows),
            _ if has(&["Android"]) => Some(Os::Android),
            _ if has(&["iPhone", "iPad", "iPod"]) => Some(Os::Ios),
            _ if has(&["Macintosh", "Mac OS X"]) => Some(Os::Macos),
            _ if has(&["Linux", "CrOS", "X11"]) => Some(Os::Linux),
            _ => None,
        }
    }

    /// Returns the kind of device. Android writes `Mobile` for telephones only (Chrome's documentation of user agents).
    pub fn device(&self) -> Device {
        let agent = self.user_agent.as_deref().unwrap_or_default();
        let has = |words: &[&str]| words.iter().any(|word| agent.contains(word));
        if self.mobile.as_deref() == Some("?1") {
            Device::Mobile
        } else if has(&["iPad", "Tablet", "Kindle", "PlayBook"]) {
            Device::Tablet
        } else if has(&["Mobi", "iPhone", "iPod"]) {
            Device::Mobile
        } else if self.os() == Some(Os::Android) {
            Device::Tablet
        } else {
            Device::Desktop
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agent_tells_device_and_system() {
        for (agent, os, device) in [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/18.5 Mobile/15E148 Safari/604.1",
                Some(Os::Ios),
                Device::Mobile,
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 Version/12.1 Mobile/15E148",
                Some(Os::Ios),
                Device::Tablet,
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/138.0.0.0 Mobile Safari/537.36",
                Some(Os::Android),
                Device::Mobile,
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36",
                Some(Os::Android),
                Device::Tablet,
            ),
            ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", Some(Os::Android), Device::Mobile),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36", Some(Os::Windows), Device::Desktop),
            ("Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; NOKIA) Mobile", Some(Os::Windows), Device::Mobile),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15", Some(Os::Macos), Device::Desktop),
            ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36", Some(Os::Linux), Device::Desktop),
            ("curl/8.5.0", None, Device::Desktop),
            ("", None, Device::Desktop),
        ] {
            let visit = Visit { user_agent: Some(agent.to_owned()), ..Visit::default() };
            assert_eq!((visit.os(), visit.device()), (os, device), "{agent}");
        }
    }

    #[test]
    fn client_hints_win_over_the_user_agent() {
        let visit = Visit {
            user_agent: Some("Mozilla/5.0 (X11; Linux x86_64)".to_owned()),
            platform: Some("\"Android\"".to_owned()),
            mobile: Some("?1".to_owned()),
            ..Visit::default()
        };
        assert_eq!((visit.os(), visit.device()), (Some(Os::Android), Device::Mobile));
    }

    #[test]
    fn only_codes_are_countries_or_languages() {
        for (text, country, language) in [
            ("ch", Some("CH"), Some("ch")),
            ("de-CH, en;q=0.8", None, Some("de")),
            ("*", None, None),
            ("", None, None),
            ("ü", None, None),
            ("c1", None, None),
        ] {
            let text = Some(text.to_owned());
            let visit = Visit { country: text.clone(), accept_language: text, ..Visit::default() };
            assert_eq!((visit.country().as_deref(), visit.language().as_deref()), (country, language), "{visit:?}");
        }
    }

    #[test]
    fn hints_of_every_system_are_known() {
        for (platform, os) in [
            ("\"Android\"", Some(Os::Android)),
            ("\"iOS\"", Some(Os::Ios)),
            ("\"Windows\"", Some(Os::Windows)),
            ("\"macOS\"", Some(Os::Macos)),
            ("\"Linux\"", Some(Os::Linux)),
            ("\"Chrome OS\"", Some(Os::Linux)),
            ("\"Chromium OS\"", Some(Os::Linux)),
            ("Windows", Some(Os::Windows)),
            ("\"Fuchsia\"", None),
        ] {
            let visit = Visit { platform: Some(platform.to_owned()), ..Visit::default() };
            assert_eq!(visit.os(), os, "{platform}");
        }
        // The user agent says something else, or answers for a hint that is not known.
        let agent = Some("Mozilla/5.0 (X11; Linux x86_64)".to_owned());
        for (platform, os) in [("\"Windows\"", Os::Windows), ("\"macOS\"", Os::Macos), ("\"Fuchsia\"", Os::Linux)] {
            let visit = Visit { user_agent: agent.clone(), platform: Some(platform.to_owned()), ..Visit::default() };
            assert_eq!(visit.os(), Some(os), "{platform}");
        }
        for (mobile, device) in [("?1", Device::Mobile), ("?0", Device::Desktop)] {
            let visit = Visit { mobile: Some(mobile.to_owned()), ..Visit::default() };
            assert_eq!(visit.device(), device, "{mobile}");
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
