//! Makes the answers without a redirect: a small page for a browser, a problem for other clients. Pages work without scripts,
//! load nothing, and cannot be framed.

mod card;
mod collection;
mod details;
mod file;
mod file_state;
mod onward;
mod report;
mod size;

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use waypost_domain::TargetUrl;
use waypost_domain::files::target::file_of;
use waypost_domain::redirect::follow::Locked;
use waypost_domain::values::schemes::TargetSchemes;
use waypost_http::problem::Problem;

use crate::event::wants_page;

pub(crate) use card::card;
pub(crate) use collection::collection;
pub(crate) use details::details;
pub(crate) use file::{file_card, file_page};
pub(crate) use file_state::{RELOAD_SECONDS, blocked_file, waits};
pub(crate) use onward::onward;
pub(crate) use report::{TRAP, report_form, report_later, report_taken};

/// The style of all pages. The policy below names its hash; a test compares the two.
const STYLE: &str = ":root{color-scheme:light dark}body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}\
     h1{overflow-wrap:anywhere}input,button,select,textarea{font:inherit;padding:.4em .6em}input,select,textarea{display:block;\
     width:100%;box-sizing:border-box;margin:.3em 0 1em}img,video,audio{max-width:100%}[role=alert]{font-weight:bold}code{overflow-wrap:anywhere}";

/// Allows any web site in `form-action`: browsers apply it to the redirect after the form, which leads to the target. The schemes
/// that the operator allows follow.
const POLICY: &str = "default-src 'none'; style-src 'sha256-kMpyFyIXEQ0O/N2Y7cAMqq2kFWxR/j2ubBu7J+R+OUY='; \
     frame-ancestors 'none'; base-uri 'none'; form-action https: http:";

/// The policy of pages without a form.
const POLICY_WITHOUT_FORMS: &str = "default-src 'none'; style-src 'sha256-kMpyFyIXEQ0O/N2Y7cAMqq2kFWxR/j2ubBu7J+R+OUY='; \
     form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/// The policy of pages with a form that leads back here.
const POLICY_OF_OWN_FORMS: &str = "default-src 'none'; style-src 'sha256-kMpyFyIXEQ0O/N2Y7cAMqq2kFWxR/j2ubBu7J+R+OUY='; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Writes `problem` in the form that `accept` asks for.
pub(crate) fn refusal(accept: Option<&str>, problem: Problem) -> Response<String> {
    let mut response = problem.into_http().map(|body| String::from_utf8(body).unwrap_or_default());
    if wants_page(accept) {
        *response.body_mut() = message(response.status());
        as_page(&mut response);
    }
    set(&mut response, "x-robots-tag", "noindex");
    set(&mut response, "x-content-type-options", "nosniff");
    response
}

/// Makes the form that asks for the password of a link. A browser sends it to the URL of the page, query included.
/// `schemes` are those that a target may have beside `http` and `https`.
pub(crate) fn password_form(locked: Locked, schemes: &TargetSchemes) -> Response<String> {
    let (status, alert) = match locked {
        Locked::Asked => (StatusCode::OK, ""),
        Locked::Wrong => (StatusCode::FORBIDDEN, "That is not the password."),
        Locked::TooMany { .. } => {
            (StatusCode::TOO_MANY_REQUESTS, "Too many passwords were tried. Please wait a minute.")
        }
    };
    let (alert, described) = if alert.is_empty() {
        (String::new(), "")
    } else {
        (format!("<p role=\"alert\" id=\"alert\">{alert}</p>"), " aria-invalid=\"true\" aria-describedby=\"alert\"")
    };
    let form = format!(
        "{alert}<form method=\"post\"><label for=\"password\">Password</label>\
         <input id=\"password\" name=\"password\" type=\"password\" required autofocus autocomplete=\"off\" \
         maxlength=\"1024\"{described}><button>Continue</button></form>"
    );
    let mut response = Response::new(page("This link has a password", "", &form));
    *response.status_mut() = status;
    as_page(&mut response);
    if let Ok(policy) =
        HeaderValue::try_from(schemes.iter().fold(POLICY.to_owned(), |policy, scheme| policy + " " + scheme + ":"))
    {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    set(&mut response, "cache-control", "no-store");
    set(&mut response, "x-robots-tag", "noindex");
    set(&mut response, "x-content-type-options", "nosniff");
    if let Locked::TooMany { retry_after_seconds } = locked {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_seconds));
    }
    response
}

/// Allows crawlers everything: without that, previews of short links would be empty. `X-Robots-Tag` keeps short links out of
/// indexes, and only a crawler that may fetch them sees it.
pub(crate) fn robots() -> Response<String> {
    let mut response = Response::new("User-agent: *\nDisallow:\n".to_owned());
    set(&mut response, "content-type", "text/plain; charset=utf-8");
    set(&mut response, "cache-control", "public, max-age=86400");
    set(&mut response, "x-content-type-options", "nosniff");
    response
}

/// Leads to the web console, which is a function of its own.
pub(crate) fn console() -> Response<String> {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::FOUND;
    set(&mut response, "location", "/console");
    set(&mut response, "cache-control", "no-store");
    response
}

/// Makes an answer of a JSON document that anyone may keep for an hour.
pub(crate) fn json_document(json: String) -> Response<String> {
    let mut response = Response::new(json);
    set(&mut response, "content-type", "application/json");
    set(&mut response, "cache-control", "public, max-age=3600");
    set(&mut response, "x-content-type-options", "nosniff");
    response
}

/// Answers a browser's request for an icon with 204: Waypost has no icon.
pub(crate) fn no_icon() -> Response<String> {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    set(&mut response, "cache-control", "public, max-age=86400");
    response
}

fn as_page(response: &mut Response<String>) {
    set(response, "content-type", "text/html; charset=utf-8");
    set(response, "content-security-policy", POLICY);
    set(response, "referrer-policy", "no-referrer");
}

fn set(response: &mut Response<String>, name: &'static str, value: &'static str) {
    response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
}

/// Answers for a link whose target is blocked.
pub(crate) fn blocked(accept: Option<&str>, problem: Problem) -> Response<String> {
    let mut response = refusal(accept, problem);
    if response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        let text = "It leads to a place that harms people, and was blocked.";
        *response.body_mut() = page("This link is blocked", "", &format!("<p>{text}</p>"));
    }
    response
}

fn message(status: StatusCode) -> String {
    let (title, text) = match status {
        StatusCode::NOT_FOUND => ("There is no such link", "It may have been mistyped or removed."),
        StatusCode::GONE => {
            ("This link has ended", "It has expired, was followed as often as it could be, or its file was removed.")
        }
        StatusCode::METHOD_NOT_ALLOWED => ("That does not work here", "A short link can only be followed."),
        StatusCode::PAYLOAD_TOO_LARGE => ("That does not work here", "What was sent is too large."),
        _ => ("This link cannot be followed right now", "Please try again in a moment."),
    };
    page(title, "", &format!("<p>{text}</p>"))
}

/// Makes a page. All three are HTML: what comes from a link must have gone through [`escaped`].
fn page(title: &str, head: &str, content: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         {head}<title>{title}</title><style>{STYLE}</style><main><h1>{title}</h1>{content}</main></html>"
    )
}

/// Makes the answer with a page that has no form and that nobody may keep or list.
fn answer(page: String) -> Response<String> {
    let mut response = Response::new(page);
    as_page(&mut response);
    set(&mut response, "content-security-policy", POLICY_WITHOUT_FORMS);
    set(&mut response, "cache-control", "no-store");
    set(&mut response, "x-robots-tag", "noindex");
    set(&mut response, "x-content-type-options", "nosniff");
    response
}

/// Names where a URL leads, for people: a file, or its host, or for other schemes than `http` and `https` its scheme.
fn place(url: &TargetUrl) -> String {
    if file_of(url).is_some() {
        return "a file".to_owned();
    }
    if url.is_own_file() {
        return "a collection of files".to_owned();
    }
    let parsed = url::Url::parse(url.as_str()).ok();
    let host = parsed.as_ref().filter(|_| url.is_web()).and_then(|url| url.host_str());
    let scheme = || url.as_str().split(':').next().unwrap_or_default();
    host.map_or_else(|| format!("{}:", scheme()), str::to_owned)
}

/// Writes `text` as HTML that means just this text, in an element or in a quoted attribute. Every text of a link goes through here.
fn escaped(text: &str) -> Cow<'_, str> {
    htmlize::escape_all_quotes(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest, Sha256};

    #[test]
    fn policy_allows_only_the_style() {
        let hash = STANDARD.encode(Sha256::digest(STYLE));
        for policy in [POLICY, POLICY_WITHOUT_FORMS, POLICY_OF_OWN_FORMS] {
            assert!(policy.contains(&format!("style-src 'sha256-{hash}'")), "{hash}");
            assert!(policy.starts_with("default-src 'none'"));
        }
    }

    #[test]
    fn form_says_what_is_wrong() {
        let schemes = TargetSchemes::parse("mailto,myapp").unwrap();
        let password_form = |locked| password_form(locked, &schemes);
        let asked = password_form(Locked::Asked);
        let policy = asked.headers()["content-security-policy"].to_str().unwrap();
        assert!(
            policy.ends_with("form-action https: http: mailto: myapp:"),
            "the redirect after the form is one of the form: {policy}"
        );
        assert_eq!(asked.status(), StatusCode::OK);
        for part in ["<html lang=", "<label for=\"password\">", "autofocus", "method=\"post\"", "<button>"] {
            assert!(asked.body().contains(part), "{part}");
        }
        assert!(!asked.body().contains("role=\"alert\"") && !asked.body().contains("<script"));
        let wrong = password_form(Locked::Wrong);
        assert_eq!(wrong.status(), StatusCode::FORBIDDEN);
        assert!(wrong.body().contains("role=\"alert\"") && wrong.body().contains("aria-describedby"));
        let later = password_form(Locked::TooMany { retry_after_seconds: 7 });
        assert_eq!(later.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(later.headers()["retry-after"], "7");
        assert_eq!(later.headers()["cache-control"], "no-store");
    }
}
