//! Takes reports of links at `/slug+report`.

use http::{HeaderValue, Response, header};
use waypost_domain::Slug;
use waypost_domain::abuse::file::{Filed, file_report};
use waypost_domain::abuse::new_report::{NewReport, ReportForm};
use waypost_domain::links::link::Link;
use waypost_domain::redirect::visit::Visit;
use waypost_http::problem::Problem;

use super::app::App;
use super::refusal::{refusal, too_large};
use crate::event::{Event, TooLarge};
use crate::pages;

/// The greatest size of a report, in bytes: enough for the longest comment and address, percent-encoded.
const MAX_REPORT_BYTES: usize = 16 * 1024;

/// Answers a request at the path where the link with this slug is reported. `None` if there is no such link, and the path may be a
/// link with a rest instead.
pub(super) async fn report(app: &App, event: &Event, slug: Slug) -> Option<Response<String>> {
    let visit = app.visit(event);
    match app.follow.visible_link(&visit, slug.clone(), app.follow.clock.now()).await {
        Ok(Some(link)) => Some(report_link(app, event, &visit, &slug, &link).await),
        Ok(None) if slug.has_slash() => None,
        Ok(None) => Some(refusal(event, Problem::no_such_path())),
        Err(error) => Some(refusal(event, error.into())),
    }
}

async fn report_link(app: &App, event: &Event, visit: &Visit, slug: &Slug, link: &Link) -> Response<String> {
    let posts = event.method() == "POST";
    if !posts && !matches!(event.method(), "GET" | "HEAD") {
        let mut response = refusal(event, Problem::no_such_method());
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
        return response;
    }
    if !posts {
        return pages::report_form(slug, None);
    }
    let Ok(form) = Form::read(event) else { return refusal(event, too_large(MAX_REPORT_BYTES)) };
    // Programs that fill in every field learn nothing.
    if !form.trap.trim().is_empty() {
        return pages::report_taken();
    }
    let fields = ReportForm { reason: &form.reason, comment: &form.comment, email: &form.email };
    let new = match NewReport::parse(&fields) {
        Ok(new) => new,
        Err(wrong) => return pages::report_form(slug, Some(&wrong)),
    };
    match file_report(&app.reports, link, &new, visit.address, app.follow.clock.now()).await {
        Ok(Filed::Taken) => pages::report_taken(),
        Ok(Filed::TooMany { retry_after_seconds }) => pages::report_later(slug, retry_after_seconds),
        Err(error) => refusal(event, error.into()),
    }
}

/// The fields of the form.
struct Form {
    reason: String,
    comment: String,
    email: String,
    trap: String,
}

impl Form {
    fn read(event: &Event) -> Result<Self, TooLarge> {
        let field = |name| {
            let value = event.form_field(name, MAX_REPORT_BYTES)?.unwrap_or_default();
            Ok(String::from_utf8_lossy(&value).into_owned())
        };
        Ok(Self {
            reason: field("reason")?,
            comment: field("comment")?,
            email: field("email")?,
            trap: field(pages::TRAP)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use waypost_domain::abuse::file::{REPORTS_OF_ALL, REPORTS_OF_AN_ADDRESS};
    use waypost_domain::abuse::ports::AbuseReportIndex;
    use waypost_domain::abuse::report::{AbuseReport, ReportStatus};
    use waypost_domain::testing::abuse::{MemoryReports, file_report_ports};

    use super::super::tests::{Given, given, header, with_method};
    use super::*;

    async fn given_reports() -> (Given, Arc<MemoryReports>) {
        let (mut given, reports) = (given().await, Arc::new(MemoryReports::default()));
        given.app.reports = file_report_ports(&reports);
        (given, reports)
    }

    fn post(path: &str, body: &str, address: &str) -> Event {
        let event = json!({
            "rawPath": path, "headers": {"host": "go.example.com", "accept": "text/html"}, "body": body,
            "requestContext": {"http": {"method": "POST", "sourceIp": address}},
        });
        serde_json::from_value(event).unwrap()
    }

    async fn all(reports: &MemoryReports) -> Vec<AbuseReport> {
        reports.latest(ReportStatus::Open, None, 1000).await.unwrap()
    }

    #[tokio::test]
    async fn link_is_reported_with_the_form_of_its_page() {
        let (given, reports) = given_reports().await;
        let (form, click) = given.answer(&with_method("GET", "/docs+report")).await;
        assert_eq!((form.status().as_u16(), click.is_none(), header(&form, "cache-control")), (200, true, "no-store"));
        assert!(form.body().contains("<form method=\"post\">"), "it is sent to its own URL");
        let body = "reason=phishing&comment=It+asks%0D%0Afor+my+%3Cpassword%3E&email=a%40example.com&website=";
        let (taken, click) = given.answer(&post("/docs%2Breport", body, "203.0.113.9")).await;
        assert_eq!((taken.status().as_u16(), click.is_none()), (200, true), "{}", taken.body());
        assert!(!taken.body().contains("password") && !taken.body().contains("example.com"));
        let report = all(&reports).await.remove(0);
        assert_eq!((report.slug.as_str(), report.count, report.url.as_str()), ("docs", 1, "https://example.com/docs"));
        assert_eq!(report.first[0].comment.as_deref(), Some("It asks\nfor my <password>"));
        assert_eq!(report.first[0].email.as_deref(), Some("a@example.com"));
    }

    #[tokio::test]
    async fn what_cannot_be_reported_is_refused() {
        let (given, reports) = given_reports().await;
        for (method, path, status) in [
            ("GET", "/old+report", 200),
            ("GET", "/secret+report", 200),
            ("HEAD", "/docs+report", 200),
            ("GET", "/none+report", 404),
            ("POST", "/none+report", 404),
            ("PUT", "/docs+report", 405),
            ("OPTIONS", "/docs+report", 405),
            ("POST", "/docs+report", 422),
        ] {
            let (response, click) = given.answer(&with_method(method, path)).await;
            assert_eq!((response.status().as_u16(), click.is_none()), (status, true), "{method} {path}");
        }
        assert_eq!(given.missed(&with_method("GET", "/none+report")).await, (404, None));
        for (body, status) in [
            ("reason=nonsense".to_owned(), 422),
            (format!("reason=spam&comment={}", "x".repeat(501)), 422),
            ("reason=spam&email=%3Cscript%3E".to_owned(), 422),
            (format!("reason=spam&comment={}", "x".repeat(MAX_REPORT_BYTES)), 413),
            ("reason=spam&website=https://spam.example".to_owned(), 200),
        ] {
            let (response, _) = given.answer(&post("/docs+report", &body, "203.0.113.9")).await;
            assert_eq!(response.status().as_u16(), status, "{}", &body[..20.min(body.len())]);
            assert!(!response.body().contains("<script>") && !response.body().contains("xxx"), "{}", response.body());
        }
        assert_eq!(all(&reports).await, []);
    }

    #[tokio::test]
    async fn longest_report_fits_into_the_form() {
        let (given, reports) = given_reports().await;
        let body = format!("reason=spam&comment={}&email={}%40a.example", "%F0%9F%92%A9".repeat(500), "a".repeat(240));
        let (response, _) = given.answer(&post("/docs+report", &body, "203.0.113.9")).await;
        assert_eq!((response.status().as_u16(), all(&reports).await.len()), (200, 1));
    }

    #[tokio::test]
    async fn floods_and_outages_are_told() {
        let (given, reports) = given_reports().await;
        let file = async |address: &str| given.answer(&post("/docs+report", "reason=spam", address)).await.0;
        for _ in 0..REPORTS_OF_AN_ADDRESS {
            assert_eq!(file("203.0.113.9").await.status().as_u16(), 200);
        }
        let later = file("203.0.113.9").await;
        assert_eq!((later.status().as_u16(), header(&later, "retry-after")), (429, "3355"));
        for n in REPORTS_OF_AN_ADDRESS..REPORTS_OF_ALL {
            assert_eq!(file(&format!("198.51.{}.{}", n / 100, n % 100)).await.status().as_u16(), 200);
        }
        assert_eq!(file("192.0.2.1").await.status().as_u16(), 429);
        reports.fail(true);
        assert_eq!(file("192.0.2.2").await.status().as_u16(), 503);
    }
}
