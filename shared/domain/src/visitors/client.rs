//! Reads what a request says about its client.

use super::device::Device;
use super::program::{self, Sign};
use super::system::{Platform, System};
use crate::clicks::click::{Click, cut};

/// Who opens a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitorKind {
    /// A person, as far as can be told.
    Person,
    /// A crawler, a preview, a monitor, a library or another program.
    Program,
    /// A client without a user agent. Browsers send one, so the statistics count it among the bots. But it does not say that
    /// it is one, and leaving out a header is no way around a limit.
    Unnamed,
}

/// What a request says about its client. A visit and its click say the same, so their classes are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The user agent in lower case, cut like that of a click.
    text: String,
    platform: Option<Platform>,
    mobile: Option<bool>,
}

impl Client {
    /// Takes the user agent, the platform that `Sec-CH-UA-Platform` names, and what `Sec-CH-UA-Mobile` says.
    pub fn new(user_agent: Option<&str>, platform: Option<Platform>, mobile: Option<bool>) -> Self {
        let text = cut(user_agent.unwrap_or_default(), Click::MAX_USER_AGENT_BYTES);
        Self { text: text.to_ascii_lowercase(), platform, mobile }
    }

    /// Tells a person from a program.
    pub fn kind(&self) -> VisitorKind {
        match program::sign(&self.text) {
            None => VisitorKind::Person,
            Some(Sign::NoUserAgent) => VisitorKind::Unnamed,
            Some(_) => VisitorKind::Program,
        }
    }

    /// Tells whether it is a program that fetches what a chat or a post shows of a link.
    pub fn fetches_previews(&self) -> bool {
        matches!(program::sign(&self.text), Some(Sign::Word { kind: "social-preview", .. }))
    }

    /// Returns the class of the device, if the request tells it.
    pub fn device(&self) -> Option<Device> {
        Device::of(&self.text, self.platform == Some(Platform::Android), self.mobile)
    }

    /// Returns the operating system, if the request tells it.
    pub fn system(&self) -> Option<System> {
        System::of(&self.text, self.platform)
    }
}

/// Returns the platform in `Sec-CH-UA-Platform`, a quoted string of a structured field (RFC 9651), or `None` if it is unknown.
pub fn platform(header: &str) -> Option<Platform> {
    Platform::named(header.trim().trim_matches('"'))
}

/// Returns what `Sec-CH-UA-Mobile` says, a boolean of a structured field (RFC 9651): `?1` on a phone.
pub fn mobile(header: &str) -> Option<bool> {
    match header.trim() {
        "?1" => Some(true),
        "?0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(
        user_agent: &str,
        platform: Option<&str>,
        mobile: Option<bool>,
    ) -> (Option<&'static str>, Option<&'static str>) {
        let client = Client::new(Some(user_agent), platform.and_then(Platform::named), mobile);
        (client.device().map(Device::as_str), client.system().map(|system| system.name))
    }

    #[test]
    fn programs_that_fetch_previews_are_known() {
        for (agent, fetches) in [
            ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", true),
            ("meta-externalhit/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)", true),
            ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", true),
            ("Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", true),
            ("Twitterbot/1.0", true),
            ("LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)", true),
            ("TelegramBot (like TwitterBot)", true),
            ("WhatsApp/2.23.20.0", true),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
                true,
            ),
            ("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com", true),
            ("Mastodon/4.2.0 (http.rb/5.1.1; +https://mastodon.social/) Bot", true),
            ("Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)", true),
            ("Synapse (bot; +https://github.com/matrix-org/synapse)", true),
            ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", false),
            ("curl/8.5.0", false),
            ("", false),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", false),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 [FBAN/FBIOS;FBAV/500.0]",
                false,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Twitter for iPhone/10.0",
                false,
            ),
        ] {
            assert_eq!(Client::new(Some(agent), None, None).fetches_previews(), fetches, "{agent}");
        }
    }

    #[test]
    fn user_agent_tells_device_and_system() {
        for (agent, device, system) in [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "mobile",
                "iOS",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 Version/12.1 Mobile/15E148",
                "tablet",
                "iOS",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/138.0.0.0 Mobile Safari/537.36",
                "mobile",
                "Android",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36",
                "tablet",
                "Android",
            ),
            ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "mobile", "Android"),
            (
                "Mozilla/5.0 (Linux; Android 13; SM-X906C) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
                "tablet",
                "Android",
            ),
            (
                "Mozilla/5.0 (Linux; Android 9; Lenovo Tab M8) AppleWebKit/537.36 Chrome/99.0.0.0 Mobile Safari/537.36",
                "tablet",
                "Android",
            ),
            ("Dalvik/2.1.0 (Linux; U; Android 9; SM-A105F Build/PPR1.180610.011)", "mobile", "Android"),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36", "desktop", "Windows"),
            ("Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; NOKIA) Mobile", "mobile", "Windows Phone"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15", "desktop", "Mac OS X"),
            ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36", "desktop", "Chrome OS"),
            (
                "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36",
                "tv",
                "Web0S",
            ),
            (
                "Mozilla/5.0 (Linux; Android 9; AFTMM Build/PS7285) AppleWebKit/537.36 Chrome/98.0 Mobile Safari/537.36",
                "tv",
                "Android",
            ),
            ("Mozilla/5.0 (Linux; Android 11; 43UK35G) AppleWebKit/537.36 Chrome/98.0 Safari/537.36", "tv", "Android"),
            ("Mozilla/5.0 (Linux; Android 9; MiBOX3) AppleWebKit/537.36 Chrome/98.0 Safari/537.36", "tv", "Android"),
            (
                "Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15",
                "console",
                "PlayStation",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 Edge/44.18363.8131",
                "console",
                "Windows",
            ),
        ] {
            assert_eq!(classes(agent, None, None), (Some(device), Some(system)), "{agent}");
        }
        for agent in ["curl/8.5.0", "", "ü"] {
            assert_eq!(classes(agent, None, None), (None, None), "{agent}");
        }
    }

    #[test]
    fn client_hints_win_over_the_user_agent() {
        let linux = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36";
        assert_eq!(classes(linux, Some("Android"), Some(true)), (Some("mobile"), Some("Android")));
        assert_eq!(classes(linux, Some("Android"), Some(false)), (Some("tablet"), Some("Android")));
        assert_eq!(classes(linux, Some("Chrome OS"), Some(false)), (Some("desktop"), Some("Linux")));
        assert_eq!(classes(linux, None, None), (Some("desktop"), Some("Linux")));
    }

    #[test]
    fn hints_are_read_as_structured_fields() {
        for (header, expected) in [
            ("\"Windows\"", Some(Platform::Windows)),
            (" \"macOS\" ", Some(Platform::Macos)),
            ("Linux", Some(Platform::Linux)),
            ("\"Unknown\"", None),
            ("\"\"", None),
            ("", None),
        ] {
            assert_eq!(platform(header), expected, "{header}");
        }
        assert_eq!((mobile("?1"), mobile(" ?0"), mobile("1")), (Some(true), Some(false), None));
    }
}
