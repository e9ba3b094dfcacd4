//! Replaces the beginning of targets: a host, or a host and the beginning of a path.

use url::Url;

use crate::links::list::ListRequest;

/// The beginning of a target, in the normal form of targets.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Prefix {
    /// `http` or `https`; both if absent.
    scheme: Option<String>,
    /// What follows `://`.
    rest: String,
    /// Whether `rest` is a host, perhaps with a port, and nothing more.
    is_host: bool,
}

impl Prefix {
    fn parse(text: &str) -> Result<Self, String> {
        let (text, longest) = (text.trim(), ListRequest::MAX_TARGET_CHARS);
        if text.is_empty() || text.chars().count() > longest {
            return Err(format!("must have 1 to {longest} characters"));
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, text),
        };
        if scheme.as_ref().is_some_and(|scheme| !["http", "https"].contains(&scheme.as_str())) {
            return Err("must begin with http://, https:// or a host".to_owned());
        }
        if rest.starts_with(['/', '\\', '?', '#']) {
            return Err("must begin with http://, https:// or a host".to_owned());
        }
        let is_host = !rest.contains(['/', '\\', '?', '#']);
        let url = Url::parse(&format!("{}://{rest}", scheme.as_deref().unwrap_or("https")));
        let url = url.map_err(|_| "is not the beginning of a URL".to_owned())?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not have a user name or a password".to_owned());
        }
        let rest = url.as_str().split_once("://").map_or("", |(_, rest)| rest);
        let rest = if is_host { rest.trim_end_matches('/') } else { rest };
        Ok(Self { scheme, rest: rest.to_owned(), is_host })
    }
}

/// A beginning of targets and what replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PrefixSwap {
    from: Prefix,
    to: Prefix,
}

impl PrefixSwap {
    /// Checks both texts.
    ///
    /// # Errors
    /// Which of them is wrong (`from` or `to`), and why.
    pub(super) fn parse(from: &str, to: &str) -> Result<Self, Vec<(&'static str, String)>> {
        let parse = |name, text| Prefix::parse(text).map_err(|detail| (name, detail));
        match (parse("from", from), parse("to", to)) {
            (Ok(from), Ok(to)) => Ok(Self { from, to }),
            (from, to) => Err([from.err(), to.err()].into_iter().flatten().collect()),
        }
    }

    /// Returns a URL that begins with the new text.
    pub(super) fn sample(&self) -> String {
        format!("{}://{}", self.to.scheme.as_deref().unwrap_or("https"), self.to.rest)
    }

    /// Returns `url`, a target in its normal form, with the new beginning; `None` if it begins otherwise. A host is replaced only as a
    /// whole: `a.example` is not the beginning of `a.example.org`.
    pub(super) fn apply(&self, url: &str) -> Option<String> {
        let (scheme, rest) = url.split_once("://").filter(|(scheme, _)| ["http", "https"].contains(scheme))?;
        if self.from.scheme.as_ref().is_some_and(|wanted| wanted != scheme) {
            return None;
        }
        let tail = rest.strip_prefix(self.from.rest.as_str())?;
        let begins_a_part = |tail: &str| tail.is_empty() || tail.starts_with(['/', '?', '#']);
        if self.from.is_host && !begins_a_part(tail) {
            return None;
        }
        let to = self.to.rest.as_str();
        let joint = match (self.to.is_host && !begins_a_part(tail), tail.strip_prefix('/')) {
            // What follows must never become a part of the host.
            (true, _) => format!("{to}/{tail}"),
            (false, Some(after)) if to.ends_with('/') => format!("{to}{after}"),
            _ => format!("{to}{tail}"),
        };
        Some(format!("{}://{joint}", self.to.scheme.as_deref().unwrap_or(scheme)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn swapped(from: &str, to: &str, url: &str) -> Option<String> {
        PrefixSwap::parse(from, to).unwrap().apply(url)
    }

    #[test]
    fn beginning_is_replaced_and_the_rest_stays() {
        for (from, to, url, expected) in [
            ("old.example", "new.example", "https://old.example/a?b#c", "https://new.example/a?b#c"),
            ("old.example", "new.example", "http://old.example/", "http://new.example/"),
            ("OLD.example", "https://new.example", "http://old.example/a", "https://new.example/a"),
            ("http://old.example", "https://new.example", "http://old.example/a", "https://new.example/a"),
            ("http://old.example:80/", "https://new.example", "http://old.example/a", "https://new.example/a"),
            ("old.example", "new.example/base", "https://old.example/a", "https://new.example/base/a"),
            ("old.example", "new.example/base/", "https://old.example/a", "https://new.example/base/a"),
            ("old.example/a/", "new.example", "https://old.example/a/x", "https://new.example/x"),
            ("old.example/a", "new.example", "https://old.example/a.evil", "https://new.example/.evil"),
            (
                "old.example/docs/v1",
                "old.example/docs/v2",
                "https://old.example/docs/v1/x",
                "https://old.example/docs/v2/x",
            ),
            ("old.example:8080", "new.example", "https://old.example:8080/x", "https://new.example/x"),
            ("bücher.example", "new.example", "https://xn--bcher-kva.example/", "https://new.example/"),
            ("a.example/ä", "a.example/o", "https://a.example/%C3%A4/1", "https://a.example/o/1"),
        ] {
            assert_eq!(swapped(from, to, url).as_deref(), Some(expected), "{from} {to} {url}");
        }
    }

    #[test]
    fn other_targets_stay() {
        for (from, url) in [
            ("old.example", "https://old.example.org/"),
            ("old.example", "https://old.example:8080/"),
            ("old.example", "https://www.old.example/"),
            ("http://old.example", "https://old.example/"),
            ("old.example/docs", "https://old.example/Docs"),
            ("old.example", "mailto:a@old.example"),
            ("old.example", "https://a.example/?u=https://old.example/"),
        ] {
            assert_eq!(swapped(from, "new.example", url), None, "{from} {url}");
        }
    }

    #[test]
    fn error_names_what_is_no_beginning_of_a_url() {
        for bad in
            ["", " ", "ftp://a.example", "javascript://x", "a b", "https://", "user:secret@a.example", "//a.example"]
        {
            let names = |result: Result<PrefixSwap, Vec<(&'static str, String)>>| {
                result.unwrap_err().into_iter().map(|(name, _)| name).collect::<Vec<_>>()
            };
            assert_eq!(names(PrefixSwap::parse(bad, "a.example")), ["from"], "{bad}");
            assert_eq!(names(PrefixSwap::parse("a.example", bad)), ["to"], "{bad}");
            assert_eq!(names(PrefixSwap::parse(bad, bad)), ["from", "to"], "{bad}");
        }
    }

    proptest! {
        /// A new host is the host of the result, whatever follows.
        #[test]
        fn result_has_the_new_host(from in "old\\.example(/[a-z/]{0,4})?", tail in "[a-z0-9.:@/?#]{0,8}", base in "(/[a-z]{0,3}/?)?") {
            let Ok(url) = Url::parse(&format!("https://old.example/{tail}")) else { return Ok(()) };
            if let Some(new) = swapped(&from, &format!("new.example{base}"), url.as_str()) {
                let parsed = Url::parse(&new).unwrap();
                prop_assert_eq!((parsed.host_str(), parsed.port(), parsed.username()), (Some("new.example"), None, ""), "{}", new);
            }
        }
    }
}
