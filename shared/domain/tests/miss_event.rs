//! Checks that visits to no link are as `docs/miss-event.schema.json` describes them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::net::IpAddr;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::violations;
use waypost_domain::redirect::deliver_clicks::{DeliverClicksPorts, StreamBreaker, VisitorHasher, deliver_clicks};
use waypost_domain::redirect::miss_gate::MissGate;
use waypost_domain::redirect::record_miss::record_miss;
use waypost_domain::redirect::visit::Visit;
use waypost_domain::testing::clicks::{MemorySalts, MemorySpill, MemoryStream};
use waypost_domain::testing::system::SeededRandom;
use waypost_domain::{Domains, Timestamp};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../docs/miss-event.schema.json")).unwrap()
}

/// Records and delivers the miss of `visit`; returns it as the stream has it.
fn streamed(visit: &Visit, gate: &MissGate, time: &str) -> Option<Value> {
    let domains = Domains::parse("go.example.com,acme.example=acme").unwrap();
    let random = SeededRandom::new(1);
    let pending = record_miss(visit, &domains, gate, Timestamp::parse(time).unwrap(), &random)?;
    let stream = Arc::<MemoryStream>::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ports = DeliverClicksPorts {
        visitors: VisitorHasher::default(),
        salts: Arc::<MemorySalts>::default(),
        random: Arc::new(random),
        stream: stream.clone(),
        spill: Arc::<MemorySpill>::default(),
        breaker: StreamBreaker::default(),
    };
    runtime.block_on(deliver_clicks(&ports, vec![pending]));
    serde_json::to_value(&stream.misses()[0]).ok()
}

fn full_visit() -> Visit {
    Visit {
        host: Some("acme.example".into()),
        path: "/none".into(),
        query: "utm_source=a&token=secret".into(),
        address: Some(IpAddr::from([203, 0, 113, 9])),
        user_agent: Some(FIREFOX.into()),
        platform: Some("\"Linux\"".into()),
        mobile: Some("?0".into()),
        referrer: Some("https://www.example.org/private".into()),
        accept_language: Some("de-CH,de;q=0.9".into()),
        country: Some("CH".into()),
        ..Visit::default()
    }
}

#[test]
fn misses_have_exactly_the_fields_of_the_schema() {
    let (gate, time) = (MissGate::default(), "2026-01-02T03:04:05Z");
    let bot = Visit { user_agent: None, ..full_visit() };
    for _ in 0..MissGate::BURST {
        let miss = streamed(&full_visit(), &gate, time).unwrap();
        assert_eq!(violations(&schema(), &miss, ""), Vec::<String>::new());
    }
    assert!(streamed(&full_visit(), &gate, time).is_none() && streamed(&bot, &gate, time).is_none());
    let miss = streamed(&full_visit(), &gate, "2026-01-02T03:04:06Z").unwrap();
    assert_eq!(violations(&schema(), &miss, ""), Vec::<String>::new());
    for (part, pointer) in [(&schema()["properties"], ""), (&schema()["properties"]["miss"]["properties"], "/miss")] {
        for name in part.as_object().unwrap().keys() {
            assert!(miss.pointer(&format!("{pointer}/{name}")).is_some(), "{name} is in no miss: {miss}");
        }
    }
    assert_eq!(
        (&miss["workspace"], &miss["miss"]),
        (&json!("acme"), &json!({"path": "/none", "more": 1, "more_bots": 1}))
    );
}

proptest! {
    #[test]
    fn any_visit_makes_a_valid_miss(path in "/.{0,300}", text in "\\PC{0,600}", other in ".{0,200}", opted_out: bool) {
        let visit = Visit {
            path, user_agent: Some(text.clone()), platform: Some(other.clone()), mobile: Some(other.clone()),
            referrer: Some(format!("https://{other}")), accept_language: Some(other.clone()), country: Some(other),
            opted_out, ..full_visit()
        };
        if let Some(miss) = streamed(&visit, &MissGate::default(), "2026-01-02T03:04:05Z") {
            prop_assert_eq!(violations(&schema(), &miss, ""), Vec::<String>::new());
            prop_assert_eq!(miss.get("visitor").is_none(), opted_out);
            prop_assert!(serde_json::to_string(&miss).unwrap().len() < 4096);
        }
    }
}
