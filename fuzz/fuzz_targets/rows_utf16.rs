//! Reads text in UTF-16, low byte first. The input follows the byte order mark and a header.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waypost_fuzz::rows::check;

fuzz_target!(|body: &[u8]| check(b"\xff\xfeu\0r\0l\0\n\0", body));
