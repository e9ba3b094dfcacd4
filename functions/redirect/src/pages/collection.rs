//! Makes the page that lists the files of a collection.

use std::fmt::Write;

use http::Response;
use waypost_domain::files::collections::collection::Collection;
use waypost_domain::files::state::Wait;
use waypost_domain::redirect::collection_share::{ListedFile, ListedState, Listing};
use waypost_domain::redirect::further_page::PARAMETER;

use super::report::report_link;
use super::size::size;
use super::{answer, escaped, page};

/// Makes the page. Its downloads are signed requests, so that it is for this visitor alone and no cache keeps it.
pub(crate) fn collection(listing: &Listing) -> Response<String> {
    let Listing { collection, files, next, is_further, .. } = listing;
    let mut content = format!("<p>{}.</p>", summary(collection));
    let mut open: Option<&str> = None;
    for file in files {
        if open != Some(file.folders.as_str()) {
            content.push_str(if open.is_some() { "</ul>" } else { "" });
            if !file.folders.is_empty() {
                // Writing to a text cannot fail.
                let _ = write!(content, "<h2>{}</h2>", escaped(&file.folders));
            }
            content.push_str("<ul>");
            open = Some(&file.folders);
        }
        entry(&mut content, file);
    }
    content.push_str(match (open, is_further) {
        (Some(_), _) => "</ul>",
        (None, false) => "<p>There are no files here yet.</p>",
        (None, true) => "<p>There are no more files.</p>",
    });
    if let Some(next) = next {
        let _ = write!(content, "<p><a href=\"?{PARAMETER}={next}\" rel=\"nofollow\">More files</a></p>");
    }
    if files.iter().any(|file| matches!(file.state, ListedState::Ready(_))) {
        content.push_str("<p>The downloads work for an hour. Open the link again for new ones.</p>");
    }
    content.push_str(&report_link(&listing.slug));
    answer(page(&escaped(&collection.name), "", &content))
}

/// Says how many files a collection has, and how large they are.
fn summary(collection: &Collection) -> String {
    let Collection { files, bytes, .. } = collection;
    match files {
        1 => format!("1 file, {}", size(*bytes)),
        _ => format!("{files} files, {}", size(*bytes)),
    }
}

fn entry(to: &mut String, file: &ListedFile) {
    let (name, kind, bytes) = (escaped(&file.name), escaped(&file.content_type), size(file.size));
    let missing = match &file.state {
        ListedState::Ready(url) => {
            let url = escaped(url);
            let _ = write!(to, "<li><a href=\"{url}\" rel=\"nofollow\">{name}</a> ({bytes}, {kind})</li>");
            return;
        }
        ListedState::Waits(Wait::Upload) => "still being uploaded",
        ListedState::Waits(Wait::Inspection) => "still being checked for harmful content",
        ListedState::Blocked => "blocked: found to be harmful, or not what its owner announced",
    };
    let _ = write!(to, "<li>{name} ({bytes}; {missing})</li>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use waypost_domain::Slug;
    use waypost_domain::testing::samples::collection as sample;

    fn file(folders: &str, name: &str, state: ListedState) -> ListedFile {
        ListedFile { folders: folders.into(), name: name.into(), size: 1_500, content_type: "image/png".into(), state }
    }

    fn listing(files: Vec<ListedFile>) -> Listing {
        let collection = Collection { files: 3, bytes: 4_500, name: "<b>Mai</b>".into(), ..sample("acme", 1) };
        let (collection, slug) = (Arc::new(collection), Slug::parse("docs").unwrap());
        Listing { collection, slug, files, is_further: false, next: None, click: None }
    }

    fn ready() -> ListedState {
        ListedState::Ready("https://bucket.example/a?b=\"&c=<".to_owned())
    }

    #[test]
    fn folder_has_one_heading_and_every_text_is_escaped() {
        let files = vec![
            file("", "<script>.png", ready()),
            file("a & b", "x", ListedState::Waits(Wait::Inspection)),
            file("a & b", "y", ListedState::Blocked),
            file("a & b/c", "z", ListedState::Waits(Wait::Upload)),
        ];
        let response = collection(&listing(files));
        let body = response.body();
        for part in [
            "<h1>&lt;b&gt;Mai&lt;/b&gt;</h1><p>3 files, 4.5 kB.</p><ul><li><a href=\"https://bucket.example/a?b=&quot;&amp;c=&lt;\" rel=\"nofollow\">&lt;script&gt;.png</a> (1.5 kB, image/png)</li></ul>",
            "<h2>a &amp; b</h2><ul><li>x (1.5 kB; still being checked",
            "</li><li>y (1.5 kB; blocked",
            "</li></ul><h2>a &amp; b/c</h2><ul><li>z (1.5 kB; still being uploaded)</li></ul>",
            "<a href=\"/docs+report\"",
        ] {
            assert!(body.contains(part), "{part}: {body}");
        }
        assert!(!body.contains("<script") && !body.contains("More files"), "{body}");
        let policy = response.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("script-src"), "{policy}");
        for (name, value) in
            [("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-robots-tag", "noindex")]
        {
            assert_eq!(response.headers()[name], value);
        }
    }

    #[test]
    fn next_page_is_at_the_same_path_and_an_empty_one_says_so() {
        let more = Listing { next: Some("AbC_-1".into()), ..listing(vec![file("", "x", ready())]) };
        assert!(collection(&more).body().contains("<a href=\"?after=AbC_-1\" rel=\"nofollow\">More files</a>"));
        assert!(collection(&listing(Vec::new())).body().contains("no files here yet"));
        let last = Listing { is_further: true, ..listing(Vec::new()) };
        assert!(collection(&last).body().contains("no more files"));
    }
}
