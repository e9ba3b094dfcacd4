//! Tests the options of an import.

use super::{Loaded, World, counts, load_import};
use crate::exports::format::{csv_header, csv_row, json_line};
use crate::imports::job::counts::Counts;
use crate::imports::job::import::ImportStatus;
use crate::imports::load_part::load_part;
use crate::links::link::Link;
use crate::links::ports::{LinkReader, LinkWriter};
use crate::testing::files::MemoryUploads;
use crate::testing::samples::{link, link_with_id};
use crate::values::slug::Slug;
use crate::workspaces::settings::WorkspaceSettings;

#[tokio::test]
async fn dry_run_reports_and_writes_no_links() {
    let world = World::new();
    world.links.insert(&link("acme", "mine", "https://mine.example/")).await.unwrap();
    let before = world.links.all();
    let file = "url,slug\nhttps://a.example/,a\nhttps://mine.example/,mine\nhttps://b.example/,mine\nnope,c\n";
    let import = world.load_with(file, &[("dry-run", "true")]).await;
    assert_eq!((import.status, import.counts), (ImportStatus::SucceededWithErrors, counts(1, 1, 1, 1)));
    assert_eq!(world.links.all(), before);
    assert_eq!(world.report(&import).len(), 2);
}

#[tokio::test]
async fn overwrite_keeps_what_a_file_cannot_hold() {
    let world = World::new();
    let foreign = link("other", "theirs", "https://theirs.example/");
    let mut own = link("acme", "mine", "https://mine.example/");
    own.title = Some("old".into());
    own.settings.password_hash = Some("hash".into());
    own.settings.used_clicks = 3;
    for link in [&foreign, &own] {
        world.links.insert(link).await.unwrap();
    }
    let file = "url,slug,tags\nhttps://new.example/,mine,x\nhttps://new.example/,theirs,\nhttps://c.example/,c,\n";
    let import = world.load_with(format!("{file}https://d.example/,c,\n"), &[("on-conflict", "overwrite")]).await;
    let expected = Counts { read: 4, created: 1, overwritten: 1, conflicting: 2, ..Counts::default() };
    assert_eq!(import.counts, expected);
    let all = world.links.all();
    assert!(all.contains(&foreign));
    let mine = all.iter().find(|link| link.address == own.address).unwrap();
    assert_eq!((mine.url.as_str(), mine.title.as_ref()), ("https://new.example/", None));
    assert_eq!((mine.created_at, mine.revision, mine.updated_at), (own.created_at, 1, import.started_at));
    assert_eq!((mine.settings.password_hash.as_deref(), mine.settings.used_clicks), (Some("hash"), 3));
    assert_eq!(mine.tags, ["x"]);
}

#[tokio::test]
async fn fail_ends_at_the_first_conflict() {
    let world = World { part_bytes: 100, ..World::new() };
    world.links.insert(&link("acme", "s40", "https://mine.example/")).await.unwrap();
    let file: String = (0..100).map(|n| format!("https://{n}.example/,s{n}\n")).collect();
    let import = world.load_with(format!("url,slug\n{file}"), &[("on-conflict", "fail")]).await;
    assert_eq!((import.status, import.counts), (ImportStatus::Failed, counts(40, 0, 0, 1)));
    assert!(import.error.as_deref().unwrap().contains("row 41"), "{:?}", import.error);
    assert_eq!(world.links.all().len(), 41);
    assert_eq!(world.report(&import)[0]["row"], 41);
}

#[tokio::test]
async fn metadata_options_apply_and_are_checked() {
    let world = World::new();
    let options = [("domain", "s.example.org"), ("tags", "moved")];
    let import = world.load_with("url,tags\nhttps://a.example/,own\n", &options).await;
    assert_eq!(import.status, ImportStatus::Succeeded);
    let link = world.links.all().remove(0);
    assert_eq!(
        (link.address.domain.as_str(), link.tags),
        ("s.example.org", vec!["own".to_owned(), "moved".to_owned()])
    );
    let failed = world.load_with("https://b.example/\n", &[("on-conflict", "explode")]).await;
    assert_eq!(failed.status, ImportStatus::Failed);
    assert!(failed.error.as_deref().unwrap().contains("on-conflict"), "{:?}", failed.error);
}

#[tokio::test]
async fn reserved_slug_is_free_for_its_workspace_only() {
    for options in [&[("dry-run", "true")][..], &[("on-conflict", "overwrite")], &[("on-conflict", "skip")]] {
        let world = World::new();
        for (workspace, slug) in [("acme", "mine"), ("other", "theirs")] {
            let gone = link(workspace, slug, "https://gone.example/");
            world.links.insert(&gone).await.unwrap();
            world.links.delete(&gone, gone.created_at).await.unwrap();
        }
        let file = "url,slug\nhttps://a.example/,mine\nhttps://b.example/,theirs\nhttps://c.example/,new\n";
        let import = world.load_with(file, options).await;
        assert_eq!(import.counts, counts(2, 0, 0, 1), "{options:?}");
        assert_eq!(world.report(&import)[0]["cause"], "is taken on go.example.com");
        let dry = options[0].0 == "dry-run";
        assert_eq!(world.links.all().len(), if dry { 0 } else { 2 });
    }
}

#[tokio::test]
async fn row_with_the_slug_of_an_alias_means_its_link() {
    for (option, expected) in [
        ("skip", counts(0, 1, 0, 1)),
        ("overwrite", Counts { read: 2, overwritten: 1, conflicting: 1, ..Counts::default() }),
    ] {
        let world = World::new();
        let seen = link_with_id("acme", "old", "https://a.example/", "1");
        let mut moved = Link { aliases: vec![seen.address.clone()], revision: 1, ..seen.clone() };
        moved.address.slug = Slug::parse("new").unwrap();
        world.links.insert(&seen).await.unwrap();
        world.links.relocate(&seen, &moved, seen.created_at).await.unwrap();
        let file = "url,slug\nhttps://a.example/,old\nhttps://b.example/,old\n";
        let import = world.load_with(file, &[("on-conflict", option)]).await;
        assert_eq!(import.counts, expected, "{option}");
        let links = world.links.all();
        assert_eq!((links.len(), &links[0].address, links[0].id()), (1, &moved.address, seen.id()));
        assert_eq!(world.links.get(&seen.address).await.unwrap().as_ref(), Some(&links[0]));
    }
}

#[tokio::test]
async fn import_says_that_it_made_its_links() {
    let world = World::new();
    let mut seen = link("acme", "old", "https://a.example/");
    seen.created_by = Some("key_1".to_owned());
    world.links.insert(&seen).await.unwrap();
    world.links.insert(&link("acme", "older", "https://a.example/")).await.unwrap();
    // What the file says of the makers does not count; nor is it a column to complain about.
    let file = "url,slug,created_by,changed_by\nhttps://b.example/,old,key_9,key_9\nhttps://b.example/,older,,\n\
        https://b.example/,new,key_9,key_9\n";
    let import = world.load_with(file, &[("on-conflict", "overwrite")]).await;
    assert_eq!((import.counts.created, import.counts.overwritten, import.counts.warned), (1, 2, 0));
    assert!(world.report(&import).is_empty());
    let id = import.id.to_string();
    let of = |slug: &str| {
        let link = world.links.all().into_iter().find(|link| link.address.slug.as_str() == slug).unwrap();
        (link.created_by, link.changed_by)
    };
    assert_eq!(of("old"), (Some("key_1".to_owned()), Some(id.clone())));
    assert_eq!(of("older"), (None, Some(id.clone())));
    assert_eq!(of("new"), (Some(id), None));
}

#[tokio::test]
async fn strict_import_refuses_what_would_be_a_warning() {
    let world = World::new();
    let file = "url,slug,password\nhttps://a.example,a,true\nhttps://b.example,b,\n";
    let import = world.load_with(file, &[("strict", "true")]).await;
    assert_eq!((import.status, import.counts), (ImportStatus::SucceededWithErrors, counts(1, 0, 1, 0)));
    assert_eq!(world.report(&import)[0]["column"], "password");
}

#[tokio::test]
async fn overwritten_link_keeps_the_password_that_its_row_lacks() {
    let world = World::new();
    let mut own = link("acme", "mine", "https://mine.example/");
    own.settings.password_hash = Some("hash".into());
    for link in [&own, &link("acme", "open", "https://open.example/")] {
        world.links.insert(link).await.unwrap();
    }
    let file = "url,slug,has_password\nhttps://new.example/,mine,true\nhttps://new.example/,open,true\n";
    let import = world.load_with(file, &[("on-conflict", "overwrite")]).await;
    assert_eq!((import.counts.overwritten, import.counts.warned), (2, 1));
    assert_eq!(world.report(&import)[0]["row"], 2);
    let all = world.links.all();
    let of = |slug: &str| &all.iter().find(|link| link.address.slug.as_str() == slug).unwrap().settings;
    assert_eq!((of("mine").archived, of("mine").password_hash.as_deref()), (false, Some("hash")));
    assert_eq!((of("open").archived, of("open").password_hash.as_deref()), (true, None));
}

#[tokio::test]
async fn failed_dry_run_does_not_speak_of_loaded_rows() {
    let file = "url,slug\nhttps://a.example/,a\nhttps://b.example/,mine\n";
    for (dry_run, words) in [("true", "a real run would load"), ("false", "are loaded")] {
        let world = World::new();
        world.links.insert(&link("acme", "mine", "https://mine.example/")).await.unwrap();
        let import = world.load_with(file, &[("dry-run", dry_run), ("on-conflict", "fail")]).await;
        assert_eq!(import.status, ImportStatus::Failed);
        assert!(import.error.as_deref().unwrap().contains(words), "{:?}", import.error);
    }
}

#[tokio::test]
async fn aliases_of_a_row_lead_to_its_link() {
    let file = "url,slug,aliases\nhttps://a.example/,a,old-a|mine|s.example.org/a\nhttps://b.example/,b,\n\
        https://c.example/,,old-c\nhttps://d.example/,mine,old-d\nhttps://e.example/,e,bad%slug|v1\n";
    for dry_run in ["true", "false"] {
        let world = World::new();
        world.links.insert(&link("acme", "mine", "https://mine.example/")).await.unwrap();
        let gone = link("acme", "old-c", "https://gone.example/");
        world.links.insert(&gone).await.unwrap();
        world.links.delete(&gone, gone.created_at).await.unwrap();
        let import = world.load_with(file, &[("dry-run", dry_run)]).await;
        let expected = Counts { read: 5, created: 4, conflicting: 1, warned: 2, ..Counts::default() };
        assert_eq!(import.counts, expected, "{dry_run}");
        let report = world.report(&import);
        let warned = |line: &&serde_json::Value| line["outcome"] == "warned";
        let warned: Vec<_> =
            report.iter().filter(warned).map(|line| (&line["row"], &line["column"], &line["value"])).collect();
        assert_eq!(
            format!("{warned:?}").replace("String", ""),
            r#"[(Number(1), ("aliases"), ("go.example.com/mine")), (Number(5), ("aliases"), ("bad%slug")), (Number(5), ("aliases"), ("v1"))]"#
        );
        let at = async |slug: &str| {
            let mut address = gone.address.clone();
            address.slug = Slug::parse(slug).unwrap();
            world.links.get(&address).await.unwrap().map(|link| link.url.to_string())
        };
        let found = |url: &str| (dry_run == "false").then(|| url.to_owned());
        assert_eq!(at("old-a").await, found("https://a.example/"));
        assert_eq!(at("old-c").await, found("https://c.example/"));
        assert_eq!((at("old-d").await, at("mine").await), (None, Some("https://mine.example/".to_owned())));
        assert_eq!(world.links.all().len(), if dry_run == "true" { 1 } else { 5 });
    }
}

#[tokio::test]
async fn aliases_of_an_overwritten_link_stay_and_grow() {
    let world = World::new();
    let seen = link_with_id("acme", "old", "https://a.example/", "1");
    let mut moved = Link { aliases: vec![seen.address.clone()], revision: 1, ..seen.clone() };
    moved.address.slug = Slug::parse("new").unwrap();
    world.links.insert(&seen).await.unwrap();
    world.links.relocate(&seen, &moved, seen.created_at).await.unwrap();
    let many: Vec<String> = (0..25).map(|n| format!("a{n}")).collect();
    let file = format!("url,slug,aliases\nhttps://b.example/,new,{}\n", many.join("|"));
    let import = world.load_with(file, &[("on-conflict", "overwrite")]).await;
    assert_eq!((import.counts.overwritten, import.counts.warned), (1, 1));
    assert_eq!(world.report(&import).len(), 6, "five too many in the row, and one more in the link");
    let link = world.links.all().remove(0);
    assert_eq!((link.aliases.len(), &link.aliases[0], link.id()), (20, &seen.address, seen.id()));
}

fn settings() -> WorkspaceSettings {
    serde_json::from_value(serde_json::json!({
        "defaults": {
            "domain": "s.example.org", "redirect_status": 301, "forward_query": true, "tags": ["team"], "expires_after_days": 30,
            "slug_length": 5, "utm_template": "mail",
        },
        "domains": {"go.example.com": {"redirect_status": 308, "utm_template": "", "expires_after_days": 0}},
        "utm_templates": [{"name": "mail", "source": "{domain}", "campaign": "{date}"}, {"name": "other", "term": "x"}],
    }))
    .unwrap()
}

#[tokio::test]
async fn rows_get_the_defaults_that_they_leave_out() {
    let world = World::new();
    let acme = link("acme", "x", "https://a.example/").workspace;
    world.settings.set(&acme, settings());
    let file = "url,slug,domain,tags,expires_at,redirect_status,forward_query\n\
                https://a.example/,,,,,,\n\
                https://b.example/?utm_source=b,b,s.example.org,own,never,302,false\n\
                mailto:x@c.example,,,,,,\n\
                https://d.example/,d,go.example.com,,,,\n";
    let import = world.load_with(file, &[("tags", "batch")]).await;
    assert_eq!((import.counts.created, import.counts.read), (3, 4), "a target of another scheme is not allowed here");
    let links = world.links.all();
    let of =
        |url: &str| links.iter().find(|link| link.url.as_str() == url).unwrap_or_else(|| panic!("{url}: {links:?}"));
    let first = of("https://a.example/?utm_source=s.example.org&utm_campaign=2026-01-02");
    assert_eq!((first.address.domain.as_str(), first.address.slug.as_str().len()), ("s.example.org", 5));
    assert_eq!((u16::from(first.settings.redirect_status), first.settings.forward_query), (301, true));
    assert_eq!(first.settings.expires_at.unwrap().to_string(), "2026-02-01T00:00:00.000Z");
    assert_eq!(first.tags, ["team", "batch"]);
    let second = of("https://b.example/?utm_source=b&utm_campaign=2026-01-02");
    assert_eq!((u16::from(second.settings.redirect_status), second.settings.forward_query), (302, false));
    assert_eq!((second.tags.clone(), second.settings.expires_at), (vec!["own".to_owned(), "batch".to_owned()], None));
    let third = of("https://d.example/");
    assert_eq!((u16::from(third.settings.redirect_status), third.settings.expires_at), (308, None));
    // The import keeps what it began with, and no more than it needs.
    assert_eq!(import.options.rows.new_links.as_ref().unwrap().utm_templates.len(), 1);
}

#[tokio::test]
async fn parts_keep_the_defaults_that_the_import_began_with() {
    let world = World { part_bytes: 100, ..World::new() };
    let acme = link("acme", "x", "https://a.example/").workspace;
    world.settings.set(&acme, settings());
    let file: String = (0..50).map(|n| format!("https://{n}.example/\n")).collect();
    world.settings.fail(true);
    world.objects.put("imports/acme/x", format!("url\n{file}"));
    let etag = MemoryUploads::etag(format!("url\n{file}").as_bytes());
    let failed = load_import(&world.ports(), "imports/acme/x", &etag, &world.delivery("r1")).await;
    assert!(failed.is_err(), "the event comes again");
    world.settings.fail(false);
    assert!(matches!(world.deliver("imports/acme/x", &etag, "r2").await, Loaded::Divided(_)));
    world.settings.set(&acme, WorkspaceSettings::default());
    world.work(900).await.unwrap();
    let links = world.links.all();
    assert_eq!(links.len(), 50);
    assert!(links.iter().all(|link| link.tags == ["team"] && link.address.slug.as_str().len() == 5), "{links:?}");
}

#[tokio::test]
async fn import_can_leave_defaults_out_and_an_export_of_ours_never_gets_them() {
    let acme = link("acme", "x", "https://a.example/").workspace;
    let exported = link("acme", "a", "https://a.example/");
    let csv = format!("{}{}", csv_header(false), csv_row(&exported, false));
    let json = format!("{}\n", json_line(&exported, false).trim_end());
    let plain = "url,slug\nhttps://a.example/,a\n".to_owned();
    for (file, metadata) in [(plain, &[("defaults", "false")][..]), (csv, &[][..]), (json, &[][..])] {
        let world = World::new();
        world.settings.set(&acme, settings());
        let import = world.load_with(&file, metadata).await;
        assert_eq!(import.counts.created, 1, "{file}");
        let link = &world.links.all()[0];
        assert_eq!(
            (link.url.as_str(), link.address.domain.as_str()),
            ("https://a.example/", "go.example.com"),
            "{file}"
        );
        assert_eq!((link.tags.len(), &link.settings), (0, &crate::links::settings::LinkSettings::default()), "{file}");
    }
}

/// An alias that is another row's slug must not mix up the two links, whichever is written first.
#[tokio::test]
async fn alias_that_is_the_slug_of_another_row_leaves_both_links_whole() {
    let rows = |first: &str, second: &str| {
        let filler: String = (0..40).map(|n| format!("https://{n}.example/,f{n},\n")).collect();
        format!("url,slug,aliases\n{first}{filler}{second}")
    };
    let (with_alias, with_slug) = ("https://x.example/,a,b\n", "https://y.example/,b,\n");
    for (first, second) in [(with_alias, with_slug), (with_slug, with_alias)] {
        for (part_bytes, backwards) in [(1_000_000, false), (200, false), (200, true)] {
            let world = World { part_bytes, ..World::new() };
            let file = rows(first, second);
            let etag = MemoryUploads::etag(file.as_bytes());
            world.objects.put("imports/acme/x", file);
            world.deliver("imports/acme/x", &etag, "r1").await;
            let mut parts = world.queue.take();
            if backwards {
                parts.reverse();
            }
            for (n, part) in parts.iter().enumerate() {
                load_part(&world.ports(), part, &world.delivery(&format!("q{n}"))).await.unwrap();
            }
            world.work(900).await;
            let import = world.imports.all().remove(0);
            assert!(import.is_closed(), "{import:?}");
            let at = async |slug: &str| {
                let mut address = link("acme", "x", "https://a.example/").address;
                address.slug = Slug::parse(slug).unwrap();
                world.links.get(&address).await.unwrap().map(|link| link.url.to_string())
            };
            let case = format!("{first} {part_bytes} {backwards}");
            assert_eq!(at("a").await.as_deref(), Some("https://x.example/"), "{case}");
            let b = at("b").await.unwrap();
            if b == "https://y.example/" {
                assert_eq!(
                    (import.counts.created, import.counts.warned, import.counts.conflicting),
                    (42, 1, 0),
                    "{case}"
                );
            } else {
                assert_eq!(
                    (b.as_str(), import.counts.created, import.counts.conflicting),
                    ("https://x.example/", 41, 1),
                    "{case}"
                );
            }
        }
    }
}
