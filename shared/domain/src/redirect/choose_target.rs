//! Chooses which of a link's targets a visit goes to.

use std::cell::LazyCell;

use sha2::{Digest, Sha256};

use super::visit::Visit;
use crate::links::link::Link;
use crate::links::settings::{Conditions, QueryCondition, Variant};
use crate::values::language::matches_range;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;
use crate::visitors::client::Client;

/// A target, and the rule or variant that chose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice<'a> {
    /// The target as it is stored. Check it before it is sent.
    pub url: &'a TargetUrl,
    /// The rule that chose it, counted from 0.
    pub rule: Option<u8>,
    /// The variant that was chosen.
    pub variant: Option<&'a str>,
}

/// Chooses the target of the first rule whose conditions `visit` meets; else a variant's; else the link's own.
pub fn choose_target<'a>(link: &'a Link, visit: &Visit, now: Timestamp) -> Choice<'a> {
    let client = LazyCell::new(|| visit.client());
    let mut rules = (0_u8..).zip(&link.settings.rules);
    if let Some((index, rule)) = rules.find(|(_, rule)| meets(&rule.conditions, visit, &client, now)) {
        return Choice { url: &rule.url, rule: Some(index), variant: None };
    }
    match choose_variant(link, visit, now) {
        Some(variant) => Choice { url: &variant.url, rule: None, variant: Some(&variant.name) },
        None => Choice { url: &link.url, rule: None, variant: None },
    }
}

fn meets(
    conditions: &Conditions,
    visit: &Visit,
    client: &LazyCell<Client, impl FnOnce() -> Client>,
    now: Timestamp,
) -> bool {
    let Conditions { device, os, country, language, query, after, before } = conditions;
    after.is_none_or(|after| after <= now)
        && before.is_none_or(|before| now < before)
        && (device.is_empty() || client.device().is_some_and(|it| device.contains(&it)))
        && (os.is_empty() || client.system().and_then(|it| it.os).is_some_and(|it| os.contains(&it)))
        && (country.is_empty() || visit.country().is_some_and(|it| country.contains(&it)))
        && (language.is_empty() || speaks_any(language, visit))
        && query.iter().all(|condition| has_parameter(condition, visit))
}

/// Tells whether any of `ranges` matches the language that the visitor prefers.
fn speaks_any(ranges: &[String], visit: &Visit) -> bool {
    visit.preferred_language().is_some_and(|tag| ranges.iter().any(|range| matches_range(range, tag)))
}

fn has_parameter(QueryCondition { name, value }: &QueryCondition, visit: &Visit) -> bool {
    visit.parameters().any(|(n, v)| n == name.as_str() && value.as_deref().is_none_or(|value| v == value))
}

/// Chooses the visitor's variant of the day, each as often as its weight says.
///
/// The choice depends on a hash of day, link, address and user agent alone, so that every process makes the same one
/// without asking a store. The hash is never stored, so it needs no salt and no opt-out: only the chosen variant leaves this
/// function. All visitors without address and user agent count as one.
fn choose_variant<'a>(link: &'a Link, visit: &Visit, now: Timestamp) -> Option<&'a Variant> {
    let variants = &link.settings.variants;
    let total: u64 = variants.iter().map(|variant| u64::from(variant.weight)).sum();
    if total == 0 {
        return None;
    }
    let mut hash = Sha256::new();
    for part in [now.date().as_str(), link.id().as_str()] {
        hash.update(part);
        hash.update([0]);
    }
    if let Some(address) = visit.address {
        hash.update(address.to_string());
    }
    hash.update([0]);
    hash.update(visit.user_agent.as_deref().unwrap_or_default());
    let digest = hash.finalize();
    // 64 bits over a total of at most some thousands: no variant is favoured by more than 1 in 10^14.
    let mut place = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte)) % total;
    variants.iter().find(|variant| {
        let found = place < u64::from(variant.weight);
        place = place.saturating_sub(u64::from(variant.weight));
        found
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::{IpAddr, Ipv4Addr};

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::samples::link;

    fn now() -> Timestamp {
        Timestamp::parse("2026-01-02T03:04:05Z").unwrap()
    }

    fn with_rules(rules: &[Value]) -> Link {
        let mut link = link("acme", "docs", "https://example.com/own");
        let rules = rules.iter().enumerate().map(|(n, conditions)| {
            serde_json::from_value(json!({"if": conditions, "url": format!("https://example.com/{n}")})).unwrap()
        });
        link.settings.rules = rules.collect();
        link
    }

    fn with_variants(weights: &[u16]) -> Link {
        let mut link = link("acme", "docs", "https://example.com/own");
        let variants = weights.iter().enumerate().map(|(n, weight)| {
            serde_json::from_value(
                json!({"name": n.to_string(), "url": format!("https://example.com/{n}"), "weight": weight}),
            )
            .unwrap()
        });
        link.settings.variants = variants.collect();
        link
    }

    fn visitor(n: u32) -> Visit {
        Visit { address: Some(IpAddr::V4(Ipv4Addr::from(n))), user_agent: Some("Test/1".into()), ..Visit::default() }
    }

    fn swiss() -> Visit {
        Visit {
            user_agent: Some("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Mobile/15E148".into()),
            country: Some("ch".into()),
            accept_language: Some("de-CH".into()),
            query: "a=1&b=%C3%BC&c".into(),
            ..visitor(1)
        }
    }

    #[test]
    fn conditions_are_met_or_missed() {
        for (conditions, met) in [
            (json!({}), true),
            (json!({"device": ["mobile"]}), true),
            (json!({"device": ["desktop", "tablet"]}), false),
            (json!({"os": ["android", "ios"]}), true),
            (json!({"os": ["android"]}), false),
            (json!({"country": ["AT", "CH"]}), true),
            (json!({"country": ["AT"]}), false),
            (json!({"language": ["de"]}), true),
            (json!({"language": ["fr"]}), false),
            (json!({"query": [{"name": "a"}, {"name": "b", "value": "ü"}]}), true),
            (json!({"query": [{"name": "c", "value": ""}]}), true),
            (json!({"query": [{"name": "a"}, {"name": "d"}]}), false),
            (json!({"query": [{"name": "a", "value": "2"}]}), false),
            (json!({"after": "2026-01-02T03:04:05Z"}), true),
            (json!({"after": "2026-01-02T03:04:06Z"}), false),
            (json!({"before": "2026-01-02T03:04:06Z"}), true),
            (json!({"before": "2026-01-02T03:04:05Z"}), false),
            (json!({"device": ["mobile"], "country": ["AT"]}), false),
        ] {
            let link = with_rules(std::slice::from_ref(&conditions));
            assert_eq!(choose_target(&link, &swiss(), now()).rule.is_some(), met, "{conditions}");
        }
    }

    #[test]
    fn language_is_the_one_that_the_visitor_prefers() {
        for (header, ranges, met) in [
            ("de-CH", json!(["de"]), true),
            ("de-CH", json!(["de-CH"]), true),
            ("DE-ch", json!(["de-CH"]), true),
            ("de-CH", json!(["de-AT"]), false),
            ("de", json!(["de-CH"]), false),
            ("de-Latn-CH", json!(["de-CH"]), true),
            ("fr-CH, de;q=0.9", json!(["*-CH"]), true),
            ("en;q=0.5, de", json!(["de"]), true),
            ("en;q=0.5, de", json!(["en"]), false),
            ("de;q=0, en", json!(["de"]), false),
            ("de;q=0", json!(["de"]), false),
            ("de;q=0", json!(["*"]), false),
            ("*, de;q=0", json!(["de"]), false),
            ("gsw, de", json!(["gsw"]), true),
            ("den", json!(["de"]), false),
            // A link of before ranges existed.
            ("de-CH", json!(["fr", "de"]), true),
        ] {
            let link = with_rules(&[json!({"language": ranges})]);
            let visit = Visit { accept_language: Some(header.into()), ..Visit::default() };
            assert_eq!(choose_target(&link, &visit, now()).rule.is_some(), met, "{header} {ranges}");
        }
    }

    #[test]
    fn first_matching_rule_wins_over_variants() {
        let mut link = with_rules(&[json!({"country": ["AT"]}), json!({"os": ["ios"]}), json!({"language": ["de"]})]);
        link.settings.variants = with_variants(&[1]).settings.variants;
        let choice = choose_target(&link, &swiss(), now());
        assert_eq!((choice.rule, choice.variant, choice.url.as_str()), (Some(1), None, "https://example.com/1"));
    }

    #[test]
    fn unknown_property_meets_no_condition() {
        let link = with_rules(&[json!({"country": ["CH"]}), json!({"language": ["de"]}), json!({"os": ["ios"]})]);
        assert_eq!(choose_target(&link, &Visit::default(), now()).url, &link.url);
    }

    #[test]
    fn visitor_keeps_the_variant_for_a_day() {
        let link = with_variants(&[1, 1, 1]);
        let mut changed = 0;
        for n in 0..100 {
            let first = choose_target(&link, &visitor(n), now());
            assert_eq!(choose_target(&link, &visitor(n), now().plus_seconds(3600)), first);
            changed += usize::from(choose_target(&link, &visitor(n), now().plus_seconds(86_400)) != first);
        }
        assert!((40..95).contains(&changed), "{changed} of 100 changed; two thirds are expected");
    }

    #[test]
    fn zero_weights_choose_the_links_own_target() {
        let link = with_variants(&[0, 0]);
        assert_eq!(choose_target(&link, &visitor(1), now()).url, &link.url);
    }

    #[test]
    fn variant_without_weight_is_never_chosen() {
        let link = with_variants(&[0, 1, 0]);
        for n in 0..10 {
            assert_eq!(choose_target(&link, &visitor(n), now()).variant, Some("1"), "visitor {n}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn variants_are_chosen_by_weight(weights in prop::collection::vec(1_u16..=1000, 1..=20), start: u32) {
            let link = with_variants(&weights);
            let total = f64::from(weights.iter().map(|weight| u32::from(*weight)).sum::<u32>());
            let visitors = 4_000_u32;
            let mut counts = BTreeMap::new();
            for n in 0..visitors {
                let choice = choose_target(&link, &visitor(start.wrapping_add(n)), now());
                *counts.entry(choice.variant.unwrap().to_owned()).or_insert(0_u32) += 1;
            }
            for (n, weight) in weights.iter().enumerate() {
                let share = f64::from(*weight) / total;
                let expected = f64::from(visitors) * share;
                // Six standard deviations of a binomial distribution, and a little for small numbers.
                let tolerance = 6.0 * (expected * (1.0 - share)).sqrt() + 3.0;
                let found = f64::from(counts.get(&n.to_string()).copied().unwrap_or(0));
                prop_assert!((found - expected).abs() <= tolerance, "{n}: {found} of {expected} ± {tolerance}");
            }
        }
    }
}
