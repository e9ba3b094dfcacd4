//! Names a click's client: what a bot calls itself, the browser, the operating system, the device class.
//!
//! [`crate::visitors`] tells programs from people, and knows devices and systems. The names of bots and browsers are of the lists
//! in `shared/domain/data`; its README names their sources. They take long to compile, so only the aggregation reads them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use foldhash::fast::RandomState;
use regex::{Regex, RegexSet};
use serde::Deserialize;
use ua_parser::user_agent;

use crate::analytics::model::dimension::Dimension;
use crate::clicks::click::cut;
use crate::visitors::client::Client;
use crate::visitors::device::Device;
use crate::visitors::program::{self, Sign};
use crate::visitors::system::Platform;
use crate::visitors::words::{Words, lines};

const BROWSERS: &str = include_str!("../../../data/uap-core.json");
const OWN_BROWSERS: &str = include_str!("../../../data/visitors/browsers.txt");
const CRAWLERS: &str = include_str!("../../../data/crawler-user-agents.txt");
const HTTP_CLIENTS: &str = include_str!("../../../data/http-clients.txt");

/// What uap-core calls a browser that it does not know: the standard of television, and words of programs.
const NOT_A_BROWSER: [&str; 3] = ["HbbTV", "WebKit Nightly", "CFNetwork"];
/// The browsers behind such a name, by word. The first that fits counts.
const ENGINES: [(&str, &str); 7] = [
    ("<opr/", "Opera"),
    ("opera", "Opera"),
    ("firefox/", "Firefox"),
    ("chrome/", "Chrome"),
    ("crios/", "Chrome"),
    ("safari/", "Safari"),
    ("netfront", "NetFront"),
];

/// A visitor that is not a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bot {
    /// A tag of the list: `search-engine`, `seo`, `ai-crawler`, `social-preview`, `feed-reader`, `advertising`, `archiver`,
    /// `academic`, `scanner`, `monitoring`, `browser-automation` or `http-library`. `other` if it is on no list and calls
    /// itself a bot; `no-user-agent` if it sends no user agent.
    pub kind: &'static str,
    /// What it calls itself, such as `Googlebot`.
    pub name: Option<String>,
}

/// What a click tells of its client. For a bot, only [`Agent::bot`] is set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agent {
    /// The crawler, link preview, monitor, HTTP library or other bot; absent for a person.
    pub bot: Option<Bot>,
    /// The device class, if the client tells it.
    pub device: Option<Device>,
    /// The browser's family, such as `Mobile Safari`.
    pub browser: Option<String>,
    /// The operating system, such as `iOS`.
    pub os: Option<&'static str>,
}

/// The error of a list of patterns that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UserAgentDataError {
    /// The list of browsers is not the expected JSON.
    #[error("the list of browsers cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// A pattern for browsers does not compile.
    #[error("a pattern for browsers cannot be used: {0}")]
    Families(#[from] ua_parser::Error),
    /// A pattern for bots does not compile.
    #[error("a pattern for bots cannot be used: {0}")]
    Bots(#[from] regex::Error),
}

/// The patterns of browsers, as uap-core writes them.
#[derive(Deserialize)]
struct Families {
    user_agent_parsers: Vec<user_agent::Parser<'static>>,
}

/// What a click says about its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ClickClient<'a> {
    /// The user agent.
    pub user_agent: &'a str,
    /// The platform that the client hint names.
    pub platform: Option<Platform>,
    /// What the client hint says about a phone.
    pub mobile: Option<bool>,
}

impl ClickClient<'_> {
    /// Returns a text that only the same client has.
    fn key(&self) -> Cow<'_, str> {
        match (self.platform, self.mobile) {
            (None, None) => self.user_agent.into(),
            (platform, mobile) => format!("{}\0{platform:?}{mobile:?}", self.user_agent).into(),
        }
    }
}

/// Reads clients, and caches the results: real traffic repeats.
pub struct UserAgents {
    bots: Bots,
    browsers: user_agent::Extractor<'static>,
    cache: Mutex<AgentCache>,
}

impl UserAgents {
    /// Compiles the lists. It takes about 50 ms of one core, so do it once a process.
    pub fn new() -> Result<Self, UserAgentDataError> {
        let families: Families = serde_json::from_str(BROWSERS)?;
        let browsers = user_agent::Builder::new().push_all(families.user_agent_parsers)?;
        Ok(Self {
            bots: Bots::new()?,
            browsers: browsers.build().map_err(ua_parser::Error::from)?,
            cache: Mutex::default(),
        })
    }

    /// Reads `client`. One without a user agent is a bot, because every browser sends one.
    pub fn read(&self, client: &ClickClient<'_>) -> Arc<Agent> {
        let key = client.key();
        if let Some(agent) = self.cache().get(&key) {
            return agent;
        }
        let agent = Arc::new(self.parse(client));
        self.cache().insert(&key, Arc::clone(&agent));
        agent
    }

    fn parse(&self, client: &ClickClient<'_>) -> Agent {
        let text = client.user_agent.to_ascii_lowercase();
        if let Some(sign) = program::sign(&text) {
            return Agent { bot: Some(self.bots.name(client.user_agent, &sign)), ..Agent::default() };
        }
        let classes = Client::new(Some(client.user_agent), client.platform, client.mobile);
        Agent {
            bot: None,
            device: classes.device(),
            browser: self.browser(client.user_agent, &text),
            os: classes.system().map(|system| system.name),
        }
    }

    fn browser(&self, user_agent: &str, text: &str) -> Option<String> {
        static OWN: LazyLock<Words<&str>> = LazyLock::new(|| {
            let browsers = lines(OWN_BROWSERS).filter_map(|line| line.split_once('\t'));
            Words::new(browsers.flat_map(|(name, words)| words.split('|').map(move |word| (word, name))))
        });
        static BEHIND: LazyLock<Words<&str>> = LazyLock::new(|| Words::new(ENGINES));
        if let Some(name) = OWN.first(text) {
            return Some((*name).to_owned());
        }
        let found = self.browsers.extract(user_agent).map(|found| found.family.into_owned());
        let unknown = |name: &String| NOT_A_BROWSER.contains(&name.as_str()) || is_name_of_bot(name);
        found.filter(|name| !unknown(name)).or_else(|| {
            let name = *BEHIND.first(text)?;
            let phone = name == "Chrome" && text.contains("android") && text.contains(" mobile ");
            Some(if phone { "Chrome Mobile" } else { name }.to_owned())
        })
    }

    fn cache(&self) -> MutexGuard<'_, AgentCache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells whether uap-core took a word for a bot: it is asked about people only.
fn is_name_of_bot(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("bot") || name.contains("spider") || name.contains("crawler")
}

/// The patterns of bots: all in one set to find the one that matches, and each on its own to find where it matches.
struct Bots {
    set: RegexSet,
    each: Vec<Pattern>,
}

/// A pattern of a bot. It is compiled on its own when it first matches.
struct Pattern {
    kind: &'static str,
    text: &'static str,
    regex: OnceLock<Option<Regex>>,
}

impl Bots {
    fn new() -> Result<Self, regex::Error> {
        let lists = CRAWLERS.lines().chain(HTTP_CLIENTS.lines()).filter_map(|line| line.split_once('\t'));
        let each: Vec<_> = lists.map(|(kind, text)| Pattern { kind, text, regex: OnceLock::new() }).collect();
        Ok(Self { set: RegexSet::new(each.iter().map(|pattern| pattern.text))?, each })
    }

    /// Names the bot with the user agent `text`, which `sign` told: by the first pattern that matches, else by the sign.
    fn name(&self, text: &str, sign: &Sign) -> Bot {
        if *sign == Sign::NoUserAgent {
            return Bot { kind: "no-user-agent", name: None };
        }
        if let Some(pattern) = self.set.matches(text).iter().next().and_then(|index| self.each.get(index)) {
            return Bot { kind: pattern.kind, name: pattern.name_in(text) };
        }
        let (kind, name) = match sign {
            Sign::Word { kind, at } => (*kind, word_at(text, at.clone())),
            Sign::Address { at } => ("other", product(text.get(..*at).unwrap_or_default())),
            Sign::NoUserAgent | Sign::NothingOfPeople => ("other", product(text)),
        };
        Bot { kind, name: name.map(|name| cut(name, Dimension::Bot.max_value_bytes()).to_owned()) }
    }
}

impl Pattern {
    fn name_in(&self, text: &str) -> Option<String> {
        let found = self.regex.get_or_init(|| Regex::new(self.text).ok()).as_ref()?.find(text)?;
        word_at(text, found.range()).map(str::to_owned)
    }
}

/// Returns the word of `text` that has the letters of `at`: them, and the letters and digits on both sides.
fn word_at(text: &str, at: Range<usize>) -> Option<&str> {
    let of_word = |c: char| c.is_alphanumeric() || "-_".contains(c);
    let found = text.get(at.clone())?;
    let core = found.trim_matches(|c: char| !c.is_alphanumeric());
    let start = at.start + found.find(core)?;
    let end = start + core.len();
    let start = text[..start].trim_end_matches(of_word).len();
    let end = text.len() - text[end..].trim_start_matches(of_word).len();
    let name = text[start..end].trim_matches(|c: char| !c.is_alphanumeric());
    Some(name).filter(|name| !name.is_empty())
}

/// Returns the last product that `text` names besides browsers: `Acme` in `Mozilla/5.0 (compatible; Acme/1.0; +`.
fn product(text: &str) -> Option<&str> {
    let common = |name: &str| {
        [
            "mozilla",
            "compatible",
            "khtml",
            "like gecko",
            "applewebkit",
            "chrome",
            "safari",
            "gecko",
            "version",
            "mobile",
        ]
        .iter()
        .any(|word| name.eq_ignore_ascii_case(word))
    };
    let parts = text.rsplit([';', '(', ')', ',', '+']).map(|part| part.split('/').next().unwrap_or_default());
    parts
        .map(|part| part.trim_matches(|c: char| !c.is_alphanumeric()))
        .find(|part| part.chars().any(char::is_alphabetic) && !common(part))
}

/// A bounded cache in two generations. When the young generation is full, it becomes the old one, and the cache drops the
/// former old one. A read from the old generation moves the entry to the young one.
#[derive(Default)]
struct AgentCache {
    young: HashMap<String, Arc<Agent>, RandomState>,
    old: HashMap<String, Arc<Agent>, RandomState>,
}

impl AgentCache {
    /// The size of a generation. Both together hold some 5 MB, with user agents of at most
    /// [`Click::MAX_USER_AGENT_BYTES`](crate::clicks::click::Click::MAX_USER_AGENT_BYTES).
    const SIZE: usize = 4096;

    fn get(&mut self, text: &str) -> Option<Arc<Agent>> {
        if let Some(agent) = self.young.get(text) {
            return Some(Arc::clone(agent));
        }
        let (text, agent) = self.old.remove_entry(text)?;
        self.insert_owned(text, Arc::clone(&agent));
        Some(agent)
    }

    fn insert(&mut self, text: &str, agent: Arc<Agent>) {
        self.insert_owned(text.to_owned(), agent);
    }

    fn insert_owned(&mut self, text: String, agent: Arc<Agent>) {
        if self.young.len() >= Self::SIZE {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(text, agent);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::analytics::model::dimension::Dimension;

    /// Compiled once for all tests.
    pub(crate) static AGENTS: LazyLock<UserAgents> = LazyLock::new(|| UserAgents::new().unwrap());
    pub(in crate::analytics) const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
    pub(in crate::analytics) const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) \
        AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
    pub(in crate::analytics) const GOOGLEBOT: &str =
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

    fn read(text: &str) -> Agent {
        AGENTS.read(&ClickClient { user_agent: text, ..ClickClient::default() }).as_ref().clone()
    }

    #[test]
    fn browsers_are_people() {
        let android = "Mozilla/5.0 (Linux; Android 14; SM-S928B) AppleWebKit/537.36 (KHTML, like Gecko) \
            Chrome/126.0.0.0 Mobile Safari/537.36";
        let tablet = "Mozilla/5.0 (Linux; Android 13; SM-X906C) AppleWebKit/537.36 (KHTML, like Gecko) \
            Chrome/126.0.0.0 Safari/537.36";
        let firefox = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0";
        let instagram = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
            Mobile/15E148 Instagram 334.0.4.32.98 (iPhone15,3; iOS 17_5; en_US; en; scale=3.00; 1290x2796; 609775437)";
        let cubot = "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 \
            Mobile Safari/537.36";
        let cubot_tablet = cubot.replace(" Mobile", "");
        let tv = "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36";
        let m_bot = "Mozilla/5.0 (Linux; Android 7.0; M bot 54) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/78.0.3904.96 \
            Mobile Safari/537.36";
        let hbbtv = "Mozilla/5.0 (Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/77.0.3865.120 Safari/537.36 \
            OPR/46.0.2207.0 OMI/4.20.3.54 HbbTV/1.5.1 (+DRM; Vestel; MB180)";
        for (text, device, browser, os) in [
            (CHROME, Device::Desktop, "Chrome", "Windows"),
            (IPHONE, Device::Mobile, "Mobile Safari", "iOS"),
            (android, Device::Mobile, "Chrome Mobile", "Android"),
            (tablet, Device::Tablet, "Chrome", "Android"),
            (firefox, Device::Desktop, "Firefox", "Ubuntu"),
            (instagram, Device::Mobile, "Instagram", "iOS"),
            (cubot, Device::Mobile, "Chrome Mobile", "Android"),
            (&cubot_tablet, Device::Tablet, "Chrome", "Android"),
            (m_bot, Device::Mobile, "Chrome Mobile", "Android"),
            (tv, Device::Tv, "Chrome", "Web0S"),
            (hbbtv, Device::Tv, "Opera", "Linux"),
        ] {
            let expected = Agent { bot: None, device: Some(device), browser: Some(browser.into()), os: Some(os) };
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn programs_are_bots() {
        let gpt =
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)";
        let headless = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36";
        for (text, kind, name) in [
            ("", "no-user-agent", ""),
            ("  ", "no-user-agent", ""),
            (GOOGLEBOT, "search-engine", "Googlebot"),
            (
                "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
                "social-preview",
                "facebookexternalhit",
            ),
            ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "social-preview", "Slackbot-LinkExpanding"),
            ("WhatsApp/2.23.20.0", "social-preview", "WhatsApp"),
            ("Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "monitoring", "UptimeRobot"),
            (gpt, "ai-crawler", "GPTBot"),
            (headless, "browser-automation", "HeadlessChrome"),
            ("curl/8.5.0", "http-library", "curl"),
            ("Wget/1.21.4", "http-library", "Wget"),
            ("python-requests/2.32.3", "http-library", "python-requests"),
            ("Python-urllib/3.11", "http-library", "Python-urllib"),
            ("Go-http-client/2.0", "http-library", "Go-http-client"),
            ("okhttp/4.12.0", "http-library", "okhttp"),
            ("axios/1.7.2", "http-library", "axios"),
            ("node", "http-library", "node"),
            ("Java/17.0.1", "http-library", "Java"),
            ("GuzzleHttp/7", "http-library", "GuzzleHttp"),
            ("PostmanRuntime/7.39.0", "http-library", "PostmanRuntime"),
            ("reqwest/0.12", "http-library", "reqwest"),
            ("ELB-HealthChecker/2.0", "monitoring", "ELB-HealthChecker"),
            ("my-own-bot/1.0", "other", "my-own-bot"),
            ("Some Spider", "other", "Spider"),
            ("Mozilla/5.0 (X11; Linux x86_64) Acme/2.0 (+https://acme.example/why)", "other", "Acme"),
            ("Nuzzle-It/1.0", "other", "Nuzzle-It"),
            ("Mozilla/5.0 (compatible; Optimiser)", "other", "Optimiser"),
            ("12345", "other", ""),
        ] {
            let name = Some(name.to_owned()).filter(|name| !name.is_empty());
            assert_eq!(read(text), Agent { bot: Some(Bot { kind, name }), ..Agent::default() }, "{text}");
        }
    }

    #[test]
    fn name_of_a_bot_is_no_browser() {
        for (name, is_bot) in
            [("Googlebot", true), ("Baiduspider-image", true), ("Acme Crawler 2", true), ("Botany", false)]
        {
            assert_eq!(is_name_of_bot(name), is_bot, "{name}");
        }
    }

    #[test]
    fn word_is_the_one_that_has_the_letters() {
        for (text, at, word) in [
            ("a --b c", 2..5, Some("b")),
            ("my-own-bot/1.0", 7..10, Some("my-own-bot")),
            ("x (acme) y", 2..8, Some("acme")),
            ("a -- c", 2..4, None),
        ] {
            assert_eq!(word_at(text, at), word, "{text}");
        }
    }

    #[test]
    fn every_line_of_the_lists_is_a_pattern() {
        assert_eq!(AGENTS.bots.each.len(), CRAWLERS.lines().chain(HTTP_CLIENTS.lines()).count());
        let longest = AGENTS.bots.each.iter().map(|pattern| pattern.kind.len()).max();
        assert!(longest <= Some(Dimension::BotKind.max_value_bytes()));
    }

    #[test]
    fn apps_have_the_names_that_people_know() {
        let app = |name: &str| {
            format!("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 {name}")
        };
        for (text, name) in [
            ("Instagram 334.0.4.32.98 (iPhone15,3; iOS 17_5)", "Instagram"),
            ("[FBAN/FBIOS;FBAV/145.0.0.59.86;FBCR/Telekom.de]", "Facebook"),
            ("[FBAN/MessengerForiOS;FBAV/400.0.0.1]", "Messenger"),
            ("musical_ly_33.4.0 BytedanceWebview/d8a21c6", "TikTok"),
            ("MicroMessenger/8.0.49(0x18003130) NetType/WIFI", "WeChat"),
            ("[LinkedInApp]/9.29.8962", "LinkedIn"),
            ("KAKAOTALK 10.8.0 (INAPP)", "KakaoTalk"),
            ("Snapchat/12.91.0.41 (like Safari/8618.2.12, panda)", "Snapchat"),
            ("Safari Line/14.9.1", "LINE"),
        ] {
            assert_eq!(read(&app(text)).browser.as_deref(), Some(name), "{text}");
        }
    }

    #[test]
    fn client_hints_tell_device_and_system() {
        let client = ClickClient {
            user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36",
            platform: Some(Platform::Android),
            mobile: Some(true),
        };
        let agent = AGENTS.read(&client);
        assert_eq!((agent.device, agent.os), (Some(Device::Mobile), Some("Android")));
        let plain = AGENTS.read(&ClickClient { platform: None, mobile: None, ..client });
        assert_eq!((plain.device, plain.os), (Some(Device::Desktop), Some("Linux")));
    }

    #[test]
    fn every_browser_has_words() {
        for line in lines(OWN_BROWSERS) {
            let (name, words) = line.split_once('\t').unwrap_or_else(|| panic!("{line}"));
            assert!(!name.is_empty() && words == words.to_lowercase(), "{line}");
        }
    }

    #[test]
    fn cache_is_bounded_and_keeps_frequent_entries() {
        let mut cache = AgentCache::default();
        let often = Arc::new(Agent { browser: Some("Often".into()), ..Agent::default() });
        cache.insert("often", Arc::clone(&often));
        for n in 0..5 * AgentCache::SIZE {
            cache.insert(&n.to_string(), Arc::default());
            if n % 1000 == 0 {
                assert!(cache.get("often").is_some_and(|agent| Arc::ptr_eq(&agent, &often)));
            }
        }
        assert!(cache.get("0").is_none());
        assert!(cache.young.len() + cache.old.len() <= 2 * AgentCache::SIZE);
    }
}
