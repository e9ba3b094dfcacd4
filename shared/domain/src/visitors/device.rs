//! Tells the class of a client's device.

use std::sync::LazyLock;

use regex_lite::Regex;
use serde::{Deserialize, Serialize};

use super::model::Model;
use super::words::{Words, lines};

const DEVICES: &str = include_str!("../../data/visitors/devices.txt");

static WORDS: LazyLock<Words<(Class, Place)>> = LazyLock::new(|| {
    Words::new(lines(DEVICES).filter_map(|line| {
        let mut fields = line.splitn(3, '\t');
        let (class, place) = (Class::named(fields.next()?)?, Place::named(fields.next()?)?);
        Some((fields.next()?, (class, place)))
    }))
});

/// Televisions on Android are called by their size in inches: `32FK30G`, `SW-LED43UB400`, `H55E8000`.
static TELEVISION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let inches = "(?:19|22|24|28|32|39|40|42|43|48|49|50|55|58|60|65|70|75|77|82|85|86)";
    Regex::new(&format!(
        "^(?:[a-z]+[ _])?{inches}[a-z]{{1,6}}[-_]?[0-9]{{2}}\
         |(?:^|[-_ ])[hfutklcdpb]{inches}[a-z]{{1,4}}[-_]?[0-9]{{3}}\
         |(?:^|[-_ ]|[a-z]{{2}})(?:led|le|lt|ld|qled)[-_]?{inches}(?:[^0-9]|$)\
         |^(?:td|tq){inches}[a-z]\
         |^[a-z]{{2,3}}[-_]{inches}[a-z]{{1,4}}[-_]?[0-9]{{2}}"
    ))
    .ok()
});

/// The class of a visitor's device, in rules and in statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum Device {
    /// A phone.
    Mobile,
    /// A tablet or an e-book reader.
    Tablet,
    /// A computer, or an iPad that says that it is a Macintosh.
    Desktop,
    /// A television or a box on one.
    Tv,
    /// A games console.
    Console,
}

impl Device {
    /// Returns the name in statistics and rules.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::Tablet => "tablet",
            Self::Desktop => "desktop",
            Self::Tv => "tv",
            Self::Console => "console",
        }
    }

    /// Reads the class from the user agent `text`, which is in lower case, and from the client hints: whether the system is
    /// Android, and what `Sec-CH-UA-Mobile` says.
    ///
    /// Android's browsers write `Mobile` on phones only (Chrome's documentation of user agents), but not all makers of browsers
    /// know, so the name of the device comes first.
    pub(super) fn of(text: &str, android: bool, mobile: Option<bool>) -> Option<Self> {
        let seen = Seen::of(text);
        if seen.console {
            return Some(Self::Console);
        }
        if seen.desktop_model {
            return Some(Self::Desktop);
        }
        if seen.tv || seen.tv_model {
            return Some(Self::Tv);
        }
        if seen.tablet && !text.contains("tablet pc") {
            return Some(Self::Tablet);
        }
        if mobile == Some(true) {
            return Some(Self::Mobile);
        }
        if text.contains("android") || seen.has_model {
            let phone = ["mobile", "opera mini", "opera mobi"].iter().any(|word| text.contains(word));
            // What is not a browser, such as a library in an app, does not tell. Phones are more common.
            let tablet = !phone && text.contains("safari/");
            return Some(if tablet { Self::Tablet } else { Self::Mobile });
        }
        if seen.mobile {
            return Some(Self::Mobile);
        }
        // A hint says Android, and the user agent says Linux: the visitor asked for desktop pages.
        if android {
            return Some(Self::Tablet);
        }
        seen.desktop.then_some(Self::Desktop)
    }
}

/// What a word stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Device(Device),
    NotTv,
}

impl Class {
    fn named(name: &str) -> Option<Self> {
        match name {
            "not-tv" => Some(Self::NotTv),
            name => [Device::Mobile, Device::Tablet, Device::Desktop, Device::Tv, Device::Console]
                .into_iter()
                .find(|device| device.as_str() == name)
                .map(Self::Device),
        }
    }
}

/// Where a word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Anywhere,
    Model,
}

impl Place {
    fn named(name: &str) -> Option<Self> {
        match name {
            "any" => Some(Self::Anywhere),
            "model" => Some(Self::Model),
            _ => None,
        }
    }
}

/// Which words a user agent has.
#[derive(Debug, Default)]
struct Seen {
    has_model: bool,
    console: bool,
    tv: bool,
    tv_model: bool,
    tablet: bool,
    mobile: bool,
    desktop: bool,
    desktop_model: bool,
}

impl Seen {
    fn of(text: &str) -> Self {
        let model = Model::of(text);
        let mut seen = Self { has_model: !model.name.is_empty(), ..Self::default() };
        let mut not_tv = false;
        for found in WORDS.find(text) {
            let in_model = seen.has_model && model.has(found.start, found.end);
            let (class, place) = *found.value;
            match (class, place, in_model) {
                (_, Place::Model, false) => {}
                (Class::NotTv, ..) => not_tv = true,
                (Class::Device(Device::Console), ..) => seen.console = true,
                (Class::Device(Device::Tv), Place::Anywhere, false) => seen.tv = true,
                (Class::Device(Device::Tv), Place::Anywhere, true) => {}
                (Class::Device(Device::Tv), Place::Model, true) => seen.tv_model = true,
                (Class::Device(Device::Tablet), Place::Anywhere, true) => {}
                (Class::Device(Device::Tablet), ..) => seen.tablet = true,
                (Class::Device(Device::Mobile), ..) => seen.mobile = true,
                (Class::Device(Device::Desktop), Place::Anywhere, _) => seen.desktop = true,
                (Class::Device(Device::Desktop), Place::Model, true) => seen.desktop_model = true,
            }
        }
        let sized = || TELEVISION.as_ref().is_some_and(|sizes| sizes.is_match(&text[model.name.clone()]));
        seen.tv_model = seen.tv_model && !not_tv || seen.has_model && sized();
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_a_class_a_place_and_a_word() {
        assert!(WORDS.is_usable() && TELEVISION.is_some());
        for line in lines(DEVICES) {
            let [class, place, word] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
            assert!(Class::named(class).is_some() && Place::named(place).is_some(), "{line}");
            assert!(!word.is_empty() && word == word.to_lowercase(), "{line}");
        }
    }
}
