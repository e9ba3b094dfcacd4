//! Answers visits to links that lead to files.

use http::{HeaderValue, Response, StatusCode, header};
use waypost_domain::files::state::Wait;
use waypost_domain::redirect::file_share::{Download, ServedFile};
use waypost_domain::redirect::pending_event::PendingEvent;
use waypost_http::problem::Problem;

use super::Answer;
use super::refusal::refusal;
use crate::event::Event;
use crate::pages;

/// Makes the answer. Only what gives the file can have a click.
pub(super) fn answer(served: ServedFile, event: &Event) -> Answer {
    match served {
        ServedFile::Download(Download { url, after_form, click }) => match redirect(&url, after_form) {
            Some(response) => (response, click.map(|click| PendingEvent::from(*click))),
            None => (refusal(event, Problem::no_such_path()), None),
        },
        ServedFile::Page(mut page) => {
            let click = page.click.take().map(|click| PendingEvent::from(*click));
            (pages::file_page(&page), click)
        }
        ServedFile::Card(card) => (pages::file_card(&card), None),
        ServedFile::Waits(wait) => (waits(event, wait), None),
        ServedFile::Blocked => (pages::blocked_file(event.headers.accept.as_deref(), blocked()), None),
    }
}

/// Redirects to a signed URL. It is for this visitor and this minute, whatever status the link has, and the bucket need not know where the
/// visitor comes from.
fn redirect(url: &str, after_form: bool) -> Option<Response<String>> {
    let mut response = Response::new(String::new());
    *response.status_mut() = if after_form { StatusCode::SEE_OTHER } else { StatusCode::FOUND };
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_str(url).ok()?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    Some(response)
}

/// Says that the file is not there yet. Nothing of ours fails, so the status is not 503.
fn waits(event: &Event, wait: Wait) -> Response<String> {
    let detail = match wait {
        Wait::Upload => "the file that this link leads to is still being uploaded",
        Wait::Inspection => "the file that this link leads to is still being inspected",
    };
    let problem = Problem::new(StatusCode::NOT_FOUND, "file-not-ready", "The file is not ready", detail);
    let problem = problem.with_retry_after(pages::RELOAD_SECONDS);
    pages::waits(event.headers.accept.as_deref(), problem, wait)
}

/// Refuses a file that was found to be harmful, or not to be what was announced.
fn blocked() -> Problem {
    let detail = "the file that this link leads to was found to be harmful, or is not what its owner announced";
    Problem::new(StatusCode::GONE, "blocked", "Blocked", detail)
}
