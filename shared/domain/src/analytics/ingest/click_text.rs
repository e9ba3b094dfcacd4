//! Reads a click for the fold: it borrows the texts of the record instead of copying them.

use serde::Deserialize;

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

/// The fields of [`Click`]; see there.
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
    #[serde(borrow)]
    pub(crate) slug: BorrowedText<'a>,
    #[serde(borrow)]
    pub(crate) workspace: BorrowedText<'a>,
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
}
