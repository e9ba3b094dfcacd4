//! Makes the event of a visit to no link.

use super::details::path_before_plus;
use super::miss_gate::MissGate;
use super::pending_event::PendingEvent;
use super::record_click::{event_id, referrer_host};
use super::tidy_path::{exact_slug, is_of_reserved};
use super::visit::Visit;
use crate::clicks::click::{Click, cut};
use crate::clicks::miss::{Miss, MissDetails};
use crate::clicks::missed_path::MissedPath;
use crate::ports::Random;
use crate::values::domains::Domains;
use crate::values::timestamp::Timestamp;
use crate::visitors::client::VisitorKind;

/// Makes the event of a visit at `time` that was answered as not found. `None` if the visit is no miss (a prefetch, the question where a
/// link leads, a path that browsers and crawlers try by themselves or that is the API's), or if `gate` holds it back.
pub fn record_miss(
    visit: &Visit,
    domains: &Domains,
    gate: &MissGate,
    time: Timestamp,
    random: &dyn Random,
) -> Option<PendingEvent> {
    let domain = domains.for_host(visit.host.as_deref())?;
    if visit.prefetch || is_of_reserved(&visit.path) || path_before_plus(&visit.path).and_then(exact_slug).is_some() {
        return None;
    }
    let is_bot = visit.client().kind() != VisitorKind::Person;
    let held = gate.pass(domain, is_bot, time)?;
    let miss = Miss {
        version: Miss::VERSION,
        id: event_id(time, random),
        time,
        domain: domain.clone(),
        workspace: domains.owner_of(domain).cloned(),
        country: visit.country(),
        visitor: None,
        user_agent: visit.user_agent.as_deref().map(|text| cut(text, Click::MAX_USER_AGENT_BYTES).to_owned()),
        platform: visit.platform().map(|platform| platform.as_str().to_owned()),
        mobile: visit.mobile(),
        referrer: visit.referrer.as_deref().and_then(referrer_host),
        language: visit.language(),
        miss: MissDetails { path: MissedPath::of(&visit.path), more: held.people, more_bots: held.bots },
    };
    Some(PendingEvent { event: miss.into(), address: visit.address.filter(|_| !visit.opted_out) })
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::clicks::event::StreamEvent;
    use crate::testing::system::SeededRandom;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

    fn visit(path: &str) -> Visit {
        Visit {
            host: Some("go.example.com".into()),
            path: path.into(),
            user_agent: Some(FIREFOX.into()),
            ..Visit::default()
        }
    }

    fn recorded(visit: &Visit, gate: &MissGate) -> Option<Miss> {
        let domains = Domains::parse("go.example.com,acme.example=acme").unwrap();
        let now = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
        match record_miss(visit, &domains, gate, now, &SeededRandom::new(1))?.event {
            StreamEvent::Miss(miss) => Some(miss),
            StreamEvent::Click(click) => panic!("{click:?}"),
        }
    }

    #[test]
    fn miss_holds_no_address_query_or_full_referrer() {
        let visit = Visit {
            address: Some(IpAddr::from([203, 0, 113, 9])),
            query: "utm_source=news&token=secret".into(),
            referrer: Some("https://www.example.org/private?q=secret".into()),
            country: Some("ch".into()),
            accept_language: Some("de-CH".into()),
            ..visit("/n%C3%B6ne")
        };
        let miss = recorded(&visit, &MissGate::default()).unwrap();
        let json = serde_json::to_string(&miss).unwrap();
        assert!(!json.contains("secret") && !json.contains("203.0.113.9") && !json.contains("private"), "{json}");
        assert_eq!((miss.miss.path.as_str(), miss.referrer.as_deref()), ("/nöne", Some("example.org")));
        assert_eq!((miss.country.as_deref(), miss.language.as_deref()), (Some("CH"), Some("de")));
        assert_eq!(uuid::Uuid::parse_str(&miss.id).unwrap().get_version_num(), 7);
    }

    #[test]
    fn domain_names_its_owner() {
        for (host, domain, workspace) in [
            (Some("go.example.com"), "go.example.com", None),
            (None, "go.example.com", None),
            (Some("ACME.example:443"), "acme.example", Some("acme")),
        ] {
            let visit = Visit { host: host.map(str::to_owned), ..visit("/none") };
            let miss = recorded(&visit, &MissGate::default()).unwrap();
            assert_eq!((miss.domain.as_str(), miss.workspace.as_ref().map(|it| it.as_str())), (domain, workspace));
        }
        assert!(
            recorded(&Visit { host: Some("other.example".into()), ..visit("/none") }, &MissGate::default()).is_none()
        );
    }

    #[test]
    fn what_nobody_asked_for_is_no_miss() {
        for path in ["/none", "/a/b", "//", "/wp-login.php", "/none++", "/v2/x", "/sitemap.xml.gz"] {
            assert!(recorded(&visit(path), &MissGate::default()).is_some(), "{path}");
            assert!(recorded(&Visit { prefetch: true, ..visit(path) }, &MissGate::default()).is_none(), "{path}");
        }
        for path in [
            "/none+",
            "/none%2B",
            "/v1",
            "/v1/linkz",
            "/%761/x",
            "/.well-known/security.txt",
            "/favicon.ico",
            "/FAVICON.ico",
            "/apple-touch-icon.png",
            "/sitemap.xml",
            "/robots.txt",
        ] {
            assert!(recorded(&visit(path), &MissGate::default()).is_none(), "{path}");
        }
    }

    #[test]
    fn misses_that_were_held_back_are_in_the_next_event() {
        let gate = MissGate::default();
        let sent: Vec<_> = (0..MissGate::BURST + 5).filter_map(|_| recorded(&visit("/none"), &gate)).collect();
        assert_eq!(sent.len(), MissGate::BURST as usize);
        let bot = Visit { user_agent: Some("curl/8.5.0".into()), ..visit("/none") };
        assert!(
            recorded(&bot, &gate).is_none() && recorded(&Visit { user_agent: None, ..bot.clone() }, &gate).is_none()
        );
        let domains = Domains::parse("go.example.com").unwrap();
        let later = Timestamp::parse("2026-01-02T03:04:06Z").unwrap();
        let pending = record_miss(&bot, &domains, &gate, later, &SeededRandom::new(2)).unwrap();
        let StreamEvent::Miss(miss) = pending.event else { panic!() };
        assert_eq!((miss.miss.more, miss.miss.more_bots), (5, 2));
    }
}
