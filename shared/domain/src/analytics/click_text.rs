//! A click as the fold reads it: the texts of the record itself, not copies of them.

use std::borrow::Cow;

use serde::Deserialize;

use super::record::Malformed;
use crate::Timestamp;
use crate::click::{Click, Trigger};

/// A text that is copied only if it has escapes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The fields of [`Utm`](crate::click::Utm).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct UtmText<'a> {
    #[serde(borrow, default)]
    pub(super) source: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) medium: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) campaign: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) term: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) content: Option<Text<'a>>,
}

/// The fields of [`Click`]; see there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct ClickText<'a> {
    pub(super) version: u64,
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) time: Text<'a>,
    #[serde(borrow)]
    pub(super) domain: Text<'a>,
    #[serde(borrow)]
    pub(super) slug: Text<'a>,
    #[serde(borrow)]
    pub(super) workspace: Text<'a>,
    #[serde(borrow, default)]
    pub(super) country: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) visitor: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) user_agent: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) referrer: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) language: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) utm: UtmText<'a>,
    #[serde(default)]
    pub(super) trigger: Trigger,
    #[serde(default)]
    pub(super) rule: Option<u8>,
    #[serde(borrow, default)]
    pub(super) variant: Option<Text<'a>>,
}

impl<'a> ClickText<'a> {
    /// Reads `json`, and the time in it. A click of a later version may look altogether different; then its version is
    /// what is wrong with it.
    pub(super) fn read(json: &'a [u8]) -> Result<(Self, Timestamp), Malformed> {
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
