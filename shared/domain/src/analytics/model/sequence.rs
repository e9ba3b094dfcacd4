//! Defines the sequence number of a record in its shard.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A Kinesis sequence number: decimal digits, padded with zeros to [`SequenceNumber::WIDTH`]. It is a text, because no
/// integer type holds so many digits. Compare numbers of one shard only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SequenceNumber(Arc<str>);

/// The error of a text that is not a [`SequenceNumber`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sequence number has 1 to 128 decimal digits")]
pub struct SequenceNumberError;

impl SequenceNumber {
    /// The number of digits that Kinesis gives today.
    pub const WIDTH: usize = 56;
    /// The greatest number of digits that the API of Kinesis allows.
    pub const MAX_LEN: usize = 128;

    /// Checks `text` and pads it.
    pub fn parse(text: &str) -> Result<Self, SequenceNumberError> {
        Digits::parse(text).map(Digits::to_number)
    }

    /// Returns the padded digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Orders as numbers. A longer text is a greater number, because only numbers beyond the width are longer.
impl Ord for SequenceNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for SequenceNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The borrowed digits of a sequence number without leading zeros. The fold compares thousands of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digits<'a>(&'a str);

impl<'a> Digits<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, SequenceNumberError> {
        // No early exit, so that the compiler checks many digits at a time.
        let digits = text.bytes().fold(true, |digits, byte| digits & byte.is_ascii_digit());
        let valid = (1..=SequenceNumber::MAX_LEN).contains(&text.len()) && digits;
        if valid { Ok(Self(text.trim_start_matches('0'))) } else { Err(SequenceNumberError) }
    }

    pub(crate) fn to_number(self) -> SequenceNumber {
        let zeros = SequenceNumber::WIDTH.saturating_sub(self.0.len());
        SequenceNumber(if zeros == 0 { self.0.into() } else { ("0".repeat(zeros) + self.0).into() })
    }
}

impl<'a> From<&'a SequenceNumber> for Digits<'a> {
    fn from(number: &'a SequenceNumber) -> Self {
        Self(number.0.trim_start_matches('0'))
    }
}

/// Orders as numbers.
impl Ord for Digits<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(other.0))
    }
}

impl PartialOrd for Digits<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for SequenceNumber {
    type Error = SequenceNumberError;
    fn try_from(text: String) -> Result<Self, SequenceNumberError> {
        Self::parse(&text)
    }
}

impl From<SequenceNumber> for String {
    fn from(number: SequenceNumber) -> Self {
        number.0.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_digits_are_read() {
        for text in ["", "12a", "-1", "1.5", " 1", "١", &"1".repeat(129)] {
            assert_eq!(SequenceNumber::parse(text), Err(SequenceNumberError), "{text:?}");
        }
        assert_eq!(SequenceNumber::parse("7").unwrap().as_str().len(), SequenceNumber::WIDTH);
    }

    #[test]
    fn number_is_padded_and_checked_when_it_is_stored_and_read() {
        let padded = format!("{:0>56}", 17);
        for text in ["17", "0017", &padded, &format!("{:0>128}", 17)] {
            let number = SequenceNumber::parse(text).unwrap();
            assert_eq!((number.as_str(), number.to_string()), (&*padded, padded.clone()), "{text}");
            assert_eq!(serde_json::to_string(&number).unwrap(), format!("\"{padded}\""));
            assert_eq!(serde_json::from_str::<SequenceNumber>(&format!("\"{text}\"")).unwrap(), number);
        }
        assert!(serde_json::from_str::<SequenceNumber>("\"1x\"").is_err());
        assert_eq!(SequenceNumber::parse("0").unwrap().as_str(), "0".repeat(56));
        let longest = "9".repeat(128);
        assert_eq!(SequenceNumber::parse(&longest).unwrap().as_str(), longest);
    }

    proptest! {
        #[test]
        fn order_is_numeric(a: u128, b: u128) {
            let (x, y) = (a.to_string(), b.to_string());
            let order = SequenceNumber::parse(&x).unwrap().cmp(&SequenceNumber::parse(&y).unwrap());
            prop_assert_eq!(order, a.cmp(&b));
            prop_assert_eq!(Digits::parse(&format!("00{x}")).unwrap().cmp(&Digits::parse(&y).unwrap()), a.cmp(&b));
            let number = SequenceNumber::parse(&x).unwrap();
            prop_assert_eq!(Digits::from(&number), Digits::parse(&x).unwrap());
        }

        #[test]
        fn order_is_numeric_beyond_the_width(a in "[1-9][0-9]{50,127}", b in "[1-9][0-9]{50,127}") {
            let order = SequenceNumber::parse(&a).unwrap().cmp(&SequenceNumber::parse(&b).unwrap());
            prop_assert_eq!(order, a.len().cmp(&b.len()).then_with(|| a.cmp(&b)));
        }
    }
}
