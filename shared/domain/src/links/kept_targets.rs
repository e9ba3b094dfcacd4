//! Checks changes of links whose targets have been blocked since.

use super::link::Link;
use super::request::LinkFields;
use super::settings::LinkSettings;
use super::validate::{CheckedFields, check_fields};
use crate::values::block_list::BlockedTargets;
use crate::values::domains::Domains;
use crate::values::field_errors::Errors;

/// Checks the fields that `seen` has after a change, and adds what is wrong to `errors`.
///
/// A target that was blocked after the link got it is not wrong if the change leaves all targets as they are and does not bring the link
/// to life: the owner can still tag it, archive it or let it end.
pub(super) fn check_change(
    fields: &LinkFields,
    seen: &Link,
    domains: &Domains,
    errors: &mut Errors,
) -> Option<CheckedFields> {
    let mut found = Errors::default();
    let checked = check_fields(fields, domains, &mut found);
    if !found.is_empty() && keeps_targets(fields, seen) {
        let unblocked = domains.clone().with_blocked(BlockedTargets::default());
        let mut others = Errors::default();
        let kept = check_fields(fields, &unblocked, &mut others);
        if kept.as_ref().is_some_and(|kept| !brings_to_life(&seen.settings, &kept.settings)) {
            errors.append(others);
            return kept;
        }
    }
    errors.append(found);
    checked
}

fn keeps_targets(fields: &LinkFields, seen: &Link) -> bool {
    let LinkFields { url, expired_url, rules, variants, preview, .. } = LinkFields::of(seen);
    (&fields.url, &fields.expired_url, &fields.rules, &fields.variants, &fields.preview)
        == (&url, &expired_url, &rules, &variants, &preview)
}

/// Tells whether visitors could follow the link at a time, or as often, as they could not before.
pub(super) fn brings_to_life(seen: &LinkSettings, next: &LinkSettings) -> bool {
    fn is_more<T: PartialOrd>(seen: Option<T>, next: Option<T>) -> bool {
        seen.is_some_and(|seen| next.is_none_or(|next| next > seen))
    }
    let starts_earlier = seen.starts_at.is_some_and(|seen| next.starts_at.is_none_or(|next| next < seen));
    seen.archived && !next.archived
        || starts_earlier
        || is_more(seen.expires_at, next.expires_at)
        || is_more(seen.max_clicks, next.max_clicks)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::samples::link;
    use crate::values::block_list::{BlockList, BlockPattern, BlockReason};
    use crate::values::error::Error;
    use crate::values::json::{merge, read};

    /// Returns the fields that are wrong in a change of a link to a blocked target, which is archived and has an end.
    fn wrong(patch: Value) -> Vec<String> {
        let mut seen = link("acme", "docs", "https://evil.example/");
        seen.settings = serde_json::from_value(json!({
            "archived": true, "starts_at": "2026-01-01T00:00:00Z", "expires_at": "2027-01-01T00:00:00Z", "max_clicks": 5,
            "variants": [{"name": "a", "url": "https://evil.example/a", "weight": 1}],
            "rules": [{"if": {"os": ["ios"]}, "url": "https://evil.example/ios"}],
        }))
        .unwrap();
        let blocked = BlockedTargets::default();
        blocked.set(BlockList::new([(BlockPattern::parse("evil.example").unwrap(), BlockReason::Phishing)]));
        let domains = Domains::parse("go.example.com").unwrap().with_blocked(blocked);
        let mut document = serde_json::to_value(LinkFields::of(&seen)).unwrap();
        merge(&mut document, patch);
        let mut errors = Errors::default();
        let checked = check_change(&read(document).unwrap(), &seen, &domains, &mut errors);
        match errors.or(checked) {
            Ok(_) => Vec::new(),
            Err(Error::Invalid(errors)) => errors.into_iter().map(|error| error.pointer).collect(),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn change_that_leaves_the_targets_and_brings_nothing_to_life_is_right() {
        for patch in [
            json!({}),
            json!({"tags": ["a"], "title": "Blocked"}),
            json!({"archived": true, "url": "https://evil.example/"}),
            json!({"expires_at": "2026-06-01T00:00:00Z"}),
            json!({"starts_at": "2026-02-01T00:00:00Z"}),
            json!({"max_clicks": 4}),
            json!({"redirect_status": 301, "forward_query": true}),
            json!({"slug": "other"}),
        ] {
            assert_eq!(wrong(patch.clone()), [""; 0], "{patch}");
        }
        assert_eq!(wrong(json!({"title": " "})), ["/title"], "other errors stay errors");
    }

    #[test]
    fn change_of_a_target_or_to_life_names_every_blocked_target() {
        let all = ["/url", "/rules/0/url", "/variants/0/url"];
        for (patch, expected) in [
            (json!({"archived": false}), &all[..]),
            (json!({"archived": null}), &all),
            (json!({"expires_at": null}), &all),
            (json!({"expires_at": "2028-01-01T00:00:00Z"}), &all),
            (json!({"starts_at": null}), &all),
            (json!({"starts_at": "2025-01-01T00:00:00Z"}), &all),
            (json!({"max_clicks": 6}), &all),
            (json!({"max_clicks": null}), &all),
            (json!({"url": "https://evil.example/other"}), &all),
            (json!({"url": "https://good.example/"}), &all[1..]),
            (json!({"url": "https://good.example/", "rules": [], "variants": []}), &[]),
            (json!({"rules": []}), &["/url", "/variants/0/url"]),
            (json!({"expired_url": "https://good.example/"}), &all),
        ] {
            assert_eq!(wrong(patch.clone()), expected, "{patch}");
        }
    }
}
