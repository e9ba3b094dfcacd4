//! Refuses requests.

use http::{Response, StatusCode};
use waypost_http::problem::Problem;

use crate::event::Event;
use crate::pages;

/// Answers with `problem`: with a page for a browser.
pub(super) fn refusal(event: &Event, problem: Problem) -> Response<String> {
    pages::refusal(event.headers.accept.as_deref(), problem)
}

/// Refuses a form with more bytes than it may have.
pub(super) fn too_large(max_bytes: usize) -> Problem {
    let detail = format!("the form is larger than {max_bytes} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail)
}
