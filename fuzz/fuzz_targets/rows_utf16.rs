//! Text in UTF-16, the low byte first.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waypost_fuzz::rows::check;

fuzz_target!(|body: &[u8]| check(b"\\xff\\xfeu\\0r\\0l\\0\\n\\0", body));
