//! Checks that clicks are as `docs/click-event.schema.json` describes them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::net::IpAddr;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::violations;
use waypost_domain::clicks::click::Click;
use waypost_domain::redirect::choose_target::choose_target;
use waypost_domain::redirect::deliver_clicks::{DeliverClicksPorts, StreamBreaker, VisitorHasher, deliver_clicks};
use waypost_domain::redirect::record_click::record_click;
use waypost_domain::redirect::visit::Visit;
use waypost_domain::testing::clicks::{MemorySalts, MemorySpill, MemoryStream};
use waypost_domain::testing::samples::link;
use waypost_domain::testing::system::SeededRandom;
use waypost_domain::{Link, Timestamp};

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../docs/click-event.schema.json")).unwrap()
}

fn docs(settings: Value) -> Link {
    let mut link = link("acme", "docs", "https://example.com/");
    link.settings = serde_json::from_value(settings).unwrap();
    link
}

/// Records and delivers the click of `visit`; returns it as the stream has it.
fn streamed(link: &Link, visit: &Visit) -> Value {
    let (now, random) = (Timestamp::parse("2026-01-02T03:04:05Z").unwrap(), SeededRandom::new(1));
    let pending = record_click(visit, link, &choose_target(link, visit, now), now, &random);
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
    runtime.block_on(deliver_clicks(&ports, vec![pending.into()]));
    serde_json::to_value(&stream.taken()[0]).unwrap()
}

fn full_visit() -> Visit {
    Visit {
        host: Some("go.example.com".into()),
        path: "/docs".into(),
        query: "utm_source=a&utm_medium=b&utm_campaign=c&utm_term=d&utm_content=e&qr=1&token=secret".into(),
        address: Some(IpAddr::from([203, 0, 113, 9])),
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into()),
        platform: Some("\"Linux\"".into()),
        mobile: Some("?0".into()),
        referrer: Some("https://www.example.org/private".into()),
        accept_language: Some("de-CH,de;q=0.9".into()),
        country: Some("CH".into()),
        ..Visit::default()
    }
}

#[test]
fn clicks_have_exactly_the_fields_of_the_schema() {
    let by_rule = streamed(&docs(json!({"rules": [{"if": {}, "url": "https://example.com/r"}]})), &full_visit());
    let variants = json!({"variants": [{"name": "a", "url": "https://example.com/a", "weight": 1}]});
    let by_variant = streamed(&docs(variants), &full_visit());
    for click in [&by_rule, &by_variant] {
        assert_eq!(violations(&schema(), click, ""), Vec::<String>::new());
    }
    for name in schema()["properties"].as_object().unwrap().keys() {
        assert!(by_rule.get(name).or(by_variant.get(name)).is_some(), "{name} is in no click");
    }
    assert_eq!(by_rule["rule"], 0);
    assert_eq!(by_variant["variant"], "a");
}

#[test]
fn schema_finds_invalid_clicks() {
    let click = streamed(&docs(json!({})), &full_visit());
    for (field, value) in [
        ("version", json!(2)),
        ("id", json!("x")),
        ("time", json!("2026-01-02T03:04:05Z")),
        ("address", json!("203.0.113.9")),
        ("country", json!("che")),
        ("utm", json!({"source": ""})),
        ("trigger", json!("mail")),
        ("rule", json!("0")),
    ] {
        let mut wrong = click.clone();
        wrong[field] = value;
        assert_eq!(violations(&schema(), &wrong, "").len(), 1, "{field}");
    }
    let mut lacking = click;
    lacking.as_object_mut().unwrap().remove("slug");
    assert_eq!(violations(&schema(), &lacking, "").len(), 1);
}

#[test]
fn click_with_missing_and_unknown_fields_is_read() {
    let mut old = streamed(&docs(json!({})), &full_visit());
    assert!(old.get("rule").is_none() && old.get("variant").is_none());
    old["added_later"] = json!(1);
    assert!(serde_json::from_value::<Click>(old).is_ok());
}

proptest! {
    #[test]
    fn any_visit_makes_a_valid_click(
        text in "\\PC{0,600}", other in ".{0,200}", query in ".{0,300}", opted_out: bool, v4: bool, address: u128,
    ) {
        let address = if v4 { IpAddr::V4((address as u32).into()) } else { IpAddr::V6(address.into()) };
        let visit = Visit {
            host: Some(other.clone()), path: "/docs".into(), query: format!("utm_source={text}&{query}"),
            address: Some(address), user_agent: Some(text.clone()), platform: Some(other.clone()),
            mobile: Some(other.clone()), referrer: Some(format!("https://{other}")), accept_language: Some(other.clone()),
            country: Some(other), prefetch: false, opted_out, wants_page: v4,
        };
        let click = streamed(&docs(json!({})), &visit);
        prop_assert_eq!(violations(&schema(), &click, ""), Vec::<String>::new());
        prop_assert_eq!(click.get("visitor").is_none(), opted_out);
    }
}
