//! Makes the pages of files that visitors do not get now.

use http::{Response, header};
use waypost_domain::files::state::Wait;
use waypost_http::problem::Problem;

use super::{page, refusal};

/// How long a browser waits before it asks for the file again, in seconds.
pub(crate) const RELOAD_SECONDS: u64 = 10;

/// Answers for a file that will be there later. The page asks again by itself, without scripts.
pub(crate) fn waits(accept: Option<&str>, problem: Problem, wait: Wait) -> Response<String> {
    let text = match wait {
        Wait::Upload => "It is still being uploaded.",
        Wait::Inspection => "It is still being checked for harmful content.",
    };
    let head = format!("<meta http-equiv=\"refresh\" content=\"{RELOAD_SECONDS}\">");
    let content = format!("<p>{text} This page looks again every {RELOAD_SECONDS} seconds.</p>");
    with_page(refusal(accept, problem), || page("The file is not here yet", &head, &content))
}

/// Answers for a file that was blocked.
pub(crate) fn blocked_file(accept: Option<&str>, problem: Problem) -> Response<String> {
    let text = "<p>It was found to be harmful, or is not what its owner announced. So nobody gets it.</p>";
    with_page(refusal(accept, problem), || page("This file is blocked", "", text))
}

/// Gives a refusal that is a page another page.
fn with_page(mut refusal: Response<String>, page: impl FnOnce() -> String) -> Response<String> {
    let kind = refusal.headers().get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        *refusal.body_mut() = page();
    }
    refusal
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    fn problem() -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "file-not-ready", "The file is not ready", "").with_retry_after(10)
    }

    #[test]
    fn page_asks_again_and_a_program_is_told_when() {
        for wait in [Wait::Upload, Wait::Inspection] {
            for (accept, is_page) in [(Some("text/html"), true), (Some("*/*"), false), (None, false)] {
                let response = waits(accept, problem(), wait);
                assert_eq!(
                    (response.status(), &response.headers()["retry-after"]),
                    (StatusCode::NOT_FOUND, &"10".parse().unwrap())
                );
                let reloads = response.body().contains("<meta http-equiv=\"refresh\" content=\"10\">");
                assert_eq!(reloads, is_page, "{accept:?}");
            }
        }
    }

    #[test]
    fn blocked_file_never_asks_again() {
        let response = blocked_file(Some("text/html"), problem());
        assert!(response.body().contains("blocked") && !response.body().contains("refresh"), "{}", response.body());
    }
}
