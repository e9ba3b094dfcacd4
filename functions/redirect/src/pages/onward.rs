//! Makes the page that leads to a target which does not fit into a header.

use http::Response;
use waypost_domain::TargetUrl;

use super::{answer, escaped, page};

/// Makes a page that sends a browser on to `url` at once, without scripts, and has a link for everyone else.
pub(crate) fn onward(url: &TargetUrl) -> Response<String> {
    let url = escaped(url.as_str());
    let head = format!("<meta http-equiv=\"refresh\" content=\"0;url={url}\">");
    let content = format!("<p><a href=\"{url}\">Continue</a></p>");
    answer(page("This link leads on", &head, &content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use waypost_domain::Domains;

    #[test]
    fn target_is_escaped() {
        let domains = Domains::parse("go.example.com").unwrap();
        let url = TargetUrl::parse("https://example.com/a'b?a=1&b=\"><script>&c='\\#<b>'", &domains).unwrap();
        let response = onward(&url);
        let body = response.body();
        assert_eq!(
            body.matches("https://example.com/a&apos;b?a=1&amp;b=%22%3E%3Cscript%3E&amp;c=%27\\#%3Cb%3E&apos;").count(),
            2,
            "{body}"
        );
        assert!(!body.contains("<script") && !body.contains("a'b"), "{body}");
        assert!(response.headers()["content-security-policy"].to_str().unwrap().contains("form-action 'none'"));
    }
}
