//! Lets a patch hold what a read of the link gave, although some of it cannot be set.

use serde_json::{Map, Value};

use crate::values::field_errors::Errors;
use crate::values::timestamp::Timestamp;

/// Fields that only a read of one link has. Other stores count them, so that only their type is checked.
const OF_STATISTICS: [&str; 2] = ["clicks", "last_click_at"];

/// Returns `patch` without the fields that a caller can read but not set: those of `shown`, the link as callers see it, that
/// `settable` lacks. Each must have the value that a read gave, now or before. Adds an error for every other value.
pub(crate) fn without_read_only(
    patch: &Map<String, Value>,
    shown: &Value,
    settable: &Value,
    errors: &mut Errors,
) -> Map<String, Value> {
    let mut rest = Map::new();
    let is_of_now = patch.get("updated_at").is_none_or(|value| is_same(value, &shown["updated_at"]));
    for (name, value) in patch {
        let is_of_statistics = OF_STATISTICS.contains(&name.as_str());
        if settable.get(name).is_some() || (shown.get(name).is_none() && !is_of_statistics) {
            rest.insert(name.clone(), value.clone());
        } else if !was_read(name, value, &shown[name], is_of_now) {
            errors.add(format!("/{name}"), "is read-only: leave it out, or send the value that a read gave");
        }
    }
    rest
}

/// Tells whether a read of the link can have given `value` for the field `name`, which has the value `now`. If the read is not
/// `of_now`, another change came after it.
fn was_read(name: &str, value: &Value, now: &Value, of_now: bool) -> bool {
    match name {
        // Nobody remembers who made the changes before the last one.
        "changed_by" if !of_now => value.is_null() || value.is_string(),
        "clicks" => value.is_null() || value.is_u64(),
        // A check may have found something new since.
        "target_check" => value.is_null() || value.is_object(),
        "last_click_at" => value.is_null() || time(value).is_some(),
        // These grow by themselves after the read.
        "used_clicks" => value.as_f64().zip(now.as_f64()).is_some_and(|(value, now)| (0.0..=now).contains(&value)),
        "updated_at" => value.is_null() || time(value).zip(time(now)).is_some_and(|(value, now)| value <= now),
        _ => is_same(value, now),
    }
}

/// Tells whether two values are equal, or the same time.
fn is_same(value: &Value, now: &Value) -> bool {
    value == now || time(value).zip(time(now)).is_some_and(|(value, now)| value == now)
}

fn time(value: &Value) -> Option<Timestamp> {
    Timestamp::parse(value.as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_that_a_read_gave_are_taken_out() {
        let shown = json!({
            "title": "T", "short_url": "https://go.example.com/a", "used_clicks": 3, "has_password": true, "imported_clicks": null,
            "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-02T00:00:00.000Z",
            "created_by": "key_1", "changed_by": "key_2", "target_check": null,
        });
        let settable = json!({"title": "T", "max_clicks": null});
        for (patch, rest, pointers) in [
            (shown.clone(), json!({"title": "T"}), vec![]),
            (
                json!({"title": null, "max_clicks": 1, "other": 2}),
                json!({"title": null, "max_clicks": 1, "other": 2}),
                vec![],
            ),
            (
                json!({"created_at": "2026-01-01T01:00:00+01:00", "updated_at": null, "used_clicks": 2}),
                json!({}),
                vec![],
            ),
            (json!({"clicks": 7, "last_click_at": "2026-01-01T00:00:00Z"}), json!({}), vec![]),
            (json!({"clicks": null, "last_click_at": null, "used_clicks": 3.0}), json!({}), vec![]),
            (json!({"used_clicks": 4, "has_password": false}), json!({}), vec!["/has_password", "/used_clicks"]),
            (json!({"short_url": "x", "imported_clicks": 1}), json!({}), vec!["/imported_clicks", "/short_url"]),
            (
                json!({"created_at": null, "updated_at": "2026-01-03T00:00:00Z", "used_clicks": null}),
                json!({}),
                vec!["/created_at", "/updated_at", "/used_clicks"],
            ),
            (json!({"target_check": {"status": "failing"}}), json!({}), vec![]),
            (json!({"target_check": true}), json!({}), vec!["/target_check"]),
            (json!({"clicks": "7", "last_click_at": 1}), json!({}), vec!["/clicks", "/last_click_at"]),
            (json!({"created_by": "key_2", "changed_by": "key_1"}), json!({}), vec!["/changed_by", "/created_by"]),
            (json!({"created_by": null, "changed_by": null}), json!({}), vec!["/changed_by", "/created_by"]),
            (json!({"changed_by": "key_1", "updated_at": "2026-01-02T01:00:00+01:00"}), json!({}), vec!["/changed_by"]),
            (json!({"changed_by": "key_1", "updated_at": "2026-01-01T12:00:00Z"}), json!({}), vec![]),
            (json!({"changed_by": null, "updated_at": null}), json!({}), vec![]),
            (
                json!({"changed_by": 1, "created_by": "x", "updated_at": null}),
                json!({}),
                vec!["/changed_by", "/created_by"],
            ),
        ] {
            let mut errors = Errors::default();
            let taken = without_read_only(patch.as_object().unwrap(), &shown, &settable, &mut errors);
            assert_eq!(Value::Object(taken), rest, "{patch}");
            let mut found: Vec<String> = match errors.or(Some(())) {
                Err(crate::values::error::Error::Invalid(errors)) => {
                    errors.into_iter().map(|error| error.pointer).collect()
                }
                _ => Vec::new(),
            };
            found.sort();
            assert_eq!(found, pointers, "{patch}");
        }
    }
}
