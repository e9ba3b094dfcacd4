//! Tests the outcomes of rows.

use super::super::load_import;
use super::{World, counts};
use crate::imports::job::counts::Counts;
use crate::imports::job::id::ImportId;
use crate::imports::job::import::ImportStatus;
use crate::links::ports::LinkWriter;
use crate::testing::files::MemoryUploads;
use crate::testing::samples::link;
use crate::values::slug::Slug;

#[tokio::test]
async fn file_of_real_links_becomes_links() {
    let world = World::new();
    let file = include_bytes!("../../../../../../tests/data/public-apis.csv");
    let import = world.load(file).await;
    assert_eq!((import.status, import.error.as_deref()), (ImportStatus::Succeeded, None));
    assert_eq!(import.counts, counts(1702, 0, 0, 0));
    assert_eq!((import.bytes_done, import.bytes_total), (file.len() as u64, file.len() as u64));
    assert_eq!(import.filename.as_deref(), Some("links.csv"));
    assert_eq!(world.links.all().len(), 1702);
    assert!(world.reports.all().is_empty());
}

#[tokio::test]
async fn every_row_is_created_unchanged_or_reported() {
    let world = World::new();
    let foreign = link("other", "theirs", "https://theirs.example/");
    let own = link("acme", "mine", "https://mine.example/");
    for link in [&foreign, &own] {
        world.links.insert(link).await.unwrap();
    }
    let import = world
        .load(concat!(
            "url,slug\n",
            "https://a.example,a\n",
            "HTTPS://mine.example,mine\n",
            "https://else.example/,mine\n",
            "https://theirs.example/,theirs\n",
            "javascript:alert(1),b\n",
            "https://a.example/,a\n",
            "https://b.example/,a\n",
        ))
        .await;
    assert_eq!(import.status, ImportStatus::SucceededWithErrors);
    assert_eq!(import.counts, counts(1, 2, 1, 3));
    let report = world.report(&import);
    let shown: Vec<_> =
        report.iter().map(|line| (line["row"].as_u64().unwrap(), line["outcome"].as_str().unwrap())).collect();
    assert_eq!(shown, [(3, "conflicting"), (4, "conflicting"), (5, "invalid"), (7, "conflicting")]);
    assert_eq!(report[2]["column"], "url");
    assert_eq!(report[2]["value"], "javascript:alert(1)");
    assert!(report[0]["cause"].as_str().unwrap().contains("https://mine.example/"));
    assert!(!report[1]["cause"].as_str().unwrap().contains("https://theirs.example/"), "a foreign target is shown");
    assert!(world.links.all().contains(&foreign) && world.links.all().contains(&own));
}

#[tokio::test]
async fn row_on_a_domain_of_other_workspaces_is_reported() {
    let world = World::new();
    world.domain_settings.set("s.example.org", serde_json::json!({"workspaces": ["other"]}));
    let import = world.load("url,domain\nhttps://a.example/,s.example.org\nhttps://b.example/,go.example.com\n").await;
    assert_eq!(import.counts, counts(1, 0, 1, 0));
    let report = world.report(&import);
    assert_eq!(
        (&report[0]["column"], &report[0]["cause"]),
        (&"domain".into(), &"is not open to this workspace".into())
    );
    world.domain_settings.set("s.example.org", serde_json::json!({"workspaces": ["other", "acme"]}));
    let import = world.load("url,domain\nhttps://c.example/,s.example.org\n").await;
    assert_eq!(import.counts, counts(1, 0, 0, 0));
}

#[tokio::test]
async fn import_waits_until_the_settings_of_its_domains_can_be_read() {
    let world = World::new();
    world.objects.put("imports/acme/links.csv", "url\nhttps://a.example/\n");
    world.domain_settings.fail(true);
    let event = async |id: &str| load_import(&world.ports(), "imports/acme/links.csv", "", &world.delivery(id)).await;
    assert!(event("one").await.is_err() && world.links.all().is_empty());
    world.domain_settings.fail(false);
    world.clock.advance(1_000);
    event("two").await.unwrap();
    assert_eq!(world.links.all().len(), 1);
}

#[tokio::test]
async fn rows_get_small_letters_where_capitals_do_not_count() {
    let world = World::new();
    world.domain_settings.set("go.example.com", serde_json::json!({"slugs": {"case": "insensitive"}}));
    let file = "url,slug,domain\nhttps://a.example/,Docs,\nhttps://b.example/,DOCS,\nhttps://c.example/,,\nhttps://d.example/,Docs,s.example.org\n";
    assert_eq!(world.load(file).await.counts, counts(3, 0, 0, 1));
    let slugs: Vec<Slug> = world.links.all().into_iter().map(|link| link.address.slug).collect();
    assert!(["docs", "Docs"].iter().all(|slug| slugs.contains(&Slug::parse(*slug).unwrap())), "{slugs:?}");
    assert_eq!(slugs.iter().filter(|slug| !slug.is_folded()).count(), 1, "{slugs:?}");
    let taken = slugs.iter().find(|slug| slug.as_str().len() == 8).unwrap();
    let world = World::new();
    world.domain_settings.set("go.example.com", serde_json::json!({"slugs": {"case": "insensitive"}}));
    world.links.insert(&link("other", taken.as_str(), "https://theirs.example/")).await.unwrap();
    assert_eq!(world.load(file).await.counts, counts(3, 0, 0, 1));
    assert_eq!(world.links.all().iter().filter(|link| !link.address.slug.is_folded()).count(), 1);
}

#[tokio::test]
async fn import_does_not_touch_a_link_from_before_capitals_stopped_to_count() {
    let world = World::new();
    let old = link("acme", "Docs", "https://old.example/");
    world.links.insert(&old).await.unwrap();
    world.domain_settings.set("go.example.com", serde_json::json!({"slugs": {"case": "insensitive"}}));
    assert_eq!(world.load("url,slug\nhttps://new.example/,Docs\n").await.counts, counts(1, 0, 0, 0));
    let mut links: Vec<String> =
        world.links.all().iter().map(|link| format!("{} {}", link.address.slug, link.url)).collect();
    links.sort();
    assert_eq!(links, ["Docs https://old.example/", "docs https://new.example/"]);
}

#[tokio::test]
async fn slugs_load_as_the_rules_of_their_domain_allow() {
    let world = World::new();
    let rules = serde_json::json!({"slugs": {"slashes": true, "characters": "unicode"}});
    world.domain_settings.set("s.example.org", rules);
    let file = "url,slug,domain,short_url\n\
        https://a.example/,docs/start,s.example.org,\n\
        https://a.example/,gro\u{308}ße,s.example.org,\n\
        https://a.example/,,,https://s.example.org/de/gr%C3%B6%C3%9Fer\n\
        https://a.example/,🎉,s.example.org,\n\
        https://a.example/,docs/start,,\n\
        https://a.example/,größe,,\n\
        https://a.example/,раураl,s.example.org,\n\
        https://a.example/,сосо,s.example.org,\n\
        https://a.example/,v1/a,s.example.org,\n\
        https://a.example/,a/../b,s.example.org,\n\
        https://b.example/,größe,s.example.org,\n";
    let import = world.load(file).await;
    assert_eq!(import.counts, counts(4, 0, 6, 1));
    let mut slugs: Vec<String> = world.links.all().iter().map(|link| link.address.slug.to_string()).collect();
    slugs.sort();
    assert_eq!(slugs, ["de/größer", "docs/start", "größe", "🎉"]);
    let causes: Vec<String> =
        world.report(&import).iter().map(|line| line["cause"].as_str().unwrap().to_owned()).collect();
    for (cause, part) in causes.iter().zip([
        "has a slash",
        "no other characters",
        "mixes scripts",
        "looks like",
        "reserved",
        "'.' and '..'",
    ]) {
        assert!(cause.contains(part), "{cause}");
    }
}

#[tokio::test]
async fn report_of_an_archive_names_the_file() {
    let world = World::new();
    world.links.insert(&link("other", "nasty-zipa-1", "https://theirs.example/")).await.unwrap();
    let import = world.load(include_bytes!("../../../../../../tests/data/nasty/folder.zip")).await;
    let report = world.report(&import);
    let shown: Vec<_> = report.iter().map(|line| (line["file"].as_str(), line["line"].as_u64())).collect();
    assert_eq!(shown, [(Some("links/a.csv"), Some(3))]);
    let plain = world.load("url\nnope\n").await;
    assert!(world.report(&plain)[0]["file"].is_null());
}

#[tokio::test]
async fn taken_derived_slug_is_replaced_by_the_next() {
    let world = World::new();
    let file = b"https://a.example/\n";
    let id = ImportId::for_object("imports/acme/links.csv", &MemoryUploads::etag(file));
    let first = Slug::derive(&format!("{id}#1"), 8);
    let taken = link("other", first.as_str(), "https://theirs.example/");
    world.links.insert(&taken).await.unwrap();
    let import = world.load(file).await;
    assert_eq!((&import.id, import.counts), (&id, counts(1, 0, 0, 0)));
    let slugs: Vec<Slug> = world.links.all().into_iter().map(|link| link.address.slug).collect();
    assert!(slugs.contains(&first) && slugs.contains(&Slug::derive(&format!("{id}#1#1"), 8)));
}

#[tokio::test]
async fn row_is_reported_after_five_taken_slugs() {
    let world = World::new();
    let file = b"https://a.example/\n";
    let id = ImportId::for_object("imports/acme/links.csv", &MemoryUploads::etag(file));
    for suffix in ["", "#1", "#2", "#3", "#4"] {
        let slug = Slug::derive(&format!("{id}#1{suffix}"), 8);
        world.links.insert(&link("other", slug.as_str(), "https://theirs.example/")).await.unwrap();
    }
    let import = world.load(file).await;
    assert_eq!(import.counts, counts(0, 0, 0, 1));
    assert_eq!(world.report(&import)[0]["cause"], "no free slug was found for the row");
}

#[tokio::test]
async fn import_with_warnings_succeeds_and_reports_them() {
    let world = World::new();
    let file = "url,slug,created_at,expires_at,clicks\nhttps://a.example,a,soon,soon,1\nhttps://b.example,b,,,\n";
    let import = world.load(file).await;
    assert_eq!(import.status, ImportStatus::Succeeded);
    assert_eq!(import.counts, Counts { warned: 1, ..counts(2, 0, 0, 0) });
    let shown: Vec<_> =
        world.report(&import).iter().map(|line| (line["outcome"].clone(), line["column"].clone())).collect();
    assert_eq!(shown, [("warned".into(), "created_at".into()), ("warned".into(), "expires_at".into())]);
    let link = world.links.all().into_iter().find(|link| link.address.slug.as_str() == "a").unwrap();
    assert!(link.settings.archived && link.settings.expires_at.is_none() && link.imported_clicks == Some(1));
    let csv = world.reports.all().remove(&format!("reports/acme/{}.csv", import.id)).unwrap();
    assert_eq!(csv.lines().count(), 3, "{csv}");
}

#[tokio::test]
async fn warnings_are_listed_up_to_a_bound_and_never_stop_an_import() {
    let world = World { max_bytes: 10_000_000, part_bytes: 10_000_000, ..World::new() };
    let rows: String = (0..10_020).map(|n| format!("https://a.example,a{n},soon\n")).collect();
    let import = world.load(format!("url,slug,created_at\n{rows}")).await;
    assert_eq!((import.status, import.counts.warned), (ImportStatus::Succeeded, 10_020));
    assert_eq!(world.report(&import).len(), 10_000);
}

#[tokio::test]
async fn unknown_column_of_slugs_stops_the_import_before_the_first_row() {
    let world = World::new();
    let file = "url,Kürzel\nhttps://a.example,a1\nhttps://b.example,b2\n";
    let import = world.load(file).await;
    assert_eq!((import.status, import.counts), (ImportStatus::Failed, counts(0, 0, 0, 0)));
    assert!(import.error.as_deref().unwrap().contains(r#"{"Kürzel": "slug"}"#), "{:?}", import.error);
    assert!(world.links.all().is_empty());
    for (part_bytes, slugs) in [(1_000_000, "slug"), (10, "slug"), (10, "ignore")] {
        let world = World { part_bytes, ..World::new() };
        let import = world.load_with(file, &[("columns", &format!("K%C3%BCrzel={slugs}"))]).await;
        assert_eq!((import.status, import.counts), (ImportStatus::Succeeded, counts(2, 0, 0, 0)));
        let named = world.links.all().iter().any(|link| link.address.slug.as_str() == "a1");
        assert_eq!(named, slugs == "slug");
    }
}
