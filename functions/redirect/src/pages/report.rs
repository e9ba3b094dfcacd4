//! Makes the page at `/slug+report`, where a visitor reports a link.

use http::{Response, StatusCode, header};
use waypost_domain::Slug;
use waypost_domain::abuse::new_report::NewReport;

use super::{POLICY_OF_OWN_FORMS, answer, escaped, page, set};

/// The reasons of the form: their names, and what they are for people.
const REASONS: [(&str, &str); 6] = [
    ("phishing", "It asks for passwords or other secrets under a false name"),
    ("malware", "It spreads harmful programs"),
    ("fraud", "It deceives people for money"),
    ("spam", "I got it in spam"),
    ("illegal", "It is against the law"),
    ("other", "Something else"),
];

/// A field that people do not see and leave empty. Programs that fill in every field give themselves away.
pub(crate) const TRAP: &str = "website";

/// Makes the form. A browser sends it to the URL of the page. `wrong` says what is wrong with the one before.
pub(crate) fn report_form(slug: &Slug, wrong: Option<&str>) -> Response<String> {
    let alert = wrong.map(|wrong| format!("<p role=\"alert\">{}</p>", escaped(wrong))).unwrap_or_default();
    let reasons: String =
        REASONS.iter().map(|(name, text)| format!("<option value=\"{name}\">{text}</option>")).collect();
    let (comment, email) = (NewReport::MAX_COMMENT_CHARS, NewReport::MAX_EMAIL_CHARS);
    let content = format!(
        "{alert}<p>Tell the operator of this service that the short link <code>/{slug}</code> harms people. Please report only \
         what you have seen yourself.</p><form method=\"post\"><label for=\"reason\">What is wrong with it?</label>\
         <select id=\"reason\" name=\"reason\" required><option value=\"\">Please choose</option>{reasons}</select>\
         <label for=\"comment\">What did you see? (optional)</label>\
         <textarea id=\"comment\" name=\"comment\" rows=\"4\" maxlength=\"{comment}\"></textarea>\
         <label for=\"email\">Your e-mail address, if the operator may ask you (optional)</label>\
         <input id=\"email\" name=\"email\" type=\"email\" maxlength=\"{email}\" autocomplete=\"email\">\
         <div hidden><label for=\"{TRAP}\">Leave this empty</label>\
         <input id=\"{TRAP}\" name=\"{TRAP}\" tabindex=\"-1\" autocomplete=\"off\"></div>\
         <button>Report</button></form>",
        slug = escaped(slug.as_str())
    );
    let mut response = answer(page("Report this link", "", &content));
    set(&mut response, "content-security-policy", POLICY_OF_OWN_FORMS);
    if wrong.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// Makes the form again for a visitor who has to wait.
pub(crate) fn report_later(slug: &Slug, retry_after_seconds: u32) -> Response<String> {
    let mut response = report_form(slug, Some("Too many links were reported. Please try again within the hour."));
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response.headers_mut().insert(header::RETRY_AFTER, retry_after_seconds.into());
    response
}

/// Makes the page that thanks for a report. It never says what became of it.
pub(crate) fn report_taken() -> Response<String> {
    answer(page("Thank you", "", "<p>The operator of this service will look at the link.</p>"))
}

/// Makes the paragraph that leads to the form.
pub(super) fn report_link(slug: &Slug) -> String {
    let path = slug.encoded();
    format!("<p><a href=\"/{}+report\" rel=\"nofollow\">Report this link</a></p>", escaped(&path))
}

#[cfg(test)]
mod tests {
    use waypost_domain::abuse::new_report::ReportForm;

    use super::*;

    fn slug() -> Slug {
        Slug::parse("docs").unwrap()
    }

    #[test]
    fn every_reason_of_the_form_can_be_sent() {
        let form = report_form(&slug(), None);
        for (name, text) in REASONS {
            assert!(form.body().contains(&format!("<option value=\"{name}\">{text}</option>")), "{name}");
            assert!(NewReport::parse(&ReportForm { reason: name, ..ReportForm::default() }).is_ok(), "{name}");
        }
    }

    #[test]
    fn form_is_labelled_needs_no_script_and_says_what_is_wrong() {
        let form = report_form(&slug(), None);
        assert_eq!(form.status(), StatusCode::OK);
        for name in ["reason", "comment", "email", TRAP] {
            let parts = [format!("<label for=\"{name}\">"), format!("id=\"{name}\" name=\"{name}\"")];
            assert!(parts.iter().all(|part| form.body().contains(part)), "{name}: {}", form.body());
        }
        assert!(!form.body().contains("<script") && !form.body().contains("role=\"alert\""));
        let policy = form.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("form-action 'self'") && policy.contains("default-src 'none'"), "{policy}");
        let wrong = report_form(&slug(), Some("<b>Wrong</b>"));
        assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.body().contains("<p role=\"alert\">&lt;b&gt;Wrong&lt;/b&gt;</p>"), "{}", wrong.body());
        let later = report_later(&slug(), 7);
        assert_eq!(
            (later.status(), &later.headers()["retry-after"]),
            (StatusCode::TOO_MANY_REQUESTS, &"7".parse().unwrap())
        );
    }
}
