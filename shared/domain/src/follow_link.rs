//! Follows a short link: from a visitor's request to the target and the click that is to be counted.

use std::net::IpAddr;

use percent_encoding::percent_decode_str;

use crate::click::{Click, Trigger, Utm, cut};
use crate::ports::{Clock, LinkReader, Random};
use crate::{Domains, Link, LinkId, Slug, StoreError, TargetUrl};

/// What a visitor's request says. Everything in it is untrusted, and nothing in it can change a target.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// The `Host` header.
    pub host: Option<String>,
    /// The path, percent-encoded or not, with its leading slash.
    pub path: String,
    /// The query string without `?`, percent-encoded.
    pub query: String,
    /// The address the request came from. Only its salted hash leaves the process.
    pub address: Option<IpAddr>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// The `Referer` header.
    pub referrer: Option<String>,
    /// The `Accept-Language` header.
    pub accept_language: Option<String>,
    /// The `CloudFront-Viewer-Country` header.
    pub country: Option<String>,
    /// `DNT: 1` or `Sec-GPC: 1` was sent: no visitor hash.
    pub opted_out: bool,
}

/// A click whose visitor hash is still to be made, off the visitor's path: see [`crate::deliver_clicks`].
#[derive(Debug, Clone)]
pub struct PendingClick {
    /// The click without its visitor.
    pub click: Click,
    /// What the visitor is made of; never stored. Absent if the visitor opted out.
    pub address: Option<IpAddr>,
}

/// The link that `visit` asks for, or `None` where there is none, or none that is safe to follow.
pub async fn find_target(links: &dyn LinkReader, domains: &Domains, visit: &Visit) -> Result<Option<Link>, StoreError> {
    let Some(slug) = slug_in(&visit.path) else { return Ok(None) };
    let id = LinkId { domain: domains.for_host(visit.host.as_deref()).clone(), slug };
    let Some(link) = links.get(&id).await? else { return Ok(None) };
    if let Err(error) = TargetUrl::parse(link.url.as_str(), domains) {
        tracing::error!(event = "redirect.unsafe_target", domain = %id.domain, slug = %id.slug, %error);
        return Ok(None);
    }
    Ok(Some(link))
}

/// The slug in a path of one segment. Decoded once, since gateways differ on whether they did.
fn slug_in(path: &str) -> Option<Slug> {
    let segment = path.strip_prefix('/')?;
    if segment.len() > 3 * Slug::MAX_LEN {
        return None;
    }
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    Slug::parse(text).ok()
}

/// The click of a visit to `link`.
pub fn click(visit: &Visit, link: &Link, clock: &dyn Clock, random: &dyn Random) -> PendingClick {
    let time = clock.now();
    let mut bytes = [0_u8; 10];
    random.fill(&mut bytes);
    let millis = u64::try_from(time.as_millis()).unwrap_or(0);
    let (utm, trigger) = read_query(&visit.query);
    let click = Click {
        version: Click::VERSION,
        id: uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid().to_string(),
        time,
        domain: link.id.domain.clone(),
        slug: link.id.slug.clone(),
        workspace: link.workspace.clone(),
        country: visit.country.as_deref().and_then(country),
        visitor: None,
        user_agent: visit.user_agent.as_deref().map(|text| cut(text, Click::MAX_USER_AGENT_BYTES).to_owned()),
        referrer: visit.referrer.as_deref().and_then(referrer_host),
        language: visit.accept_language.as_deref().and_then(first_language),
        utm,
        trigger,
    };
    PendingClick { click, address: visit.address.filter(|_| !visit.opted_out) }
}

/// UTM fields, and `qr=1`, which our QR codes carry. No other parameter is looked at.
fn read_query(query: &str) -> (Utm, Trigger) {
    let (mut utm, mut trigger) = (Utm::default(), Trigger::Link);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()).take(50) {
        let field = match name.as_ref() {
            "utm_source" => &mut utm.source,
            "utm_medium" => &mut utm.medium,
            "utm_campaign" => &mut utm.campaign,
            "utm_term" => &mut utm.term,
            "utm_content" => &mut utm.content,
            "qr" if value == "1" => {
                trigger = Trigger::Qr;
                continue;
            }
            _ => continue,
        };
        let value = cut(&value, Click::MAX_FIELD_BYTES);
        if field.is_none() && !value.is_empty() {
            *field = Some(value.to_owned());
        }
    }
    (utm, trigger)
}

fn country(text: &str) -> Option<String> {
    let valid = text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
    valid.then(|| text.to_ascii_uppercase())
}

fn referrer_host(text: &str) -> Option<String> {
    let url = url::Url::parse(cut(text, 2048)).ok()?;
    url.host_str().map(|host| cut(host.trim_start_matches("www."), Click::MAX_FIELD_BYTES).to_owned())
}

/// The primary subtag of the first language range (RFC 9110, section 12.5.4).
fn first_language(text: &str) -> Option<String> {
    let tag = text.split([',', ';']).next()?.trim();
    let primary = tag.split('-').next()?;
    let valid = (2..=3).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_alphabetic());
    valid.then(|| primary.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{FixedClock, MemoryLinks, SeededRandom, link};
    use crate::ports::LinkWriter;
    use proptest::prelude::*;

    fn domains() -> Domains {
        Domains::parse("go.example.com,s.example.org").unwrap()
    }

    async fn links() -> MemoryLinks {
        let links = MemoryLinks::default();
        links.insert(&link("acme", "docs", "https://example.com/docs")).await.unwrap();
        links
    }

    fn visit(path: &str) -> Visit {
        Visit { host: Some("go.example.com".into()), path: path.into(), ..Visit::default() }
    }

    #[tokio::test]
    async fn a_link_is_found_whether_or_not_the_gateway_decoded_its_path() {
        let links = links().await;
        for path in ["/docs", "/d%6Fcs", "/%64%6f%63%73"] {
            assert!(find_target(&links, &domains(), &visit(path)).await.unwrap().is_some(), "{path}");
        }
    }

    #[tokio::test]
    async fn path_tricks_find_nothing() {
        let links = links().await;
        for path in
            ["", "/", "//docs", "/docs/", "/x/../docs", "/%2Fdocs", "/docs%2F", "/%ff", "/Docs", "/docs%00", "docs"]
        {
            assert!(find_target(&links, &domains(), &visit(path)).await.unwrap().is_none(), "{path}");
        }
    }

    #[tokio::test]
    async fn a_link_lives_on_its_own_domain_only() {
        let other = Visit { host: Some("s.example.org".into()), ..visit("/docs") };
        assert!(find_target(&links().await, &domains(), &other).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_stored_target_that_is_unsafe_is_not_followed() {
        let links = MemoryLinks::default();
        let mut bad = link("acme", "bad", "https://example.com/");
        bad.url = serde_json::from_str("\"javascript:alert(1)\"").unwrap();
        links.insert(&bad).await.unwrap();
        assert!(find_target(&links, &domains(), &visit("/bad")).await.unwrap().is_none());
    }

    #[test]
    fn a_click_says_no_more_than_it_must() {
        let visit = Visit {
            address: Some(IpAddr::from([203, 0, 113, 9])),
            query: "utm_source=news&token=secret&qr=1&utm_source=again".into(),
            user_agent: Some("ü".repeat(400)),
            referrer: Some("https://www.example.org/private?q=secret".into()),
            accept_language: Some("de-CH, en;q=0.8".into()),
            country: Some("ch".into()),
            ..visit("/docs")
        };
        let link = link("acme", "docs", "https://example.com/");
        let clock = FixedClock::at("2026-01-02T03:04:05Z");
        let pending = click(&visit, &link, &clock, &SeededRandom::new(1));
        let json = serde_json::to_string(&pending.click).unwrap();
        assert!(!json.contains("secret") && !json.contains("203.0.113.9") && !json.contains("private"), "{json}");
        let click = pending.click;
        assert_eq!(click.user_agent.as_ref().map(String::len), Some(512));
        assert_eq!(
            (click.referrer.as_deref(), click.language.as_deref(), click.country.as_deref()),
            (Some("example.org"), Some("de"), Some("CH"))
        );
        assert_eq!((click.utm.source.as_deref(), click.trigger), (Some("news"), Trigger::Qr));
        assert_eq!(uuid::Uuid::parse_str(&click.id).unwrap().get_version_num(), 7);
    }

    #[test]
    fn who_opts_out_has_no_visitor() {
        let visit = Visit { opted_out: true, address: Some(IpAddr::from([203, 0, 113, 9])), ..visit("/docs") };
        let link = link("acme", "docs", "https://example.com/");
        let clock = FixedClock::at("2026-01-02T03:04:05Z");
        assert_eq!(click(&visit, &link, &clock, &SeededRandom::new(1)).address, None);
    }

    proptest! {
        #[test]
        fn no_header_breaks_a_click(text in "\\PC{0,80}", query in "\\PC{0,80}") {
            let visit = Visit {
                query,
                user_agent: Some(text.clone()), referrer: Some(text.clone()),
                accept_language: Some(text.clone()), country: Some(text), ..visit("/docs")
            };
            let link = link("acme", "docs", "https://example.com/");
            let clock = FixedClock::at("2026-01-02T03:04:05Z");
            let pending = click(&visit, &link, &clock, &SeededRandom::new(1));
            let json = serde_json::to_string(&pending.click).unwrap();
            prop_assert!(json.len() < 4096);
            prop_assert_eq!(serde_json::from_str::<Click>(&json).unwrap(), pending.click);
        }
    }
}
