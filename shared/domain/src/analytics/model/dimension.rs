//! Defines the dimensions that clicks are counted by.

use std::fmt;

use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, Serialize};

/// One way to group clicks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum Dimension {
    /// The country, as an ISO 3166-1 alpha-2 code.
    Country,
    /// The device class: `desktop`, `mobile`, `tablet`, `tv` or `console`.
    Device,
    /// The browser's family.
    Browser,
    /// The operating system.
    Os,
    /// Where the visitor came from: the name of the service that the referrer's host belongs to (`google.de` is Google), or the
    /// host if it is in no group.
    Referrer,
    /// The referrer's host as it was sent, without `www.`.
    ReferrerHost,
    /// The language, as an ISO 639 code.
    Language,
    /// `utm_source`.
    UtmSource,
    /// `utm_medium`.
    UtmMedium,
    /// `utm_campaign`.
    UtmCampaign,
    /// `utm_term`.
    UtmTerm,
    /// `utm_content`.
    UtmContent,
    /// Whether the visitor followed the link or scanned its QR code.
    Trigger,
    /// Which of the link's rules chose the target, counted from 0.
    Rule,
    /// The name of the chosen variant.
    Variant,
    /// The link. Stored as `{id} {domain}/{slug}`, shown as its present address. Only a workspace has it.
    Link,
    /// The path that is no link, decoded and cut to 128 bytes. Only misses have it.
    Path,
    /// What a bot calls itself, such as `Googlebot`. Only clicks of bots have it.
    Bot,
    /// The kind of a bot, such as `search-engine`. Only clicks of bots have it.
    BotKind,
}

impl Dimension {
    /// The number of dimensions.
    pub(crate) const COUNT: usize = Self::BotKind as usize + 1;
    /// The dimensions of the clicks of people, of a link and of a workspace. A workspace has [`Self::Link`] too.
    pub const OF_LINK: [Self; 15] = [
        Self::Country,
        Self::Device,
        Self::Browser,
        Self::Os,
        Self::Referrer,
        Self::ReferrerHost,
        Self::Language,
        Self::UtmSource,
        Self::UtmMedium,
        Self::UtmCampaign,
        Self::UtmTerm,
        Self::UtmContent,
        Self::Trigger,
        Self::Rule,
        Self::Variant,
    ];
    /// The dimensions of the misses of people: paths that are no link.
    pub const OF_MISSES: [Self; 8] = [
        Self::Path,
        Self::Country,
        Self::Device,
        Self::Browser,
        Self::Os,
        Self::Referrer,
        Self::ReferrerHost,
        Self::Language,
    ];
    /// The dimensions of the clicks of bots.
    pub const OF_BOTS: [Self; 2] = [Self::Bot, Self::BotKind];

    /// Finds the dimension with this name, as requests and stored items write it (`utm_source`).
    pub fn named(name: &str) -> Option<Self> {
        let name: StrDeserializer<'_, serde::de::value::Error> = name.into_deserializer();
        Self::deserialize(name).ok()
    }

    /// Tells whether values that differ in case only are one value: `Google` and `google`. People type UTM parameters.
    pub fn ignores_case(self) -> bool {
        matches!(self, Self::UtmSource | Self::UtmMedium | Self::UtmCampaign | Self::UtmTerm | Self::UtmContent)
    }

    /// Tells whether the clicks of bots have it, rather than those of people.
    pub fn is_of_bots(self) -> bool {
        Self::OF_BOTS.contains(&self)
    }

    /// Returns how many values an aggregate keeps at most. [`Counts`](super::counts::Counts) says how it counts the others.
    /// All countries that exist have room.
    pub const fn max_values(self) -> usize {
        match self {
            Self::Country => 260,
            // Scans take room from the paths that people mistype.
            Self::Path => 200,
            _ => 100,
        }
    }

    /// Returns the greatest length of a value in bytes. A longer value is cut. Together with [`Dimension::max_values`] it
    /// bounds the size of an aggregate: see `docs/analytics.md`.
    pub const fn max_value_bytes(self) -> usize {
        match self {
            Self::Country | Self::Device | Self::Language | Self::Trigger | Self::Rule => 16,
            Self::Variant | Self::BotKind => 32,
            Self::Browser | Self::Os | Self::Bot => 64,
            Self::Link => 560,
            _ => 128,
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_of_each_dimension_is_as_documented() {
        for (names, values, bytes) in [
            ("country", 260, 16),
            ("device language trigger rule", 100, 16),
            ("variant bot_kind", 100, 32),
            ("browser os bot", 100, 64),
            ("referrer referrer_host utm_source utm_medium utm_campaign utm_term utm_content", 100, 128),
            ("link", 100, 560),
            ("path", 200, 128),
        ] {
            for name in names.split(' ') {
                let dimension = Dimension::named(name).unwrap();
                assert_eq!((dimension.max_values(), dimension.max_value_bytes()), (values, bytes), "{name}");
                assert_eq!(dimension.to_string(), name);
                assert_eq!(dimension.is_of_bots(), name.starts_with("bot"), "{name}");
            }
        }
        assert_eq!(Dimension::named("colour"), None);
    }

    #[test]
    fn every_dimension_has_a_place_of_its_own() {
        let all = Dimension::OF_LINK.into_iter().chain(Dimension::OF_BOTS).chain([Dimension::Link, Dimension::Path]);
        let mut places: Vec<usize> = all.map(|dimension| dimension as usize).collect();
        places.sort_unstable();
        assert_eq!(places, (0..Dimension::COUNT).collect::<Vec<_>>());
    }
}
