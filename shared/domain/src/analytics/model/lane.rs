//! One shard of the stream, as the aggregates see it.

use std::fmt;

/// What follows `shardId-` in the name of a Kinesis shard: 1 to 64 of `A-Za-z0-9_.-`. Each aggregate item belongs to one
/// lane, so that the sequence numbers in it can be compared, and is summed with its sisters on read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(String);

/// A text that is no [`Lane`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a shard is named as in shardId-000000000000")]
pub struct LaneError;

impl Lane {
    /// The lane of a shard, such as `shardId-000000000006`.
    pub fn of_shard(shard: &str) -> Result<Self, LaneError> {
        let text = shard.strip_prefix("shardId-").ok_or(LaneError)?;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
        let valid = (1..=64).contains(&text.len()) && text.bytes().all(allowed);
        if valid { Ok(Self(text.to_owned())) } else { Err(LaneError) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_of_keys_cannot_be_in_a_lane() {
        for text in ["", "shardId-", "shardId-a#b", "shardId-a/b", "shardId-a b", "000000000006", "shardid-1"] {
            assert!(Lane::of_shard(text).is_err(), "{text:?}");
        }
        assert_eq!(Lane::of_shard("shardId-000000000006").unwrap().as_str(), "000000000006");
    }
}
