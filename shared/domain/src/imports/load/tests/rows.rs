//! Tests the outcomes of rows.

use super::{World, counts};
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
    assert_eq!(shown, [(3, "conflict"), (4, "conflict"), (5, "invalid"), (7, "conflict")]);
    assert_eq!(report[2]["column"], "url");
    assert_eq!(report[2]["value"], "javascript:alert(1)");
    assert!(report[0]["cause"].as_str().unwrap().contains("https://mine.example/"));
    assert!(!report[1]["cause"].as_str().unwrap().contains("https://theirs.example/"), "a foreign target is shown");
    assert!(world.links.all().contains(&foreign) && world.links.all().contains(&own));
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
