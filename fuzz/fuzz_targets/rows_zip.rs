//! Reads a ZIP archive. The input follows the first signature.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waypost_fuzz::rows::check;

fuzz_target!(|body: &[u8]| check(b"PK\x03\x04", body));
