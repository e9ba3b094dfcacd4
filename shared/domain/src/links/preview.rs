//! Defines what programs that fetch previews of links show of a link, if its owner has chosen that.

use serde::{Deserialize, Serialize};

use crate::values::domains::Domains;
use crate::values::field_errors::Errors;
#[cfg(feature = "openapi")]
use crate::values::schema::TEXT;
use crate::values::target::TargetUrl;
use crate::values::text::check_text;

/// The greatest length of the title, in characters.
const MAX_TITLE_CHARS: usize = 200;
/// The greatest length of the description, in characters.
const MAX_DESCRIPTION_CHARS: usize = 500;
/// The greatest length of the image's URL, in bytes.
const MAX_IMAGE_BYTES: usize = 2048;

/// What a preview of the link in a chat or a post shows, at least one of these.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "Preview"))]
pub struct LinkPreview {
    /// The title, for visitors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The `http` or `https` URL of an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<TargetUrl>,
}

/// The preview of a link as an owner sends it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewPreview"))]
pub struct PreviewFields {
    /// The title, for visitors.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_TITLE_CHARS), regex(pattern = TEXT)))]
    pub title: Option<String>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_DESCRIPTION_CHARS), regex(pattern = TEXT)))]
    pub description: Option<String>,
    /// The `http` or `https` URL of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_IMAGE_BYTES), extend("format" = "http-url")))]
    pub image: Option<String>,
}

impl PreviewFields {
    /// Returns the fields of `preview`.
    pub fn of(preview: &LinkPreview) -> Self {
        let LinkPreview { title, description, image } = preview;
        Self { title: title.clone(), description: description.clone(), image: image.as_ref().map(ToString::to_string) }
    }
}

/// Checks the fields, and adds what is wrong to `errors`. Returns `None` if all are absent.
pub(super) fn check_preview(fields: &PreviewFields, domains: &Domains, errors: &mut Errors) -> Option<LinkPreview> {
    let title = fields.title.as_deref();
    let title = title.and_then(|text| errors.note("/preview/title", check_text(text, MAX_TITLE_CHARS)));
    let description = fields.description.as_deref();
    let description =
        description.and_then(|text| errors.note("/preview/description", check_text(text, MAX_DESCRIPTION_CHARS)));
    let image = fields.image.as_deref().and_then(|text| errors.note("/preview/image", check_image(text, domains)));
    let preview = LinkPreview { title, description, image };
    Some(preview).filter(|preview| *preview != LinkPreview::default())
}

fn check_image(text: &str, domains: &Domains) -> Result<TargetUrl, String> {
    let url = TargetUrl::parse(text, domains).map_err(|error| error.to_string())?;
    if !url.is_web() {
        return Err("must begin with http:// or https://".to_owned());
    }
    if url.as_str().len() > MAX_IMAGE_BYTES {
        return Err(format!("is longer than {MAX_IMAGE_BYTES} bytes"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::values::error::Error;
    use crate::values::schemes::TargetSchemes;

    fn check(fields: Value) -> Result<Option<LinkPreview>, Vec<String>> {
        let domains = Domains::parse("go.example.com").unwrap().with_schemes(TargetSchemes::parse("mailto").unwrap());
        let mut errors = Errors::default();
        let preview = check_preview(&serde_json::from_value(fields).unwrap(), &domains, &mut errors);
        errors.or(Some(preview)).map_err(|error| match error {
            Error::Invalid(errors) => errors.into_iter().map(|error| error.pointer).collect(),
            error => panic!("{error}"),
        })
    }

    #[test]
    fn preview_has_bounded_texts_and_an_image_of_the_web() {
        let preview = check(json!({"title": " A ", "image": "https://exämple.com/a.png"})).unwrap();
        assert_eq!(
            serde_json::to_value(preview).unwrap(),
            json!({"title": "A", "image": "https://xn--exmple-cua.com/a.png"})
        );
        assert_eq!(check(json!({})), Ok(None));
        assert_eq!(check(json!({"title": null, "description": null, "image": null})), Ok(None));
        let image = |length: usize| format!("https://example.com/{}", "a".repeat(length - 20));
        for (bound, beyond, pointer) in [
            (json!({"title": "ä".repeat(200)}), json!({"title": "ä".repeat(201)}), "/preview/title"),
            (json!({"title": "a"}), json!({"title": " "}), "/preview/title"),
            (json!({"title": "a"}), json!({"title": "a\nb"}), "/preview/title"),
            (json!({"description": "ä".repeat(500)}), json!({"description": "ä".repeat(501)}), "/preview/description"),
            (json!({"image": image(2048)}), json!({"image": image(2049)}), "/preview/image"),
            (json!({"image": image(30)}), json!({"image": "mailto:a@example.com"}), "/preview/image"),
            (json!({"image": image(30)}), json!({"image": "javascript:alert(1)"}), "/preview/image"),
            (json!({"image": image(30)}), json!({"image": "https://go.example.com/x"}), "/preview/image"),
        ] {
            assert!(check(bound.clone()).is_ok_and(|preview| preview.is_some()), "{bound}");
            assert_eq!(check(beyond.clone()), Err(vec![pointer.to_owned()]), "{beyond}");
        }
    }
    #[test]
    fn preview_that_is_sent_back_stays_as_it_is() {
        for fields in [json!({"title": "A"}), json!({"title": "A", "description": "B", "image": "https://a.example/c"})]
        {
            let preview = check(fields.clone()).unwrap().unwrap();
            let again = serde_json::to_value(PreviewFields::of(&preview)).unwrap();
            assert_eq!((&again, check(again.clone())), (&fields, Ok(Some(preview))));
        }
    }
}
