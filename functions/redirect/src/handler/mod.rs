//! Turns a visitor's request into the answer, and the click or the visit to no link to count.

mod app;
mod collection;
mod file;
mod front_door;
mod refusal;
mod report;

use std::time::Duration;

use http::{HeaderValue, Response, StatusCode, header};
use waypost_domain::redirect::details::slug_before_report;
use waypost_domain::redirect::follow::{FollowLinkPorts, Intent, Methods, Outcome, Redirect, follow_link};
use waypost_domain::redirect::pending_event::PendingEvent;
use waypost_domain::redirect::record_miss::record_miss;
use waypost_domain::redirect::unanswered::{AppDocument, Missed};
use waypost_domain::redirect::visit::Visit;
use waypost_domain::{RedirectStatus, TargetUrl};
use waypost_http::problem::Problem;

pub(crate) use self::app::App;
use self::refusal::{refusal, too_large};
use crate::event::Event;
use crate::pages;

/// The greatest size of a form, in bytes: enough for a percent-encoded password.
const MAX_FORM_BYTES: usize = 4096;
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// Asks browsers to come by HTTPS from now on (RFC 6797). They ignore it if they came by HTTP, as they do here locally.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// An answer, and the click or the miss that it counts as, if it does.
pub(crate) type Answer = (Response<String>, Option<PendingEvent>);

/// How long a visitor waits for the list of blocked targets at most, once in fifteen seconds.
const MAX_REFRESH: Duration = Duration::from_millis(250);

/// Answers the request in `event`. No request of a visitor causes an error of the function.
pub(crate) async fn handle(app: &App, event: &Event, request_id: &str) -> Answer {
    // Beside the link's own read, so that a visit after a long idle time does not go by an old list. A table that does not answer
    // must not make a visitor wait whose link is in memory: the next visits ask again.
    let refresh = async {
        if let Some(list) = &app.block_list
            && tokio::time::timeout(MAX_REFRESH, list.refresh()).await.is_err()
        {
            tracing::warn!(event = "block_list.not_read", error = "the table did not answer in time");
        }
    };
    let ((mut response, click), ()) = tokio::join!(answer(app, event), refresh);
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    if event.method() == "HEAD" {
        response.body_mut().clear();
    }
    (response, click)
}

async fn answer(app: &App, event: &Event) -> Answer {
    if app.follow.domains.for_host(event.host()).is_none() {
        return (refusal(event, misdirected()), None);
    }
    if let Some(slug) = slug_before_report(&event.raw_path)
        && let Some(response) = report::report(app, event, slug).await
    {
        return (response, None);
    }
    let form;
    let intent = match event.method() {
        "GET" => Intent::Follow,
        "HEAD" => Intent::Look,
        "POST" => {
            form = event.form_field("password", MAX_FORM_BYTES).map(Option::unwrap_or_default);
            Intent::Post { password: form.as_deref().ok() }
        }
        "PUT" | "PATCH" | "DELETE" => Intent::Keep,
        "OPTIONS" => Intent::LookAndKeep,
        _ => Intent::Unknown,
    };
    match event.raw_path.as_str() {
        _ if !matches!(intent, Intent::Follow | Intent::Look) => {}
        "/robots.txt" => return (pages::robots(), None),
        "/favicon.ico" => return (pages::no_icon(), None),
        // A gateway may match no route at the slash: the console is without it, too.
        "/console/" => return (pages::console(), None),
        "/" => return (root(app, event).await, None),
        path => {
            if let Some(document) = AppDocument::at(path) {
                return (app_document(app, event, document).await, None);
            }
        }
    }
    let visit = app.visit(event);
    match follow_link(&app.follow, &visit, intent).await {
        Ok(Outcome::Redirect(redirect)) => match redirect_response(*redirect) {
            Some(answer) => answer,
            None => (not_found(app, event).await, miss(app, &visit, intent)),
        },
        Ok(Outcome::File(served)) => file::answer(*served, event),
        Ok(Outcome::Collection(listing)) => collection::answer(*listing),
        Ok(Outcome::Details(details)) => (pages::details(&details), None),
        Ok(Outcome::NoDetails) => (refusal(event, gone()), None),
        Ok(Outcome::Gone(None)) => (ended(app, event).await, None),
        Ok(Outcome::Gone(url)) => (redirect_or_not_found(url.as_ref(), event), None),
        Ok(Outcome::NotFound) => (not_found(app, event).await, miss(app, &visit, intent)),
        Ok(Outcome::Blocked) => (pages::blocked(event.headers.accept.as_deref(), blocked()), None),
        // Only a form is read, and only for a link that asks for one.
        Ok(Outcome::Locked(_)) if intent == (Intent::Post { password: None }) => {
            (refusal(event, too_large(MAX_FORM_BYTES)), None)
        }
        Ok(Outcome::Locked(locked)) => (pages::password_form(locked, app.follow.domains.schemes()), None),
        Ok(Outcome::MethodNotAllowed(methods)) => (no_such_method(event, methods), None),
        Err(error) => (refusal(event, error.into()), None),
    }
}

/// Makes the event of a visit that was not found. Like a click, only a GET has one.
fn miss(app: &App, visit: &Visit, intent: Intent<'_>) -> Option<PendingEvent> {
    let FollowLinkPorts { domains, clock, random, .. } = &app.follow;
    (intent == Intent::Follow).then(|| record_miss(visit, domains, &app.misses, clock.now(), random.as_ref())).flatten()
}

/// Makes the redirect of a link. Send `no-store` with every status: 301 and 308 tell search engines that the move is permanent,
/// but every click must still arrive here, to be counted and to follow the current rules.
///
/// After a password, sends 303 and no referrer, so that the target gets neither the form nor the link's URL. A page leads to a target
/// that does not fit into a header.
fn redirect_response(redirect: Redirect) -> Option<Answer> {
    let Redirect { url, status, is_unlocked: unlocked, preview, click } = redirect;
    let click = click.map(PendingEvent::from);
    if let Some(preview) = preview {
        return Some((pages::card(&preview, &url), click));
    }
    if !url.fits_header() {
        let mut response = pages::onward(&url);
        if !unlocked {
            response.headers_mut().remove(header::REFERRER_POLICY);
        }
        return Some((response, click));
    }
    let code = if unlocked { StatusCode::SEE_OTHER } else { StatusCode::from_u16(status.into()).ok()? };
    let mut response = Response::new(String::new());
    *response.status_mut() = code;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_str(url.as_str()).ok()?);
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    if unlocked {
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
    if unlocked || matches!(status, RedirectStatus::Found | RedirectStatus::TemporaryRedirect) {
        headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    }
    Some((response, click))
}

/// Redirects with 302 to `url`, or answers 404. Counts no click.
fn redirect_or_not_found(url: Option<&TargetUrl>, event: &Event) -> Response<String> {
    if let Some(url) = url.filter(|url| !url.fits_header()) {
        return pages::onward(url);
    }
    let Some(location) = url.and_then(|url| HeaderValue::from_str(url.as_str()).ok()) else {
        return refusal(event, Problem::no_such_path());
    };
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    response
}

/// Redirects the bare domain to the URL that it or the stack has for that.
async fn root(app: &App, event: &Event) -> Response<String> {
    match app.unanswered.target(&app.follow.domains, event.host(), Missed::Root).await {
        Ok(url) => redirect_or_not_found(url.as_ref(), event),
        Err(error) => refusal(event, error.into()),
    }
}

/// Redirects an unknown path to the URL that the domain or the stack has for that. Under the API's path, answers 404: its clients need
/// to know. So does a path whose domain cannot be read: 404 is always true.
async fn not_found(app: &App, event: &Event) -> Response<String> {
    let path = event.raw_path.as_str();
    if path == "/v1" || path.starts_with("/v1/") {
        return refusal(event, Problem::no_such_path());
    }
    redirect_or_not_found(missed(app, event, Missed::NotFound).await.as_ref(), event)
}

/// Redirects a link that has ended to the URL that its domain has for that, or answers 410.
async fn ended(app: &App, event: &Event) -> Response<String> {
    match missed(app, event, Missed::Ended).await {
        Some(url) => redirect_or_not_found(Some(&url), event),
        None => refusal(event, gone()),
    }
}

/// Returns where a visit leads that no link answers. If the domain cannot be read, it leads nowhere.
async fn missed(app: &App, event: &Event, missed: Missed) -> Option<TargetUrl> {
    let url = app.unanswered.target(&app.follow.domains, event.host(), missed).await;
    url.inspect_err(|error| tracing::warn!(event = "domains.unavailable", operation = error.operation, %error))
        .ok()
        .flatten()
}

/// Answers with a document about apps that open the domain's links. Phones follow no redirect here.
async fn app_document(app: &App, event: &Event, document: AppDocument) -> Response<String> {
    match app.unanswered.document(&app.follow.domains, event.host(), document).await {
        Ok(Some(json)) => pages::json_document(json),
        Ok(None) => refusal(event, Problem::no_such_path()),
        Err(error) => refusal(event, error.into()),
    }
}

fn no_such_method(event: &Event, methods: Methods) -> Response<String> {
    let mut response = refusal(event, Problem::no_such_method());
    let allow = match methods {
        Methods::Follow => "GET, HEAD",
        Methods::FollowOrSubmit => "GET, HEAD, POST",
        Methods::All => "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    };
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

/// Refuses a request to a host that the stack does not serve (RFC 9110, section 15.5.20). It answers with no domain's links, since
/// whoever points a host here would get them.
fn misdirected() -> Problem {
    let detail = "this host serves no links; the operator can add it to the parameters Domains or OtherHosts";
    Problem::new(StatusCode::MISDIRECTED_REQUEST, "misdirected", "Misdirected request", detail)
}

fn gone() -> Problem {
    Problem::new(StatusCode::GONE, "gone", "Gone", "this link has expired or was used up")
}

/// Refuses a link whose target the operator has blocked. It never says where the link would lead.
fn blocked() -> Problem {
    let detail = "this link was blocked, because it leads to a place that harms people";
    Problem::new(StatusCode::GONE, "blocked", "Blocked", detail)
}

#[cfg(test)]
mod tests;
