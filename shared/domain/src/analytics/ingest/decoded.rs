//! Decodes the base64 data of a batch.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::record::{Malformed, Received};

/// The decoded data of records, one after the other in one buffer: thousands of small buffers cost more than their contents.
pub(crate) struct Decoded {
    bytes: Vec<u8>,
    ranges: Vec<Result<Range<usize>, Malformed>>,
}

impl Decoded {
    pub(crate) fn of(received: &[Received<'_>]) -> Self {
        let capacity = received.iter().map(|received| received.data.len().div_ceil(4) * 3).sum();
        let mut decoded = Self { bytes: Vec::with_capacity(capacity), ranges: Vec::with_capacity(received.len()) };
        for received in received {
            let range = decoded.append(received.data.as_bytes());
            decoded.ranges.push(range);
        }
        decoded
    }

    fn append(&mut self, data: &[u8]) -> Result<Range<usize>, Malformed> {
        let start = self.bytes.len();
        if base64_simd::STANDARD.decode_append(data, &mut self.bytes).is_err() {
            // The fast decoder gives no reason, so decode again for the error.
            self.bytes.extend(STANDARD.decode(data)?);
        }
        Ok(start..self.bytes.len())
    }

    /// Returns the data of the received record at `index`, or why it cannot be decoded.
    pub(crate) fn get(&self, index: usize) -> Result<&[u8], &Malformed> {
        match self.ranges.get(index) {
            Some(Ok(range)) => Ok(&self.bytes[range.clone()]),
            Some(Err(reason)) => Err(reason),
            None => Ok(&[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(data: &str) -> Option<Vec<u8>> {
        let received = Received { data: data.into(), ..Received::default() };
        let decoded = Decoded::of(&[Received::default(), received]);
        assert_eq!(decoded.get(0).unwrap(), b"");
        decoded.get(1).ok().map(<[u8]>::to_vec)
    }

    #[test]
    fn error_gives_the_reason() {
        for (data, expected) in [("Zg", "padding"), ("Zh==", "last symbol"), ("Z===", "symbol"), ("Zm9v\n", "symbol")] {
            let received = [Received { data: data.into(), ..Received::default() }];
            let decoded = Decoded::of(&received);
            let reason = decoded.get(0).unwrap_err().to_string();
            assert!(reason.starts_with("the data is not base64") && reason.contains(expected), "{reason}");
        }
    }

    proptest! {
        #[test]
        fn data_of_any_length_is_decoded(data: Vec<u8>) {
            prop_assert_eq!(decoded(&STANDARD.encode(&data)), Some(data));
        }

        #[test]
        fn both_decoders_accept_the_same(data in "[A-Za-f0-3+/=]{0,12}|[ -~]{0,9}") {
            prop_assert_eq!(decoded(&data), STANDARD.decode(&data).ok());
        }
    }
}
