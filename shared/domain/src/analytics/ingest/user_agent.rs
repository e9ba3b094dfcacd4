//! Reads a user agent: whether it is a bot, the device class, the browser, the operating system.
//!
//! The lists of bots, browsers and systems are in `shared/domain/data`; its README names their sources. The device class needs
//! a few words only, which are here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use foldhash::fast::RandomState;
use regex::{Regex, RegexSet};
use serde::Deserialize;
use ua_parser::{os, user_agent};

const BROWSERS_AND_SYSTEMS: &str = include_str!("../../../data/uap-core.json");
const CRAWLERS: &str = include_str!("../../../data/crawler-user-agents.txt");
const HTTP_CLIENTS: &str = include_str!("../../../data/http-clients.txt");
/// Words that bots call themselves by, for bots that no list has yet. `Cubot` makes telephones.
const BOT_WORDS: [&str; 2] =
    [r"(?i)(?:^|[^u]|[^c]u)bots?(?:[^a-z]|$)", r"(?i)(?:crawler|spider|scraper)s?(?:[^a-z]|$)"];

/// The class of a visitor's device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// A computer, or an iPad that says that it is a Macintosh.
    Desktop,
    /// A telephone.
    Mobile,
    /// A tablet or an e-book reader.
    Tablet,
    /// A television or a box on one.
    Tv,
    /// A games console.
    Console,
}

impl Device {
    /// Returns the name in statistics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Mobile => "mobile",
            Self::Tablet => "tablet",
            Self::Tv => "tv",
            Self::Console => "console",
        }
    }

    fn of(text: &str) -> Option<Self> {
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if has(&["TV", "Web0S", "BRAVIA", "Roku", "CrKey", "; AFT"]) {
            Some(Self::Tv)
        } else if has(&["PlayStation", "Nintendo", "Xbox"]) {
            Some(Self::Console)
        } else if has(&["iPad", "Tablet", "Kindle", "PlayBook"]) || has(&["Android"]) && !has(&["Mobi", "Opera Mini"]) {
            Some(Self::Tablet)
        } else if has(&["Mobi", "iPhone", "iPod", "Opera Mini", "Windows Phone", "KAIOS"]) {
            Some(Self::Mobile)
        } else if has(&["Windows", "Macintosh", "X11", "CrOS", "Linux"]) {
            Some(Self::Desktop)
        } else {
            None
        }
    }
}

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

/// What a user agent tells. For a bot, only [`Agent::bot`] is set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agent {
    /// The crawler, link preview, monitor, HTTP library or other bot; absent for a person.
    pub bot: Option<Bot>,
    /// The device class, if the user agent tells it.
    pub device: Option<Device>,
    /// The browser's family, such as `Mobile Safari`.
    pub browser: Option<String>,
    /// The operating system's family, such as `iOS`.
    pub os: Option<String>,
}

/// The error of a list of patterns that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UserAgentDataError {
    /// The list of browsers and systems is not the expected JSON.
    #[error("the list of browsers cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// A pattern for browsers or systems does not compile.
    #[error("a pattern for browsers cannot be used: {0}")]
    Families(#[from] ua_parser::Error),
    /// A pattern for bots does not compile.
    #[error("a pattern for bots cannot be used: {0}")]
    Bots(#[from] regex::Error),
}

/// The patterns of browsers and systems, as uap-core writes them.
#[derive(Deserialize)]
struct Families {
    user_agent_parsers: Vec<user_agent::Parser<'static>>,
    os_parsers: Vec<os::Parser<'static>>,
}

/// Reads user agents, and caches the results: real traffic repeats.
pub struct UserAgents {
    bots: Bots,
    browsers: user_agent::Extractor<'static>,
    systems: os::Extractor<'static>,
    cache: Mutex<AgentCache>,
}

impl UserAgents {
    /// Compiles the lists. It takes about 50 ms of one core, so do it once a process.
    pub fn new() -> Result<Self, UserAgentDataError> {
        let families: Families = serde_json::from_str(BROWSERS_AND_SYSTEMS)?;
        let browsers = user_agent::Builder::new().push_all(families.user_agent_parsers)?;
        let systems = os::Builder::new().push_all(families.os_parsers).map_err(ua_parser::Error::from)?;
        Ok(Self {
            bots: Bots::new()?,
            browsers: browsers.build().map_err(ua_parser::Error::from)?,
            systems: systems.build().map_err(ua_parser::Error::from)?,
            cache: Mutex::default(),
        })
    }

    /// Reads the user agent `text`. An empty one is a bot, because every browser sends a user agent.
    pub fn read(&self, text: &str) -> Arc<Agent> {
        if let Some(agent) = self.cache().get(text) {
            return agent;
        }
        let agent = Arc::new(self.parse(text));
        self.cache().insert(text, Arc::clone(&agent));
        agent
    }

    fn parse(&self, text: &str) -> Agent {
        if let Some(bot) = self.bots.read(text) {
            return Agent { bot: Some(bot), ..Agent::default() };
        }
        Agent {
            bot: None,
            device: Device::of(text),
            browser: self.browsers.extract(text).map(|found| found.family.into_owned()),
            os: self.systems.extract(text).map(|found| found.os.into_owned()),
        }
    }

    fn cache(&self) -> MutexGuard<'_, AgentCache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        let all = lists.chain(BOT_WORDS.map(|text| ("other", text)));
        let each: Vec<_> = all.map(|(kind, text)| Pattern { kind, text, regex: OnceLock::new() }).collect();
        Ok(Self { set: RegexSet::new(each.iter().map(|pattern| pattern.text))?, each })
    }

    /// Reads a bot by the first pattern that matches.
    fn read(&self, text: &str) -> Option<Bot> {
        if text.trim().is_empty() {
            return Some(Bot { kind: "no-user-agent", name: None });
        }
        let pattern = self.each.get(self.set.matches(text).iter().next()?)?;
        Some(Bot { kind: pattern.kind, name: pattern.name_in(text) })
    }
}

impl Pattern {
    /// Returns the word of `text` that the pattern matches: the match, and the letters and digits on both sides.
    fn name_in(&self, text: &str) -> Option<String> {
        let found = self.regex.get_or_init(|| Regex::new(self.text).ok()).as_ref()?.find(text)?;
        let of_word = |c: char| c.is_alphanumeric() || "-_".contains(c);
        let core = found.as_str().trim_matches(|c: char| !c.is_alphanumeric());
        let start = found.start() + found.as_str().find(core)?;
        let end = start + core.len();
        let start = text[..start].trim_end_matches(of_word).len();
        let end = text.len() - text[end..].trim_start_matches(of_word).len();
        let name = text[start..end].trim_matches(|c: char| !c.is_alphanumeric());
        Some(name).filter(|name| !name.is_empty()).map(str::to_owned)
    }
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
        AGENTS.read(text).as_ref().clone()
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
        let tv = "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36";
        for (text, device, browser, os) in [
            (CHROME, Device::Desktop, "Chrome", "Windows"),
            (IPHONE, Device::Mobile, "Mobile Safari", "iOS"),
            (android, Device::Mobile, "Chrome Mobile", "Android"),
            (tablet, Device::Tablet, "Chrome", "Android"),
            (firefox, Device::Desktop, "Firefox", "Ubuntu"),
            (instagram, Device::Mobile, "Instagram", "iOS"),
            (cubot, Device::Mobile, "Chrome Mobile", "Android"),
            (tv, Device::Tv, "Chrome", "Web0S"),
        ] {
            let expected =
                Agent { bot: None, device: Some(device), browser: Some(browser.into()), os: Some(os.into()) };
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
        ] {
            let name = Some(name.to_owned()).filter(|name| !name.is_empty());
            assert_eq!(read(text), Agent { bot: Some(Bot { kind, name }), ..Agent::default() }, "{text}");
        }
    }

    #[test]
    fn every_line_of_the_lists_is_a_pattern() {
        let lines = || CRAWLERS.lines().chain(HTTP_CLIENTS.lines());
        assert_eq!(AGENTS.bots.each.len(), lines().count() + BOT_WORDS.len());
        let longest = AGENTS.bots.each.iter().map(|pattern| pattern.kind.len()).max();
        assert!(longest <= Some(Dimension::BotKind.max_value_bytes()));
    }

    #[test]
    fn unknown_browser_is_a_person() {
        assert_eq!(read("Fernseher"), Agent::default());
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
