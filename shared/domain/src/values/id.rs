//! Makes and checks ids: a prefix such as `imp_` and the 32 lower-case hexadecimal digits of a UUID.

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use crate::ports::{Clock, Random};
use crate::values::timestamp::Timestamp;

/// Makes an id from the time and random bits (UUID version 7). Later ids sort after earlier ones.
pub(crate) fn generate(prefix: &str, clock: &dyn Clock, random: &dyn Random) -> String {
    let mut bytes = [0_u8; 10];
    random.fill(&mut bytes);
    at(prefix, clock.now(), bytes)
}

/// Makes an id from the time and a hash of `seed` (UUID version 7): the same time and seed always give the same id.
pub(crate) fn derive(prefix: &str, time: Timestamp, seed: &str) -> String {
    let mut bytes = [0_u8; 10];
    bytes.copy_from_slice(&Sha256::digest(seed)[..10]);
    at(prefix, time, bytes)
}

fn at(prefix: &str, time: Timestamp, bytes: [u8; 10]) -> String {
    let millis = u64::try_from(time.as_millis()).unwrap_or(0);
    with_prefix(prefix, Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
}

/// Makes an id from bytes of the caller's choice (UUID version 8): the same bytes always give the same id.
pub(crate) fn from_bytes(prefix: &str, bytes: [u8; 16]) -> String {
    with_prefix(prefix, Builder::from_custom_bytes(bytes).into_uuid())
}

/// Tells whether `text` is an id with this prefix. Does not look at the version of the UUID.
pub(crate) fn is_valid(prefix: &str, text: &str) -> bool {
    let hexadecimal = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    text.strip_prefix(prefix).is_some_and(|digits| digits.len() == 32 && hexadecimal(digits))
}

/// Returns the bits of a valid id with this prefix.
pub(crate) fn bits(prefix: &str, id: &str) -> [u8; 16] {
    let digits = id.strip_prefix(prefix).unwrap_or_default();
    Uuid::try_parse(digits).unwrap_or_default().into_bytes()
}

fn with_prefix(prefix: &str, uuid: Uuid) -> String {
    format!("{prefix}{}", uuid.simple())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::system::{FixedClock, SeededRandom};

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let (clock, random) = (FixedClock::at("2026-01-01T00:00:00Z"), SeededRandom::new(1));
        let first = generate("key_", &clock, &random);
        clock.advance(1);
        let second = generate("key_", &clock, &random);
        assert!(first < second, "{first} {second}");
        assert!(is_valid("key_", &first) && is_valid("key_", &second));
    }

    #[test]
    fn same_bytes_give_the_same_id() {
        assert_eq!(from_bytes("imp_", [7; 16]), from_bytes("imp_", [7; 16]));
        assert_ne!(from_bytes("imp_", [7; 16]), from_bytes("imp_", [8; 16]));
        assert!(is_valid("imp_", &from_bytes("imp_", [7; 16])));
    }

    #[test]
    fn malformed_ids_are_rejected() {
        let digits = "0123456789abcdef".repeat(2);
        assert!(is_valid("imp_", &format!("imp_{digits}")));
        for text in ["", "imp_", "imp_0", &digits, &format!("exp_{digits}"), &format!("imp_{digits}0")] {
            assert!(!is_valid("imp_", text), "{text}");
        }
        for digit in ["g", "A", " "] {
            assert!(!is_valid("imp_", &format!("imp_{}", digit.repeat(32))), "{digit:?}");
        }
    }
}
