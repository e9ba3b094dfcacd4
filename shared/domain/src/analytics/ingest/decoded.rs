//! The data of a batch without its base64.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::record::{Malformed, Received};

/// The data of records, one after the other in one buffer: thousands of small ones cost more than their contents.
pub(crate) struct Decoded {
    bytes: Vec<u8>,
    places: Vec<Result<Range<usize>, Malformed>>,
}

impl Decoded {
    pub(crate) fn of(received: &[Received<'_>]) -> Self {
        let room = received.iter().map(|received| received.data.len().div_ceil(4) * 3).sum();
        let mut decoded = Self { bytes: Vec::with_capacity(room), places: Vec::with_capacity(received.len()) };
        for received in received {
            let place = decoded.append(received.data.as_bytes());
            decoded.places.push(place);
        }
        decoded
    }

    fn append(&mut self, data: &[u8]) -> Result<Range<usize>, Malformed> {
        let start = self.bytes.len();
        if base64_simd::STANDARD.decode_append(data, &mut self.bytes).is_err() {
            // The one that is fast does not say what is wrong.
            self.bytes.extend(STANDARD.decode(data)?);
        }
        Ok(start..self.bytes.len())
    }

    /// The data of the record at `index` of what was received.
    pub(crate) fn get(&self, index: usize) -> Result<&[u8], &Malformed> {
        match self.places.get(index) {
            Some(Ok(place)) => Ok(&self.bytes[place.clone()]),
            Some(Err(reason)) => Err(reason),
            None => Ok(&[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(data: &str) -> Option<Vec<u8>> {
        let received = Received { data: data.into(), ..Received::default() };
        let decoded = Decoded::of(&[Received::default(), received]);
        assert_eq!(decoded.get(0).unwrap(), b"");
        decoded.get(1).ok().map(<[u8]>::to_vec)
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (data, what) in [("Zg", "padding"), ("Zh==", "last symbol"), ("Z===", "symbol"), ("Zm9v\n", "symbol")] {
            let received = [Received { data: data.into(), ..Received::default() }];
            let decoded = Decoded::of(&received);
            let reason = decoded.get(0).unwrap_err().to_string();
            assert!(reason.starts_with("the data is not base64") && reason.contains(what), "{reason}");
        }
    }

    proptest! {
        #[test]
        fn data_of_any_length_is_as_it_was(data: Vec<u8>) {
            prop_assert_eq!(decoded(&STANDARD.encode(&data)), Some(data));
        }

        #[test]
        fn what_is_base64_is_what_the_standard_says(data in "[A-Za-f0-3+/=]{0,12}|[ -~]{0,9}") {
            prop_assert_eq!(decoded(&data), STANDARD.decode(&data).ok());
        }
    }
}
