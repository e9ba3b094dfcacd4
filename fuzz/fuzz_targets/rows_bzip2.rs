//! Reads a bzip2 file. The input follows the header of the first block.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waypost_fuzz::rows::check;

fuzz_target!(|body: &[u8]| check(b"BZh91AY&SY", body));
