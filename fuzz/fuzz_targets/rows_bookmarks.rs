//! Reads bookmarks. The input follows the first line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waypost_fuzz::rows::check;

fuzz_target!(|body: &[u8]| check(b"<!DOCTYPE NETSCAPE-Bookmark-file-1>\n", body));
