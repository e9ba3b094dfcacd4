use proptest::prelude::*;
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

use super::*;
use crate::links::ports::LinkWriter;
use crate::testing::domains::MemoryDomains;
use crate::testing::links::MemoryLinks;
use crate::testing::samples::link;

const DOMAIN: &str = "go.example.com";

struct World {
    links: MemoryLinks,
    settings: MemoryDomains,
    domain: Domain,
}

/// Makes links with these slugs. Those that end in `+` forward the rest of the path.
async fn world(rules: Value, slugs: &[&str]) -> World {
    let links = MemoryLinks::default();
    for slug in slugs {
        let mut link = link("acme", slug.trim_end_matches('+'), "https://example.com/");
        link.settings.forward_path = slug.ends_with('+');
        assert!(links.insert(&link).await.unwrap());
    }
    World { links, settings: MemoryDomains::with(DOMAIN, rules), domain: Domain::parse(DOMAIN).unwrap() }
}

impl World {
    /// Returns the slug of the link at `path`, and the rest of the path behind a space.
    async fn find(&self, path: &str) -> String {
        let finder = LinkFinder { links: &self.links, settings: &self.settings, domain: &self.domain };
        match finder.find(path).await.unwrap() {
            Some((link, None)) => link.address.slug.to_string(),
            Some((link, Some(rest))) => format!("{} {rest}", link.address.slug),
            None => String::new(),
        }
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn all() -> Value {
    json!({"slugs": {"slashes": true, "characters": "unicode"}})
}

#[tokio::test]
async fn slugs_with_slashes_are_found_and_the_longest_that_forwards_gets_the_rest() {
    let world = world(all(), &["docs+", "docs/start+", "docs/plain", "a/b/c/d+", "x"]).await;
    for (path, found) in [
        ("/docs", "docs"),
        ("/docs/start", "docs/start"),
        ("/docs%2Fstart", "docs/start"),
        ("/docs%2fstart", "docs/start"),
        ("/docs/start/", "docs/start"),
        ("//docs/start).", "docs/start"),
        ("/docs/start/x", "docs/start x"),
        ("/docs/start/x/y/z/1/2/3", "docs/start x/y/z/1/2/3"),
        ("/docs/other", "docs other"),
        ("/docs/other/x", "docs other/x"),
        ("/docs/plain", "docs/plain"),
        ("/docs/plain/x", "docs plain/x"),
        ("/a/b/c/d", "a/b/c/d"),
        ("/a/b/c/d/e", "a/b/c/d e"),
        ("/a/b/c", ""),
        ("/x/y", ""),
        ("/docs//start", ""),
        ("/docs/../start", ""),
        ("/docs/%2e%2e/start", ""),
        ("/docs/..%2fstart", ""),
        ("/%2e%2e/docs/start", ""),
        ("/docs%252Fstart", ""),
        ("/v1/docs", ""),
        ("/docs/start%00", ""),
    ] {
        assert_eq!(world.find(path).await, found, "{path}");
    }
}

#[tokio::test]
async fn every_spelling_finds_a_slug_beyond_ascii() {
    let world = world(all(), &["größe", "🎉", "❤", "de/größe+", "docs"]).await;
    for (path, found) in [
        ("/größe", "größe"),
        ("/gro\u{308}ße", "größe"),
        ("/gr%C3%B6%C3%9Fe", "größe"),
        ("/gr%c3%b6%c3%9fe", "größe"),
        ("/gro%CC%88%C3%9Fe", "größe"),
        ("/gr%C3%B6%C3%9Fe/", "größe"),
        ("/%C2%BBgr%C3%B6%C3%9Fe%C2%AB", "größe"),
        ("/%F0%9F%8E%89", "🎉"),
        ("/%E2%9D%A4%EF%B8%8F", "❤"),
        ("/❤", "❤"),
        ("/de/gr%C3%B6%C3%9Fe/x", "de/größe x"),
        ("/docs🎉", "docs"),
        ("/Größe", ""),
        ("/grosse", ""),
        ("/gr%F6%DFe", ""),
        ("/%C0%AE%C0%AE", ""),
        ("/%ED%A0%BC%ED%BE%89", ""),
        ("/größe\u{202e}", "größe"),
        ("/gr\u{200b}öße", ""),
    ] {
        assert_eq!(world.find(path).await, found, "{path}");
    }
}

#[tokio::test]
async fn domain_without_such_rules_finds_what_it_found() {
    let world = world(json!({}), &["docs+", "docs/start", "größe"]).await;
    for (path, found) in [("/docs/start", "docs start"), ("/docs%2Fstart", ""), ("/größe", ""), ("/docs🎉", "docs")]
    {
        assert_eq!(world.find(path).await, found, "{path}");
    }
}

#[tokio::test]
async fn links_from_before_a_rule_was_taken_back_stay() {
    let before = json!({"has_had_slashes": true, "has_had_unicode": true});
    let world = world(before, &["docs+", "docs/start", "größe"]).await;
    for (path, found) in [("/docs/start", "docs/start"), ("/größe", "größe"), ("/docs/x", "docs x")] {
        assert_eq!(world.find(path).await, found, "{path}");
    }
}

#[tokio::test]
async fn case_does_not_count_beyond_ascii_where_the_domain_says_so() {
    let rules = json!({"slugs": {"case": "insensitive", "slashes": true, "characters": "unicode"}});
    let world = world(rules, &["docs/grösse+", "привет", "Alt"]).await;
    for (path, found) in [
        ("/Docs/GRÖSSE", "docs/grösse"),
        ("/docs/größe", "docs/grösse"),
        ("/DOCS/Größe/Rest", "docs/grösse Rest"),
        ("/ПРИВЕТ", "привет"),
        ("/Alt", "Alt"),
        ("/alt", ""),
    ] {
        assert_eq!(world.find(path).await, found, "{path}");
    }
}

#[tokio::test]
async fn only_a_path_with_more_than_a_plain_slug_costs_more_reads() {
    let plain = world(json!({}), &["docs+"]).await;
    let wide = world(all(), &["docs+", "docs/start+", "größe"]).await;
    for (path, of_plain, of_wide) in [
        ("/docs", (1, 0), (1, 0)),
        ("/none", (1, 0), (1, 0)),
        ("/docs/", (1, 0), (1, 0)),
        ("/docs)", (1, 0), (1, 0)),
        ("/docs/x", (1, 1), (2, 1)),
        ("/docs/start", (1, 1), (2, 1)),
        ("/docs/start/x", (1, 1), (3, 1)),
        ("/a/b/c/d/e/f", (1, 1), (4, 1)),
        ("/größe", (0, 1), (1, 1)),
    ] {
        for (world, expected) in [(&plain, of_plain), (&wide, of_wide)] {
            let before = (world.links.reads(), world.settings.reads());
            world.find(path).await;
            let reads = (world.links.reads() - before.0, world.settings.reads() - before.1);
            assert_eq!(reads, expected, "{path}");
        }
    }
}

#[tokio::test]
async fn unknown_rules_are_an_error_and_not_another_link() {
    let world = world(all(), &["docs+", "docs/start"]).await;
    world.settings.fail(true);
    let finder = LinkFinder { links: &world.links, settings: &world.settings, domain: &world.domain };
    assert!(finder.find("/docs/start").await.is_err());
    assert!(finder.find("/docs").await.unwrap().is_some());
}

proptest! {
    #[test]
    fn link_is_found_at_its_url_however_it_is_spelled(text in "([a-zäöü]{1,6}|[а-я]{1,6}|[가-힣]{1,4}|🎉|❤\u{fe0f})(/[a-z0-9äö]{1,5}){0,3}") {
        let Ok(slug) = Slug::parse(text.as_str()) else { return Ok(()) };
        let decomposed: String = text.nfd().collect();
        let lower: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let found = block_on(async {
            let world = world(all(), &[slug.as_str()]).await;
            let paths = [format!("/{}", slug.encoded()), format!("/{text}"), format!("/{decomposed}"), format!("/{lower}")];
            let mut found = Vec::new();
            for path in paths {
                found.push(world.find(&path).await);
            }
            found
        });
        prop_assert!(found.iter().all(|found| found == slug.as_str()), "{:?}", found);
    }

    #[test]
    fn any_path_is_answered(path in "(/|%2e|%2F|docs|\\.|🎉|é|%[0-9a-f]{2}|\\PC){0,20}") {
        let found = block_on(async { world(all(), &["docs+", "docs/start+"]).await.find(&path).await });
        prop_assert!(found.is_empty() || found.starts_with("docs"), "{}", found);
    }
}
