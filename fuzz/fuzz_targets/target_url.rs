//! Parses any text as a target, and forwards any text to it as a query. An accepted target must be safe in an answer.
//!
//! The first line is the target, the rest is the query. The whole input is parsed as a target too.

#![no_main]

use libfuzzer_sys::fuzz_target;
use url::{Host, Url};
use waypost_domain::links::settings::QueryConflict;
use waypost_domain::redirect::forward_query::forward_query;
use waypost_domain::values::schemes::TargetSchemes;
use waypost_domain::{Domains, TargetUrl};

/// The schemes that targets may have beside `http` and `https`.
const SCHEMES: [&str; 5] = ["mailto", "tel", "sms", "myapp", "intent"];
const OWN: [&str; 3] = ["go.example.com", "xn--exmple-cua.test", "127.0.0.1"];

fuzz_target!(|text: &str| {
    let schemes = TargetSchemes::parse(&SCHEMES.join(",")).expect("safe schemes");
    let own = Domains::parse(&OWN.join(",")).expect("valid domains").with_schemes(schemes);
    accept(text, &own);
    let (target, query) = text.split_once('\n').unwrap_or((text, ""));
    if let Some(target) = accept(target, &own) {
        keeps_its_place(&target, &forward_query(&target, query, QueryConflict::TargetWins), &own);
    }
});

/// Parses `text` as a target. Checks an accepted target against the rules, written here a second time.
fn accept(text: &str, own: &Domains) -> Option<TargetUrl> {
    let target = TargetUrl::parse(text, own).ok()?;
    let shown = target.as_str();
    assert!(shown.len() <= TargetUrl::MAX_LEN);
    assert!(shown.bytes().all(|byte| (0x21..0x7f).contains(&byte)), "{shown:?}");
    assert!(http::HeaderValue::from_str(shown).is_ok(), "{shown:?}");
    assert_eq!(TargetUrl::parse(shown, own).as_ref(), Ok(&target), "a target parses to itself");
    let url = Url::parse(shown).expect("a target is a URL");
    assert!(url.username().is_empty() && url.password().is_none(), "{shown:?}");
    if !(shown.starts_with("http://") || shown.starts_with("https://")) {
        assert!(SCHEMES.contains(&url.scheme()) && shown.starts_with(&format!("{}:", url.scheme())), "{shown:?}");
        return Some(target);
    }
    let authority = shown.split('/').nth(2).expect("an authority");
    assert!(!authority.contains(['@', '\\', '%']), "{shown:?}");
    match url.host().expect("a target has a host") {
        Host::Domain(name) => assert!(!OWN.contains(&name.trim_end_matches('.')), "{shown:?}"),
        Host::Ipv4(address) => assert!(!OWN.contains(&address.to_string().as_str()), "{shown:?}"),
        Host::Ipv6(_) => {}
    }
    Some(target)
}

/// Checks that forwarding changes only the query, and keeps the target's own parameters first.
fn keeps_its_place(target: &TargetUrl, forwarded: &str, own: &Domains) {
    let again = accept(forwarded, own).expect("a target with a query is a target");
    assert_eq!(again.as_str(), forwarded);
    let (before, after) = (Url::parse(target.as_str()).expect("a URL"), Url::parse(forwarded).expect("a URL"));
    assert_eq!(before.origin(), after.origin());
    assert_eq!((before.path(), before.fragment()), (after.path(), after.fragment()));
    assert!(after.query().unwrap_or_default().starts_with(before.query().unwrap_or_default()));
}
