//! Tells a client's operating system.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::words::{Words, lines};

const SYSTEMS: &str = include_str!("../../data/visitors/systems.txt");

/// The systems by word.
static WORDS: LazyLock<Words<System>> = LazyLock::new(|| {
    Words::new(lines(SYSTEMS).flat_map(|line| {
        let mut fields = line.split('\t');
        let (name, class, words) = (fields.next(), fields.next(), fields.next());
        let system = System { name: name.unwrap_or_default(), os: class.and_then(Os::named) };
        words.unwrap_or_default().split('|').map(move |word| (word, system))
    }))
});

/// The operating system that a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum Os {
    /// iOS and iPadOS.
    Ios,
    /// Android.
    Android,
    /// Windows.
    Windows,
    /// macOS.
    Macos,
    /// Linux and ChromeOS.
    Linux,
}

impl Os {
    fn named(name: &str) -> Option<Self> {
        match name {
            "ios" => Some(Self::Ios),
            "android" => Some(Self::Android),
            "windows" => Some(Self::Windows),
            "macos" => Some(Self::Macos),
            "linux" => Some(Self::Linux),
            _ => None,
        }
    }
}

/// A platform that `Sec-CH-UA-Platform` can name (User-Agent Client Hints, section 3.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Platform {
    /// `Android`.
    Android,
    /// `iOS`.
    Ios,
    /// `Windows`.
    Windows,
    /// `macOS`.
    Macos,
    /// `Linux`.
    Linux,
    /// `Chrome OS` and `Chromium OS`.
    ChromeOs,
}

impl Platform {
    /// Finds the platform with this name. Others tell nothing.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "Android" => Some(Self::Android),
            "iOS" => Some(Self::Ios),
            "Windows" => Some(Self::Windows),
            "macOS" => Some(Self::Macos),
            "Linux" => Some(Self::Linux),
            "Chrome OS" | "Chromium OS" => Some(Self::ChromeOs),
            _ => None,
        }
    }

    /// Returns the name, as the header has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Android => "Android",
            Self::Ios => "iOS",
            Self::Windows => "Windows",
            Self::Macos => "macOS",
            Self::Linux => "Linux",
            Self::ChromeOs => "Chrome OS",
        }
    }

    fn system(self) -> System {
        let (name, os) = match self {
            Self::Android => ("Android", Os::Android),
            Self::Ios => ("iOS", Os::Ios),
            Self::Windows => ("Windows", Os::Windows),
            Self::Macos => ("Mac OS X", Os::Macos),
            Self::Linux => ("Linux", Os::Linux),
            Self::ChromeOs => ("Chrome OS", Os::Linux),
        };
        System { name, os: Some(os) }
    }
}

/// An operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct System {
    /// The name in statistics, such as `Mac OS X`. It is uap-core's, where uap-core has one.
    pub name: &'static str,
    /// Its class in rules. Systems of televisions, of old phones and the like have none.
    pub os: Option<Os>,
}

impl System {
    /// Reads the system in the user agent `text`, which is in lower case. `platform` is what a client hint names. It
    /// wins where the user agent tells another system: a browser that asks for desktop pages pretends in the user agent only.
    pub(super) fn of(text: &str, platform: Option<Platform>) -> Option<Self> {
        let found = WORDS.first(text).copied();
        let Some(hinted) = platform.map(Platform::system) else { return found };
        Some(found.filter(|system| system.os == hinted.os).unwrap_or(hinted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_a_name_a_class_and_words() {
        assert!(WORDS.is_usable());
        for line in lines(SYSTEMS) {
            let [name, class, words] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
            assert!(class == "-" || Os::named(class).is_some(), "{line}");
            assert!(!name.is_empty() && !words.is_empty() && words == words.to_lowercase(), "{line}");
            assert!(words.split('|').all(|word| !word.is_empty()), "{line}");
        }
    }

    #[test]
    fn hint_wins_over_another_system() {
        let linux = "mozilla/5.0 (x11; ubuntu; linux x86_64)";
        for (text, hint, name) in [
            (linux, None, "Ubuntu"),
            (linux, Some("Linux"), "Ubuntu"),
            (linux, Some("Android"), "Android"),
            (linux, Some("Unknown"), "Ubuntu"),
            ("", Some("macOS"), "Mac OS X"),
            ("mozilla/5.0 (macintosh; intel mac os x 10_15_7)", Some("macOS"), "Mac OS X"),
        ] {
            let hint = hint.and_then(Platform::named);
            assert_eq!(System::of(text, hint).map(|system| system.name), Some(name), "{text} {hint:?}");
        }
        assert_eq!(System::of("", None), None);
    }
}
