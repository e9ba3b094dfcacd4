//! Makes the page that programs which fetch previews get: what the owner of the link wants chats and posts to show.

use std::fmt::Write;

use http::Response;
use waypost_domain::TargetUrl;
use waypost_domain::links::preview::LinkPreview;

use super::{answer, escaped, page, place};

/// Makes a page with the tags of `preview` (<https://ogp.me>). It does not lead on by itself, nor name another address as its own: a
/// program would show the target's preview instead. A person who gets it nevertheless has a link to `url`.
pub(crate) fn card(preview: &LinkPreview, url: &TargetUrl) -> Response<String> {
    let place = place(url);
    let onward = format!("<p><a href=\"{}\">Continue to {}</a></p>", escaped(url.as_str()), escaped(&place));
    let title = preview.title.clone().or(Some(place));
    card_with(&LinkPreview { title, ..preview.clone() }, &onward)
}

/// Makes a page with the tags of `preview`, which has a title, and with `onward` as HTML for people.
pub(super) fn card_with(preview: &LinkPreview, onward: &str) -> Response<String> {
    let LinkPreview { title, description, image } = preview;
    let title = title.as_deref().unwrap_or_default();
    let card = if image.is_some() { "summary_large_image" } else { "summary" };
    let tags = [
        ("property", "og:type", Some("website")),
        ("property", "og:title", Some(title)),
        ("property", "og:description", description.as_deref()),
        ("name", "description", description.as_deref()),
        ("property", "og:image", image.as_ref().map(TargetUrl::as_str)),
        ("name", "twitter:card", Some(card)),
    ];
    let mut head = String::new();
    for (attribute, name, value) in tags {
        if let Some(value) = value {
            // Writing to a text cannot fail.
            let _ = write!(head, "<meta {attribute}=\"{name}\" content=\"{}\">", escaped(value));
        }
    }
    let text = description.as_deref().map(|text| format!("<p>{}</p>", escaped(text))).unwrap_or_default();
    answer(page(&escaped(title), &head, &format!("{text}{onward}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use waypost_domain::Domains;

    fn target(text: &str) -> TargetUrl {
        TargetUrl::parse(text, &Domains::parse("go.example.com").unwrap()).unwrap()
    }

    #[test]
    fn tags_are_escaped_and_those_without_a_value_left_out() {
        let preview = LinkPreview {
            title: Some("\"><script>alert('1')</script>&".to_owned()),
            description: None,
            image: Some(target("https://example.com/a.png?a=1&b=2")),
        };
        let response = card(&preview, &target("https://www.example.com/"));
        let body = response.body();
        let title = "&quot;&gt;&lt;script&gt;alert(&apos;1&apos;)&lt;/script&gt;&amp;";
        for part in [
            format!("<meta property=\"og:title\" content=\"{title}\">"),
            format!("<title>{title}</title>"),
            "<meta property=\"og:image\" content=\"https://example.com/a.png?a=1&amp;b=2\">".to_owned(),
            "<meta name=\"twitter:card\" content=\"summary_large_image\">".to_owned(),
            "Continue to www.example.com</a>".to_owned(),
        ] {
            assert!(body.contains(&part), "{part}: {body}");
        }
        assert!(!body.contains("description") && !body.contains("<script") && !body.contains("refresh"), "{body}");
    }
}
