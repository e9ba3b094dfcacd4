//! What a click is counted by.

use std::fmt;

use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, Serialize};

/// One way to group clicks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum Dimension {
    /// ISO 3166-1 alpha-2 code.
    Country,
    /// Device class: see [`crate::analytics::ingest::user_agent::Device`].
    Device,
    /// The browser's family.
    Browser,
    /// The operating system.
    Os,
    /// Where the visitor came from: a group of hosts (see [`crate::analytics::ingest::referrer`]), or the host that is in none.
    Referrer,
    /// The referrer's host as it was sent, without `www.`.
    ReferrerHost,
    /// ISO 639 code.
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
    /// Link or QR code.
    Trigger,
    /// Which of the link's rules chose the target, counted from 0.
    Rule,
    /// The name of the variant that was chosen.
    Variant,
    /// The link, `{domain}/{slug}`: of a workspace only.
    Link,
    /// What a bot calls itself, such as `Googlebot`. Of the clicks of bots.
    Bot,
    /// The kind of a bot: see [`crate::analytics::ingest::user_agent::Bot::kind`]. Of the clicks of bots.
    BotKind,
}

impl Dimension {
    /// How many dimensions there are.
    pub(crate) const COUNT: usize = Self::BotKind as usize + 1;
    /// The dimensions of the clicks of people, on a link and in a workspace. A workspace has [`Self::Link`] too.
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
    /// The dimensions of the clicks of bots.
    pub const OF_BOTS: [Self; 2] = [Self::Bot, Self::BotKind];

    /// The dimension with this name, as it is stored and asked for (`utm_source`).
    pub fn named(name: &str) -> Option<Self> {
        let name: StrDeserializer<'_, serde::de::value::Error> = name.into_deserializer();
        Self::deserialize(name).ok()
    }

    /// Whether it is of the clicks of bots, rather than of those of people.
    pub fn is_of_bots(self) -> bool {
        Self::OF_BOTS.contains(&self)
    }

    /// How many values an aggregate tells apart; see [`Counts`](super::counts::Counts) for what becomes of the others. All
    /// countries that exist have room.
    pub const fn max_values(self) -> usize {
        match self {
            Self::Country => 260,
            _ => 100,
        }
    }

    /// The greatest length of a value, in bytes; a longer one is cut. Together with [`Dimension::max_values`] it bounds
    /// an aggregate: see `docs/analytics.md`.
    pub const fn max_value_bytes(self) -> usize {
        match self {
            Self::Country | Self::Device | Self::Language | Self::Trigger | Self::Rule => 16,
            Self::Variant | Self::BotKind => 32,
            Self::Browser | Self::Os | Self::Bot => 64,
            Self::Link => 384,
            _ => 128,
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
