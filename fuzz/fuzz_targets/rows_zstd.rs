//! Reads a Zstandard file. The input follows the magic number.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waypost_fuzz::rows::check;

fuzz_target!(|body: &[u8]| check(b"\x28\xb5\x2f\xfd", body));
