//! JSON Lines after the first one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waypost_fuzz::rows::check;

fuzz_target!(|body: &[u8]| check(b"{\"url\":\"https://a.example/\"}\\n", body));
