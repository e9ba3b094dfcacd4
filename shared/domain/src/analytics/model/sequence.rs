//! The place of a record in its shard.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A Kinesis sequence number: decimal digits, padded with zeros to [`SequenceNumber::WIDTH`], and never a number, which
/// could not hold them. Only numbers of one shard can be compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SequenceNumber(Arc<str>);

/// A text that is no [`SequenceNumber`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sequence number has 1 to 128 decimal digits")]
pub struct SequenceNumberError;

impl SequenceNumber {
    /// The digits of the numbers that Kinesis gives today.
    pub const WIDTH: usize = 56;
    /// The greatest number of digits that its API allows.
    pub const MAX_LEN: usize = 128;

    /// Checks `text` and pads it.
    pub fn parse(text: &str) -> Result<Self, SequenceNumberError> {
        Digits::parse(text).map(Digits::to_number)
    }

    /// The padded digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The order of the numbers. A longer text is a greater number, since only numbers beyond the width are longer.
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

/// The digits of a sequence number without leading zeros, borrowed: what the fold compares thousands of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digits<'a>(&'a str);

impl<'a> Digits<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, SequenceNumberError> {
        // Without a way out in the middle, many digits are looked at at a time.
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

/// The order of the numbers.
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
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_digits_are_a_sequence_number() {
        for text in ["", "12a", "-1", "1.5", " 1", "١", &"1".repeat(129)] {
            assert_eq!(SequenceNumber::parse(text), Err(SequenceNumberError), "{text:?}");
        }
        assert_eq!(SequenceNumber::parse("7").unwrap().as_str().len(), SequenceNumber::WIDTH);
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_the_numbers(a: u128, b: u128) {
            let (x, y) = (a.to_string(), b.to_string());
            let order = SequenceNumber::parse(&x).unwrap().cmp(&SequenceNumber::parse(&y).unwrap());
            prop_assert_eq!(order, a.cmp(&b));
            prop_assert_eq!(Digits::parse(&format!("00{x}")).unwrap().cmp(&Digits::parse(&y).unwrap()), a.cmp(&b));
            let number = SequenceNumber::parse(&x).unwrap();
            prop_assert_eq!(Digits::from(&number), Digits::parse(&x).unwrap());
        }

        #[test]
        fn numbers_beyond_the_width_are_ordered_too(a in "[1-9][0-9]{50,127}", b in "[1-9][0-9]{50,127}") {
            let order = SequenceNumber::parse(&a).unwrap().cmp(&SequenceNumber::parse(&b).unwrap());
            prop_assert_eq!(order, a.len().cmp(&b.len()).then_with(|| a.cmp(&b)));
        }
    }
}
