use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::files::file::{FileStatus, StoredFile};
use crate::files::reader::FileAddress;
use crate::links::ports::LinkWriter;
use crate::links::target_check::TargetCheck;
use crate::redirect::collection_share::CollectionShares;
use crate::redirect::file_share::Download;
use crate::redirect::verify_password::ATTEMPTS_PER_MINUTE;
use crate::redirect::verify_password::tests::hash_of;
use crate::testing::clicks::MemoryAttempts;
use crate::testing::domains::MemoryDomains;
use crate::testing::links::MemoryLinks;
use crate::testing::samples::{link, stored_file};
use crate::testing::stored_files::{MemoryFileBucket, MemoryFiles};
use crate::testing::system::{FixedClock, SeededRandom};
use crate::values::block_list::{BlockList, BlockPattern, BlockReason, BlockedTargets};

const NOW: &str = "2026-01-02T03:04:05Z";

pub(super) struct Fixture {
    pub(super) links: Arc<MemoryLinks>,
    domains: Arc<MemoryDomains>,
    pub(super) files: Arc<MemoryFiles>,
    pub(super) clock: Arc<FixedClock>,
    pub(super) ports: FollowLinkPorts,
}

/// Stores the link `docs` with `settings`; the clock stands at 2026-01-02T03:04:05Z.
pub(super) async fn fixture(settings: Value) -> Fixture {
    let (links, clock) = (Arc::new(MemoryLinks::default()), Arc::new(FixedClock::at(NOW)));
    let domains = Arc::new(MemoryDomains::default());
    let files = Arc::new(MemoryFiles::default());
    files.put(stored_file("acme", 5));
    let mut docs = link("acme", "docs", "https://example.com/docs");
    docs.settings = serde_json::from_value(settings).unwrap();
    links.insert(&docs).await.unwrap();
    let ports = FollowLinkPorts {
        links: links.clone(),
        domain_settings: domains.clone(),
        limit: links.clone(),
        attempts: Arc::new(MemoryAttempts::default()),
        files: FileShares { records: files.clone(), signer: Arc::new(MemoryFileBucket::default()) },
        collections: CollectionShares { records: files.clone(), signer: Arc::new(MemoryFileBucket::default()) },
        domains: Domains::parse("go.example.com,s.example.org").unwrap(),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(1)),
    };
    Fixture { links, domains, files, clock, ports }
}

pub(super) fn visit(path: &str) -> Visit {
    let user_agent = Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned());
    Visit { host: Some("go.example.com".into()), path: path.into(), user_agent, ..Visit::default() }
}

impl Fixture {
    pub(super) async fn follow(&self, intent: Intent<'_>) -> Outcome {
        follow_link(&self.ports, &visit("/docs"), intent).await.unwrap()
    }

    /// Answers a GET; see [`show`].
    async fn get(&self) -> String {
        show(self.follow(Intent::Follow).await)
    }
}

/// Writes an outcome as a short text.
fn show(outcome: Outcome) -> String {
    match outcome {
        Outcome::Redirect(redirect) => format!("{} {}", u16::from(redirect.status), redirect.url),
        Outcome::Gone(expired_url) => format!("gone {}", expired_url.map(|url| url.to_string()).unwrap_or_default()),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn broken_target_gives_way_to_the_expired_url_only_if_a_check_says_so() {
    use crate::testing::samples::{broken_check, failing_check};
    let time = "2026-01-02T03:04:05Z";
    let instead = TargetCheck { uses_expired_url: true, ..broken_check(time) };
    let expired = json!({"expired_url": "https://example.com/instead"});
    let (target, elsewhere) = ("302 https://example.com/docs", "gone https://example.com/instead");
    for (settings, check, expected) in [
        (expired.clone(), None, target),
        (expired.clone(), Some(failing_check(time)), target),
        (expired.clone(), Some(broken_check(time)), target),
        (expired.clone(), Some(instead.clone()), elsewhere),
        (json!({}), Some(instead.clone()), target),
        (json!({"expired_url": "https://go.example.com/loop"}), Some(instead.clone()), target),
        (json!({"expired_url": "https://example.com/instead", "max_clicks": 1}), Some(instead.clone()), elsewhere),
        (json!({"expired_url": "https://example.com/instead", "archived": true}), Some(instead), "NotFound"),
    ] {
        let fixture = fixture(settings.clone()).await;
        let plain = fixture.links.all().remove(0);
        let checked = Link { target_check: check.clone(), ..plain.clone() };
        LinkWriter::replace(fixture.links.as_ref(), &plain, &checked).await.unwrap();
        assert_eq!(fixture.get().await, expected, "{settings} {check:?}");
        assert_eq!(fixture.links.all()[0].settings.used_clicks, 0);
        if expected == elsewhere {
            let details = follow_link(&fixture.ports, &visit("/docs+"), Intent::Look).await.unwrap();
            let Outcome::Details(details) = details else { panic!("{details:?}") };
            assert_eq!(details.destination.unwrap().url.as_str(), "https://example.com/instead");
        }
    }
}

#[tokio::test]
async fn encoded_and_decoded_paths_find_the_link() {
    let fixture = fixture(json!({})).await;
    for path in ["/docs", "/d%6Fcs", "/%64%6f%63%73"] {
        let outcome = follow_link(&fixture.ports, &visit(path), Intent::Follow).await.unwrap();
        assert_eq!(show(outcome), "302 https://example.com/docs", "{path}");
    }
}

#[tokio::test]
async fn path_tricks_find_nothing() {
    let fixture = fixture(json!({})).await;
    for path in ["", "/", "/docs/more", "/x/../docs", "/%2F..%2Fdocs", "/%ff", "/Docs", "/docs%00", "docs", "/.docs"] {
        let outcome = follow_link(&fixture.ports, &visit(path), Intent::Follow).await.unwrap();
        assert!(matches!(outcome, Outcome::NotFound), "{path}");
    }
}

#[tokio::test]
async fn path_is_tidied_before_a_404_only() {
    let fixture = fixture(json!({})).await;
    for path in ["/docs/", "//docs", "/docs%20", "/docs)", "/docs."] {
        let outcome = follow_link(&fixture.ports, &visit(path), Intent::Follow).await.unwrap();
        assert_eq!(show(outcome), "302 https://example.com/docs", "{path}");
    }
    let mut exact = link("acme", "docs.", "https://example.com/exact");
    exact.settings.archived = true;
    fixture.links.insert(&exact).await.unwrap();
    let reads = fixture.links.reads();
    let outcome = follow_link(&fixture.ports, &visit("/docs."), Intent::Follow).await.unwrap();
    assert_eq!(show(outcome), "NotFound", "the link at the path itself decides, also if it is not visible");
    follow_link(&fixture.ports, &visit("/docs"), Intent::Follow).await.unwrap();
    follow_link(&fixture.ports, &visit("/none"), Intent::Follow).await.unwrap();
    assert_eq!(fixture.links.reads() - reads, 3, "a path that is a slug takes one read");
}

#[tokio::test]
async fn link_is_found_on_its_own_domain_only() {
    let fixture = fixture(json!({})).await;
    for host in ["s.example.org", "elsewhere.example", "a b", ""] {
        let other = Visit { host: Some(host.into()), ..visit("/docs") };
        let outcome = follow_link(&fixture.ports, &other, Intent::Follow).await.unwrap();
        assert!(matches!(outcome, Outcome::NotFound), "{host}");
    }
}

/// A target that was fine when it was written can lead back here: the operator has pointed its host to the stack since.
#[tokio::test]
async fn target_that_leads_back_here_is_not_sent() {
    let targets = ["https://cdn.example.net/docs", "http://CDN.example.net.:8080/x", "https://any.example.net/docs"];
    for (hosts, visited, found) in [
        ("", "go.example.com", [true, true, true]),
        ("cdn.example.net", "cdn.example.net", [false, false, true]),
        ("cdn.example.net", "go.example.com", [false, false, true]),
        ("*", "any.example.net:443", [true, true, false]),
    ] {
        for (target, found) in targets.into_iter().zip(found) {
            let mut fixture = fixture(json!({})).await;
            let mut docs = fixture.links.all().remove(0);
            fixture.links.forget(&docs.address);
            docs.url = serde_json::from_value(json!(target)).unwrap();
            fixture.links.insert(&docs).await.unwrap();
            fixture.ports.domains = fixture.ports.domains.with_hosts(hosts).unwrap();
            let visit = Visit { host: Some(visited.into()), ..visit("/docs") };
            let outcome = follow_link(&fixture.ports, &visit, Intent::Follow).await.unwrap();
            assert_eq!(matches!(outcome, Outcome::Redirect(_)), found, "{hosts} {visited} {target}");
        }
    }
}

#[tokio::test]
async fn unsafe_stored_target_is_not_sent() {
    for (url, settings) in [
        ("javascript:alert(1)", json!({})),
        ("https://go.example.com/docs", json!({})),
        ("https://example.com/", json!({"rules": [{"if": {}, "url": "https://a@evil.example/"}]})),
        ("https://example.com/", json!({"variants": [{"name": "a", "weight": 1, "url": "//evil.example/"}]})),
    ] {
        let fixture = fixture(settings).await;
        let mut docs = fixture.links.all().remove(0);
        fixture.links.forget(&docs.address);
        docs.url = serde_json::from_value(json!(url)).unwrap();
        fixture.links.insert(&docs).await.unwrap();
        assert_eq!(fixture.get().await, "NotFound", "{url}");
    }
    let fixture = fixture(json!({"expires_at": "2026-01-01T00:00:00Z", "expired_url": "data:text/html,x"})).await;
    assert_eq!(fixture.get().await, "gone ");
}

#[tokio::test]
async fn link_starts_and_expires_on_the_second() {
    let fixture = fixture(json!({"starts_at": "2026-01-02T03:04:06Z", "expires_at": "2026-01-02T03:04:07Z"})).await;
    assert_eq!(fixture.get().await, "NotFound");
    fixture.clock.advance(1);
    assert_eq!(fixture.get().await, "302 https://example.com/docs");
    fixture.clock.advance(1);
    assert_eq!(fixture.get().await, "gone ");
}

#[tokio::test]
async fn expired_link_is_gone_with_its_expired_url() {
    let fixture =
        fixture(json!({"expires_at": "2026-01-01T00:00:00Z", "expired_url": "https://example.com/late"})).await;
    assert_eq!(fixture.get().await, "gone https://example.com/late");
}

#[tokio::test]
async fn archived_link_is_not_found() {
    for more in [json!({}), json!({"expires_at": "2026-01-01T00:00:00Z"}), json!({"password_hash": "x"})] {
        let mut settings = more;
        settings["archived"] = json!(true);
        let fixture = fixture(settings).await;
        assert_eq!(fixture.get().await, "NotFound");
        assert!(matches!(
            fixture.follow(Intent::Post { password: Some(b"x") }).await,
            Outcome::MethodNotAllowed(Methods::Follow)
        ));
    }
}

#[tokio::test]
async fn used_up_link_is_gone() {
    let fixture = fixture(json!({"max_clicks": 2, "expired_url": "https://example.com/late"})).await;
    for expected in ["302 https://example.com/docs", "302 https://example.com/docs", "gone https://example.com/late"] {
        assert_eq!(show(fixture.follow(Intent::Look).await), expected);
        assert_eq!(fixture.get().await, expected);
    }
    assert_eq!(fixture.links.all()[0].settings.used_clicks, 2);
}

#[tokio::test]
async fn link_used_up_after_the_read_is_gone() {
    let fixture = fixture(json!({"max_clicks": 1})).await;
    let read = MemoryLinks::default();
    read.insert(&fixture.links.all()[0]).await.unwrap();
    let ports = FollowLinkPorts { links: Arc::new(read), ..fixture.ports };
    let outcomes = [
        follow_link(&ports, &visit("/docs"), Intent::Follow).await.unwrap(),
        follow_link(&ports, &visit("/docs"), Intent::Follow).await.unwrap(),
    ];
    assert_eq!(outcomes.map(show), ["302 https://example.com/docs", "gone "]);
}

#[tokio::test]
async fn unsafe_target_uses_up_no_click() {
    let fixture = fixture(json!({"max_clicks": 1, "rules": [{"if": {}, "url": "javascript:x"}]})).await;
    assert_eq!(fixture.get().await, "NotFound");
    assert_eq!(fixture.links.all()[0].settings.used_clicks, 0);
}

#[tokio::test]
async fn only_the_password_opens_a_locked_link() {
    let fixture = fixture(json!({"password_hash": hash_of("secret"), "max_clicks": 2})).await;
    assert!(matches!(fixture.follow(Intent::Follow).await, Outcome::Locked(Locked::Asked)));
    assert!(matches!(fixture.follow(Intent::Look).await, Outcome::Locked(Locked::Asked)));
    assert!(matches!(fixture.follow(Intent::Post { password: Some(b"wrong") }).await, Outcome::Locked(Locked::Wrong)));
    assert_eq!(fixture.links.all()[0].settings.used_clicks, 0);
    let Outcome::Redirect(redirect) = fixture.follow(Intent::Post { password: Some(b"secret") }).await else {
        panic!("the link stays locked")
    };
    assert!(redirect.click.is_some());
    assert_eq!(fixture.links.all()[0].settings.used_clicks, 1);
}

#[tokio::test]
async fn password_attempts_are_limited() {
    let fixture = fixture(json!({"password_hash": hash_of("secret")})).await;
    for _ in 0..ATTEMPTS_PER_MINUTE {
        assert!(matches!(
            fixture.follow(Intent::Post { password: Some(b"wrong") }).await,
            Outcome::Locked(Locked::Wrong)
        ));
    }
    let outcome = fixture.follow(Intent::Post { password: Some(b"secret") }).await;
    assert!(matches!(outcome, Outcome::Locked(Locked::TooMany { retry_after_seconds: 55 })), "{outcome:?}");
    fixture.clock.advance(55);
    assert!(matches!(fixture.follow(Intent::Post { password: Some(b"secret") }).await, Outcome::Redirect(_)));
}

#[tokio::test]
async fn password_for_an_open_link_is_not_locked() {
    assert!(matches!(
        fixture(json!({})).await.follow(Intent::Post { password: Some(b"x") }).await,
        Outcome::MethodNotAllowed(Methods::Follow)
    ));
}

#[tokio::test]
async fn link_decides_status_and_forwarding() {
    for (settings, expected) in [
        (json!({"redirect_status": 301}), "301 https://example.com/docs"),
        (json!({"redirect_status": 307, "forward_query": false}), "307 https://example.com/docs"),
        (json!({"redirect_status": 308, "forward_query": true}), "308 https://example.com/docs?a=1"),
    ] {
        let visit = Visit { query: "a=1&qr=1".into(), ..visit("/docs") };
        assert_eq!(show(follow_link(&fixture(settings).await.ports, &visit, Intent::Follow).await.unwrap()), expected);
    }
}

#[tokio::test]
async fn details_tell_only_what_an_open_link_leads_to() {
    const LATE: &str = "https://example.com/late";
    for (settings, expected) in [
        (json!({}), "https://example.com/docs"),
        (json!({"title": "For the owner"}), "https://example.com/docs"),
        (json!({"title": "For the owner", "preview": {"title": "For all"}}), "For all: https://example.com/docs"),
        (
            json!({"rules": [{"if": {"os": ["linux"]}, "url": "https://example.com/linux"}]}),
            "https://example.com/linux varies",
        ),
        (json!({"variants": [{"name": "a", "url": "https://example.com/a", "weight": 1}]}), "https://example.com/a"),
        (json!({"forward_query": true, "max_clicks": 5, "used_clicks": 2}), "https://example.com/docs"),
        (json!({"password_hash": hash_of("secret")}), "hidden"),
        (json!({"archived": true}), "NotFound"),
        (json!({"starts_at": "2027-01-01T00:00:00Z"}), "NotFound"),
        (json!({"expires_at": "2026-01-01T00:00:00Z", "expired_url": LATE}), "NoDetails"),
        (json!({"max_clicks": 1, "used_clicks": 1, "expired_url": LATE}), "NoDetails"),
    ] {
        let fixture = fixture(settings.clone()).await;
        for (path, intent) in [("/docs+", Intent::Follow), ("/docs%2B", Intent::Look)] {
            let visit = Visit { query: "x=1".into(), ..visit(path) };
            let shown = match follow_link(&fixture.ports, &visit, intent).await.unwrap() {
                Outcome::Details(details) => match details.destination {
                    Some(to) => {
                        let title = to.title.map(|title| format!("{title}: ")).unwrap_or_default();
                        format!("{title}{}{}", to.url, if to.varies { " varies" } else { "" })
                    }
                    None => "hidden".to_owned(),
                },
                other => show(other),
            };
            assert_eq!(shown, expected, "{settings} {path}");
        }
        let used = fixture.links.all()[0].settings.used_clicks;
        assert_eq!(used, settings["used_clicks"].as_u64().unwrap_or_default(), "no click is used up");
    }
    let none = follow_link(&fixture(json!({})).await.ports, &visit("/none+"), Intent::Follow).await.unwrap();
    assert_eq!(show(none), "NotFound");
}

#[tokio::test]
async fn preview_is_for_programs_that_fetch_previews() {
    let preview = json!({"title": "Own title", "image": "https://example.com/a.png"});
    let slackbot = "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)";
    let browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    for (settings, agent, intent, shown) in [
        (json!({"preview": preview}), slackbot, Intent::Follow, true),
        (json!({"preview": preview}), slackbot, Intent::Look, true),
        (json!({"preview": preview, "redirect_status": 307}), slackbot, Intent::Keep, false),
        (json!({"preview": preview}), browser, Intent::Follow, false),
        (json!({"preview": preview}), "curl/8.5.0", Intent::Follow, false),
        (json!({}), slackbot, Intent::Follow, false),
    ] {
        let visit = Visit { user_agent: Some(agent.to_owned()), ..visit("/docs") };
        let outcome = follow_link(&fixture(settings.clone()).await.ports, &visit, intent).await.unwrap();
        let Outcome::Redirect(redirect) = outcome else { panic!("{settings}") };
        assert_eq!(redirect.preview.is_some(), shown, "{settings} {agent}");
        assert_eq!(redirect.click.is_some(), intent != Intent::Look, "a click of a program, as before");
    }
    let locked = fixture(json!({"preview": preview, "password_hash": hash_of("secret")})).await;
    let visit = Visit { user_agent: Some(slackbot.to_owned()), ..visit("/docs") };
    assert!(matches!(follow_link(&locked.ports, &visit, Intent::Follow).await.unwrap(), Outcome::Locked(_)));
}

#[tokio::test]
async fn path_is_forwarded_if_the_link_says_so() {
    for (settings, path, expected) in [
        (json!({"forward_path": true}), "/docs/a/b", "302 https://example.com/docs/a/b"),
        (json!({"forward_path": true, "forward_query": true}), "/docs/a/", "302 https://example.com/docs/a/?x=1"),
        (json!({"forward_path": true}), "/docs", "302 https://example.com/docs"),
        (json!({"forward_path": true}), "/docs/", "302 https://example.com/docs"),
        (json!({"forward_path": true}), "/docs/../a", "NotFound"),
        (json!({"forward_path": true}), "/docs/%2e%2e/a", "NotFound"),
        (json!({"forward_path": true}), "/docs//a", "NotFound"),
        (json!({"forward_path": true}), "/other/a", "NotFound"),
        (json!({}), "/docs/a", "NotFound"),
        (json!({"forward_query": true}), "/docs/a", "NotFound"),
        (json!({"forward_path": true, "archived": true}), "/docs/a", "NotFound"),
        (
            json!({"forward_path": true, "expires_at": "2026-01-01T00:00:00Z", "expired_url": "https://example.com/late"}),
            "/docs/a",
            "gone https://example.com/late",
        ),
        (
            json!({"forward_path": true, "rules": [{"if": {"query": [{"name": "x"}]}, "url": "https://example.com/rule?y=1"}]}),
            "/docs/a",
            "302 https://example.com/rule/a?y=1",
        ),
        (
            json!({"forward_query": true, "query_conflict": "visitor_wins",
            "variants": [{"name": "v", "url": "https://example.com/?x=2&y=3", "weight": 1}]}),
            "/docs",
            "302 https://example.com/?y=3&x=1",
        ),
    ] {
        let visit = Visit { query: "x=1".into(), ..visit(path) };
        let outcome = follow_link(&fixture(settings.clone()).await.ports, &visit, Intent::Follow).await.unwrap();
        assert_eq!(show(outcome), expected, "{settings} {path}");
    }
}

#[tokio::test]
async fn path_behind_a_plain_link_costs_no_read_if_it_is_unsafe() {
    let fixture = fixture(json!({"forward_path": true})).await;
    for path in ["/docs/../a", "/docs//a", "/a/b\\c", "/a/%00"] {
        follow_link(&fixture.ports, &visit(path), Intent::Follow).await.unwrap();
    }
    assert_eq!(fixture.links.reads(), 0);
}

#[tokio::test]
async fn click_names_its_rule_or_variant() {
    let choices = json!({
        "rules": [{"if": {"language": ["fr"]}, "url": "https://example.com/fr"}],
        "variants": [{"name": "only", "url": "https://example.com/v", "weight": 3}],
    });
    let fixture = fixture(choices).await;
    for (language, url, rule, variant) in
        [("fr", "https://example.com/fr", Some(0), None), ("de", "https://example.com/v", None, Some("only"))]
    {
        let visit = Visit { accept_language: Some(language.into()), ..visit("/docs") };
        let Outcome::Redirect(redirect) = follow_link(&fixture.ports, &visit, Intent::Follow).await.unwrap() else {
            panic!()
        };
        let click = redirect.click.unwrap().click;
        assert_eq!((redirect.url.as_str(), click.rule, click.variant.as_deref()), (url, rule, variant));
    }
}

#[tokio::test]
async fn program_or_prefetch_uses_up_no_click() {
    let fixture = fixture(json!({"max_clicks": 1})).await;
    let program = |name: &str| Visit { user_agent: Some(name.into()), ..visit("/docs") };
    for (visit, counts) in [
        (program("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"), true),
        (program("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"), true),
        (program("curl/8.5.0"), true),
        (Visit { prefetch: true, ..visit("/docs") }, false),
    ] {
        let outcome = follow_link(&fixture.ports, &visit, Intent::Follow).await.unwrap();
        let Outcome::Redirect(redirect) = outcome else { panic!("{visit:?}") };
        assert_eq!(redirect.click.is_some(), counts, "{visit:?}");
    }
    let unnamed = Visit { user_agent: None, ..visit("/docs") };
    let outcome = follow_link(&fixture.ports, &unnamed, Intent::Follow).await.unwrap();
    assert_eq!(show(outcome), "302 https://example.com/docs");
    assert_eq!(fixture.get().await, "gone ", "a client without a user agent uses up a click");
}

#[tokio::test]
async fn failing_store_is_an_error() {
    let fixture = fixture(json!({"max_clicks": 1})).await;
    fixture.links.fail(true);
    assert!(follow_link(&fixture.ports, &visit("/docs"), Intent::Follow).await.is_err());
}

proptest! {
    #[test]
    fn no_visit_leads_to_another_target(
        host in prop_oneof![Just("go.example.com".to_owned()), ".{0,20}"], path in prop_oneof![Just("/docs".to_owned()), "/\\PC{0,20}", ".{0,20}"],
        query in ".{0,60}", header in ".{0,40}", forward: bool,
    ) {
        let visit = Visit {
            host: Some(host), path, query, user_agent: Some(header.clone()), referrer: Some(header.clone()),
            accept_language: Some(header.clone()), country: Some(header.clone()), platform: Some(header.clone()),
            mobile: Some(header), ..Visit::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let outcome = runtime.block_on(async {
            let fixture = fixture(json!({"forward_query": forward})).await;
            follow_link(&fixture.ports, &visit, Intent::Follow).await.unwrap()
        });
        match outcome {
            Outcome::Redirect(redirect) => {
                let url = redirect.url.as_str();
                let rest = url.strip_prefix("https://example.com/docs");
                prop_assert!(rest.is_some_and(|rest| rest.is_empty() || forward && rest.starts_with('?')), "{}", url);
            }
            Outcome::NotFound => {}
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

#[tokio::test]
async fn only_a_redirect_that_keeps_the_method_takes_others() {
    let post = Intent::Post { password: Some(b"x") };
    for (status, locked, intent, expected) in [
        (302, false, post, "no: Follow"),
        (301, false, Intent::Keep, "no: Follow"),
        (302, false, Intent::LookAndKeep, "no: Follow"),
        (302, false, Intent::Unknown, "no: Follow"),
        (307, false, post, "307 counted"),
        (308, false, Intent::Post { password: None }, "308 counted"),
        (308, false, Intent::Keep, "308 counted"),
        (307, false, Intent::LookAndKeep, "307"),
        (307, false, Intent::Look, "307"),
        (307, false, Intent::Unknown, "no: All"),
        (307, true, Intent::Keep, "no: FollowOrSubmit"),
        (302, true, Intent::Unknown, "no: FollowOrSubmit"),
        (307, true, Intent::Post { password: None }, "locked"),
        (307, true, post, "locked"),
    ] {
        let mut settings = json!({"redirect_status": status});
        if locked {
            settings["password_hash"] = json!(hash_of("secret"));
        }
        let shown = match fixture(settings).await.follow(intent).await {
            Outcome::Redirect(redirect) => {
                let counted = if redirect.click.is_some() { " counted" } else { "" };
                format!("{}{counted}", u16::from(redirect.status))
            }
            Outcome::MethodNotAllowed(methods) => format!("no: {methods:?}"),
            Outcome::Locked(_) => "locked".to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(shown, expected, "{status} {locked} {intent:?}");
    }
}

#[tokio::test]
async fn longest_slug_may_be_encoded() {
    let fixture = fixture(json!({})).await;
    let longest = "d".repeat(Slug::MAX_LEN);
    fixture.links.insert(&link("acme", &longest, "https://example.com/longest")).await.unwrap();
    let outcome =
        follow_link(&fixture.ports, &visit(&format!("/{}", "%64".repeat(Slug::MAX_LEN))), Intent::Follow).await;
    assert_eq!(show(outcome.unwrap()), "302 https://example.com/longest");
}

#[tokio::test]
async fn capitals_count_unless_the_domain_says_otherwise() {
    let fixture = fixture(json!({"forward_path": true})).await;
    let mixed = link("acme", "Mixed", "https://example.com/mixed");
    let small = link("acme", "mixed", "https://example.com/small");
    for link in [&mixed, &small] {
        fixture.links.insert(link).await.unwrap();
    }
    let docs = "302 https://example.com/docs";
    for (path, sensitive, insensitive) in [
        ("/docs", docs, docs),
        ("/DOCS", "NotFound", docs),
        ("/D%6Fcs/", "NotFound", docs),
        ("/(DOCS).", "NotFound", docs),
        ("/Docs/Rest", "NotFound", "302 https://example.com/docs/Rest"),
        ("/Mixed", "302 https://example.com/mixed", "302 https://example.com/mixed"),
        ("/MIXED", "NotFound", "302 https://example.com/small"),
        ("/None", "NotFound", "NotFound"),
        ("/V1", "NotFound", "NotFound"),
    ] {
        for (case, expected) in [("sensitive", sensitive), ("insensitive", insensitive)] {
            fixture.domains.set("go.example.com", json!({"slugs": {"case": case}}));
            let outcome = follow_link(&fixture.ports, &visit(path), Intent::Follow).await.unwrap();
            assert_eq!(show(outcome), expected, "{path} {case}");
        }
    }
    let details = follow_link(&fixture.ports, &visit("/DOCS+"), Intent::Follow).await.unwrap();
    assert!(matches!(details, Outcome::Details(_)));
}

#[tokio::test]
async fn rules_of_slugs_are_read_only_for_capitals_that_find_nothing() {
    let fixture = fixture(json!({})).await;
    fixture.links.insert(&link("acme", "Mixed", "https://example.com/mixed")).await.unwrap();
    for (path, reads) in [("/docs", 0), ("/Mixed", 0), ("/none", 0), ("/None", 1)] {
        follow_link(&fixture.ports, &visit(path), Intent::Follow).await.unwrap();
        assert_eq!(fixture.domains.reads(), reads, "{path}");
    }
    fixture.domains.fail(true);
    assert!(follow_link(&fixture.ports, &visit("/None"), Intent::Follow).await.is_err(), "the link may exist");
    assert!(follow_link(&fixture.ports, &visit("/Mixed"), Intent::Follow).await.is_ok());
}

#[tokio::test]
async fn plus_behind_a_path_asks_for_details_only_if_the_path_is_a_link() {
    let fixture = fixture(json!({"forward_path": true})).await;
    fixture.domains.set("go.example.com", json!({"slugs": {"slashes": true, "characters": "unicode"}}));
    for slug in ["docs/start", "größe"] {
        fixture.links.insert(&link("acme", slug, "https://example.com/start")).await.unwrap();
    }
    for (path, expected) in [
        ("/docs/start+", "details of docs/start"),
        ("/docs%2Fstart%2B", "details of docs/start"),
        ("/gr%C3%B6%C3%9Fe+", "details of größe"),
        ("/docs/x+", "302 https://example.com/docs/x+"),
        ("/docs/start/x+", "302 https://example.com/docs/start/x+"),
        ("/none+", "NotFound"),
        ("/nöne+", "NotFound"),
    ] {
        let shown = match follow_link(&fixture.ports, &visit(path), Intent::Follow).await.unwrap() {
            Outcome::Details(details) => format!("details of {}", details.slug),
            other => show(other),
        };
        assert_eq!(shown, expected, "{path}");
    }
}

#[tokio::test]
async fn blocked_target_is_never_sent() {
    let everywhere = json!({
        "rules": [{"if": {"os": ["linux"]}, "url": "https://www.evil.example/rule"}],
        "expired_url": "https://evil.example/late",
    });
    for settings in [json!({}), json!({"forward_query": true}), json!({"forward_path": true}), everywhere] {
        let mut fixture = fixture(settings).await;
        let blocked = BlockedTargets::default();
        fixture.ports.domains = fixture.ports.domains.with_blocked(blocked.clone());
        let block = |target: &str| {
            blocked.set(BlockList::new([(BlockPattern::parse(target).unwrap(), BlockReason::Phishing)]));
        };
        block("other.example");
        assert!(fixture.get().await.starts_with("302 "));
        for target in ["example.com", "evil.example"] {
            block(target);
            for path in ["/docs", "/docs+", "/docs?x=1"] {
                let outcome = follow_link(&fixture.ports, &visit(path), Intent::Follow).await.unwrap();
                let shown = show(outcome);
                assert!(!shown.contains(target), "{path}: {shown}");
            }
        }
    }
}

#[tokio::test]
async fn link_to_a_blocked_target_is_told_apart_and_works_again() {
    let mut fixture = fixture(json!({})).await;
    let blocked = BlockedTargets::default();
    fixture.ports.domains = fixture.ports.domains.with_blocked(blocked.clone());
    blocked.set(BlockList::new([(BlockPattern::parse("example.com/docs").unwrap(), BlockReason::Malware)]));
    assert_eq!(fixture.get().await, "Blocked");
    assert_eq!(show(follow_link(&fixture.ports, &visit("/docs+"), Intent::Follow).await.unwrap()), "Blocked");
    blocked.set(BlockList::default());
    assert_eq!(fixture.get().await, "302 https://example.com/docs");
}

const FILE: &str = "https://files.invalid/fil_0199b0c67e4570008000000000000005";

/// Stores the link `docs` to a file, with `settings`.
async fn sharing(settings: Value) -> Fixture {
    let fixture = fixture(settings).await;
    let seen = fixture.links.get(&link("acme", "docs", FILE).address).await.unwrap().unwrap();
    let next = Link { url: link("acme", "docs", FILE).url, ..seen.clone() };
    assert!(fixture.links.replace(&seen, &next).await.unwrap());
    fixture
}

/// Writes an outcome as a short text: what is served of a file, such as the signed URL and whether it counts.
fn shared(outcome: Outcome) -> String {
    match outcome {
        Outcome::Redirect(redirect) => format!("no file {}", redirect.click.is_some()),
        Outcome::File(served) => match *served {
            ServedFile::Download(Download { url, click, .. }) => {
                let place = url.replace("https://bucket.example/files/acme/fil_", "fil_");
                format!("{} {}", place.replace("&type=application/pdf&as=inline", ""), click.is_some())
            }
            ServedFile::Page(page) => {
                let url = page.download.as_deref().or(page.shown.as_ref().map(|(_, url)| url.as_str()));
                let place = url.unwrap_or("form").replace("https://bucket.example/files/acme/", "");
                format!("page {} {}", place.split("&type").next().unwrap(), page.click.is_some())
            }
            ServedFile::Card(card) => format!("card {:?}", card.preview.title),
            other => format!("{other:?}"),
        },
        other => show(other).chars().take_while(|c| c.is_ascii_alphabetic()).collect(),
    }
}

#[tokio::test]
async fn file_is_signed_for_the_workspace_and_the_method() {
    let fixture = sharing(json!({"forward_query": true, "forward_path": true, "redirect_status": 308})).await;
    let id = "fil_0199b0c67e4570008000000000000005";
    for (intent, expected) in [
        (Intent::Follow, format!("{id}?method=Get&expires=60 true")),
        (Intent::Look, format!("{id}?method=Head&expires=60 false")),
        (Intent::Keep, "MethodNotAllowed".to_owned()),
        (Intent::LookAndKeep, "MethodNotAllowed".to_owned()),
        (Intent::Post { password: None }, "MethodNotAllowed".to_owned()),
    ] {
        assert_eq!(shared(fixture.follow(intent).await), expected, "{intent:?}");
    }
    let visit = Visit { query: "a=b".to_owned(), ..visit("/docs/rest") };
    let outcome = follow_link(&fixture.ports, &visit, Intent::Follow).await.unwrap();
    assert_eq!(shared(outcome), format!("{id}?method=Get&expires=60 true"));
}

/// Who asks how for what, and what is used up of three downloads.
#[tokio::test]
async fn page_of_a_file_is_for_people_and_its_download_is_the_click() {
    const ID: &str = "fil_0199b0c67e4570008000000000000005";
    let person = |path: &str| Visit { wants_page: true, ..visit(path) };
    let bot = Visit {
        user_agent: Some("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)".into()),
        ..person("/docs")
    };
    let ahead = Visit { prefetch: true, ..person("/docs") };
    let get = |method, seconds| format!("{ID}?method={method}&expires={seconds}");
    let (landing, plain) = (json!({"landing": true}), json!({}));
    let limited = json!({"landing": true, "max_clicks": 3});
    let locked = json!({"password_hash": hash_of("secret")});
    let locked_limited = json!({"password_hash": hash_of("secret"), "max_clicks": 3, "landing": true});
    let named = json!({"preview": {"title": "Plan"}, "max_clicks": 3});
    let (post, password) = (Intent::Post { password: None }, Intent::Post { password: Some(b"secret") });
    for (settings, visit, intent, expected, used) in [
        (&plain, person("/docs"), Intent::Follow, format!("{} true", get("Get", 60)), 0),
        (&landing, person("/docs"), Intent::Follow, "page form false".to_owned(), 0),
        (&landing, person("/docs"), Intent::Look, "page form false".to_owned(), 0),
        (&landing, visit("/docs"), Intent::Follow, format!("{} true", get("Get", 60)), 0),
        (&landing, person("/docs"), post, format!("{} true", get("Get", 60)), 0),
        (&landing, ahead.clone(), Intent::Follow, "page form false".to_owned(), 0),
        (&limited, person("/docs"), Intent::Follow, "page form false".to_owned(), 0),
        (&limited, person("/docs"), post, format!("{} true", get("Get", 60)), 1),
        (&limited, visit("/docs"), Intent::Follow, format!("{} true", get("Get", 60)), 1),
        (&limited, bot.clone(), Intent::Follow, "card None".to_owned(), 0),
        (&landing, bot.clone(), Intent::Look, "card None".to_owned(), 0),
        (&plain, bot.clone(), Intent::Follow, "card None".to_owned(), 0),
        (&named, bot.clone(), Intent::Follow, "card Some(\"Plan\")".to_owned(), 0),
        (&plain, person("/docs"), post, "MethodNotAllowed".to_owned(), 0),
        (&locked, person("/docs"), Intent::Follow, "Locked".to_owned(), 0),
        (&locked, bot.clone(), Intent::Follow, "Locked".to_owned(), 0),
        (&locked, person("/docs"), password, format!("page {} true", get("Get", 600)), 0),
        (&locked, visit("/docs"), password, format!("{} true", get("Get", 60)), 0),
        (&locked_limited, person("/docs"), Intent::Follow, "Locked".to_owned(), 0),
        (&locked_limited, person("/docs"), password, format!("page {} true", get("Get", 600)), 1),
    ] {
        let fixture = sharing(settings.clone()).await;
        let outcome = shared(follow_link(&fixture.ports, &visit, intent).await.unwrap());
        assert_eq!((outcome, fixture.links.all()[0].settings.used_clicks), (expected, used), "{settings} {intent:?}");
    }
}

#[tokio::test]
async fn page_shows_what_runs_nothing_unless_downloads_are_counted() {
    let person = Visit { wants_page: true, ..visit("/docs") };
    let end = Timestamp::parse(NOW).unwrap().plus_seconds(3600);
    for (content_type, settings, expires_at, expected) in [
        ("image/png", json!({}), None, Some("expires=600&type=image/png&as=inline")),
        ("image/svg+xml", json!({}), None, None),
        ("text/html", json!({}), None, None),
        ("application/pdf", json!({}), None, None),
        ("video/mp4", json!({}), None, Some("expires=21600&type=video/mp4&as=inline")),
        ("video/mp4", json!({}), Some(end), Some("expires=3600&type=video/mp4&as=inline")),
        ("audio/mpeg", json!({}), None, Some("expires=21600&type=audio/mpeg&as=inline")),
        ("image/png", json!({"max_clicks": 3}), None, None),
    ] {
        let mut settings = settings;
        settings["landing"] = json!(true);
        let fixture = sharing(settings.clone()).await;
        fixture.files.put(StoredFile { content_type: content_type.to_owned(), expires_at, ..stored_file("acme", 5) });
        let Outcome::File(served) = follow_link(&fixture.ports, &person, Intent::Follow).await.unwrap() else {
            panic!()
        };
        let ServedFile::Page(page) = *served else { panic!("{served:?}") };
        let shown = page.shown.as_ref().map(|(_, url)| url.split("&").skip(1).collect::<Vec<_>>().join("&"));
        assert_eq!(shown.as_deref(), expected, "{content_type} {settings}");
        assert_eq!((page.download, page.ends_at), (None, expires_at));
    }
}

#[tokio::test]
async fn form_of_a_page_is_for_files_alone() {
    for (settings, intent, expected) in [
        (json!({"landing": true}), Intent::Follow, "no file true"),
        (json!({"landing": true}), Intent::Post { password: None }, "MethodNotAllowed"),
        (json!({"landing": true, "redirect_status": 308}), Intent::Post { password: None }, "no file true"),
    ] {
        let fixture = fixture(settings.clone()).await;
        let visit = Visit { wants_page: true, ..visit("/docs") };
        assert_eq!(
            shared(follow_link(&fixture.ports, &visit, intent).await.unwrap()),
            expected,
            "{settings} {intent:?}"
        );
    }
}

#[tokio::test]
async fn file_has_what_links_have() {
    let id = "fil_0199b0c67e4570008000000000000005";
    let password = || Intent::Post { password: Some(b"secret") };
    for (settings, intent, expected) in [
        (json!({"archived": true}), Intent::Follow, "NotFound".to_owned()),
        (json!({"starts_at": "2027-01-01T00:00:00Z"}), Intent::Follow, "NotFound".to_owned()),
        (json!({"expires_at": "2026-01-01T00:00:00Z"}), Intent::Follow, "gone".to_owned()),
        (json!({"password_hash": hash_of("secret")}), Intent::Follow, "Locked".to_owned()),
        (json!({"password_hash": hash_of("secret")}), Intent::Look, "Locked".to_owned()),
        (json!({"password_hash": hash_of("secret")}), password(), format!("{id}?method=Get&expires=60 true")),
        (
            json!({"rules": [{"if": {"os": ["linux"]}, "url": "https://example.com/linux"}]}),
            Intent::Follow,
            "no file true".to_owned(),
        ),
    ] {
        assert_eq!(shared(sharing(settings.clone()).await.follow(intent).await), expected, "{settings}");
    }
}

#[tokio::test]
async fn limited_download_is_used_up_by_programs_too_and_not_by_those_that_come_ahead() {
    let fixture = sharing(json!({"max_clicks": 1})).await;
    let with =
        |user_agent: &str, prefetch| Visit { user_agent: Some(user_agent.to_owned()), prefetch, ..visit("/docs") };
    let follow = async |visit: &Visit| shared(follow_link(&fixture.ports, visit, Intent::Follow).await.unwrap());
    let bot = with("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", false);
    assert_eq!(follow(&bot).await, "card None");
    assert_eq!(follow(&with("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", true)).await, "Details");
    assert!(follow(&with("curl/8.5.0", false)).await.starts_with("fil_"));
    assert_eq!(follow(&with("curl/8.5.0", false)).await, "gone");
    assert_eq!(follow(&visit("/docs")).await, "gone");
}

/// The record decides before a click is used up, and after the password was given.
#[tokio::test]
async fn file_that_visitors_do_not_get_uses_nothing_up() {
    let uploading = StoredFile { status: FileStatus::Uploading, ..stored_file("acme", 5) };
    let is = |status| Some(StoredFile { status, ..stored_file("acme", 5) });
    let ended = StoredFile { expires_at: Timestamp::parse(NOW).ok(), ..stored_file("acme", 5) };
    let foreign = stored_file("thief", 5);
    let password = || Intent::Post { password: Some(b"secret") };
    let late = json!({"max_clicks": 1, "expired_url": "https://example.com/late"});
    for (file, settings, intent, expected) in [
        (Some(uploading.clone()), json!({"max_clicks": 1}), Intent::Follow, "Waits(Upload)"),
        (Some(uploading.clone()), json!({"max_clicks": 1}), Intent::Look, "Waits(Upload)"),
        (Some(uploading.clone()), json!({"password_hash": hash_of("secret")}), Intent::Follow, "Locked"),
        (Some(uploading), json!({"password_hash": hash_of("secret")}), password(), "Waits(Upload)"),
        (is(FileStatus::Inspecting), json!({"max_clicks": 1}), Intent::Follow, "Waits(Inspection)"),
        (is(FileStatus::Blocked), json!({"max_clicks": 1}), Intent::Follow, "Blocked"),
        (Some(ended), json!({"max_clicks": 1}), Intent::Follow, "gone"),
        (Some(foreign), json!({"max_clicks": 1}), Intent::Follow, "gone"),
        (None, json!({"max_clicks": 1}), Intent::Follow, "gone"),
        (None, json!({"password_hash": hash_of("secret")}), Intent::Follow, "Locked"),
        (None, json!({"password_hash": hash_of("secret")}), password(), "gone"),
        (None, late, Intent::Follow, "gone"),
    ] {
        let fixture = sharing(settings.clone()).await;
        let StoredFile { workspace, id, .. } = stored_file("acme", 5);
        fixture.files.forget(&FileAddress { workspace, id });
        file.into_iter().for_each(|file| fixture.files.put(file));
        assert_eq!(shared(fixture.follow(intent).await), expected, "{settings} {intent:?}");
        assert_eq!(fixture.links.all()[0].settings.used_clicks, 0);
    }
}

#[tokio::test]
async fn signed_url_ends_with_its_file() {
    for (milliseconds, seconds) in [(1, 1), (1_000, 1), (59_001, 60), (60_000, 60), (3_600_000, 60)] {
        let fixture = sharing(json!({})).await;
        let now = Timestamp::parse(NOW).unwrap();
        let expires_at = Timestamp::from_millis(now.as_millis() + milliseconds).ok();
        fixture.files.put(StoredFile { expires_at, ..stored_file("acme", 5) });
        let url = shared(fixture.follow(Intent::Follow).await);
        assert!(url.contains(&format!("expires={seconds} ")), "{milliseconds} {url}");
    }
}

#[tokio::test]
async fn removed_file_ends_its_link_with_the_links_own_url() {
    let fixture = sharing(json!({"expired_url": "https://example.com/late"})).await;
    let StoredFile { workspace, id, .. } = stored_file("acme", 5);
    fixture.files.forget(&FileAddress { workspace, id });
    assert_eq!(fixture.get().await, "gone https://example.com/late");
    let details = follow_link(&fixture.ports, &visit("/docs+"), Intent::Follow).await.unwrap();
    assert!(matches!(details, Outcome::NoDetails), "{details:?}");
}

#[tokio::test]
async fn record_is_read_for_files_alone_and_its_outage_is_an_error() {
    let plain = fixture(json!({})).await;
    plain.files.fail(true);
    for path in ["/docs", "/docs+", "/none"] {
        assert!(follow_link(&plain.ports, &visit(path), Intent::Follow).await.is_ok(), "{path}");
    }
    assert_eq!(plain.files.reads(), 0);
    let locked = sharing(json!({"password_hash": hash_of("secret")})).await;
    locked.follow(Intent::Follow).await;
    locked.follow(Intent::Post { password: Some(b"wrong") }).await;
    follow_link(&locked.ports, &visit("/docs+"), Intent::Follow).await.unwrap();
    locked.follow(Intent::Keep).await;
    assert_eq!(locked.files.reads(), 0, "only who knows the password has the file read");
    let limited = sharing(json!({"max_clicks": 1})).await;
    limited.files.fail(true);
    assert!(follow_link(&limited.ports, &visit("/docs"), Intent::Follow).await.is_err());
    assert_eq!(limited.links.all()[0].settings.used_clicks, 0);
    limited.files.fail(false);
    assert!(shared(limited.follow(Intent::Follow).await).starts_with("fil_"));
}

#[tokio::test]
async fn renamed_file_is_sent_under_its_new_name_and_type() {
    let fixture = sharing(json!({})).await;
    fixture.files.put(StoredFile { content_type: "text/html".to_owned(), ..stored_file("acme", 5) });
    let Outcome::File(served) = fixture.follow(Intent::Follow).await else { panic!("a file") };
    let ServedFile::Download(Download { url, .. }) = *served else { panic!("a download") };
    assert!(url.ends_with("&type=application/octet-stream&as=attachment"), "{url}");
}
