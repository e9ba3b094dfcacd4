//! Reads a tar archive. The input is its entries, with an empty line between them; the first byte of each tells its kind.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waypost_fuzz::rows::check_file;
use waypost_fuzz::tar::stored;

fuzz_target!(|body: &[u8]| {
    let (cut, mut rest) = body.split_first().map_or((0, body), |(cut, rest)| (*cut, rest));
    let entries = std::iter::from_fn(|| {
        let (kind, after) = rest.split_first()?;
        let end = after.windows(2).position(|pair| pair == b"\n\n").unwrap_or(after.len());
        rest = after.get(end + 2..).unwrap_or_default();
        Some((*kind, &after[..end]))
    });
    check_file(&stored(entries), usize::from(cut) + 1);
});
