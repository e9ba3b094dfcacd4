use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::*;

fn rules(case: SlugCase, slashes: bool, characters: SlugCharacters) -> SlugRules {
    SlugRules { case, slashes, characters }
}

fn applied(rules: SlugRules, text: &str) -> Result<String, SlugError> {
    Slug::parse(text).and_then(|slug| rules.apply(slug)).map(|slug| slug.to_string())
}

const ALL: SlugRules = SlugRules { case: SlugCase::Sensitive, slashes: true, characters: SlugCharacters::Unicode };

#[test]
fn each_rule_allows_what_it_names_and_no_more() {
    let plain = SlugRules::default();
    let slashes = rules(SlugCase::Sensitive, true, SlugCharacters::Ascii);
    let unicode = rules(SlugCase::Sensitive, false, SlugCharacters::Unicode);
    let insensitive = rules(SlugCase::Insensitive, true, SlugCharacters::Unicode);
    let slash = Err(SlugError::SlashesOff);
    let ascii = Err(SlugError::UnicodeOff);
    for (text, expected) in [
        ("Docs", [Ok("Docs"), Ok("Docs"), Ok("Docs"), Ok("docs")]),
        ("docs/Start", [slash, Ok("docs/Start"), slash, Ok("docs/start")]),
        ("Größe", [ascii, ascii, Ok("Größe"), Ok("grösse")]),
        ("de/Größe", [slash, ascii, slash, Ok("de/grösse")]),
        ("🎉", [ascii, ascii, Ok("🎉"), Ok("🎉")]),
        ("ru/привет", [slash, ascii, slash, Ok("ru/привет")]),
        ("раураl", [ascii, ascii, Err(SlugError::Mixed), Err(SlugError::Mixed)]),
        ("docs/сосо", [slash, ascii, slash, Err(SlugError::LooksAscii)]),
    ] {
        let all = [plain, slashes, unicode, insensitive].map(|rules| applied(rules, text));
        assert_eq!(all, expected.map(|result| result.map(str::to_owned)), "{text}");
    }
    assert_eq!(applied(insensitive, &"ß".repeat(128)), Err(SlugError::Length));
}

#[test]
fn generated_slug_follows_the_case_of_the_domain() {
    let slug = Slug::parse("aB3x").unwrap();
    assert_eq!(SlugRules::default().apply_to_generated(slug.clone()), slug);
    let insensitive = rules(SlugCase::Insensitive, false, SlugCharacters::Ascii);
    assert_eq!(insensitive.apply_to_generated(slug).as_str(), "ab3x");
}

#[test]
fn stored_rules_from_before_read_as_the_usual_ones() {
    let read = |json: &str| serde_json::from_str::<SlugRules>(json).unwrap();
    assert_eq!(read("{}"), SlugRules::default());
    assert_eq!(read(r#"{"case": "insensitive"}"#), rules(SlugCase::Insensitive, false, SlugCharacters::Ascii));
}

/// Texts of which many are accepted.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Zäöüßéèñ0-9-]{1,8}(/[a-zA-Zäöüß0-9._~-]{1,8}){0,3}",
        "[а-яА-Я]{1,10}(/[a-z]{1,5}){0,2}",
        "[α-ωά-ώΑ-Ω]{1,10}",
        "[ぁ-んァ-ヶ一-龠a-z]{1,10}",
        "[가-힣]{1,10}",
        "[ก-ฮะาำิีเแ]{1,10}",
        "([🎉❤👍🇨🇭©]|👩\u{200d}💻|👍🏽|❤\u{fe0f}|[a-z]){1,6}",
        "\\PC{1,12}",
    ]
}

proptest! {
    #[test]
    fn accepted_slug_is_the_same_for_every_spelling(text in texts(), fold in any::<bool>()) {
        let case = if fold { SlugCase::Insensitive } else { SlugCase::Sensitive };
        let rules = SlugRules { case, ..ALL };
        let Ok(slug) = Slug::parse(text.as_str()).and_then(|slug| rules.apply(slug)) else { return Ok(()) };
        prop_assert_eq!(rules.apply(slug.clone()), Ok(slug.clone()), "it is as the rules want it");
        let again = |text: &str| Slug::parse_encoded(text).and_then(|slug| rules.apply(slug));
        let decomposed: String = text.nfd().collect();
        let upper = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let lower = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let spellings = [text.clone(), upper(&text), lower(&text), upper(&decomposed), lower(&decomposed), decomposed];
        for spelling in spellings.iter().map(String::as_str).chain([&*slug.encoded()]) {
            prop_assert_eq!(again(spelling), Ok(slug.clone()), "{}", spelling);
        }
    }

    #[test]
    fn accepted_slug_is_none_of_our_own_paths(text in texts()) {
        if let Ok(slug) = Slug::parse(text).and_then(|slug| ALL.apply(slug)) {
            let path = format!("/{slug}");
            for ours in ["/v1/", "/healthz/", "/.well-known/", "/robots.txt/", "/favicon.ico/"] {
                prop_assert!(!format!("{path}/").to_ascii_lowercase().starts_with(ours), "{}", path);
            }
            prop_assert!(!path.ends_with(['+', '/']) && !path.contains("//") && !path.contains(['?', '#', '%']));
        }
    }
}
