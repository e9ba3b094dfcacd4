//! Reads a CSV file. The input follows the header.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waypost_fuzz::rows::check;

fuzz_target!(|body: &[u8]| check(b"url,slug,title,tags\n", body));
