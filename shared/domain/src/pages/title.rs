//! Finds the title of a page: what its author wrote for other services (`og:title`), or else its `title` element.

use super::charset::decode;
use super::page::Page;
use crate::imports::rows::buffer::Buffer;
use crate::imports::rows::html::{Html, Token, decode_text};
use crate::links::link::Link;

/// Elements whose content is no markup, or is not shown. They end at their end tag, whatever stands between.
const SKIPPED: [&str; 8] = ["script", "style", "textarea", "template", "noscript", "iframe", "svg", "xmp"];

/// Returns the title of `page` on one line, cut to [`Link::MAX_TITLE_CHARS`]. `None` if the page has none, or is no HTML, or is not
/// what its URL names: an error page has a title, too.
pub fn title_of(page: &Page) -> Option<String> {
    if !(200..300).contains(&page.status) || !Page::is_html(&page.content_type) {
        return None;
    }
    let text = decode(&page.body, &page.content_type);
    let mut buffer = Buffer::new(0, 1);
    buffer.extend(text.as_bytes());
    buffer.end();
    let (mut html, mut title) = (Html::default(), None);
    loop {
        match html.next(&mut buffer) {
            Token::Text(length) => buffer.consume(length),
            Token::More | Token::End => return title,
            Token::Tag => {
                let tag = html.tag();
                if tag.closes {
                    continue;
                }
                if tag.is("meta") {
                    let name = tag.value("property").or_else(|| tag.value("name"));
                    let is_title = name.is_some_and(|name| name.trim().eq_ignore_ascii_case("og:title"));
                    let content = tag.value("content").filter(|_| is_title);
                    if let Some(own) = content.and_then(|text| tidied(&text)) {
                        return Some(own);
                    }
                } else if tag.is("title") && title.is_none() {
                    let length = until_end_tag(buffer.rest(), "title");
                    title = tidied(&decode_text(&buffer.rest()[..length]));
                    buffer.consume(length);
                } else if let Some(name) = SKIPPED.iter().find(|name| tag.is(name) && !tag.empty) {
                    buffer.consume(until_end_tag(buffer.rest(), name));
                }
            }
        }
    }
}

/// Returns how many bytes come before the end tag of the element `name`; all of them without one.
fn until_end_tag(rest: &[u8], name: &str) -> usize {
    let is_end = |at: &usize| {
        let after = &rest[at + 1..];
        let named = after.strip_prefix(b"/").and_then(|after| after.split_at_checked(name.len()));
        named.is_some_and(|(start, after)| {
            start.eq_ignore_ascii_case(name.as_bytes())
                && after.first().is_none_or(|byte| !byte.is_ascii_alphanumeric())
        })
    };
    memchr::memchr_iter(b'<', rest).find(is_end).unwrap_or(rest.len())
}

/// Puts a title on one line, without characters that are not seen or turn others around. `None` if nothing is left.
fn tidied(text: &str) -> Option<String> {
    let seen: String = text.chars().filter(|c| !is_unseen(*c)).collect();
    let words = seen.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let title = words.collect::<Vec<_>>().join(" ");
    if title.chars().count() <= Link::MAX_TITLE_CHARS {
        return Some(title).filter(|title| !title.is_empty());
    }
    let cut: String = title.chars().take(Link::MAX_TITLE_CHARS - 1).collect();
    Some(format!("{}…", cut.trim_end()))
}

/// Tells whether a character has no form of its own: it changes the direction of others, joins or marks them.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::link::check_title;
    use proptest::prelude::*;

    fn page(body: &str) -> Page {
        Page { status: 200, content_type: "text/html; charset=utf-8".to_owned(), body: body.as_bytes().to_vec() }
    }

    fn title(body: &str) -> Option<String> {
        title_of(&page(body))
    }

    #[test]
    fn titles_are_found_where_pages_have_them() {
        for (body, found) in [
            ("<title>Docs</title>", Some("Docs")),
            ("<!doctype html><html><head><TITLE lang=en>\n A &amp;\tB&#8217;s \n</Title>", Some("A & B’s")),
            ("<title>a < b</title>", Some("a < b")),
            ("<title><b>a</b></title>", Some("<b>a</b>")),
            ("<title>cut", Some("cut")),
            ("<title></title><title>second</title>", Some("second")),
            ("<title>first</title><title>second</title>", Some("first")),
            ("<titles>no</titles>", None),
            ("<!-- <title>no</title> --><title>yes</title>", Some("yes")),
            ("<script>if (a<b) document.write('<title>no</title>')</script><title>yes</title>", Some("yes")),
            ("<script src=x></SCRIPT ><title>yes</title>", Some("yes")),
            ("<style>a<b</style><svg><title>no</title></svg><title>yes</title>", Some("yes")),
            ("<noscript><title>no</title></noscript>", None),
            ("<script>no end <title>no</title>", None),
            ("<svg/><title>yes</title>", Some("yes")),
            ("<meta property=og:title content='Own &quot;x&quot;'><title>page</title>", Some("Own \"x\"")),
            ("<title>page</title><meta name=\"OG:Title\" content=own>", Some("own")),
            ("<title>page</title><meta property=og:title content=' '>", Some("page")),
            ("<title>page</title><meta property=og:title>", Some("page")),
            ("<meta property=og:description content=no>", None),
            ("<title>\u{202e}evil\u{2066}\u{200b}\u{7}x</title>", Some("evil x")),
            ("<title>\u{200b}\u{2060} \u{a0}</title>", None),
            ("", None),
            ("plain", None),
            ("<", None),
            ("<title", None),
        ] {
            assert_eq!(title(body).as_deref(), found, "{body}");
        }
    }

    #[test]
    fn only_a_page_that_was_found_has_a_title() {
        let found = page("<title>x</title>");
        for (page, has) in [
            (found.clone(), true),
            (Page { status: 204, ..found.clone() }, true),
            (Page { status: 404, ..found.clone() }, false),
            (Page { status: 302, ..found.clone() }, false),
            (Page { content_type: "application/xhtml+xml".to_owned(), ..found.clone() }, true),
            (Page { content_type: "TEXT/HTML".to_owned(), ..found.clone() }, true),
            (Page { content_type: "application/json".to_owned(), ..found.clone() }, false),
            (Page { content_type: String::new(), ..found.clone() }, false),
        ] {
            assert_eq!(title_of(&page).is_some(), has, "{page:?}");
        }
    }

    #[test]
    fn long_title_is_cut() {
        let long = title(&format!("<title>{}</title>", "ä".repeat(300))).unwrap();
        assert_eq!((long.chars().count(), long.chars().last()), (200, Some('…')));
        assert_eq!(title(&format!("<title>{}</title>", "ä".repeat(200))).unwrap().chars().count(), 200);
    }

    proptest! {
        #[test]
        fn any_page_has_a_title_that_links_can_have_or_none(body in prop::collection::vec(any::<u8>(), 0..400), charset in "[a-z0-9-]{0,12}") {
            let page = Page { status: 200, content_type: format!("text/html; charset={charset}"), body };
            if let Some(title) = title_of(&page) {
                prop_assert_eq!(check_title(&title), Ok(title));
            }
        }

        #[test]
        fn any_markup_has_a_title_that_links_can_have_or_none(
            parts in prop::collection::vec(prop::sample::select(vec![
                "<title>", "</title>", "<script>", "</script>", "<meta property=og:title content=", "'", "\"", ">", "<!--", "-->", "x", " ",
                "&#x202e;", "&#0;", "&amp;", "\u{202e}", "<svg", "/>", "<![CDATA[", "]]>", "ä",
            ]), 0..40)
        ) {
            if let Some(title) = title(&parts.concat()) {
                prop_assert!(!title.chars().any(is_unseen));
                prop_assert_eq!(check_title(&title), Ok(title));
            }
        }
    }
}
