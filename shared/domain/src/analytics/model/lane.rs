//! Defines a lane: one shard of the stream as the aggregates see it.

use std::fmt;

/// The part after `shardId-` in the name of a Kinesis shard: 1 to 64 of `A-Za-z0-9_.-`. Each aggregate belongs to one
/// lane, so that its sequence numbers can be compared. Readers add the lanes up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(String);

/// The error of a name that is not that of a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a shard has a name such as shardId-000000000000")]
pub struct LaneError;

impl Lane {
    /// Returns the lane of a shard, such as `shardId-000000000006`.
    pub fn of_shard(shard: &str) -> Result<Self, LaneError> {
        let text = shard.strip_prefix("shardId-").ok_or(LaneError)?;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
        let valid = (1..=64).contains(&text.len()) && text.bytes().all(allowed);
        if valid { Ok(Self(text.to_owned())) } else { Err(LaneError) }
    }

    /// Returns the text.
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
    fn lane_has_no_separator_of_keys() {
        for text in ["", "shardId-", "shardId-a#b", "shardId-a/b", "shardId-a b", "000000000006", "shardid-1"] {
            assert!(Lane::of_shard(text).is_err(), "{text:?}");
        }
        assert_eq!(Lane::of_shard("shardId-000000000006").unwrap().as_str(), "000000000006");
    }

    #[test]
    fn length_is_bounded() {
        for (length, valid) in [(0, false), (1, true), (64, true), (65, false)] {
            let shard = format!("shardId-{}", "a".repeat(length));
            assert_eq!(Lane::of_shard(&shard).is_ok(), valid, "{length}");
        }
        assert_eq!(Lane::of_shard("shardId-a_b.c-9").unwrap().to_string(), "a_b.c-9");
    }
}
