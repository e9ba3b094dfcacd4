//! Reads an xz file. The input follows the magic number.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waypost_fuzz::rows::check;

fuzz_target!(|body: &[u8]| check(b"\xfd7zXZ\0", body));
