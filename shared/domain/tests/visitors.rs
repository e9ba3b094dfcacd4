//! Measures who is taken for a bot, and how devices, systems and browsers are named, against the labels of other projects.
//!
//! The first tests read examples whose licences allow to keep them here. `make measure-visitors` downloads the labels of Matomo's
//! device-detector, and runs the ignored test over them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::path::Path;

use waypost_domain::analytics::ingest::user_agent::{ClickClient, UserAgents};
use waypost_domain::visitors::client::{Client, VisitorKind};

const CRAWLERS: &str = include_str!("../../../tests/data/visitors/crawler-user-agents.txt");
const MORE_CRAWLERS: &str = include_str!("../../../tests/data/visitors/crawlerdetect-crawlers.txt");
const DEVICES: &str = include_str!("../../../tests/data/visitors/crawlerdetect-devices.txt");
const REAL: &str = include_str!("../../../tests/data/user-agents.tsv");

fn is_bot(user_agent: &str) -> bool {
    Client::new(Some(user_agent), None, None).kind() != VisitorKind::Person
}

/// Returns the share of `part` in `whole`, and prints it.
fn share(name: &str, part: usize, whole: usize) -> f64 {
    let share = part as f64 / whole as f64;
    println!("{name}: {part} of {whole}, {share:.5}");
    share
}

fn bots(name: &str, list: &str) -> f64 {
    let missed: Vec<&str> = list.lines().filter(|text| !is_bot(text)).collect();
    missed.iter().take(30).for_each(|text| println!("    missed: {text}"));
    let all = list.lines().count();
    share(name, all - missed.len(), all)
}

#[test]
fn known_bots_are_bots() {
    assert!(bots("crawler-user-agents", CRAWLERS) >= 0.99);
    assert!(bots("crawlerdetect", MORE_CRAWLERS) >= 0.97);
}

#[test]
fn people_are_no_bots() {
    let taken: Vec<&str> = DEVICES.lines().filter(|text| is_bot(text)).collect();
    taken.iter().for_each(|text| println!("    a bot: {text}"));
    // The list has texts that no browser sends, such as `468` and `just some guy`.
    assert!(share("devices taken for bots", taken.len(), DEVICES.lines().count()) <= 0.003);
}

#[test]
fn real_traffic_is_told_apart() {
    for line in REAL.lines() {
        let (label, text) = line.split_once('\t').unwrap();
        assert_eq!(is_bot(text), label == "bot", "{text}");
    }
}

/// A line of Matomo's fixtures.
struct Labels<'a> {
    user_agent: &'a str,
    client: &'a str,
    device: &'a str,
    system: &'a str,
    browser_family: &'a str,
    browser: &'a str,
    with_headers: bool,
}

impl<'a> Labels<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let [user_agent, client, device, system, browser_family, browser, _, headers] =
            line.split('\t').collect::<Vec<_>>()[..]
        else {
            return None;
        };
        Some(Self { user_agent, client, device, system, browser_family, browser, with_headers: headers == "True" })
    }

    /// Libraries, feed readers and downloaders are programs here, whatever Matomo files them under.
    fn is_person(&self) -> bool {
        !["library", "feed reader", "p2p"].contains(&self.client)
    }

    fn device(&self) -> Option<&'static str> {
        match self.device {
            "smartphone" | "phablet" | "feature phone" => Some("mobile"),
            "tablet" => Some("tablet"),
            "tv" => Some("tv"),
            "console" => Some("console"),
            "desktop" => Some("desktop"),
            _ => None,
        }
    }
}

/// Tells whether Matomo's family of systems has our system.
fn same_system(family: &str, name: &str) -> bool {
    match family {
        "Android" => ["Android", "HarmonyOS", "GoogleTV"].contains(&name),
        "iOS" => ["iOS", "WatchOS", "ATV OS X"].contains(&name),
        "Windows" => name == "Windows",
        "Mac" => name == "Mac OS X",
        "Windows Mobile" => ["Windows Phone", "Windows CE"].contains(&name),
        "Chrome OS" => name == "Chrome OS",
        "GNU/Linux" => {
            let linux =
                ["Linux", "Ubuntu", "Kubuntu", "Debian", "Fedora", "CentOS", "Red Hat", "SUSE", "Gentoo", "Slackware"];
            let more =
                ["Mandriva", "Mageia", "Arch Linux", "Linux Mint", "Sailfish", "Roku", "Vizio", "TiVo OS", "Fuchsia"];
            linux.contains(&name) || more.contains(&name)
        }
        "Other Mobile" => ["Web0S", "webOS", "Tizen", "Bada", "Palm OS", "MeeGo", "Maemo"].contains(&name),
        "Other Smart TV" => ["Linux", "Tizen"].contains(&name),
        "Firefox OS" => ["KaiOS", "Firefox OS"].contains(&name),
        "Real-time OS" => ["Java ME", "MRE", "Nucleus RTOS"].contains(&name),
        "Symbian" => name == "Symbian OS",
        "BlackBerry" => name == "BlackBerry OS",
        "Brew" => name == "BREW",
        "Gaming Console" | "Mobile Gaming Console" => ["PlayStation", "Nintendo"].contains(&name),
        "Unix" => ["FreeBSD", "OpenBSD", "NetBSD", "Solaris"].contains(&name),
        "AmigaOS" => name == "Amiga OS",
        "Google TV" => name == "GoogleTV",
        "OpenHarmony" => name == "HarmonyOS",
        "BeOS" => ["BeOS", "Haiku"].contains(&name),
        "IBM" => name == "OS/2",
        other => other == name,
    }
}

/// Tells whether Matomo's browser, or its family, is ours.
fn same_browser(labels: &Labels<'_>, name: &str) -> bool {
    let plain = |name: &str| {
        let mut name =
            name.to_lowercase().replace("internet explorer", "ie").replace("samsung browser", "samsung internet");
        for word in
            [" mobile", "mobile ", " web browser", "browser", "microsoft ", " lite", " turbo", " mini", " webview", " "]
        {
            name = name.replace(word, "");
        }
        name
    };
    let (ours, theirs) = (plain(name), plain(labels.browser));
    let family = plain(labels.browser_family);
    ours == theirs
        || labels.browser_family != "Unknown" && ours.contains(&family)
        || labels.browser_family == "Chrome"
            && !["opera", "safari", "firefox", "android", "ie"].iter().any(|other| ours.contains(other))
}

#[test]
#[ignore = "needs the labels that `make measure-visitors` downloads"]
fn labels_of_matomo_agree() {
    let folder = std::env::var("VISITOR_FIXTURES").unwrap();
    let read = |name: &str| std::fs::read_to_string(Path::new(&folder).join(name)).unwrap();
    assert!(bots("bots", &read("bots.txt")) >= 0.97);

    let people = read("people.tsv");
    let people: Vec<Labels<'_>> = people.lines().filter_map(Labels::of).collect();
    let persons: Vec<&Labels<'_>> = people.iter().filter(|labels| labels.is_person()).collect();
    let taken: Vec<_> = persons.iter().filter(|labels| is_bot(labels.user_agent)).collect();
    taken.iter().for_each(|labels| println!("    a bot: {}", labels.user_agent));
    assert!(share("people taken for bots", taken.len(), persons.len()) <= 0.0001);

    let agents = UserAgents::new().unwrap();
    let plain = || people.iter().filter(|labels| !labels.with_headers);
    let mut wrong = BTreeMap::<String, usize>::new();
    let mut count = |what: &str, same: bool, expected: &str, found: &str| {
        if !same {
            *wrong.entry(format!("{what} {expected} is {found}")).or_default() += 1;
        }
        usize::from(same)
    };
    let (mut devices, mut systems, mut browsers) = ((0, 0), (0, 0), (0, 0));
    for labels in plain() {
        let client = Client::new(Some(labels.user_agent), None, None);
        if let Some(expected) = labels.device() {
            let found = client.device().map_or("", |device| device.as_str());
            devices.0 += count("device", found == expected, expected, found);
            devices.1 += 1;
        }
        if !["", "Unknown"].contains(&labels.system) {
            let found = client.system().map_or("", |system| system.name);
            systems.0 += count("system", same_system(labels.system, found), labels.system, found);
            systems.1 += 1;
        }
        let agent = agents.read(&ClickClient { user_agent: labels.user_agent, ..ClickClient::default() });
        if labels.client == "browser" && agent.bot.is_none() {
            let found = agent.browser.as_deref().unwrap_or_default();
            browsers.0 += count("browser", same_browser(labels, found), labels.browser, found);
            browsers.1 += 1;
        }
    }
    let mut worst: Vec<_> = wrong.into_iter().collect();
    worst.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    worst.iter().take(40).for_each(|(what, count)| println!("    {count} {what}"));
    assert!(share("devices", devices.0, devices.1) >= 0.95);
    assert!(share("systems", systems.0, systems.1) >= 0.995);
    assert!(share("browsers", browsers.0, browsers.1) >= 0.95);
}
