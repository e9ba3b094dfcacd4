//! Reads redirects of web servers. The first byte of the input chooses the syntax; the rest follows a first rule.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waypost_fuzz::rows::check;

fuzz_target!(|body: &[u8]| {
    let (choice, body) = body.split_first().unwrap_or((&0, &[]));
    let head: &[u8] = match choice % 3 {
        0 => b"/a https://a.example/x\n",
        1 => b"Redirect 301 /a https://a.example/x\n",
        _ => b"location = /a { return 301 https://a.example/x; }\n",
    };
    check(head, body);
});
