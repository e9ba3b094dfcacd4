//! Reads a gzip file. The input follows the header: deflate data that is damaged, is cut, or unpacks to too much.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waypost_fuzz::rows::check;

fuzz_target!(|body: &[u8]| check(b"\x1f\x8b\x08\0\0\0\0\0\0\x03", body));
