//! Tests visits to links that lead to collections.

use serde_json::{Value, json};

use super::tests::{Fixture, fixture, visit};
use super::*;
use crate::files::collections::collection::Collection;
use crate::files::collections::path::{FilePath, FilePlace};
use crate::files::collections::reader::FILES_ON_A_PAGE;
use crate::files::collections::target::target_of_collection;
use crate::files::detect::Detected;
use crate::files::file::{FileStatus, StoredFile};
use crate::files::state::Wait;
use crate::links::ports::LinkWriter;
use crate::redirect::collection_share::{ListedFile, ListedState};
use crate::redirect::verify_password::tests::hash_of;
use crate::testing::samples::{collection, link, stored_file};

const HOUR: i64 = 3600;

/// Stores the link `docs` to the collection 7 with `settings`, and these files in it, which are ready.
async fn sharing(settings: Value, paths: impl IntoIterator<Item = String>) -> Fixture {
    let fixture = fixture(settings).await;
    let mut shared = collection("acme", 7);
    for (number, path) in (100..).zip(paths) {
        fixture.files.put(file(&shared, number, &path));
        (shared.files, shared.bytes) = (shared.files + 1, shared.bytes + 1_234_567);
    }
    fixture.lead_to("docs", &shared).await;
    fixture.files.put_collection(shared);
    fixture
}

fn file(collection: &Collection, number: u64, path: &str) -> StoredFile {
    let path = FilePath::parse(path).unwrap();
    let name = path.name().to_owned();
    let place = Some(FilePlace { collection: collection.id.clone(), path });
    StoredFile { place, name, ..stored_file("acme", number) }
}

fn some_paths() -> Vec<String> {
    ["b.pdf", "a/c.pdf", "a/CON"].map(str::to_owned).to_vec()
}

impl Fixture {
    async fn lead_to(&self, slug: &str, to: &Collection) {
        let target = link("acme", slug, &target_of_collection(&to.id)).url;
        let seen = self.links.get(&link("acme", slug, "https://example.com/").address).await.unwrap().unwrap();
        assert!(self.links.replace(&seen, &Link { url: target, ..seen.clone() }).await.unwrap());
    }

    fn shared(&self) -> Collection {
        self.files.collections().remove(0)
    }

    async fn visit(&self, visit: &Visit) -> Outcome {
        follow_link(&self.ports, visit, Intent::Follow).await.unwrap()
    }

    fn used(&self) -> u64 {
        self.links.all()[0].settings.used_clicks
    }
}

fn listing(outcome: Outcome) -> Listing {
    let Outcome::Collection(listing) = outcome else { panic!("no collection: {outcome:?}") };
    *listing
}

fn after(parameter: &str) -> Visit {
    Visit { query: format!("x=y&after={parameter}"), ..visit("/docs") }
}

fn names(files: &[ListedFile]) -> Vec<String> {
    files.iter().map(|file| format!("{}|{}", file.folders, file.name)).collect()
}

/// Writes an outcome as a short text: how many files are listed, and whether it counts.
fn short(outcome: Outcome) -> String {
    match outcome {
        Outcome::Collection(listing) => format!("{} {}", listing.files.len(), listing.click.is_some()),
        other => format!("{other:?}").chars().take_while(|c| c.is_ascii_alphabetic()).collect(),
    }
}

#[tokio::test]
async fn page_lists_the_files_with_signed_downloads_under_safe_names() {
    let settings = json!({"forward_query": true, "forward_path": true, "redirect_status": 308});
    let fixture = sharing(settings, some_paths()).await;
    let page = listing(fixture.follow(Intent::Follow).await);
    assert_eq!(names(&page.files), ["|b.pdf", "a|c.pdf", "a|_CON"]);
    let ListedState::Ready(url) = &page.files[0].state else { panic!("{page:?}") };
    let key = "files/acme/fil_0199b0c67e4570008000000000000064";
    assert_eq!(
        url,
        &format!("https://bucket.example/{key}?method=Get&expires=3600&type=application/pdf&as=attachment")
    );
    assert_eq!((page.collection.files, page.next, page.click.is_some()), (3, None, true));
    for (intent, expected) in [
        (Intent::Look, "0 false"),
        (Intent::Keep, "MethodNotAllowed"),
        (Intent::LookAndKeep, "MethodNotAllowed"),
        (Intent::Post { password: None }, "MethodNotAllowed"),
    ] {
        assert_eq!(short(fixture.follow(intent).await), expected, "{intent:?}");
    }
    assert_eq!(short(fixture.visit(&Visit { query: "a=b".to_owned(), ..visit("/docs/rest") }).await), "3 true");
}

#[tokio::test]
async fn file_that_visitors_do_not_get_is_shown_as_such() {
    let fixture = sharing(json!({}), Vec::new()).await;
    let (shared, now) = (fixture.shared(), fixture.clock.now());
    let is = |number, path: &str, status| StoredFile { status, ..file(&shared, number, path) };
    let detected = Some(Detected { content_type: "text/html".to_owned(), width: None, height: None });
    for file in [
        is(1, "a", FileStatus::Uploading),
        is(2, "b", FileStatus::Inspecting),
        is(3, "c", FileStatus::Blocked),
        StoredFile { expires_at: Some(now), ..is(4, "d", FileStatus::Ready) },
        StoredFile { expires_at: Some(now.plus_seconds(60)), detected, ..is(5, "e", FileStatus::Ready) },
    ] {
        fixture.files.put(file);
    }
    let files = listing(fixture.follow(Intent::Follow).await).files;
    let states: Vec<&ListedState> = files.iter().map(|file| &file.state).collect();
    let [
        ListedState::Waits(Wait::Upload),
        ListedState::Waits(Wait::Inspection),
        ListedState::Blocked,
        ListedState::Ready(url),
    ] = states[..]
    else {
        panic!("{states:?}")
    };
    assert!(url.contains("expires=60&type=application/octet-stream"), "{url}");
    assert_eq!(files[3].content_type, "text/html");
    fixture.files.put_collection(Collection { expires_at: Some(now.plus_seconds(30)), ..shared });
    let files = listing(fixture.follow(Intent::Follow).await).files;
    assert!(matches!(&files[3].state, ListedState::Ready(url) if url.contains("expires=30&")), "{files:?}");
}

#[tokio::test]
async fn collection_has_what_links_have() {
    let locked = || json!({"password_hash": hash_of("secret")});
    let password = || Intent::Post { password: Some(b"secret") };
    for (settings, intent, expected) in [
        (json!({"archived": true}), Intent::Follow, "NotFound"),
        (json!({"expires_at": "2026-01-01T00:00:00Z"}), Intent::Follow, "Gone"),
        (locked(), Intent::Follow, "Locked"),
        (locked(), Intent::Look, "Locked"),
        (locked(), Intent::Post { password: Some(b"wrong") }, "Locked"),
        (locked(), password(), "3 true"),
    ] {
        let fixture = sharing(settings.clone(), some_paths()).await;
        assert_eq!(short(fixture.follow(intent).await), expected, "{settings}");
    }
}

#[tokio::test]
async fn view_is_used_up_by_programs_too_and_not_by_those_that_come_ahead() {
    let fixture = sharing(json!({"max_clicks": 1}), some_paths()).await;
    let with =
        |user_agent: &str, prefetch| Visit { user_agent: Some(user_agent.to_owned()), prefetch, ..visit("/docs") };
    let bot = with("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", false);
    let early = with("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", true);
    let program = with("curl/8.5.0", false);
    for (visit, expected, used) in [
        (&bot, "Details", 0),
        (&early, "Details", 0),
        (&program, "3 true", 1),
        (&program, "Gone", 1),
        (&visit("/docs"), "Gone", 1),
    ] {
        assert_eq!((short(fixture.visit(visit).await).as_str(), fixture.used()), (expected, used), "{visit:?}");
    }
    let open = sharing(json!({}), some_paths()).await;
    assert_eq!(short(open.visit(&bot).await), "Details", "a preview never gets downloads");
    assert_eq!(short(open.visit(&early).await), "3 false");
}

#[tokio::test]
async fn collection_that_visitors_do_not_get_ends_the_link_and_uses_nothing_up() {
    for (change, is_there) in [
        (json!({"deleted_at": "2026-01-02T03:04:04Z"}), false),
        (json!({"expires_at": "2026-01-02T03:04:05Z"}), false),
        (json!({"workspace": "thief"}), false),
        (json!({"expires_at": "2026-01-02T03:04:06Z"}), true),
    ] {
        let fixture = sharing(json!({"max_clicks": 1}), some_paths()).await;
        let mut stored = serde_json::to_value(fixture.shared()).unwrap();
        for (name, value) in change.as_object().unwrap() {
            stored[name] = value.clone();
        }
        let changed: Collection = serde_json::from_value(stored).unwrap();
        if changed.workspace.as_str() == "thief" {
            // Only a collection of the link's own workspace is found.
            let id = crate::files::collections::id::CollectionId::parse(format!("col_{}", "1".repeat(32))).unwrap();
            let foreign = Collection { id, ..changed };
            fixture.lead_to("docs", &foreign).await;
            fixture.files.put_collection(foreign);
        } else {
            fixture.files.put_collection(changed);
        }
        let (page, details) = (fixture.follow(Intent::Look).await, fixture.visit(&visit("/docs+")).await);
        assert_eq!(short(page), if is_there { "0 false" } else { "Gone" }, "{change}");
        assert_eq!(short(details), if is_there { "Details" } else { "NoDetails" }, "{change}");
        assert_eq!(short(fixture.follow(Intent::Follow).await), if is_there { "3 true" } else { "Gone" }, "{change}");
        assert_eq!(fixture.used(), u64::from(is_there), "{change}");
    }
}

#[tokio::test]
async fn page_about_the_link_tells_name_and_number_unless_it_is_locked() {
    for (settings, is_open) in [(json!({}), true), (json!({"password_hash": hash_of("secret")}), false)] {
        let fixture = sharing(settings, some_paths()).await;
        let Outcome::Details(details) = fixture.visit(&visit("/docs+")).await else { panic!("details") };
        let told = details.destination.map(|destination| destination.collection.unwrap());
        assert_eq!(told.map(|told| (told.name.clone(), told.files)), is_open.then(|| ("Photos".to_owned(), 3)));
        assert_eq!(fixture.files.reads(), usize::from(is_open), "a locked link has nothing read");
    }
}

fn many() -> impl Iterator<Item = String> {
    (0..FILES_ON_A_PAGE + 500).map(|number| format!("{}/{number:04}", number / 400))
}

#[tokio::test]
async fn further_pages_need_neither_the_password_nor_a_click() {
    let fixture = sharing(json!({"password_hash": hash_of("secret"), "max_clicks": 1}), many()).await;
    let first = listing(fixture.follow(Intent::Post { password: Some(b"secret") }).await);
    assert_eq!((first.files.len(), first.is_further, fixture.used()), (FILES_ON_A_PAGE, false, 1));
    let next = first.next.unwrap();
    let second = listing(fixture.visit(&after(&next)).await);
    assert_eq!((second.files.len(), second.is_further, second.click.is_none()), (500, true, true));
    assert_eq!((second.next, fixture.used()), (None, 1));
    let mut all = names(&first.files);
    all.extend(names(&second.files));
    assert!(all.len() == FILES_ON_A_PAGE + 500 && all.is_sorted_by(|one, other| one < other));
    fixture.clock.advance(HOUR - 1);
    assert_eq!(short(fixture.visit(&after(&next)).await), "500 false");
    fixture.clock.advance(1);
    assert_eq!(short(fixture.visit(&after(&next)).await), "Gone", "after an hour it is a visit like others");
}

#[tokio::test]
async fn parameter_that_was_not_given_by_the_page_before_gives_nothing() {
    let fixture = sharing(json!({"password_hash": hash_of("secret")}), many()).await;
    let next = listing(fixture.follow(Intent::Post { password: Some(b"secret") }).await).next.unwrap();
    for forged in ["", "a", "%00", &"A".repeat(80), &"A".repeat(2000), &next[..next.len() - 2], &format!("{next}AA")] {
        assert_eq!(short(fixture.visit(&after(forged)).await), "Locked", "{forged}");
    }
    for at in 0..next.len() {
        let other = if next.as_bytes()[at] == b'A' { "B" } else { "A" };
        let forged = format!("{}{other}{}", &next[..at], &next[at + 1..]);
        assert_eq!(short(fixture.visit(&after(&forged)).await), "Locked", "{at}");
    }
    let post = follow_link(&fixture.ports, &after(&next), Intent::Post { password: Some(b"secret") }).await.unwrap();
    assert!(!listing(post).is_further, "a form asks for the first page");
    let seen = fixture.links.all().remove(0);
    let mut changed = seen.clone();
    changed.settings.password_hash = Some(hash_of("other"));
    assert!(fixture.links.replace(&seen, &changed).await.unwrap());
    assert_eq!(short(fixture.visit(&after(&next)).await), "Locked", "the password was changed");
    changed.settings.password_hash = seen.settings.password_hash.clone();
    let other = Link { address: link("acme", "other", "https://example.com/").address, stored_id: None, ..changed };
    fixture.links.insert(&other).await.unwrap();
    let elsewhere = Visit { path: "/other".to_owned(), ..after(&next) };
    assert_eq!(short(fixture.visit(&elsewhere).await), "Locked", "it is of one link");
}

#[tokio::test]
async fn page_of_long_names_is_bounded_and_no_file_is_left_out() {
    let long = |number: usize| format!("{0}/{0}/{0}/{number:04}{1}", "\u{fc}".repeat(126), "<".repeat(240));
    let fixture = sharing(json!({}), (0..1000).map(long)).await;
    let (mut pages, mut all, mut next) = (0, Vec::new(), None::<String>);
    loop {
        let page = listing(match &next {
            None => fixture.follow(Intent::Follow).await,
            Some(next) => fixture.visit(&after(next)).await,
        });
        all.extend(names(&page.files));
        pages += 1;
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    all.dedup();
    assert!(pages > 1 && all.len() == 1000, "{pages} {}", all.len());
}
