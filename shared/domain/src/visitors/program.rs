//! Tells programs from people by their user agent.
//!
//! A client is a program if its user agent
//! * is empty,
//! * has a word of `programs.txt`, such as `bot`, `crawl` or `headless`,
//! * has an address: programs say where to complain, browsers don't, or
//! * names no system, device, browser or player that people use: `curl/8.5.0`, `Nuzzel`.
//!
//! `not-programs.txt` has the exceptions. Names of Android devices are left out where a word can be such a name.

use std::ops::Range;
use std::sync::LazyLock;

use super::model::Model;
use super::words::{Words, lines};

const PROGRAMS: &str = include_str!("../../data/visitors/programs.txt");
const NOT_PROGRAMS: &str = include_str!("../../data/visitors/not-programs.txt");
const PEOPLE: &str = include_str!("../../data/visitors/people.txt");

/// What a word of `programs.txt` tells.
#[derive(Debug, Clone, Copy)]
struct Program {
    kind: &'static str,
    /// Whether devices are called like that, too.
    is_a_name: bool,
}

/// What a word of `people.txt` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Person {
    Uses,
    /// The word alone tells no person, but an app with it may have an address.
    MayHaveAddress,
}

static PROGRAM_WORDS: LazyLock<Words<Program>> = LazyLock::new(|| {
    Words::new(lines(PROGRAMS).filter_map(|line| {
        let (kind, word) = line.split_once('\t')?;
        let name = word.strip_prefix('~');
        Some((name.unwrap_or(word), Program { kind, is_a_name: name.is_some() }))
    }))
});
/// The exceptions; each with the text that must follow.
static EXCEPTIONS: LazyLock<Words<Option<&'static str>>> = LazyLock::new(|| {
    Words::new(lines(NOT_PROGRAMS).filter_map(|line| {
        let (text, _) = line.split_once('\t')?;
        Some(text.split_once('*').map_or((text, None), |(text, after)| (text, Some(after))))
    }))
});
static PEOPLE_WORDS: LazyLock<Words<Person>> = LazyLock::new(|| {
    Words::new(lines(PEOPLE).map(|line| match line.strip_prefix('+') {
        Some(word) => (word, Person::MayHaveAddress),
        None => (line, Person::Uses),
    }))
});

/// Why a client is a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign {
    /// It has no user agent. Every browser has one.
    NoUserAgent,
    /// A word of the list.
    Word {
        /// The kind of program that uses the word.
        kind: &'static str,
        /// Where it is in the user agent.
        at: Range<usize>,
    },
    /// An address of a page or a mailbox.
    Address {
        /// Where it begins.
        at: usize,
    },
    /// Nothing that people use.
    NothingOfPeople,
}

/// Returns why the client with the user agent `text`, in lower case, is a program, or `None` for a person.
pub fn sign(text: &str) -> Option<Sign> {
    if text.trim().is_empty() {
        return Some(Sign::NoUserAgent);
    }
    let ignored = Ignored::of(text);
    if let Some(found) = PROGRAM_WORDS
        .find(text)
        .filter(|found| !ignored.has(found.start..found.end, found.value.is_a_name))
        .min_by_key(|found| found.index)
    {
        return Some(Sign::Word { kind: found.value.kind, at: found.start..found.end });
    }
    let (mut person, mut may_have_address) = (false, false);
    for found in PEOPLE_WORDS.find(text) {
        match found.value {
            Person::Uses => person = true,
            Person::MayHaveAddress => may_have_address = true,
        }
    }
    if !may_have_address {
        let mut addresses = addresses(text).filter(|at| !ignored.has(*at..at + 1, true));
        if let Some(at) = addresses.next() {
            return Some(Sign::Address { at });
        }
    }
    (!person).then_some(Sign::NothingOfPeople)
}

/// The parts of a user agent that tell nothing about programs.
struct Ignored {
    exceptions: Vec<Range<usize>>,
    /// The comment with the name of an Android device.
    model: Range<usize>,
}

impl Ignored {
    fn of(text: &str) -> Self {
        let mut exceptions: Vec<_> = EXCEPTIONS
            .find(text)
            .filter(|found| found.value.is_none_or(|after| text[found.end..].contains(after)))
            .map(|found| found.start..found.end)
            .collect();
        // Facebook's apps send the name of the mobile operator, which may be an address: [FBAN/FBIOS;…;FBCR/Telekom.de].
        let mut start = 0;
        while let Some(from) = text[start..].find("[fb").map(|at| start + at) {
            let end = text[from..].find(']').map_or(text.len(), |at| from + at + 1);
            exceptions.push(from..end);
            start = end;
        }
        Self { exceptions, model: Self::model(text) }
    }

    /// Returns the comment with a device's name, unless a program explains itself in it.
    fn model(text: &str) -> Range<usize> {
        let comment = Model::of(text).comment;
        let first = text.find('(').is_some_and(|open| open < comment.start && !text[open..comment.start].contains(')'));
        let explains = ["compatible", "http", "@"].iter().any(|word| text[comment.clone()].contains(word));
        if first && !explains { comment } else { 0..0 }
    }

    /// Tells whether a word at `at` does not count. `is_a_name` tells whether devices are called like that.
    fn has(&self, at: Range<usize>, is_a_name: bool) -> bool {
        let overlaps = |range: &Range<usize>| range.start < at.end && at.start < range.end;
        self.exceptions.iter().any(overlaps) || is_a_name && overlaps(&self.model)
    }
}

/// Finds where addresses of pages and mailboxes begin.
fn addresses(text: &str) -> impl Iterator<Item = usize> {
    let fixed = ["http:/", "https:/", "www.", "bit.ly/", "rb.gy/"].into_iter();
    let pages = fixed.flat_map(|start| text.match_indices(start).map(|(at, _)| at));
    let mailboxes = text.match_indices('@').filter(|(at, _)| is_mailbox(text, *at)).map(|(at, _)| at);
    let spelt_out = text.match_indices(" dot ").map(|(at, _)| at);
    let hosts = text.match_indices('.').filter(|(at, _)| is_host(text, *at)).map(|(at, _)| at);
    pages.chain(mailboxes).chain(spelt_out).chain(hosts)
}

/// Tells whether the `@` at `at` is that of a mailbox: `name@example.org`.
fn is_mailbox(text: &str, at: usize) -> bool {
    let before = text[..at].bytes().next_back();
    let local = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_.+-".contains(&byte));
    let label = text[at + 1..].bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
    let mut rest = text[at + 1 + label..].bytes();
    local && label > 0 && rest.next() == Some(b'.') && rest.next().is_some_and(|byte| byte.is_ascii_alphabetic())
}

/// Tells whether the dot at `at` is that of a host in a domain of organisations: `example.com`. Domains of countries are left
/// out: consoles write `1.7498.EU`.
fn is_host(text: &str, at: usize) -> bool {
    let rest = &text[at + 1..];
    let ends = |domain: &str| {
        let next = rest.strip_prefix(domain)?.chars().next();
        Some(next.is_none_or(|next| next.is_whitespace() || "/;),".contains(next)))
    };
    if !["com", "net", "org", "io", "co", "ai"].iter().any(|domain| ends(domain) == Some(true)) {
        return false;
    }
    let label = text[..at].bytes().rev().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    let label: Vec<u8> = label.collect();
    label.windows(2).any(|pair| pair.iter().all(u8::is_ascii_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_program(text: &str) -> bool {
        sign(&text.to_ascii_lowercase()).is_some()
    }

    #[test]
    fn every_line_is_used() {
        assert!(PROGRAM_WORDS.is_usable() && EXCEPTIONS.is_usable() && PEOPLE_WORDS.is_usable());
        for line in lines(PROGRAMS) {
            let (kind, word) = line.split_once('\t').unwrap_or_else(|| panic!("{line}"));
            assert!(!kind.is_empty() && !word.is_empty() && word == word.to_lowercase(), "{line}");
        }
        for line in lines(NOT_PROGRAMS) {
            let (text, reason) = line.split_once('\t').unwrap_or_else(|| panic!("{line}"));
            assert!(!reason.is_empty() && text == text.to_lowercase(), "{line}");
        }
        assert!(lines(PEOPLE).all(|word| word == word.to_lowercase() && word.len() > 1));
    }

    #[test]
    fn people_are_no_programs() {
        for text in [
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Linux; Android 15; CPH2655 Build/AP3A.240617.008) AppleWebKit/537.36 Chrome/119.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 7.0; M bot 54) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/78.0.3904.96 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 13; Spider 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Linux; Android 4.4.2; ViewSonic V500 Build/KVT49L) AppleWebKit/535.19 Chrome/18.0 Mobile Safari/535.19",
            "Mozilla/5.0 (Linux; Android 9; KT20201188; wv) AppleWebKit/537.36 Version/4.0 Chrome/68.0 Mobile Safari/537.36 SogouMSE,SogouMobileBrowser/5.6.3",
            "Mozilla/5.0 (Linux; Android 7.1.2; G011A; wv) AppleWebKit/537.36 Version/4.0 Chrome/66.0 Safari/537.36 Viber/11.9.5.8",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 11_2_5 like Mac OS X) AppleWebKit/604.5.6 (KHTML, like Gecko) Mobile/15D60 [FBAN/FBIOS;FBCR/Telekom.de;FBLC/de_DE]",
            "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1; Embedded Web Browser from: http://bsalsa.com/; .NET CLR 1.1.4322)",
            "Mozilla/5.0 (Nintendo 3DS; U; ; en) Version/1.7498.EU",
            "ThePodcastApp/6.49.0 (iPhone; iOS 16.5.1; ) player (build 6775;  https://podcast.app/)",
            "Lynx/2.8.9rel.1 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.6.5",
        ] {
            assert!(!is_program(text), "{text} {:?}", sign(&text.to_ascii_lowercase()));
        }
    }

    #[test]
    fn programs_are_found_by_word_address_or_the_lack_of_a_system() {
        for (text, expected) in [
            ("", "no"),
            (" ", "no"),
            ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "word"),
            (
                "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 Chrome/99.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                "word",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36",
                "word",
            ),
            ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "word"),
            ("WhatsApp/2.23.20.0 A", "word"),
            (
                "Mozilla/5.0 (Windows NT 10.0) Chrome/99.0 Safari/537.36 (compatible; Acme/2.0; +https://acme.example/why)",
                "address",
            ),
            ("Mozilla/5.0 (Windows NT 10.0) Chrome/99.0 Safari/537.36 (acme.com)", "address"),
            ("Mozilla/5.0 (X11; Linux x86_64) Acme/1.0 (ops@acme.example)", "address"),
            ("curl/8.5.0", "word"),
            ("Nuzzel", "nothing"),
            ("okhttp/4.12.0", "nothing"),
            ("Some-Tool/2.0", "nothing"),
            ("Mozilla/5.0 (compatible; Optimizer)", "nothing"),
        ] {
            let found = match sign(&text.to_ascii_lowercase()) {
                Some(Sign::NoUserAgent) => "no",
                Some(Sign::Word { .. }) => "word",
                Some(Sign::Address { .. }) => "address",
                Some(Sign::NothingOfPeople) => "nothing",
                None => "person",
            };
            assert_eq!(found, expected, "{text}");
        }
    }
}
