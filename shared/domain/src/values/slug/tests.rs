use super::*;
use crate::testing::system::SeededRandom;
use proptest::prelude::*;

#[test]
fn reserved_paths_are_refused_in_any_case() {
    for text in [
        "v1",
        "V1",
        "robots.txt",
        "Favicon.ICO",
        ".well-known",
        "v1/links",
        "HealthZ/x",
        ".well-known/a",
        "robots.txt/a",
    ] {
        assert_eq!(Slug::parse(text), Err(SlugError::Reserved), "{text}");
    }
}

#[test]
fn length_is_bounded() {
    assert_eq!(Slug::parse(""), Err(SlugError::Length));
    assert!(Slug::parse("a".repeat(128)).is_ok());
    assert_eq!(Slug::parse("a".repeat(129)), Err(SlugError::Length));
    for (text, expected) in [
        ("ж".repeat(128), Ok(())),
        ("ж".repeat(129), Err(SlugError::Length)),
        ("中".repeat(85), Ok(())),
        ("中".repeat(86), Err(SlugError::Length)),
        ("❤\u{fe0f}".repeat(85), Ok(())),
        ("a".repeat(100_000_000), Err(SlugError::Length)),
        ("a\u{301}".repeat(100_000), Err(SlugError::Length)),
    ] {
        assert_eq!(Slug::parse(text).map(drop), expected);
    }
}

#[test]
fn segments_are_names() {
    for (text, expected) in [
        ("docs/start", Ok(())),
        ("a/b/c/d", Ok(())),
        ("a/v1", Ok(())),
        ("a/...", Ok(())),
        ("a/b/c/d/e", Err(SlugError::Segments)),
        ("/a", Err(SlugError::Segment)),
        ("a/", Err(SlugError::Segment)),
        ("a//b", Err(SlugError::Segment)),
        ("/", Err(SlugError::Segment)),
        (".", Err(SlugError::Segment)),
        ("..", Err(SlugError::Segment)),
        ("a/../b", Err(SlugError::Segment)),
        ("./a", Err(SlugError::Segment)),
        ("a/.", Err(SlugError::Segment)),
    ] {
        assert_eq!(Slug::parse(text).map(drop), expected, "{text}");
    }
}

#[test]
fn hostile_texts_are_no_slugs() {
    for text in [
        "a b",
        "a\u{a0}b",
        "a\u{3000}b",
        "a\u{202e}b",
        "\u{2066}a",
        "a\u{200b}b",
        "a\u{200c}b",
        "a\u{2060}b",
        "\u{feff}a",
        "a\u{ad}b",
        "a\u{34f}b",
        "\u{3164}",
        "\u{115f}a",
        "🏴\u{e0067}\u{e0062}\u{e007f}",
        "a\u{e0041}",
        "\u{e000}",
        "\u{f8ff}",
        "\u{fffd}",
        "\u{ffff}",
        "a\0",
        "a\u{85}",
        "a\u{2028}",
        "a%2fb",
        "%2e%2e",
        "a?b",
        "a#b",
        "a+",
        "a\\b",
        "a&b",
        "<a>",
        "\"a\"",
        "a:b",
        "a@b",
        "a;b",
        "a=b",
        "a\u{fe00}",
        "a\u{e0100}",
        "\u{180b}",
        "a·b",
        "’",
    ] {
        assert_eq!(Slug::parse(text), Err(SlugError::Character), "{text:?}");
    }
}

#[test]
fn text_of_a_url_is_decoded_once() {
    for (text, expected) in [
        ("docs%2Fstart", Ok("docs/start")),
        ("gr%C3%B6%c3%9fe", Ok("größe")),
        ("gro%CC%88%C3%9Fe", Ok("größe")),
        ("%F0%9F%8E%89", Ok("🎉")),
        ("%64ocs", Ok("docs")),
        ("docs%252Fstart", Err(SlugError::Character)),
        ("%2e%2e", Err(SlugError::Segment)),
        ("a/..%2fb", Err(SlugError::Segment)),
        ("%2e%2e%2fdocs", Err(SlugError::Segment)),
        ("a%00", Err(SlugError::Character)),
        ("a%", Err(SlugError::Character)),
        ("%C0%AE%C0%AE", Err(SlugError::Character)),
        ("%C0%AF", Err(SlugError::Character)),
        ("%ED%A0%80", Err(SlugError::Character)),
        ("%ED%A0%BC%ED%BE%89", Err(SlugError::Character)),
        ("%FF", Err(SlugError::Character)),
        ("%E2%80%AEa", Err(SlugError::Character)),
    ] {
        assert_eq!(Slug::parse_encoded(text).as_ref().map(Slug::as_str), expected.as_ref().map(|text| *text), "{text}");
    }
    assert_eq!(Slug::parse_encoded(&"%64".repeat(100_000)), Err(SlugError::Length));
}

#[test]
fn slug_is_written_for_a_url_and_for_a_segment() {
    for (slug, encoded, segment) in [
        ("docs", "docs", "docs"),
        ("a-._~B", "a-._~B", "a-._~B"),
        ("docs/start", "docs/start", "docs%252Fstart"),
        ("größe", "gr%C3%B6%C3%9Fe", "gr%C3%B6%C3%9Fe"),
        ("de/größe", "de/gr%C3%B6%C3%9Fe", "de%252Fgr%C3%B6%C3%9Fe"),
    ] {
        let slug = Slug::parse(slug).unwrap();
        assert_eq!((&*slug.encoded(), &*slug.as_segment()), (encoded, segment));
        assert_eq!(Slug::parse_encoded(encoded).as_ref(), Ok(&slug));
        for once in [segment.replace("%25", "%"), segment.to_owned()] {
            let decoded = percent_decode_str(&once).decode_utf8().unwrap();
            assert_eq!(Slug::parse_encoded(&decoded).as_ref(), Ok(&slug), "a gateway decodes it or does not");
        }
    }
}

#[test]
fn beginning_of_a_slug_may_be_less_than_one() {
    for (text, expected) in [
        ("docs/", Ok("docs/")),
        ("v1", Ok("v1")),
        ("u\u{308}", Ok("ü")),
        ("", Err(SlugError::Length)),
        ("a b", Err(SlugError::Character)),
        ("a%", Err(SlugError::Character)),
    ] {
        assert_eq!(Slug::parse_prefix(text).as_deref(), expected.as_ref().map(|text| *text), "{text}");
    }
}

#[test]
fn folding_is_that_of_unicode() {
    for (text, expected) in [
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("ẞ", "ss"),
        ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        ("σίσυφος", "σίσυφοσ"),
        ("ПРИВЕТ", "привет"),
        ("Docs/Größe", "docs/grösse"),
        ("İ", "i\u{307}"),
        ("ı", "ı"),
        ("🎉A", "🎉a"),
    ] {
        let folded = Slug::parse(text).unwrap().folded().unwrap();
        assert_eq!(folded.as_str(), expected, "{text}");
        assert!(folded.is_folded());
    }
    assert_eq!(Slug::parse("ß".repeat(128)).unwrap().folded(), Err(SlugError::Length));
}

#[test]
fn derived_slugs_depend_only_on_the_seed() {
    assert_eq!(Slug::derive("imp#1", 8), Slug::derive("imp#1", 8));
    assert_ne!(Slug::derive("imp#1", 8), Slug::derive("imp#2", 8));
    assert_eq!(Slug::derive("imp#1", 100).as_str().len(), 100);
}

#[test]
fn generated_slugs_use_every_character() {
    let random = SeededRandom::new(7);
    let all: String = (0..2000).map(|_| Slug::generate(&random, Slug::GENERATED_LEN).to_string()).collect();
    assert_eq!(all.len(), 2000 * Slug::GENERATED_LEN);
    assert!(ALPHABET.iter().all(|&character| all.contains(char::from(character))));
}

#[test]
fn no_character_is_likelier_than_another() {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    let mut counts = std::collections::BTreeMap::new();
    characters(&every_byte).for_each(|character| *counts.entry(character).or_insert(0) += 1);
    assert_eq!(counts.len(), 62);
    assert!(counts.values().all(|count| *count == 4), "{counts:?}");
}

#[test]
fn derived_slug_is_never_longer_than_a_slug_may_be() {
    for (len, expected) in [(1, 1), (31, 31), (32, 32), (33, 33), (128, 128), (129, 128), (1000, 128)] {
        let slug = Slug::derive("imp#1", len);
        assert_eq!(slug.as_str().len(), expected, "{len}");
        assert_eq!(Slug::parse(slug.as_str()), Ok(slug));
    }
}

#[test]
fn generated_slug_has_its_length_however_few_bytes_are_fair() {
    struct ThreeFairBytes;
    impl Random for ThreeFairBytes {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(u8::MAX);
            bytes[..3].fill(1);
        }
    }
    assert_eq!(Slug::generate(&ThreeFairBytes, 7).as_str(), "1111111");
}

proptest! {
#[test]
fn folding_makes_slugs_that_differ_in_capitals_the_same(text in "[A-Za-z0-9._~-]{1,128}") {
    let Ok(slug) = Slug::parse(text.clone()) else { return Ok(()) };
    let folded = slug.clone().folded().unwrap();
    prop_assert_eq!(Slug::parse(folded.as_str()), Ok(folded.clone()), "it is not reserved");
    prop_assert!(folded.is_folded() && folded.as_str().eq_ignore_ascii_case(&text));
    prop_assert_eq!(slug.is_folded(), slug == folded);
    prop_assert_eq!(Slug::parse(text.to_ascii_uppercase()).and_then(Slug::folded), Ok(folded));
}

#[test]
fn url_leads_back_to_the_slug(text in "([A-Za-z0-9._~/-]|[äßжя中あ한ो🎉❤]|\\PC){0,40}") {
        if let Ok(slug) = Slug::parse(text.clone()) {
            let url = url::Url::parse(&format!("https://go.example.com/{}", slug.encoded())).unwrap();
            prop_assert_eq!(url.path(), format!("/{}", slug.encoded()), "a browser changes nothing");
            prop_assert_eq!((url.query(), url.fragment()), (None, None));
            prop_assert_eq!(Slug::parse_encoded(&url.path()[1..]), Ok(slug.clone()));
            prop_assert_eq!(Slug::parse(slug.as_str()), Ok(slug));
        }
    }

    #[test]
    fn folding_twice_is_folding_once(text in "\\PC{1,30}") {
        if let Ok(folded) = Slug::parse(text).and_then(Slug::folded) {
            prop_assert!(folded.is_folded(), "{}", folded);
        }
    }

    #[test]
    fn every_text_is_looked_at_without_a_panic(text in any::<String>()) {
        let _ = (Slug::parse(text.as_str()), Slug::parse_encoded(&text), Slug::parse_prefix(&text));
    }
}
