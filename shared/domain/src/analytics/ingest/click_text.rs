//! Reads a click or a miss for the fold: it borrows the texts of the record instead of copying them.

use serde::Deserialize;
use serde::de::Error as _;

use super::record::Malformed;
use crate::clicks::click::{Click, Trigger};
use crate::values::borrowed_text::BorrowedText;
use crate::values::timestamp::Timestamp;

/// The fields of [`Utm`](crate::clicks::click::Utm).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct UtmText<'a> {
    #[serde(borrow, default)]
    pub(crate) source: Option<BorrowedText<'a>>,
    #[serde(borrow, default)]
    pub(crate) medium: Option<BorrowedText<'a>>,
    #[serde(borrow, default)]
    pub(crate) campaign: Option<BorrowedText<'a>>,
    #[serde(borrow, default)]
    pub(crate) term: Option<BorrowedText<'a>>,
    #[serde(borrow, default)]
    pub(crate) content: Option<BorrowedText<'a>>,
}

/// The fields of [`MissDetails`](crate::clicks::miss::MissDetails).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct MissText<'a> {
    #[serde(borrow)]
    pub(crate) path: BorrowedText<'a>,
    #[serde(default)]
    pub(crate) more: u32,
    #[serde(default)]
    pub(crate) more_bots: u32,
}

/// The fields of [`Click`] and of [`Miss`](crate::clicks::miss::Miss); see there. A click has a `slug` and a `workspace`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ClickText<'a> {
    pub(crate) version: u64,
    #[serde(borrow)]
    pub(crate) id: BorrowedText<'a>,
    #[serde(borrow)]
    pub(crate) time: BorrowedText<'a>,
    #[serde(borrow, default)]
    pub(crate) link_id: Option<BorrowedText<'a>>,
    #[serde(borrow)]
    pub(crate) domain: BorrowedText<'a>,
    #[serde(borrow, default)]
    pub(crate) slug: Option<BorrowedText<'a>>,
    #[serde(borrow, default)]
    pub(crate) workspace: Option<BorrowedText<'a>>,
    #[serde(borrow, default)]
    pub(crate) miss: Option<MissText<'a>>,
    #[serde(borrow, default)]
    pub(crate) country: Option<BorrowedText<'a>>,
    #[serde(borrow, default)]
    pub(crate) visitor: Option<BorrowedText<'a>>,
    #[serde(borrow, default)]
    pub(crate) user_agent: Option<BorrowedText<'a>>,
    #[serde(borrow, default)]
    pub(crate) platform: Option<BorrowedText<'a>>,
    #[serde(default)]
    pub(crate) mobile: Option<bool>,
    #[serde(borrow, default)]
    pub(crate) referrer: Option<BorrowedText<'a>>,
    #[serde(borrow, default)]
    pub(crate) language: Option<BorrowedText<'a>>,
    #[serde(borrow, default)]
    pub(crate) utm: UtmText<'a>,
    #[serde(default)]
    pub(crate) trigger: Trigger,
    #[serde(default)]
    pub(crate) rule: Option<u8>,
    #[serde(borrow, default)]
    pub(crate) variant: Option<BorrowedText<'a>>,
}

impl<'a> ClickText<'a> {
    /// Reads `json` and the time in it. A click of a later version may have other fields: then the error names its version.
    pub(crate) fn read(json: &'a [u8]) -> Result<(Self, Timestamp), Malformed> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        let error = match serde_json::from_slice::<Self>(json) {
            Ok(click) if click.version == u64::from(Click::VERSION) => {
                let time = Timestamp::parse(click.time.as_str()).map_err(|error| Malformed::Time(error.to_string()))?;
                return Ok((click, time));
            }
            Ok(click) => return Err(Malformed::Version(click.version)),
            Err(error) => error,
        };
        match serde_json::from_slice::<Versioned>(json) {
            Ok(Versioned { version }) if version != u64::from(Click::VERSION) => Err(Malformed::Version(version)),
            _ => Err(Malformed::Click(error)),
        }
    }
    /// Returns the slug and the workspace of a click, which every click has.
    pub(crate) fn slug_and_workspace(&self) -> Result<(&str, &str), Malformed> {
        let missing = |field| Malformed::Click(serde_json::Error::missing_field(field));
        let slug = self.slug.as_ref().ok_or_else(|| missing("slug"))?;
        let workspace = self.workspace.as_ref().ok_or_else(|| missing("workspace"))?;
        Ok((slug.as_str(), workspace.as_str()))
    }
}
