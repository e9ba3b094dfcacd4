//! Changes the settings of the caller's workspace by a JSON Merge Patch (RFC 7396).

use serde_json::{Map, Value};

use super::check::check_settings;
use super::ports::{SettingsReader, SettingsWriter};
use super::settings::{SettingsFields, WorkspaceSettings};
use crate::access::key::{Caller, Role};
use crate::links::precondition::Precondition;
use crate::ports::Clock;
use crate::values::domains::Domains;
use crate::values::error::{Error, StoreError, StoreErrorKind};
use crate::values::field_errors::Errors;
use crate::values::json::{merge, read};
use crate::values::timestamp::Timestamp;

/// How many times to apply a patch to settings that other requests change at the same time.
const MAX_ATTEMPTS: usize = 10;

/// The ports of [`change_settings`], and its limits.
#[derive(Clone, Copy)]
pub struct ChangeSettingsPorts<'a> {
    /// Reads the settings.
    pub reader: &'a dyn SettingsReader,
    /// Writes them.
    pub writer: &'a dyn SettingsWriter,
    /// Tells the time of the change.
    pub clock: &'a dyn Clock,
    /// The stack's own domains.
    pub domains: &'a Domains,
}

/// Applies `patch` to the settings if `precondition` holds. Returns the changed settings. Needs [`Role::Admin`].
///
/// A patch may hold all that a read gave. If another request changes the settings at the same time, applies the patch again on top of
/// that change, provided that the precondition still holds. Writes nothing if the patch changes nothing.
///
/// # Errors
/// [`Error::Invalid`] names every field that would be wrong; [`Error::Changed`] says that the precondition does not hold.
pub async fn change_settings(
    ports: &ChangeSettingsPorts<'_>,
    caller: &Caller,
    precondition: &Precondition,
    patch: &Value,
) -> Result<WorkspaceSettings, Error> {
    caller.require(Role::Admin)?;
    let Value::Object(patch) = patch else {
        return Err(Error::invalid("", "a patch must be a JSON object"));
    };
    for _ in 0..MAX_ATTEMPTS {
        let seen = ports.reader.get(&caller.workspace).await?;
        if !precondition.holds_for(|| seen.version()) {
            return Err(Error::Changed("workspace"));
        }
        let mut next = apply(ports, caller, &seen, patch)?;
        if next == seen {
            return Ok(seen);
        }
        next.revision += 1;
        next.updated_at = Some(ports.clock.now());
        next.changed_by = Some(caller.key_id.clone());
        if ports.writer.replace(&caller.workspace, &next).await? {
            return Ok(next);
        }
    }
    let busy = "other requests keep changing the settings";
    Err(StoreError::new("settings.replace", StoreErrorKind::Throttled, busy).into())
}

fn apply(
    ports: &ChangeSettingsPorts<'_>,
    caller: &Caller,
    seen: &WorkspaceSettings,
    patch: &Map<String, Value>,
) -> Result<WorkspaceSettings, Error> {
    let mut document = serde_json::to_value(SettingsFields::of(seen))
        .map_err(|error| StoreError::new("settings.patch", StoreErrorKind::Broken, error))?;
    let mut errors = Errors::default();
    let changes = without_read_only(patch, caller, seen, &mut errors);
    merge(&mut document, Value::Object(changes));
    let fields: SettingsFields = read(document)?;
    let fields = check_settings(fields, ports.domains, &caller.workspace, &mut errors);
    errors.or(Some(fields)).map(|fields| fields.into_settings(seen.clone()))
}

/// Returns `patch` without the fields that a caller can read but not set. Adds an error for each that no read can have given.
fn without_read_only(
    patch: &Map<String, Value>,
    caller: &Caller,
    seen: &WorkspaceSettings,
    errors: &mut Errors,
) -> Map<String, Value> {
    let mut rest = patch.clone();
    let time = |value: &Value| value.as_str().and_then(|text| Timestamp::parse(text).ok());
    let is_of_now = patch.get("updated_at").is_none_or(|value| time(value) == seen.updated_at);
    for name in ["workspace", "updated_at", "changed_by"] {
        let Some(value) = rest.remove(name) else { continue };
        let was_read = match name {
            "workspace" => value.as_str() == Some(caller.workspace.as_str()),
            "updated_at" => value.is_null() || time(&value).is_some_and(|value| Some(value) <= seen.updated_at),
            // Nobody remembers who made the changes before the last one.
            _ if !is_of_now => value.is_null() || value.is_string(),
            _ => value.as_str() == seen.changed_by.as_deref(),
        };
        if !was_read {
            errors.add(format!("/{name}"), "is read-only: leave it out, or send the value that a read gave");
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::samples::caller;
    use crate::testing::system::FixedClock;
    use crate::testing::workspaces::MemoryWorkspaces;
    use crate::workspaces::read::read_settings;
    use crate::workspaces::settings::OnBroken;
    use serde_json::json;

    async fn change_if(
        workspaces: &MemoryWorkspaces,
        condition: Option<&str>,
        patch: Value,
    ) -> Result<WorkspaceSettings, Error> {
        let clock = FixedClock::at("2026-01-02T03:04:05Z");
        let domains = Domains::parse("go.example.com,s.example.org,theirs.example=other").unwrap();
        let ports = ChangeSettingsPorts { reader: workspaces, writer: workspaces, clock: &clock, domains: &domains };
        change_settings(&ports, &caller("acme", Role::Admin), &Precondition::parse(condition), &patch).await
    }

    async fn change(workspaces: &MemoryWorkspaces, patch: Value) -> Result<WorkspaceSettings, Error> {
        change_if(workspaces, None, patch).await
    }

    #[tokio::test]
    async fn patch_sets_and_removes_only_the_named_fields() {
        let workspaces = MemoryWorkspaces::default();
        let patch = json!({
            "defaults": {"tags": ["a", " b ", "a"], "redirect_status": 301.0, "utm_template": "mail"},
            "domains": {"S.EXAMPLE.ORG": {"slug_length": 4}},
            "utm_templates": [{"name": " mail ", "source": "newsletter"}],
        });
        let first = change(&workspaces, patch).await.unwrap();
        assert_eq!(first.new_links.defaults.tags.as_deref(), Some(&["a".to_owned(), "b".to_owned()][..]));
        assert_eq!(first.new_links.on("s.example.org").slug_length, Some(4));
        assert_eq!((first.revision, first.changed_by.as_deref()), (1, Some("key_test")));
        let second = change(&workspaces, json!({"defaults": {"tags": null}, "domains": null})).await.unwrap();
        assert_eq!(
            (second.new_links.defaults.redirect_status, second.new_links.defaults.tags.clone()),
            (Some(301), None)
        );
        assert!(second.new_links.domains.is_empty() && second.new_links.template("mail").is_some());
        let stored = read_settings(&workspaces, &caller("acme", Role::Viewer)).await.unwrap();
        assert_eq!(change(&workspaces, json!({"defaults": {"redirect_status": 301}})).await.unwrap(), stored);
        assert_eq!(
            read_settings(&workspaces, &caller("other", Role::Viewer)).await.unwrap(),
            WorkspaceSettings::default()
        );
    }

    #[tokio::test]
    async fn rule_for_broken_targets_is_set_and_taken_back() {
        let workspaces = MemoryWorkspaces::default();
        for (patch, expected) in [
            (json!({"on_broken": "archive"}), OnBroken::Archive),
            (json!({"titles": true}), OnBroken::Archive),
            (json!({"on_broken": "expired_url"}), OnBroken::ExpiredUrl),
            (json!({"on_broken": null}), OnBroken::Nothing),
        ] {
            assert_eq!(change(&workspaces, patch.clone()).await.unwrap().on_broken, expected, "{patch}");
        }
    }

    #[tokio::test]
    async fn every_invalid_field_is_named() {
        let workspaces = MemoryWorkspaces::default();
        let many: Vec<Value> = (0..51).map(|n| json!({"name": n.to_string(), "source": "x"})).collect();
        let long = "x".repeat(200);
        let heavy: Vec<Value> = (0..50)
            .map(|n| json!({"name": n.to_string(), "source": long, "medium": long, "campaign": long, "term": long}))
            .collect();
        for (patch, pointers) in [
            (json!({"defaults": {"domain": "elsewhere.example"}}), vec!["/defaults/domain"]),
            (json!({"defaults": {"domain": "theirs.example"}}), vec!["/defaults/domain"]),
            (
                json!({"defaults": {"redirect_status": 303, "tags": ["a", ""], "expires_after_days": 36501, "slug_length": 3}}),
                vec![
                    "/defaults/redirect_status",
                    "/defaults/tags/1",
                    "/defaults/expires_after_days",
                    "/defaults/slug_length",
                ],
            ),
            (json!({"defaults": {"slug_length": 33}}), vec!["/defaults/slug_length"]),
            (json!({"defaults": {"utm_template": "none"}}), vec!["/defaults/utm_template"]),
            (json!({"defaults": {"password": "x"}}), vec!["/defaults/password"]),
            (json!({"defaults": {"forward_query": "yes"}}), vec!["/defaults/forward_query"]),
            (json!({"domains": {"theirs.example": {}}}), vec!["/domains/theirs.example"]),
            (json!({"domains": {"a/b": {}}}), vec!["/domains/a~1b"]),
            (
                json!({"domains": {"go.example.com": {"domain": "s.example.org", "slug_length": 1}}}),
                vec!["/domains/go.example.com/domain", "/domains/go.example.com/slug_length"],
            ),
            (json!({"domains": {"go.example.com": {}, "GO.example.com": {}}}), vec!["/domains/go.example.com"]),
            (json!({"utm_templates": [{"name": "a"}]}), vec!["/utm_templates/0"]),
            (json!({"utm_templates": [{"name": " ", "source": "x"}]}), vec!["/utm_templates/0/name"]),
            (
                json!({"utm_templates": [{"name": "a", "source": "x"}, {"name": "a ", "term": "{slug}"}]}),
                vec!["/utm_templates/1/name", "/utm_templates/1/term", "/utm_templates/1"],
            ),
            (json!({"utm_templates": many}), vec!["/utm_templates"]),
            (json!({"utm_templates": heavy}), vec![""]),
            (json!({"on_broken": "delete"}), vec!["/on_broken"]),
            (json!({"workspace": "other"}), vec!["/workspace"]),
            (json!({"updated_at": "2026-01-01T00:00:00Z"}), vec!["/updated_at"]),
            (json!({"changed_by": "key_1"}), vec!["/changed_by"]),
            (json!({"default": {}}), vec!["/default"]),
            (json!([]), vec![""]),
        ] {
            let result = change(&workspaces, patch.clone()).await;
            let Err(Error::Invalid(errors)) = result else { panic!("{patch}: {result:?}") };
            assert_eq!(errors.iter().map(|error| error.pointer.as_str()).collect::<Vec<_>>(), pointers, "{patch}");
        }
        assert_eq!(workspaces.writes(), 0);
    }

    #[tokio::test]
    async fn stale_entity_tag_changes_nothing_and_what_was_read_can_be_sent() {
        let workspaces = MemoryWorkspaces::default();
        let first = change_if(&workspaces, Some("\"0\""), json!({"defaults": {"slug_length": 5}})).await.unwrap();
        let stale = change_if(&workspaces, Some("\"0\""), json!({"defaults": {"slug_length": 6}})).await;
        assert!(matches!(stale, Err(Error::Changed("workspace"))));
        let mut document = serde_json::to_value(SettingsFields::of(&first)).unwrap();
        document["workspace"] = json!("acme");
        document["updated_at"] = json!(first.updated_at);
        document["changed_by"] = json!("key_test");
        document["defaults"]["slug_length"] = json!(6);
        let second = change_if(&workspaces, Some(&first.etag()), document.clone()).await.unwrap();
        assert_eq!((second.revision, second.new_links.defaults.slug_length), (2, Some(6)));
        assert_ne!(second.etag(), first.etag());
    }

    #[tokio::test]
    async fn concurrent_changes_are_both_kept() {
        let workspaces = MemoryWorkspaces::default();
        workspaces.lose_next(2);
        let changed = change(&workspaces, json!({"defaults": {"slug_length": 9}})).await.unwrap();
        assert_eq!((changed.new_links.defaults.slug_length, changed.revision), (Some(9), 3));
        workspaces.lose_next(MAX_ATTEMPTS);
        let busy = change(&workspaces, json!({"defaults": {"slug_length": 10}})).await;
        assert!(matches!(busy, Err(Error::Store(error)) if error.kind == StoreErrorKind::Throttled));
    }

    #[tokio::test]
    async fn only_admins_change_settings() {
        let workspaces = MemoryWorkspaces::default();
        let clock = FixedClock::at("2026-01-02T03:04:05Z");
        let domains = Domains::parse("go.example.com").unwrap();
        let ports = ChangeSettingsPorts { reader: &workspaces, writer: &workspaces, clock: &clock, domains: &domains };
        for role in [Role::Viewer, Role::Editor] {
            let result = change_settings(&ports, &caller("acme", role), &Precondition::None, &json!({})).await;
            assert!(matches!(result, Err(Error::Forbidden(_))), "{role:?}");
        }
    }
}
