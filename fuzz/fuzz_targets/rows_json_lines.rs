//! Reads JSON Lines. The input follows the first line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waypost_fuzz::rows::check;

fuzz_target!(|body: &[u8]| check(b"{\"url\":\"https://a.example/\"}\n", body));
