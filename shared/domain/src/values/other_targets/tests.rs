use proptest::prelude::*;
use url::Url;

use crate::values::domains::Domains;
use crate::values::schemes::TargetSchemes;
use crate::values::target::{TargetError, TargetUrl};

const ALLOWED: &str = "mailto,tel,sms,myapp,slack,zoommtg,whatsapp,com.example.app,intent";

fn own() -> Domains {
    Domains::parse("go.example.com").unwrap().with_schemes(TargetSchemes::parse(ALLOWED).unwrap())
}

fn parse(text: &str) -> Result<String, TargetError> {
    TargetUrl::parse(text, &own()).map(|target| target.to_string())
}

fn all_are(good: &[(&str, &str)]) {
    for (text, normal) in good {
        assert_eq!(parse(text).as_deref(), Ok(*normal), "{text}");
        assert_eq!(parse(normal).as_deref(), Ok(*normal), "{text}: the normal form stays");
    }
}

fn all_fail(bad: &[&str], error: TargetError) {
    for text in bad {
        assert_eq!(parse(text), Err(error), "{text}");
    }
}

#[test]
fn app_urls_keep_their_meaning() {
    all_are(&[
        ("myapp://", "myapp://"),
        ("myapp://open/item?id=1&x=%c3%bc#top", "myapp://open/item?id=1&x=%C3%BC#top"),
        ("MyApp:open", "myapp:open"),
        ("myapp://Item/ä b", "myapp://Item/%C3%A4%20b"),
        ("slack://channel?team=T1&id=C1", "slack://channel?team=T1&id=C1"),
        ("zoommtg://zoom.us/join?confno=123&pwd=a%2Bb", "zoommtg://zoom.us/join?confno=123&pwd=a%2Bb"),
        ("whatsapp://send?text=a%0Ab", "whatsapp://send?text=a%0Ab"),
        ("com.example.app:/cb", "com.example.app:/cb"),
        ("myapp://go.example.com/x", "myapp://go.example.com/x"),
        ("myapp:javascript:alert(1)", "myapp:javascript:alert(1)"),
    ]);
}

#[test]
fn hostile_app_urls_are_refused() {
    all_fail(
        &["myapp:", "myapp:%", "myapp://a%0", "myapp://h/%00", "myapp://[::1", "myapp://a:b:c/"],
        TargetError::Syntax,
    );
    all_fail(&["myapp://user@host/", "myapp://user:pw@host/"], TargetError::Credentials);
    all_fail(&["myapp://a\r\nLocation: x", "mailto:a\n@example.com", "tel:+1\t2"], TargetError::Character);
    all_fail(
        &[
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "java\u{200b}script:alert(1)",
            " javascript://x%0aalert(1)",
            "data:text/html,<script>",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://example.com/1",
            "about:blank",
            "view-source:https://example.com",
            "filesystem:https://example.com/",
            "ws://example.com/",
            "otherapp://x",
            "myapp",
            "myapp;x",
            ":x",
            "my app://x",
            "https:example.com",
            "http:/example.com",
            "%6Ayapp://x",
        ],
        TargetError::Scheme,
    );
    let long = format!("myapp:{}", "a".repeat(TargetUrl::MAX_LEN - 5));
    assert_eq!(parse(&long), Err(TargetError::Length));
    assert!(parse(&long[..TargetUrl::MAX_LEN]).is_ok());
    assert_eq!(parse(&format!("myapp:{}", "ü".repeat(6_000))), Err(TargetError::Length), "the normal form counts");
}

#[test]
fn mail_has_addresses_and_safe_fields() {
    all_are(&[
        ("mailto:info@example.com", "mailto:info@example.com"),
        ("MAILTO:Info@Example.COM", "mailto:Info@example.com"),
        ("mailto:a@example.com,b+c@example.com", "mailto:a@example.com,b+c@example.com"),
        ("mailto:a@exämple.com", "mailto:a@xn--exmple-cua.com"),
        ("mailto:ü@example.com", "mailto:%C3%BC@example.com"),
        ("mailto:a%40example.com", "mailto:a@example.com"),
        ("mailto:gorby%25kremvax@example.com", "mailto:gorby%25kremvax@example.com"),
        (
            "mailto:a@example.com?Subject=Hi there&body=1%0D%0A2",
            "mailto:a@example.com?subject=Hi%20there&body=1%0D%0A2",
        ),
        (
            "mailto:?to=a@example.com&cc=b@example.com,c@example.com",
            "mailto:?to=a@example.com&cc=b@example.com,c@example.com",
        ),
        ("mailto:?body=https://example.com/?a=b%26c", "mailto:?body=https:%2F%2Fexample.com%2F%3Fa%3Db%26c"),
        ("mailto:a@example.com?subject=Ticket #5", "mailto:a@example.com?subject=Ticket%20%235"),
    ]);
}

#[test]
fn hostile_mail_is_refused() {
    all_fail(
        &[
            "mailto:",
            "mailto:?",
            "mailto:a",
            "mailto:@example.com",
            "mailto:a@",
            "mailto:a@b@example.com",
            "mailto:a@exa mple.com",
            "mailto:a b@example.com",
            "mailto:a@example.com,",
            "mailto:\"a b\"@example.com",
            "mailto:a%0D%0ABcc:b@example.com",
            "mailto:<a@example.com>",
            "mailto:a@example.com;b@example.com",
            "mailto:a@example.com%3Fattach=x",
            "mailto:a@example.com?attach=/etc/passwd",
            "mailto:a@example.com?attachment=x",
            "mailto:a@example.com?from=b@example.com",
            "mailto:a@example.com?x-header=1",
            "mailto:a@example.com?subject",
            "mailto:a@example.com?subject=a%0D%0ABcc:%20b@example.com",
            "mailto:a@example.com?body=%00",
            "mailto:a@example.com?body=%",
            "mailto:a@example.com?cc=b",
            "mailto://a@example.com/",
        ],
        TargetError::Mail,
    );
}

#[test]
fn telephone_numbers_have_digits_and_parameters() {
    all_are(&[
        ("tel:+41441234567", "tel:+41441234567"),
        ("tel:+41 44 123 45 67", "tel:+41441234567"),
        ("tel:+1-201-555-0123", "tel:+1-201-555-0123"),
        ("tel:(0)44.123", "tel:(0)44.123"),
        ("TEL:%2B4144", "tel:+4144"),
        ("tel:112", "tel:112"),
        ("tel:7042;phone-context=Example.com", "tel:7042;phone-context=example.com"),
        ("tel:863-1234;phone-context=+1914555", "tel:863-1234;phone-context=+1914555"),
        ("tel:+4144;EXT=12;isub=a%2b", "tel:+4144;ext=12;isub=a%2B"),
        ("sms:+41441234567", "sms:+41441234567"),
        ("sms:+4144,+4145?body=Hi there", "sms:+4144,+4145?body=Hi%20there"),
        ("sms:?body=a%0Ab", "sms:?body=a%0Ab"),
        ("sms:+41?&body=x", "sms:+41?body=x"),
    ]);
    all_fail(
        &[
            "tel:",
            "tel:+",
            "tel:*100%23",
            "tel:%2A%2306%23",
            "tel:*2767*3855%23",
            "tel:12#34",
            "tel:12a",
            "tel:1+2",
            "tel://+4144",
            "tel:1?x=1",
            "tel:12;ext=",
            "tel:12;ext=a",
            "tel:12;ext=1;ext=2",
            "tel:12;=1",
            "tel:12;phone-context=a b",
            "tel:12;isub=%0A",
            "tel:123456789012345678901234567890123",
            "tel:12%0A",
            "tel:12%",
        ],
        TargetError::Telephone,
    );
    all_fail(
        &[
            "sms:",
            "sms:?",
            "sms:abc",
            "sms:+41?subject=x",
            "sms:+41?body=a&body=b",
            "sms:+41?body",
            "sms:+41,",
            "sms:+41?body=%00",
            "sms:*100%23",
        ],
        TargetError::Message,
    );
}

#[test]
fn intents_lead_only_where_targets_may() {
    all_are(&[
        (
            "intent://item/1#Intent;scheme=myapp;package=com.example.app;S.browser_fallback_url=https%3a%2f%2fexample.com%2F;end",
            "intent://item/1#Intent;scheme=myapp;package=com.example.app;S.browser_fallback_url=https%3A%2F%2Fexample.com%2F;end",
        ),
        (
            "intent:#Intent;action=android.intent.action.VIEW;category=android.intent.category.BROWSABLE;package=com.example;i.page=2;end",
            "intent:#Intent;action=android.intent.action.VIEW;category=android.intent.category.BROWSABLE;package=com.example;i.page=2;end",
        ),
        (
            "intent://example.com/a#Intent;scheme=https;package=com.example;end",
            "intent://example.com/a#Intent;scheme=https;package=com.example;end",
        ),
    ]);
    let intent = |items: &str| format!("intent://x/#Intent;{items}end");
    for (items, error) in [
        ("scheme=javascript;", TargetError::Scheme),
        ("scheme=file;", TargetError::Scheme),
        ("scheme=MyApp;", TargetError::Scheme),
        ("scheme=myapp;scheme=data;", TargetError::Scheme),
        ("scheme=java%73cript;", TargetError::Scheme),
        ("package=a;S.browser_fallback_url=javascript%3Aalert(1);", TargetError::Scheme),
        ("package=a;S.browser_fallback_url=intent%3A%23Intent%3Bend;", TargetError::Scheme),
        ("package=a;S.browser_fallback_url=myapp%3Ax;", TargetError::Scheme),
        ("package=a;S.browser_fallback_url=https%3A%2F%2Fgo.example.com%2Fx;", TargetError::OwnDomain),
        ("package=a;S.browser_fallback_url=https%3A%2F%2Fu%40example.com%2F;", TargetError::Credentials),
        ("scheme=myapp;component=com.example/.Secret;", TargetError::Intent),
        ("scheme=myapp;SEL;", TargetError::Intent),
        ("scheme=myapp;launchFlags=0x1;", TargetError::Intent),
        ("scheme=myapp;action=android.intent.action.CALL;", TargetError::Intent),
        ("scheme=intent;", TargetError::Intent),
        ("package=a b;", TargetError::Intent),
        ("package=a", TargetError::Intent),
        ("S%2Ebrowser_fallback_url=x;package=a;", TargetError::Intent),
        ("", TargetError::Intent),
    ] {
        assert_eq!(parse(&intent(items)), Err(error), "{items}");
    }
    assert_eq!(parse("intent://go.example.com/x#Intent;scheme=https;end"), Err(TargetError::OwnDomain));
    assert_eq!(parse("intent://a/#x#Intent;scheme=myapp;end"), Err(TargetError::Intent));
    assert_eq!(parse("intent://a/"), Err(TargetError::Intent));
}

#[test]
fn only_allowed_schemes_are_targets() {
    let none = Domains::parse("go.example.com").unwrap();
    let mail = none.clone().with_schemes(TargetSchemes::parse("mailto").unwrap());
    for text in ["mailto:a@example.com", "tel:112", "myapp://x"] {
        assert_eq!(TargetUrl::parse(text, &none), Err(TargetError::Scheme));
    }
    assert!(TargetUrl::parse("mailto:a@example.com", &mail).is_ok());
    assert_eq!(TargetUrl::parse("tel:112", &mail), Err(TargetError::Scheme));
}

#[test]
fn other_urls_have_no_host_that_could_loop() {
    let target = |text: &str| TargetUrl::parse(text, &own()).unwrap();
    assert!(!target("myapp://elsewhere.example/").leads_to("elsewhere.example"));
    assert!(!target("mailto:a@example.com").leads_to("example.com") && !target("tel:112").is_web());
    assert!(target("https://elsewhere.example/").leads_to("elsewhere.example"));
}

proptest! {
    /// Whatever is accepted, a browser sees an allowed scheme, and nothing that could end a header.
    #[test]
    fn nothing_accepted_is_another_scheme(
        scheme in prop_oneof![
            "(?i)(mailto|tel|sms|myapp|slack|intent|javascript|data|file|https?)",
            "[ -~]{0,12}", "\\PC{0,8}",
        ],
        colon in prop_oneof![Just(":"), Just("://"), Just(""), Just("%3A"), Just("\u{ff1a}"), Just(":/")],
        rest in prop_oneof![
            "[ -~]{0,60}", "\\PC{0,40}", "(javascript:|data:|%0[aAdD]|//|@|#|\\?|;|Intent|scheme=|end|a|%2[eEfF]|[+0-9]){0,20}",
            "[+0-9 ().-]{1,20}(;[a-z-]{1,8}=[a-z0-9.%+]{0,8}){0,2}", "[a-z+%2]{1,8}@[a-zä.-]{1,12}(\\?(cc|body|subject)=[ -~]{0,20})?",
        ],
    ) {
        let text = format!("{scheme}{colon}{rest}");
        if let Ok(target) = TargetUrl::parse(&text, &own()) {
            let shown = target.as_str();
            let seen = Url::parse(shown).unwrap();
            let is_allowed = ALLOWED.split(',').chain(["http", "https"]).any(|allowed| allowed == seen.scheme());
            prop_assert!(is_allowed && shown.starts_with(&format!("{}:", seen.scheme())), "{}", shown);
            prop_assert!(shown.bytes().all(|b| (0x21..0x7f).contains(&b)), "{}", shown);
            prop_assert!(seen.username().is_empty() && seen.password().is_none());
            prop_assert_eq!(seen.as_str(), shown);
            prop_assert_eq!(TargetUrl::parse(shown, &own()), Ok(target.clone()));
        }
    }
}
