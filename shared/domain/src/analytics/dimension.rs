//! What a click is counted by.

use serde::{Deserialize, Serialize};

/// One way to group clicks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum Dimension {
    /// ISO 3166-1 alpha-2 code.
    Country,
    /// Device class: see [`crate::analytics::user_agent::Device`].
    Device,
    /// The browser's family.
    Browser,
    /// The operating system.
    Os,
    /// The referrer's host.
    Referrer,
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
    /// The link, `{domain}/{slug}`: of a workspace only.
    Link,
}

impl Dimension {
    /// The dimensions of a link's clicks.
    pub const OF_LINK: [Self; 12] = [
        Self::Country,
        Self::Device,
        Self::Browser,
        Self::Os,
        Self::Referrer,
        Self::Language,
        Self::UtmSource,
        Self::UtmMedium,
        Self::UtmCampaign,
        Self::UtmTerm,
        Self::UtmContent,
        Self::Trigger,
    ];

    /// How many values an aggregate tells apart; what comes later is counted as `other`. All countries that exist have room.
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
            Self::Country | Self::Device | Self::Language | Self::Trigger => 16,
            Self::Browser | Self::Os => 64,
            Self::Link => 384,
            _ => 128,
        }
    }
}
