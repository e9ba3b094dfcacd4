//! Gives a tag a colour and a description.

use serde::Deserialize;
use serde_json::Value;

use super::color::TagColor;
use super::ports::TagStore;
use super::tag::{TagDefinition, check_tag};
use crate::access::key::{Caller, Role};
use crate::ports::Clock;
use crate::values::error::{Error, StoreError, StoreErrorKind};
use crate::values::field_errors::Errors;
use crate::values::json::{merge, read};
#[cfg(feature = "openapi")]
use crate::values::schema::TEXT;
use crate::values::text::check_text;

/// How many times to write a tag that other requests write at the same time.
const MAX_ATTEMPTS: usize = 10;

/// What to say of a tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct TagFields {
    /// Its colour: a name of the palette, or `#rrggbb`.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<TagColor>"))]
    pub color: Option<String>,
    /// What it stands for.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = TagDefinition::MAX_DESCRIPTION_CHARS), regex(pattern = TEXT)))]
    pub description: Option<String>,
}

impl TagFields {
    fn check(&self) -> Result<(Option<TagColor>, Option<String>), Error> {
        let mut errors = Errors::default();
        let color = self.color.as_deref().and_then(|text| errors.note("/color", TagColor::parse(text)));
        let description = self.description.as_deref();
        let description = description
            .and_then(|text| errors.note("/description", check_text(text, TagDefinition::MAX_DESCRIPTION_CHARS)));
        errors.or(Some((color, description)))
    }
}

/// Defines `tag` as `fields` say, whatever was said before. Needs [`Role::Editor`].
///
/// # Errors
/// [`Error::Invalid`] names what is wrong; [`Error::Conflict`] says that the workspace has [`TagDefinition::MAX_DEFINED`] definitions.
pub async fn put_tag(
    tags: &dyn TagStore,
    clock: &dyn Clock,
    caller: &Caller,
    tag: &str,
    fields: &TagFields,
) -> Result<TagDefinition, Error> {
    change(tags, clock, caller, tag, |_| Ok(fields.clone())).await
}

/// Changes what is said of `tag` by a JSON Merge Patch. Needs [`Role::Editor`].
///
/// # Errors
/// As [`put_tag`].
pub async fn patch_tag(
    tags: &dyn TagStore,
    clock: &dyn Clock,
    caller: &Caller,
    tag: &str,
    patch: &Value,
) -> Result<TagDefinition, Error> {
    if !patch.is_object() {
        return Err(Error::invalid("", "a patch must be a JSON object"));
    }
    let apply = |seen: Option<&TagDefinition>| {
        let mut document = serde_json::json!({
            "color": seen.and_then(|seen| seen.color.clone()),
            "description": seen.and_then(|seen| seen.description.clone()),
        });
        merge(&mut document, patch.clone());
        read(document)
    };
    change(tags, clock, caller, tag, apply).await
}

async fn change(
    tags: &dyn TagStore,
    clock: &dyn Clock,
    caller: &Caller,
    tag: &str,
    fields: impl Fn(Option<&TagDefinition>) -> Result<TagFields, Error>,
) -> Result<TagDefinition, Error> {
    caller.require(Role::Editor)?;
    caller.require_whole_scope("define tags")?;
    let tag = check_tag(tag).map_err(|detail| Error::invalid("tag", detail))?;
    for _ in 0..MAX_ATTEMPTS {
        let seen = tags.get(&caller.workspace, &tag).await?;
        let (color, description) = fields(seen.as_ref())?.check()?;
        if seen.is_none() && tags.all(&caller.workspace).await?.len() >= TagDefinition::MAX_DEFINED {
            let detail = format!("a workspace defines at most {} tags", TagDefinition::MAX_DEFINED);
            return Err(Error::Conflict(detail));
        }
        let next = TagDefinition {
            workspace: caller.workspace.clone(),
            tag: tag.clone(),
            color,
            description,
            created_at: seen.as_ref().map_or_else(|| clock.now(), |seen| seen.created_at),
            revision: seen.as_ref().map_or(0, |seen| seen.revision + 1),
        };
        if tags.put(&next).await? {
            return Ok(next);
        }
    }
    Err(StoreError::new("tags.put", StoreErrorKind::Throttled, "other requests keep changing the tag").into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::samples::caller;
    use crate::testing::system::FixedClock;
    use crate::testing::tags::MemoryTags;

    async fn patch(tags: &MemoryTags, tag: &str, patch: Value) -> Result<TagDefinition, Error> {
        let clock = FixedClock::at("2026-01-02T03:04:05Z");
        patch_tag(tags, &clock, &caller("acme", Role::Editor), tag, &patch).await
    }

    #[tokio::test]
    async fn patch_keeps_what_it_does_not_name_and_put_does_not() {
        let tags = MemoryTags::default();
        patch(&tags, " ü 🎉/x ", json!({"color": "teal"})).await.unwrap();
        let both = patch(&tags, "ü 🎉/x", json!({"description": " All of it "})).await.unwrap();
        assert_eq!((both.color, both.description.as_deref()), (TagColor::parse("teal").ok(), Some("All of it")));
        let clock = FixedClock::at("2026-01-02T03:04:05Z");
        let fields = TagFields { color: Some("#ABCDEF".into()), description: None };
        let put = put_tag(&tags, &clock, &caller("acme", Role::Editor), "ü 🎉/x", &fields).await.unwrap();
        assert_eq!((put.color, put.description, put.revision), (TagColor::parse("#abcdef").ok(), None, 2));
        let none = patch(&tags, "ü 🎉/x", json!({"color": null})).await.unwrap();
        assert_eq!((none.color, none.revision), (None, 3));
        assert!(patch_tag(&tags, &clock, &caller("acme", Role::Viewer), "a", &json!({})).await.is_err());
    }

    #[tokio::test]
    async fn error_names_what_is_wrong() {
        let tags = MemoryTags::default();
        for (tag, change, pointer) in [
            ("a", json!({"color": "mauve", "description": ""}), "/color /description"),
            ("a", json!({"color": 7}), "/color"),
            ("a", json!({"colour": "red"}), "/colour"),
            ("a", json!({"description": "x".repeat(301)}), "/description"),
            ("a", json!([]), ""),
            (" ", json!({}), "tag"),
            ("a\u{7}", json!({}), "tag"),
        ] {
            let Err(Error::Invalid(errors)) = patch(&tags, tag, change.clone()).await else { panic!("{change}") };
            let found: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
            assert_eq!(found.join(" "), pointer, "{tag} {change}");
        }
    }

    #[tokio::test]
    async fn definitions_are_bounded() {
        let tags = MemoryTags::default();
        for n in 0..TagDefinition::MAX_DEFINED {
            patch(&tags, &n.to_string(), json!({})).await.unwrap();
        }
        assert!(matches!(patch(&tags, "more", json!({})).await, Err(Error::Conflict(_))));
        assert!(patch(&tags, "7", json!({"color": "red"})).await.is_ok(), "one that is there can be changed");
    }
}
