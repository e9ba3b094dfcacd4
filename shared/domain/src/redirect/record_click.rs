//! Makes the click of a visit that was redirected.

use std::net::IpAddr;

use super::choose_target::Choice;
use super::visit::Visit;
use crate::clicks::click::{Click, Trigger, Utm, cut};
use crate::links::link::Link;
use crate::ports::Random;
use crate::values::timestamp::Timestamp;

/// A click without its visitor hash, which [`crate::redirect::deliver_clicks`] makes after the answer.
#[derive(Debug, Clone)]
pub struct PendingClick {
    /// The click without its visitor.
    pub click: Click,
    /// The visitor's address, for the hash. It is never stored, and absent if the visitor opted out.
    pub address: Option<IpAddr>,
}

/// Makes the click of a visit to `link` at `time` that was redirected to the target of `choice`.
pub fn record_click(
    visit: &Visit,
    link: &Link,
    choice: &Choice<'_>,
    time: Timestamp,
    random: &dyn Random,
) -> PendingClick {
    let (utm, trigger) = read_query(visit);
    let click = Click {
        version: Click::VERSION,
        id: event_id(time, random),
        time,
        link_id: Some(link.id()),
        domain: link.address.domain.clone(),
        slug: link.address.slug.clone(),
        workspace: link.workspace.clone(),
        country: visit.country(),
        visitor: None,
        user_agent: visit.user_agent.as_deref().map(|text| cut(text, Click::MAX_USER_AGENT_BYTES).to_owned()),
        platform: visit.platform().map(|platform| platform.as_str().to_owned()),
        mobile: visit.mobile(),
        referrer: visit.referrer.as_deref().and_then(referrer_host),
        language: visit.language(),
        utm,
        trigger,
        rule: choice.rule,
        variant: choice.variant.map(str::to_owned),
    };
    PendingClick { click, address: visit.address.filter(|_| !visit.opted_out) }
}

/// Makes the id of an event: a UUID of version 7.
pub(super) fn event_id(time: Timestamp, random: &dyn Random) -> String {
    let mut bytes = [0_u8; 10];
    random.fill(&mut bytes);
    let millis = u64::try_from(time.as_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid().to_string()
}

/// Reads UTM fields, and `qr=1`, which our QR codes carry. The rest of the query is dropped.
fn read_query(visit: &Visit) -> (Utm, Trigger) {
    let (mut utm, mut trigger) = (Utm::default(), Trigger::Link);
    for (name, value) in visit.parameters() {
        let field = match name.to_ascii_lowercase().as_str() {
            "utm_source" => &mut utm.source,
            "utm_medium" => &mut utm.medium,
            "utm_campaign" => &mut utm.campaign,
            "utm_term" => &mut utm.term,
            "utm_content" => &mut utm.content,
            _ if name == "qr" && value == "1" => {
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

/// Returns the host of a referrer in lower case without `www.`, or the name of an app, cut to [`Click::MAX_FIELD_BYTES`].
pub(super) fn referrer_host(text: &str) -> Option<String> {
    let url = url::Url::parse(cut(text, 2048)).ok()?;
    // The names of apps (`android-app://com.Slack`) keep their case in a URL, hosts don't.
    let host = url.host_str()?.to_ascii_lowercase();
    Some(cut(host.trim_start_matches("www."), Click::MAX_FIELD_BYTES).to_owned()).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::redirect::choose_target::choose_target;
    use crate::testing::samples::link;
    use crate::testing::system::SeededRandom;

    fn pending(visit: &Visit) -> PendingClick {
        let link = link("acme", "docs", "https://example.com/");
        let now = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
        record_click(visit, &link, &choose_target(&link, visit, now), now, &SeededRandom::new(1))
    }

    #[test]
    fn click_holds_no_address_secret_or_path() {
        let visit = Visit {
            address: Some(IpAddr::from([203, 0, 113, 9])),
            query: "utm_source=news&token=secret&qr=1&utm_source=again".into(),
            user_agent: Some("ü".repeat(400)),
            referrer: Some("https://www.example.org/private?q=secret".into()),
            accept_language: Some("de-CH, en;q=0.8".into()),
            country: Some("ch".into()),
            ..Visit::default()
        };
        let click = pending(&visit).click;
        let json = serde_json::to_string(&click).unwrap();
        assert!(!json.contains("secret") && !json.contains("203.0.113.9") && !json.contains("private"), "{json}");
        assert_eq!(click.user_agent.as_ref().map(String::len), Some(512));
        assert_eq!(
            (click.referrer.as_deref(), click.language.as_deref(), click.country.as_deref()),
            (Some("example.org"), Some("de"), Some("CH"))
        );
        assert_eq!((click.utm.source.as_deref(), click.trigger), (Some("news"), Trigger::Qr));
        assert_eq!(uuid::Uuid::parse_str(&click.id).unwrap().get_version_num(), 7);
    }

    #[test]
    fn utm_parameters_and_apps_are_read_in_any_case() {
        let visit = Visit {
            query: "UTM_SOURCE=Google&Utm_Medium=cpc&utm_source=other&QR=1".into(),
            referrer: Some("android-app://com.Slack/https/acme.slack.com".into()),
            ..Visit::default()
        };
        let click = pending(&visit).click;
        assert_eq!((click.utm.source.as_deref(), click.utm.medium.as_deref()), (Some("Google"), Some("cpc")));
        assert_eq!((click.referrer.as_deref(), click.trigger), (Some("com.slack"), Trigger::Link));
    }

    #[test]
    fn opted_out_visit_has_no_address() {
        let address = Some(IpAddr::from([203, 0, 113, 9]));
        assert_eq!(pending(&Visit { opted_out: true, address, ..Visit::default() }).address, None);
        assert_eq!(pending(&Visit { address, ..Visit::default() }).address, address);
    }

    #[test]
    fn first_value_of_each_utm_field_is_kept() {
        let query =
            "utm_source=&utm_source=s&utm_source=t&utm_medium=m&utm_campaign=c&utm_term=%C3%BC&utm_content=x&utm=y";
        let click = pending(&Visit { query: query.into(), ..Visit::default() }).click;
        let utm = Utm {
            source: Some("s".into()),
            medium: Some("m".into()),
            campaign: Some("c".into()),
            term: Some("ü".into()),
            content: Some("x".into()),
        };
        assert_eq!(click.utm, utm);
    }

    #[test]
    fn only_our_qr_parameter_makes_a_scan() {
        for (query, trigger) in
            [("qr=1", Trigger::Qr), ("a&qr=1", Trigger::Qr), ("qr=0", Trigger::Link), ("qr", Trigger::Link)]
        {
            assert_eq!(pending(&Visit { query: query.into(), ..Visit::default() }).click.trigger, trigger, "{query}");
        }
    }

    proptest! {
        #[test]
        fn any_header_makes_a_valid_click(text in "\\PC{0,80}", query in "\\PC{0,80}") {
            let visit = Visit {
                query,
                user_agent: Some(text.clone()), referrer: Some(text.clone()),
                accept_language: Some(text.clone()), country: Some(text), ..Visit::default()
            };
            let pending = pending(&visit);
            let json = serde_json::to_string(&pending.click).unwrap();
            prop_assert!(json.len() < 4096);
            prop_assert_eq!(serde_json::from_str::<Click>(&json).unwrap(), pending.click);
        }
    }
}
