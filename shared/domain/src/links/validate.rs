//! Checks the fields of a link all at once, so that the error names every field that is wrong.

use std::collections::HashSet;

use serde::Serialize;

use super::link::{check_tags, check_title};
use super::preview::check_preview;
use super::request::{ConditionFields, LinkFields, QueryFields, RuleFields, VariantFields};
use super::settings::{
    Conditions, LinkSettings, MAX_CLICKS, MAX_QUERY_CHARS, MAX_VARIANT_NAME, MAX_WEIGHT, QueryCondition,
    RedirectStatus, Rule, Variant,
};
use crate::values::country::parse_country;
use crate::values::domains::Domains;
use crate::values::field_errors::Errors;
use crate::values::language::parse_language_range;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;

/// The greatest size of all targets of a link together: `url`, `expired_url`, and rules, variants and preview as JSON. It keeps a link well
/// below the 400 KB of a DynamoDB item, and its row of an export in CSV below the 64 KiB that an import reads.
pub(crate) const MAX_TARGETS_BYTES: usize = 40 * 1024;

/// The checked fields of a link. The settings lack the hash of the password and the count of clicks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedFields {
    /// The URL it leads to.
    pub url: TargetUrl,
    /// The title that its owner chose.
    pub title: Option<String>,
    /// Words to filter links by.
    pub tags: Vec<String>,
    /// All other settings.
    pub settings: LinkSettings,
}

/// Checks all fields but `slug` and `domain`, and adds what is wrong to `errors`. Returns `None` if there is no valid target.
pub fn check_fields(fields: &LinkFields, domains: &Domains, errors: &mut Errors) -> Option<CheckedFields> {
    let url = match &fields.url {
        Some(text) => errors.note("/url", TargetUrl::parse(text, domains)),
        None => errors.note("/url", Err("is missing")),
    };
    let title = fields.title.as_deref().and_then(|text| errors.note("/title", check_title(text)));
    let tags = check_tags(fields.tags.iter().map(String::as_str))
        .map_err(|(index, detail)| errors.add(format!("/tags/{index}"), detail))
        .unwrap_or_default();
    let settings = check_settings(fields, domains, errors);
    check_size(url.as_ref(), &settings, errors);
    url.map(|url| CheckedFields { url, title, tags, settings })
}

/// Checks that all targets together have at most [`MAX_TARGETS_BYTES`]. The error names the field that takes most of them; `url` alone
/// is never too much.
fn check_size(url: Option<&TargetUrl>, settings: &LinkSettings, errors: &mut Errors) {
    let url = url.map_or(0, text_bytes);
    let others = [
        ("/expired_url", settings.expired_url.as_ref().map_or(0, text_bytes)),
        ("/rules", json_bytes(&settings.rules)),
        ("/variants", json_bytes(&settings.variants)),
        ("/preview", settings.preview.as_ref().map_or(0, json_bytes)),
    ];
    let sum = url + others.iter().map(|(_, bytes)| bytes).sum::<usize>();
    if let Some((pointer, _)) = others.iter().max_by_key(|(_, bytes)| *bytes).filter(|_| sum > MAX_TARGETS_BYTES) {
        let what = "url, expired_url, rules, variants and preview";
        errors.add(*pointer, format!("{what} together are larger than {MAX_TARGETS_BYTES} bytes of JSON"));
    }
}

/// Returns the size of a target as JSON, without the quotation marks.
fn text_bytes(url: &TargetUrl) -> usize {
    json_bytes(url).saturating_sub(2)
}

fn json_bytes(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(0, |json| json.len())
}

fn check_settings(fields: &LinkFields, domains: &Domains, errors: &mut Errors) -> LinkSettings {
    let (starts_at, expires_at) =
        check_span(("/starts_at", fields.starts_at.as_deref()), ("/expires_at", fields.expires_at.as_deref()), errors);
    let expired_url = fields.expired_url.as_deref();
    let expired_url = expired_url.and_then(|text| errors.note("/expired_url", TargetUrl::parse_page(text, domains)));
    if fields.max_clicks.is_some_and(|clicks| !(1..=MAX_CLICKS).contains(&clicks)) {
        errors.add("/max_clicks", format!("must be 1 to {MAX_CLICKS}"));
    }
    if let Some(password) = &fields.password {
        errors.note("/password", password.check());
    }
    let status = fields.redirect_status.map(RedirectStatus::try_from);
    let redirect_status = status.and_then(|status| errors.note("/redirect_status", status)).unwrap_or_default();
    let preview = fields.preview.as_ref().and_then(|preview| check_preview(preview, domains, errors));
    let rules = check_rules(&fields.rules, domains, errors);
    let variants = check_variants(&fields.variants, domains, errors);
    LinkSettings {
        starts_at,
        expires_at,
        expired_url,
        max_clicks: fields.max_clicks,
        used_clicks: 0,
        password_hash: None,
        redirect_status,
        forward_query: fields.forward_query,
        query_conflict: fields.query_conflict,
        forward_path: fields.forward_path,
        landing: fields.landing,
        rules,
        variants,
        preview,
        archived: fields.archived,
        title_is_read: false,
    }
}

/// Checks two optional times, of which the second must be after the first.
fn check_span(
    (from_pointer, from): (&str, Option<&str>),
    (to_pointer, to): (&str, Option<&str>),
    errors: &mut Errors,
) -> (Option<Timestamp>, Option<Timestamp>) {
    let from = from.and_then(|text| errors.note(from_pointer, Timestamp::parse(text)));
    let to = to.and_then(|text| errors.note(to_pointer, Timestamp::parse(text)));
    if from.zip(to).is_some_and(|(from, to)| to <= from) {
        let name = from_pointer.rsplit('/').next().unwrap_or_default();
        errors.add(to_pointer, format!("must be after {name}"));
    }
    (from, to)
}

fn check_rules(rules: &[RuleFields], domains: &Domains, errors: &mut Errors) -> Vec<Rule> {
    check_count("/rules", rules.len(), LinkSettings::MAX_CHOICES, errors);
    let checked = rules.iter().take(LinkSettings::MAX_CHOICES).enumerate().filter_map(|(index, rule)| {
        let conditions = check_conditions(&format!("/rules/{index}/if"), &rule.conditions, errors);
        let url = errors.note(&format!("/rules/{index}/url"), TargetUrl::parse(&rule.url, domains))?;
        Some(Rule { conditions, url })
    });
    checked.collect()
}

fn check_conditions(at: &str, fields: &ConditionFields, errors: &mut Errors) -> Conditions {
    if *fields == ConditionFields::default() {
        errors.add(at, "must have at least one condition");
    }
    for (name, count) in [
        ("device", fields.device.len()),
        ("os", fields.os.len()),
        ("country", fields.country.len()),
        ("language", fields.language.len()),
        ("query", fields.query.len()),
    ] {
        check_count(&format!("{at}/{name}"), count, LinkSettings::MAX_VALUES, errors);
    }
    let (after, before) = check_span(
        (&format!("{at}/after"), fields.after.as_deref()),
        (&format!("{at}/before"), fields.before.as_deref()),
        errors,
    );
    Conditions {
        device: fields.device.clone(),
        os: fields.os.clone(),
        country: check_each(&format!("{at}/country"), &fields.country, errors, |text| {
            parse_country(text).map(str::to_owned)
        }),
        language: check_each(&format!("{at}/language"), &fields.language, errors, parse_language_range),
        query: check_query(&format!("{at}/query"), &fields.query, errors),
        after,
        before,
    }
}

/// Checks each of the first [`LinkSettings::MAX_VALUES`] values. Returns the valid ones.
fn check_each<E: ToString>(
    at: &str,
    values: &[String],
    errors: &mut Errors,
    check: impl Fn(&str) -> Result<String, E>,
) -> Vec<String> {
    let values = values.iter().take(LinkSettings::MAX_VALUES).enumerate();
    values.filter_map(|(index, value)| errors.note(&format!("{at}/{index}"), check(value))).collect()
}

fn check_query(at: &str, fields: &[QueryFields], errors: &mut Errors) -> Vec<QueryCondition> {
    let checked = fields.iter().take(LinkSettings::MAX_VALUES).enumerate().map(|(index, field)| {
        let too_long = |text: &str| text.chars().count() > MAX_QUERY_CHARS;
        if field.name.is_empty() || too_long(&field.name) {
            errors.add(format!("{at}/{index}/name"), format!("must have 1 to {MAX_QUERY_CHARS} characters"));
        }
        if field.value.as_deref().is_some_and(too_long) {
            errors.add(format!("{at}/{index}/value"), format!("must have at most {MAX_QUERY_CHARS} characters"));
        }
        QueryCondition { name: field.name.clone(), value: field.value.clone() }
    });
    checked.collect()
}

fn check_variants(variants: &[VariantFields], domains: &Domains, errors: &mut Errors) -> Vec<Variant> {
    check_count("/variants", variants.len(), LinkSettings::MAX_CHOICES, errors);
    let mut names = HashSet::new();
    let checked = variants.iter().take(LinkSettings::MAX_CHOICES).enumerate().filter_map(|(index, variant)| {
        let at = format!("/variants/{index}");
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let length = variant.name.len();
        if length == 0 || length > MAX_VARIANT_NAME || !variant.name.bytes().all(allowed) {
            let detail = format!("must have 1 to {MAX_VARIANT_NAME} letters, digits, '-' or '_'");
            errors.add(format!("{at}/name"), detail);
        } else if !names.insert(variant.name.as_str()) {
            errors.add(format!("{at}/name"), "is the name of another variant");
        }
        let weight = u16::try_from(variant.weight).ok().filter(|weight| (1..=MAX_WEIGHT).contains(weight));
        let weight = errors.note(&format!("{at}/weight"), weight.ok_or(format!("must be 1 to {MAX_WEIGHT}")));
        let url = errors.note(&format!("{at}/url"), TargetUrl::parse(&variant.url, domains));
        Some(Variant { name: variant.name.clone(), url: url?, weight: weight? })
    });
    checked.collect()
}

fn check_count(pointer: &str, count: usize, most: usize, errors: &mut Errors) {
    if count > most {
        errors.add(pointer, format!("must have at most {most} items"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::samples::link;
    use crate::values::block_list::{BlockList, BlockPattern, BlockReason, BlockedTargets};
    use crate::values::error::Error;
    use crate::values::json::read;
    use crate::values::schemes::TargetSchemes;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn check(value: Value) -> Result<CheckedFields, Vec<String>> {
        let domains = Domains::parse("go.example.com,s.example.org").unwrap();
        let fields: LinkFields = match read(value) {
            Ok(fields) => fields,
            Err(Error::Invalid(errors)) => return Err(errors.into_iter().map(|error| error.pointer).collect()),
            Err(error) => panic!("{error}"),
        };
        let mut errors = Errors::default();
        let settings = check_fields(&fields, &domains, &mut errors);
        errors.or(settings).map_err(|error| match error {
            Error::Invalid(errors) => errors.into_iter().map(|error| error.pointer).collect(),
            error => panic!("{error}"),
        })
    }

    fn with(change: Value) -> Value {
        let mut value = json!({"url": "https://a.example"});
        value.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        value
    }

    fn with_conditions(conditions: Value) -> Value {
        with(json!({"rules": [{"if": conditions, "url": "https://a.example"}]}))
    }

    fn with_variant(name: &str, weight: u32) -> Value {
        with(json!({"variants": [{"name": name, "weight": weight, "url": "https://a.example"}]}))
    }

    #[test]
    fn blocked_target_is_refused_in_every_field() {
        let blocked = BlockedTargets::default();
        blocked.set(BlockList::new([(BlockPattern::parse("evil.example").unwrap(), BlockReason::Phishing)]));
        let domains = Domains::parse("go.example.com").unwrap().with_blocked(blocked);
        let domains = domains.with_schemes(TargetSchemes::parse("intent,myapp").unwrap());
        let (evil, intent) = (
            "HTTP://WWW.Evil.example.:8080/x",
            "intent://x#Intent;scheme=myapp;package=a.b;S.browser_fallback_url=https%3A%2F%2Fevil.example%2F;end",
        );
        for (fields, pointer) in [
            (json!({"url": evil}), "/url"),
            (json!({"url": intent}), "/url"),
            (with(json!({"expired_url": evil})), "/expired_url"),
            (with(json!({"rules": [{"if": {"os": ["ios"]}, "url": evil}]})), "/rules/0/url"),
            (with(json!({"variants": [{"name": "a", "url": evil, "weight": 1}]})), "/variants/0/url"),
            (with(json!({"preview": {"image": evil}})), "/preview/image"),
        ] {
            let mut errors = Errors::default();
            check_fields(&read(fields.clone()).unwrap(), &domains, &mut errors);
            let Err(Error::Invalid(errors)) = errors.or(Some(())) else { panic!("{fields}") };
            assert_eq!(errors[0].pointer, pointer, "{fields}");
            assert!(
                pointer != "/url" || fields["url"] == intent || errors[0].detail.contains("phishing"),
                "{errors:?}"
            );
        }
    }

    #[test]
    fn every_bound_is_inclusive() {
        let query = |name: usize, value: usize| {
            with_conditions(json!({"query": [{"name": "n".repeat(name), "value": "v".repeat(value)}]}))
        };
        let queries = |count: usize| with_conditions(json!({"query": vec![json!({"name": "n"}); count]}));
        let list = |name: &str, value: &str, count: usize| with_conditions(json!({ (name): vec![value; count] }));
        for (bound, beyond, pointer) in [
            (with(json!({"max_clicks": 1})), with(json!({"max_clicks": 0})), "/max_clicks"),
            (with(json!({"max_clicks": MAX_CLICKS})), with(json!({"max_clicks": MAX_CLICKS + 1})), "/max_clicks"),
            (with_variant("a", 1), with_variant("a", 0), "/variants/0/weight"),
            (with_variant("a", 1000), with_variant("a", 1001), "/variants/0/weight"),
            (with_variant("a", 1), with_variant("", 1), "/variants/0/name"),
            (with_variant(&"a".repeat(32), 1), with_variant(&"a".repeat(33), 1), "/variants/0/name"),
            (query(1, 1), query(0, 1), "/rules/0/if/query/0/name"),
            (query(200, 1), query(201, 1), "/rules/0/if/query/0/name"),
            (query(1, 200), query(1, 201), "/rules/0/if/query/0/value"),
            (queries(50), queries(51), "/rules/0/if/query"),
            (list("device", "mobile", 50), list("device", "mobile", 51), "/rules/0/if/device"),
            (list("os", "ios", 50), list("os", "ios", 51), "/rules/0/if/os"),
            (list("language", "de", 50), list("language", "de", 51), "/rules/0/if/language"),
            (list("country", "CH", 1), list("country", "C", 1), "/rules/0/if/country/0"),
            (list("country", "CH", 1), list("country", "CHE", 1), "/rules/0/if/country/0"),
            (list("country", "CH", 1), list("country", "C1", 1), "/rules/0/if/country/0"),
            (list("language", "de", 1), list("language", "d", 1), "/rules/0/if/language/0"),
            (list("language", "deu", 1), list("language", "deut", 1), "/rules/0/if/language/0"),
        ] {
            assert!(check(bound.clone()).is_ok(), "{pointer}: {bound}");
            assert_eq!(check(beyond.clone()), Err(vec![pointer.to_owned()]), "{beyond}");
        }
    }

    #[test]
    fn all_targets_have_40_kib_together() {
        let url = |length: usize| format!("https://a.example/{}", "x".repeat(length - 18));
        let size = |fields: &CheckedFields| {
            let CheckedFields { url, settings, .. } = fields;
            let expired = settings.expired_url.as_ref().map_or(0, text_bytes);
            let preview = settings.preview.as_ref().map_or(0, json_bytes);
            text_bytes(url) + expired + json_bytes(&settings.rules) + json_bytes(&settings.variants) + preview
        };
        let rule = |length: usize| json!({"if": {"os": ["ios"]}, "url": url(length)});
        let variant = |length: usize| json!({"name": "a", "weight": 1, "url": url(length)});
        type OfSize<'a> = &'a dyn Fn(usize) -> Value;
        let of_sizes: [(OfSize<'_>, &str); 4] = [
            (&|last| json!({"url": url(12_000), "variants": [variant(last)]}), "/variants"),
            (&|last| json!({"url": url(12_000), "variants": [variant(3_000)], "rules": [rule(last)]}), "/rules"),
            (&|last| json!({"url": url(12_000), "rules": [rule(500)], "expired_url": url(last)}), "/expired_url"),
            (&|last| json!({"url": url(32_768), "expired_url": url(last), "preview": {"title": "a"}}), "/expired_url"),
        ];
        for (of_size, pointer) in of_sizes {
            let room = MAX_TARGETS_BYTES - size(&check(of_size(20)).unwrap()) + 20;
            assert_eq!(size(&check(of_size(room)).unwrap()), 40 * 1024, "{pointer}");
            assert_eq!(check(of_size(room + 1)), Err(vec![pointer.to_owned()]));
        }
        assert!(check(json!({"url": url(32_768)})).is_ok(), "the longest target stands alone");
    }

    #[test]
    fn valid_fields_are_normalised() {
        let settings = check(json!({
            "url": "https://exämple.com", "title": " Docs ", "tags": ["a", "a"],
            "starts_at": "2026-01-01T01:00:00+01:00", "expires_at": "2027-01-01T00:00:00Z",
            "expired_url": "https://example.com/late", "max_clicks": 10, "password": "x-rays",
            "redirect_status": 308, "forward_query": true, "query_conflict": "visitor_wins", "forward_path": true, "landing": true, "archived": true,
            "rules": [{"if": {"device": ["mobile"], "os": ["ios"], "country": ["ch"], "language": ["DE"],
                "query": [{"name": "a"}, {"name": "b", "value": "c"}],
                "after": "2026-01-01T00:00:00Z", "before": "2026-02-01T00:00:00Z"}, "url": "https://example.com/m"}],
            "variants": [{"name": "a", "url": "https://example.com/a", "weight": 1000}],
            "preview": {"title": " Docs ", "description": null},
        }))
        .unwrap();
        assert_eq!(
            serde_json::to_value(&settings.settings).unwrap(),
            json!({
                "starts_at": "2026-01-01T00:00:00.000Z", "expires_at": "2027-01-01T00:00:00.000Z",
                "expired_url": "https://example.com/late", "max_clicks": 10,
                "redirect_status": 308, "forward_query": true, "query_conflict": "visitor_wins", "forward_path": true, "landing": true,
                "archived": true,
                "rules": [{"if": {"device": ["mobile"], "os": ["ios"], "country": ["CH"], "language": ["de"],
                    "query": [{"name": "a"}, {"name": "b", "value": "c"}],
                    "after": "2026-01-01T00:00:00.000Z", "before": "2026-02-01T00:00:00.000Z"},
                    "url": "https://example.com/m"}],
                "variants": [{"name": "a", "url": "https://example.com/a", "weight": 1000}],
                "preview": {"title": "Docs"},
            })
        );
        assert_eq!((settings.title.as_deref(), settings.tags.len()), (Some("Docs"), 1));
    }

    #[test]
    fn error_names_every_wrong_field() {
        let pointers = check(json!({
            "url": "javascript:alert(1)", "title": "", "tags": ["ok", "\u{7}"],
            "starts_at": "tomorrow", "expires_at": "2026-13-01T00:00:00Z",
            "expired_url": "https://go.example.com/x", "max_clicks": 0, "password": "", "redirect_status": 303,
            "rules": [
                {"if": {"country": ["CH", "CHE"], "language": ["d"], "query": [{"name": ""}]}, "url": "https://a.example"},
                {"if": {}, "url": "https://user@a.example"},
                {"if": {"after": "2026-02-01T00:00:00Z", "before": "2026-02-01T00:00:00Z"}, "url": "https://s.example.org/"},
            ],
            "variants": [
                {"name": "a", "url": "https://a.example", "weight": 1},
                {"name": "a", "url": "file:///etc/passwd", "weight": 0},
                {"name": "a b", "url": "https://a.example", "weight": 70000},
            ],
        }))
        .unwrap_err();
        assert_eq!(
            pointers,
            [
                "/url",
                "/title",
                "/tags/1",
                "/starts_at",
                "/expires_at",
                "/expired_url",
                "/max_clicks",
                "/password",
                "/redirect_status",
                "/rules/0/if/country/1",
                "/rules/0/if/language/0",
                "/rules/0/if/query/0/name",
                "/rules/1/if",
                "/rules/1/url",
                "/rules/2/if/before",
                "/rules/2/url",
                "/variants/1/name",
                "/variants/1/weight",
                "/variants/1/url",
                "/variants/2/name",
                "/variants/2/weight",
            ]
        );
    }

    #[test]
    fn type_errors_and_unknown_fields_have_pointers() {
        for (change, pointer) in [
            (json!({"max_clicks": "10"}), "/max_clicks"),
            (json!({"max_clicks": -1}), "/max_clicks"),
            (
                json!({"rules": [{"if": {"device": ["mobile", "watch"]}, "url": "https://a.example"}]}),
                "/rules/0/if/device/1",
            ),
            (json!({"rules": [{"if": {"colour": []}, "url": "https://a.example"}]}), "/rules/0/if/colour"),
            (json!({"rules": [{"if": {"os": ["ios"]}}]}), "/rules/0"),
            (json!({"variants": [{"name": "a", "url": "https://a.example", "weight": "1"}]}), "/variants/0/weight"),
            (json!({"if_exists": "replace"}), "/if_exists"),
            (json!({"query_conflict": "visitor"}), "/query_conflict"),
            (json!({"forward_path": "yes"}), "/forward_path"),
            (json!({"landing": "yes"}), "/landing"),
            (json!({"preview": {"picture": "x"}}), "/preview/picture"),
            (json!({"has_password": true}), "/has_password"),
            (json!({"url": null}), "/url"),
        ] {
            let mut value = json!({"url": "https://a.example"});
            value.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            assert_eq!(check(value.clone()), Err(vec![pointer.to_owned()]), "{value}");
        }
    }

    #[test]
    fn countries_and_languages_have_a_normal_form() {
        let of = |country: &str, language: &str| {
            json!({"url": "https://a.example",
                "rules": [{"if": {"country": [country], "language": [language]}, "url": "https://a.example"}]})
        };
        let conditions = check(of("gb", "zh-hant-TW")).unwrap().settings.rules.remove(0).conditions;
        assert_eq!((conditions.country, conditions.language), (vec!["GB".to_owned()], vec!["zh-Hant-TW".to_owned()]));
        for (country, language, pointer) in [
            ("UK", "de", "/rules/0/if/country/0"),
            ("ZZ", "de", "/rules/0/if/country/0"),
            ("CH", "jp", "/rules/0/if/language/0"),
            ("CH", "de_CH", "/rules/0/if/language/0"),
        ] {
            assert_eq!(check(of(country, language)), Err(vec![pointer.to_owned()]), "{country} {language}");
        }
    }

    #[test]
    fn link_must_expire_after_its_start() {
        let at = |start: &str, end: &str| json!({"url": "https://a.example", "starts_at": start, "expires_at": end});
        assert!(check(at("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.001Z")).is_ok());
        let same = check(at("2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00"));
        assert_eq!(same, Err(vec!["/expires_at".to_owned()]));
    }

    #[test]
    fn rules_and_variants_are_bounded() {
        let variants = |count: usize, length: usize| -> Value {
            let variant = |n| {
                json!({"name": format!("v{n}"), "weight": 1,
                "url": format!("https://example.com/{}", "x".repeat(length))})
            };
            json!({"url": "https://a.example", "variants": (0..count).map(variant).collect::<Vec<_>>()})
        };
        assert!(check(variants(20, 100)).is_ok());
        assert_eq!(check(variants(21, 1)), Err(vec!["/variants".to_owned()]));
        assert_eq!(check(variants(20, 3000)), Err(vec!["/variants".to_owned()]));
        let countries = |count| {
            json!({"url": "https://a.example",
            "rules": [{"if": {"country": vec!["CH"; count]}, "url": "https://a.example"}]})
        };
        assert!(check(countries(50)).is_ok());
        assert_eq!(check(countries(51)), Err(vec!["/rules/0/if/country".to_owned()]));
    }

    #[test]
    fn every_bound_is_exact() {
        let rule = |conditions: Value| json!({"rules": [{"if": conditions, "url": "https://a.example"}]});
        let variant = |name: String, weight: u32| json!({"variants": [{"name": name, "url": "https://a.example", "weight": weight}]});
        let rules = |count| json!({"rules": vec![json!({"if": {"os": ["ios"]}, "url": "https://a.example"}); count]});
        let query = |name: usize, value: usize| {
            rule(json!({"query": [{"name": "ä".repeat(name), "value": "ä".repeat(value)}]}))
        };
        let many = |name: &str, value: Value, count: usize| rule(json!({name: vec![value; count]}));
        for (fields, wrong) in [
            (json!({"max_clicks": 1}), None),
            (json!({"max_clicks": 1_000_000_000_000_u64}), None),
            (json!({"max_clicks": 1_000_000_000_001_u64}), Some("/max_clicks")),
            (rules(20), None),
            (rules(21), Some("/rules")),
            (query(200, 200), None),
            (query(1, 0), None),
            (query(201, 0), Some("/rules/0/if/query/0/name")),
            (query(0, 0), Some("/rules/0/if/query/0/name")),
            (query(1, 201), Some("/rules/0/if/query/0/value")),
            (rule(json!({"country": ["C"]})), Some("/rules/0/if/country/0")),
            (rule(json!({"country": ["C1"]})), Some("/rules/0/if/country/0")),
            (rule(json!({"language": ["gsw", "de"]})), None),
            (rule(json!({"language": ["abcd"]})), Some("/rules/0/if/language/0")),
            (many("device", json!("mobile"), 50), None),
            (many("device", json!("mobile"), 51), Some("/rules/0/if/device")),
            (many("os", json!("ios"), 51), Some("/rules/0/if/os")),
            (many("language", json!("de"), 51), Some("/rules/0/if/language")),
            (many("query", json!({"name": "a"}), 51), Some("/rules/0/if/query")),
            (rule(json!({"after": "2026-01-01T00:00:00Z", "before": "2026-01-01T00:00:00.001Z"})), None),
            (variant("Az09-_".to_owned(), 1), None),
            (variant("a".repeat(32), 1000), None),
            (variant("a".repeat(33), 1), Some("/variants/0/name")),
            (variant(String::new(), 1), Some("/variants/0/name")),
            (variant("a.b".to_owned(), 1), Some("/variants/0/name")),
            (variant("a".to_owned(), 0), Some("/variants/0/weight")),
            (variant("a".to_owned(), 1001), Some("/variants/0/weight")),
        ] {
            let mut value = fields.clone();
            value["url"] = json!("https://a.example");
            let expected = wrong.map_or(Ok(()), |pointer| Err(vec![pointer.to_owned()]));
            assert_eq!(check(value).map(|_| ()), expected, "{fields}");
        }
    }

    #[test]
    fn missing_target_is_an_error() {
        assert_eq!(check(json!({})), Err(vec!["/url".to_owned()]));
    }

    proptest! {
        /// Accepted fields have only safe targets, and pass the check again in their normal form.
        #[test]
        fn accepted_fields_are_safe_and_normal(
            urls in prop::collection::vec("(https?://)?(user@)?(a\\.example|go\\.example\\.com|s\\.example\\.org)(/[ -~]{0,8})?", 4)
        ) {
            let [url, expired, rule, variant] = [&urls[0], &urls[1], &urls[2], &urls[3]];
            let fields = json!({"url": url, "expired_url": expired,
                "rules": [{"if": {"os": ["ios"]}, "url": rule}],
                "variants": [{"name": "a", "url": variant, "weight": 1}]});
            let own = Domains::parse("go.example.com,s.example.org").unwrap();
            let all_safe = urls.iter().all(|url| TargetUrl::parse(url, &own).is_ok());
            let settings = check(fields);
            prop_assert_eq!(settings.is_ok(), all_safe);
            if let Ok(settings) = settings {
                let mut link = link("acme", "docs", "https://example.com/");
                (link.url, link.settings) = (settings.url.clone(), settings.settings.clone());
                let again = check(serde_json::to_value(LinkFields::of(&link)).unwrap());
                prop_assert_eq!(again, Ok(settings));
            }
        }
    }
}
