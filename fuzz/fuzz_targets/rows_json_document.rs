//! Reads a JSON document with a list of links. The input follows the first link.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waypost_fuzz::rows::check;

fuzz_target!(|body: &[u8]| check(b"{\"links\":[{\"url\":\"https://a.example/\"}", body));
