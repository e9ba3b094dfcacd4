//! Reads bookmarks in OPML. The input follows the first element.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waypost_fuzz::rows::check;

fuzz_target!(|body: &[u8]| check(b"<opml>", body));
