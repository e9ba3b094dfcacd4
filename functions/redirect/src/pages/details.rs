//! Makes the page at `/slug+`, which tells where a link leads.

use std::fmt::Write;

use http::Response;
use waypost_domain::Timestamp;
use waypost_domain::files::target::file_of;
use waypost_domain::redirect::details::{Destination, LinkDetails};

use super::file::{file_facts, title_of};
use super::report::report_link;
use super::{answer, escaped, page, place};

/// Makes the page. It leads nowhere by itself.
pub(crate) fn details(details: &LinkDetails) -> Response<String> {
    let LinkDetails { slug, destination, created_at, expires_at, clicks_left } = details;
    let mut content = match destination {
        Some(destination) => whereto(destination),
        None => "<p>It asks for a password. Only those who know it see where the link leads.</p>".to_owned(),
    };
    // Writing to a text cannot fail.
    let _ = write!(content, "<p>Created on {}.", date(*created_at));
    if let Some(end) = expires_at {
        let _ = write!(content, " Ends on {}.", date(*end));
    }
    if let Some(clicks) = clicks_left {
        let _ = write!(content, " Ends after {clicks} more visit{}.", if *clicks == 1 { "" } else { "s" });
    }
    let _ = write!(content, "</p><p><a href=\"/{}\" rel=\"nofollow\">Continue</a></p>", escaped(&slug.encoded()));
    content.push_str(&report_link(slug));
    let title = destination.as_ref().and_then(|destination| destination.title.as_deref());
    answer(page(&escaped(title.unwrap_or("Where this link leads")), "", &content))
}

fn whereto(destination: &Destination) -> String {
    let Destination { url, varies, file, collection, .. } = destination;
    if let Some(file) = file {
        return format!(
            "<p>This link leads to a file, <strong><bdi>{}</bdi></strong>:</p>{}",
            title_of(file),
            file_facts(file, &file.delivery().content_type)
        );
    }
    if let Some(collection) = collection {
        let (name, files) = (escaped(&collection.name), collection.files);
        let noun = if files == 1 { "file" } else { "files" };
        return format!("<p>This link leads to <strong>{name}</strong>, a collection of {files} {noun}.</p>");
    }
    if file_of(url).is_some() {
        return "<p>This link leads to a <strong>file</strong>.</p>".to_owned();
    }
    let elsewhere =
        if *varies { "<p>It leads some visitors elsewhere, for example by device or country.</p>" } else { "" };
    format!(
        "<p>This link leads to <strong>{}</strong>:</p><p><code>{}</code></p>{elsewhere}",
        escaped(&place(url)),
        escaped(url.as_str())
    )
}

/// Writes the day of `time` in UTC, as machines and people read it.
pub(super) fn date(time: Timestamp) -> String {
    let text = time.to_string();
    let day = text.get(..10).unwrap_or(&text);
    format!("<time datetime=\"{text}\">{day}</time>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use waypost_domain::files::collections::collection::Collection;
    use waypost_domain::testing::samples::collection;
    use waypost_domain::values::schemes::TargetSchemes;
    use waypost_domain::{Domains, Slug, TargetUrl};

    fn shown(url: &str, change: impl FnOnce(&mut LinkDetails)) -> String {
        let domains = Domains::parse("go.example.com").unwrap().with_schemes(TargetSchemes::parse("mailto").unwrap());
        let destination = Destination {
            title: Some("<b>Docs</b>".to_owned()),
            url: TargetUrl::parse(url, &domains).unwrap(),
            file: None,
            collection: None,
            varies: false,
        };
        let mut given = LinkDetails {
            slug: Slug::parse("docs").unwrap(),
            destination: Some(destination),
            created_at: Timestamp::parse("2026-01-02T03:04:05Z").unwrap(),
            expires_at: None,
            clicks_left: None,
        };
        change(&mut given);
        details(&given).body().clone()
    }

    #[test]
    fn page_shows_host_and_whole_target() {
        let body = shown("https://www.example.com/a?x=1&y=%22'", |_| {});
        for part in [
            "<h1>&lt;b&gt;Docs&lt;/b&gt;</h1>",
            "<strong>www.example.com</strong>",
            "<code>https://www.example.com/a?x=1&amp;y=%22%27</code>",
            "<time datetime=\"2026-01-02T03:04:05.000Z\">2026-01-02</time>",
            "<a href=\"/docs\" rel=\"nofollow\">Continue</a>",
            "<a href=\"/docs+report\" rel=\"nofollow\">Report this link</a>",
        ] {
            assert!(body.contains(part), "{part}: {body}");
        }
        assert!(!body.contains("Ends") && !body.contains("elsewhere") && !body.contains("refresh"), "{body}");
        let file = shown("https://files.invalid/fil_0199b0c67e4570008000000000000005", |_| {});
        assert!(file.contains("<strong>file</strong>") && !file.contains("fil_"), "{file}");
        let collection = shown("https://files.invalid/col_0199b0c67e4570008000000000000005", |given| {
            let named = Collection { name: "<i>".to_owned(), files: 2, ..collection("acme", 5) };
            given.destination.as_mut().unwrap().collection = Some(named.into());
        });
        assert!(collection.contains("<strong>&lt;i&gt;</strong>, a collection of 2 files."), "{collection}");
        assert!(!collection.contains("col_"), "{collection}");
        assert!(shown("mailto:a@example.com", |_| {}).contains("<strong>mailto:</strong>"));
    }

    #[test]
    fn page_tells_how_the_link_ends_and_what_it_asks_for() {
        let body = shown("https://www.example.com/secret", |given| {
            given.destination = None;
            given.expires_at = Timestamp::parse("2027-01-01T00:00:00Z").ok();
            given.clicks_left = Some(1);
        });
        for part in ["password", "Ends on <time", "Ends after 1 more visit.", "<h1>Where this link leads</h1>"] {
            assert!(body.contains(part), "{part}: {body}");
        }
        assert!(!body.contains("example.com") && !body.contains("Docs"), "{body}");
    }
}
