//! Makes the page of a file, from which visitors get it, and what chats and posts show of a link to one.

use std::fmt::Write;

use http::{HeaderValue, Response, header};
use waypost_domain::files::delivery::safe_name;
use waypost_domain::files::file::StoredFile;
use waypost_domain::redirect::file_page::{FileCard, FilePage, Shown};

use super::card::card_with;
use super::details::date;
use super::size::size;
use super::{POLICY_WITHOUT_FORMS, answer, escaped, page};

/// Makes the page of a file. It works without scripts, and loads nothing but what it shows of the file.
pub(crate) fn file_page(shown: &FilePage) -> Response<String> {
    let FilePage { file, content_type, download, shown, ends_at, downloads_left, .. } = shown;
    let mut content = String::new();
    if let Some((how, url)) = shown {
        let url = escaped(url);
        // Writing to a text cannot fail.
        let _ = match how {
            Shown::Image => write!(content, "<p><img src=\"{url}\" alt=\"The picture itself\"></p>"),
            Shown::Video => write!(content, "<p><video src=\"{url}\" controls preload=\"metadata\"></video></p>"),
            Shown::Audio => write!(content, "<p><audio src=\"{url}\" controls preload=\"metadata\"></audio></p>"),
        };
    }
    content.push_str(&file_facts(file, content_type));
    let mut ends = String::new();
    if let Some(end) = ends_at {
        let _ = write!(ends, " Ends on {}.", date(*end));
    }
    if let Some(left) = downloads_left {
        let _ = write!(ends, " Ends after {left} more download{}.", if *left == 1 { "" } else { "s" });
    }
    if !ends.is_empty() {
        let _ = write!(content, "<p>{}</p>", ends.trim_start());
    }
    match download {
        Some(url) => {
            let _ = write!(content, "<p><a href=\"{}\" rel=\"nofollow\">Download</a></p>", escaped(url));
        }
        // A button, which neither programs that follow links nor browsers that look ahead press.
        None => content.push_str("<form method=\"post\"><button>Download</button></form>"),
    }
    let mut response = answer(page(&title_of(file), "", &content));
    if let Ok(policy) = HeaderValue::try_from(policy(shown.as_ref().map(|(_, url)| url.as_str()), download.is_none())) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Makes what programs that fetch previews get: what the owner of the link wants them to show, else the file's name, size and type.
pub(crate) fn file_card(shown: &FileCard) -> Response<String> {
    let FileCard { file, preview } = shown;
    let mut preview = preview.clone();
    preview.title.get_or_insert_with(|| safe_name(&file.name));
    preview.description.get_or_insert_with(|| format!("{}, {}", size(file.size), file.delivery().content_type));
    card_with(&preview, "<p>A file. Open the link in a browser to get it.</p>")
}

/// Writes what a visitor may know of a file beside its name.
pub(super) fn file_facts(file: &StoredFile, content_type: &str) -> String {
    let exact = if file.size < 1000 { String::new() } else { format!(" ({} bytes)", file.size) };
    let mut facts = format!("<p>{}{exact}, {}</p>", size(file.size), escaped(content_type));
    let checksum = file.sha256.as_ref().map(|sum| ("SHA-256", sum.to_string()));
    let checksum = checksum.or_else(|| file.crc64nvme.as_ref().map(|sum| ("CRC-64/NVME", String::from(sum.clone()))));
    if let Some((name, sum)) = checksum {
        // Writing to a text cannot fail.
        let _ = write!(facts, "<p>{name}: <code>{}</code></p>", escaped(&sum));
    }
    facts
}

/// Makes the title of a page about a file: its name without marks that turn the direction of text.
pub(super) fn title_of(file: &StoredFile) -> String {
    escaped(&safe_name(&file.name)).into_owned()
}

/// Allows the page to load what it shows from its origin, and its form to come back here and go on to the bucket: browsers
/// apply `form-action` to the redirect after a form.
fn policy(shown: Option<&str>, has_form: bool) -> String {
    let mut policy = POLICY_WITHOUT_FORMS.to_owned();
    if has_form {
        policy = policy.replace("form-action 'none'", "form-action 'self' https: http:");
    }
    if let Some(origin) = shown.and_then(|url| url::Url::parse(url).ok()).map(|url| url.origin().ascii_serialization())
    {
        policy.push_str(&format!("; img-src {origin}; media-src {origin}"));
    }
    policy
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use waypost_domain::Timestamp;
    use waypost_domain::links::preview::LinkPreview;
    use waypost_domain::testing::samples::stored_file;

    const URL: &str = "https://bucket.example/files/acme/fil_1?a=1&b='2'";

    fn file(name: &str) -> Arc<StoredFile> {
        Arc::new(StoredFile { name: name.to_owned(), ..stored_file("acme", 5) })
    }

    fn shown(change: impl FnOnce(&mut FilePage)) -> Response<String> {
        let mut page = FilePage {
            file: file("a report.pdf"),
            content_type: "application/pdf".to_owned(),
            download: None,
            shown: None,
            ends_at: None,
            downloads_left: None,
            click: None,
        };
        change(&mut page);
        file_page(&page)
    }

    fn policy_of(response: &Response<String>) -> &str {
        response.headers()["content-security-policy"].to_str().unwrap()
    }

    #[test]
    fn page_tells_the_file_and_asks_by_a_form() {
        let response = shown(|page| {
            page.ends_at = Timestamp::parse("2027-01-01T00:00:00Z").ok();
            page.downloads_left = Some(1);
        });
        let body = response.body();
        for part in [
            "<h1>a report.pdf</h1>",
            "bytes), application/pdf",
            "Ends on <time",
            "Ends after 1 more download.",
            "<button>Download</button>",
        ] {
            assert!(body.contains(part), "{part}: {body}");
        }
        assert!(!body.contains("<a ") && !body.contains("<script") && !body.contains("fil_"), "{body}");
        assert!(policy_of(&response).contains("form-action 'self' https: http:"), "{}", policy_of(&response));
        assert_eq!(response.headers()["cache-control"], "no-store");
    }

    #[test]
    fn page_after_a_password_leads_to_the_bucket_and_shows_only_from_there() {
        for (how, tag) in [(Shown::Image, "<img src="), (Shown::Video, "<video src="), (Shown::Audio, "<audio src=")] {
            let response = shown(|page| {
                page.download = Some(URL.to_owned());
                page.shown = Some((how, URL.to_owned()));
            });
            let (body, policy) = (response.body(), policy_of(&response));
            let url = "https://bucket.example/files/acme/fil_1?a=1&amp;b=&apos;2&apos;";
            assert!(body.contains(&format!("<a href=\"{url}\" rel=\"nofollow\">Download</a>")), "{body}");
            assert!(body.contains(&format!("{tag}\"{url}\"")), "{body}");
            assert!(!body.contains("<form"), "{body}");
            assert!(policy.contains("form-action 'none'") && policy.starts_with("default-src 'none'"), "{policy}");
            assert!(policy.ends_with("; img-src https://bucket.example; media-src https://bucket.example"), "{policy}");
        }
    }

    #[test]
    fn no_name_becomes_markup_or_turns_the_text() {
        let long = "a".repeat(255);
        for name in [
            "<script>alert(1)</script>",
            "\"'><img src=x>",
            "x\u{202e}gpj.exe",
            "a\0b",
            "&lt;",
            "../../etc",
            &long,
            " ",
        ] {
            let card = file_card(&FileCard { file: file(name), preview: LinkPreview::default() });
            for body in [shown(|page| page.file = file(name)).body(), card.body()] {
                assert!(!body.contains("<script") && !body.contains("<img") && !body.contains('\u{202e}'), "{body}");
                assert!(!body.contains('\0') && !body.contains("content=\"\"'"), "{body}");
            }
        }
    }

    #[test]
    fn card_says_what_the_owner_wants_else_what_the_file_is() {
        let preview = LinkPreview { title: Some("Our plan".to_owned()), ..LinkPreview::default() };
        let own = file_card(&FileCard { file: file("a.pdf"), preview });
        assert!(own.body().contains("og:title\" content=\"Our plan\""), "{}", own.body());
        let card = file_card(&FileCard { file: file("a.pdf"), preview: LinkPreview::default() });
        for part in ["og:title\" content=\"a.pdf\"", "og:description\" content=\""] {
            assert!(card.body().contains(part), "{part}: {}", card.body());
        }
        for body in [own.body(), card.body()] {
            assert!(
                !body.contains("og:image") && !body.contains("bucket.") && !body.contains("files.invalid"),
                "{body}"
            );
        }
    }
}
