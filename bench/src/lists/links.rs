//! Makes links as people have them.

use anyhow::Result;
use waypost_domain::catalog::patch::{LaneClicks, LinkPatch};
use waypost_domain::links::id::LinkId;
use waypost_domain::testing::samples::link;
use waypost_domain::{Domains, TargetUrl};

use crate::chance::Chance;

const WORDS: [&str; 40] = [
    "spring",
    "sale",
    "summer",
    "autumn",
    "winter",
    "shoes",
    "docs",
    "guide",
    "team",
    "meeting",
    "survey",
    "newsletter",
    "webinar",
    "event",
    "ticket",
    "flyer",
    "poster",
    "menu",
    "price",
    "list",
    "catalog",
    "video",
    "podcast",
    "blog",
    "press",
    "release",
    "job",
    "career",
    "about",
    "contact",
    "support",
    "status",
    "login",
    "signup",
    "download",
    "app",
    "android",
    "ios",
    "partner",
    "zebra",
];
const HOSTS: [&str; 6] =
    ["example.com", "www.example.com", "shop.example.com", "blog.example.org", "docs.example.net", "video.example.com"];

/// Makes the link with this number, and its clicks.
pub(super) fn patch(number: usize) -> Result<LinkPatch> {
    let mut chance = Chance(number as u64);
    let word = |chance: &mut Chance| WORDS[chance.popular(WORDS.len())];
    let mut new = link("acme", &format!("{}-{number:x}", word(&mut chance)), "https://example.com/");
    let path = format!("{}/{}-{}", word(&mut chance), word(&mut chance), chance.below(1_000_000));
    let url = format!(
        "https://{}/{path}?utm_source={}&utm_campaign={}-{}",
        HOSTS[chance.popular(HOSTS.len())],
        word(&mut chance),
        word(&mut chance),
        chance.below(100)
    );
    new.url = TargetUrl::parse(&url, &Domains::parse("go.example.com")?)?;
    new.title =
        (chance.below(3) > 0).then(|| format!("{} {} {}", word(&mut chance), word(&mut chance), chance.below(10_000)));
    new.tags = (0..chance.below(3)).map(|_| word(&mut chance).to_owned()).collect();
    new.created_at = new.created_at.plus_seconds(number as i64);
    new.stored_id = Some(LinkId::derive(new.created_at, &number.to_string()));
    let clicks = LaneClicks {
        lane: "000000000000".to_owned(),
        clicks: chance.popular(100_000) as u64,
        last_at: Some(new.created_at.as_millis() + chance.below(1_000_000_000) as i64),
    };
    Ok(LinkPatch { clicks: vec![clicks], ..LinkPatch::here(&new) })
}
