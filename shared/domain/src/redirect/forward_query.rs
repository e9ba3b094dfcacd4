//! Forwards a visit's query parameters to the target.

use std::borrow::Cow;
use std::collections::HashSet;

use url::Url;
use url::form_urlencoded::parse;

use crate::links::settings::QueryConflict;
use crate::values::target::TargetUrl;

/// The parameter that our QR codes carry. The target does not get it.
const QR_PARAMETER: &str = "qr";

/// Adds the parameters of `query` to those of `target`. Leaves out one that does not fit after those before it: into a header if
/// the target does, else into [`TargetUrl::MAX_LEN`]. If both have a parameter of one name, `conflict` decides whose values stay. Scheme,
/// host, port, path and fragment do not change. A target of another scheme than `http` and `https` stays as it is.
///
/// Parameters keep their spelling (`a`, `a=`, `%20`, `+`), since some sites tell these apart.
pub fn forward_query(target: &TargetUrl, query: &str, conflict: QueryConflict) -> String {
    let unchanged = || target.as_str().to_owned();
    if query.is_empty() || !target.is_web() {
        return unchanged();
    }
    let Ok(mut url) = Url::parse(target.as_str()) else { return unchanged() };
    let own: HashSet<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    let visits = added(query, target, |name| conflict == QueryConflict::VisitorWins || !own.contains(name));
    if visits.is_empty() {
        return unchanged();
    }
    let own = url.query().unwrap_or_default();
    let merged = if conflict == QueryConflict::VisitorWins {
        let names: HashSet<Cow<'_, str>> = visits.iter().map(|part| name_of(part)).collect();
        let stay = own.split('&').filter(|part| !part.is_empty() && !names.contains(&name_of(part)));
        stay.chain(visits.iter().copied()).collect::<Vec<_>>().join("&")
    } else {
        let own = Some(own).filter(|own| !own.is_empty());
        own.into_iter().chain(visits.iter().copied()).collect::<Vec<_>>().join("&")
    };
    url.set_query(Some(&merged));
    url.into()
}

/// Returns the parameters of `query` that go to `target`: those that `takes` takes by their name, as far as there is room.
fn added<'q>(query: &'q str, target: &TargetUrl, takes: impl Fn(&str) -> bool) -> Vec<&'q str> {
    let most = if target.fits_header() { TargetUrl::MAX_HEADER_LEN } else { TargetUrl::MAX_LEN };
    let mut room = most.saturating_sub(target.as_str().len());
    let parts = query.split('&').filter(|part| !part.is_empty());
    let fits = parts.filter(|part| {
        let name = name_of(part);
        // Percent-encoding turns a byte that is not a URL character into three.
        let longest = 1 + part.bytes().map(|byte| if is_url_character(byte) { 1 } else { 3 }).sum::<usize>();
        let left = room.checked_sub(longest).filter(|_| name != QR_PARAMETER && takes(&name));
        room = left.unwrap_or(room);
        left.is_some()
    });
    fits.collect()
}

fn name_of(part: &str) -> Cow<'_, str> {
    parse(part.as_bytes()).next().map(|(name, _)| name).unwrap_or_default()
}

fn is_url_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$()*+,/:;=?@%".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::values::domains::Domains;

    fn own() -> Domains {
        Domains::parse("go.example.com").unwrap()
    }

    fn forward(target: &str, query: &str) -> String {
        forward_query(&TargetUrl::parse(target, &own()).unwrap(), query, QueryConflict::TargetWins)
    }

    #[test]
    fn visitors_values_replace_those_of_the_target() {
        for (target, query, expected) in [
            ("https://example.com/a", "x=1", "https://example.com/a?x=1"),
            ("https://example.com/a?x=2#f", "x=1&y=%20+", "https://example.com/a?x=1&y=%20+#f"),
            ("https://example.com/?a=1&b=2&a=3", "a=4", "https://example.com/?b=2&a=4"),
            ("https://example.com/?a=1&b=2", "a=4&a=5", "https://example.com/?b=2&a=4&a=5"),
            ("https://example.com/?a%20b=1&c", "a+b=2", "https://example.com/?c&a+b=2"),
            ("https://example.com/?qr=1&a=1", "qr=2", "https://example.com/?qr=1&a=1"),
            ("https://example.com/?a=1", "", "https://example.com/?a=1"),
            ("https://example.com/?a=1", "A=2", "https://example.com/?a=1&A=2"),
            ("https://example.com/?x=1", "x=#@evil.example/", "https://example.com/?x=%23@evil.example/"),
        ] {
            let target = TargetUrl::parse(target, &own()).unwrap();
            assert_eq!(forward_query(&target, query, QueryConflict::VisitorWins), expected, "{target} {query}");
        }
        let full = format!("https://example.com/?a=1&b={}", "b".repeat(TargetUrl::MAX_HEADER_LEN - 30));
        let target = TargetUrl::parse(&full, &own()).unwrap();
        let kept = forward_query(&target, "a=22222222222222222222", QueryConflict::VisitorWins);
        assert_eq!(kept, full, "a value for which there is no room replaces none");
    }

    #[test]
    fn parameters_are_added_and_the_targets_own_win() {
        for (target, query, expected) in [
            ("https://example.com/a", "", "https://example.com/a"),
            ("https://example.com/a", "x=1&y", "https://example.com/a?x=1&y"),
            ("https://example.com/a?x=2#f", "x=1&y=%20+", "https://example.com/a?x=2&y=%20+#f"),
            ("https://example.com/?a%20b=1", "a+b=2&a%20b=3", "https://example.com/?a%20b=1"),
            ("https://example.com/?", "x=1", "https://example.com/?x=1"),
            ("https://example.com/", "qr=1&x=1&q%72=1", "https://example.com/?x=1"),
            ("https://example.com/", "x=1&x=2", "https://example.com/?x=1&x=2"),
            ("https://example.com/", "&&", "https://example.com/"),
            ("https://example.com/", "x=#@evil.example/", "https://example.com/?x=%23@evil.example/"),
            ("https://example.com", "@evil.example", "https://example.com/?@evil.example"),
        ] {
            assert_eq!(forward(target, query), expected, "{target} {query}");
        }
    }

    #[test]
    fn parameters_without_room_are_left_out() {
        let long = format!("https://example.com/{}", "a".repeat(TargetUrl::MAX_HEADER_LEN - 96));
        let forwarded = forward(&long, &format!("x=1&y={}&z=1", "ü".repeat(100)));
        assert_eq!(forwarded, format!("{long}?x=1&z=1"), "only the one that is too long");
        let all_too_long = forward(&long, &format!("x={0}&y={0}", "a".repeat(100)));
        assert_eq!(all_too_long, long);
    }

    #[test]
    fn parameters_fit_to_the_last_byte() {
        // The target, then `?` or `&`, then the parameter.
        for (room, forwarded) in [(6, "?a=123"), (5, "?b"), (1, ""), (9, "?a=123&b"), (8, "?a=123&b"), (7, "?a=123")] {
            let target = target_with(room);
            assert_eq!(forward(&target, "a=123&b"), format!("{target}{forwarded}"), "{room}");
        }
        // A byte that is written as %XX takes three.
        assert_eq!(forward(&target_with(5), "a\""), format!("{}?a%22", target_with(5)));
        assert_eq!(forward(&target_with(4), "a\""), target_with(4));
    }

    #[test]
    fn long_target_takes_parameters_up_to_the_longest_url() {
        let target = |length: usize| format!("https://example.com/{}", "a".repeat(length - 20));
        let (first, last) = (target(TargetUrl::MAX_HEADER_LEN + 1), target(TargetUrl::MAX_LEN - 4));
        assert_eq!(forward(&first, "a=1"), format!("{first}?a=1"));
        assert_eq!(forward(&last, "a=1"), format!("{last}?a=1"));
        assert_eq!(forward(&last, "a=12"), last);
    }

    /// Makes a target that leaves room for `room` bytes in the header.
    fn target_with(room: usize) -> String {
        format!("https://example.com/{}", "a".repeat(TargetUrl::MAX_HEADER_LEN - 20 - room))
    }

    proptest! {
        #[test]
        fn scheme_host_port_path_and_fragment_never_change(
            target in "https?://[a-z]{1,8}\\.example(:[1-9][0-9]{1,3})?(/[ -~]{0,20})?(\\?[ -~]{0,20})?(#[ -~]{0,10})?",
            query in prop_oneof!["[ -~]{0,60}", "\\PC{0,40}", "[a-c=&%#?/@\\\\]{0,40}", "(qr=1&|x=%[0-9a-f]{2}&){0,900}"],
            wins: bool,
        ) {
            let Ok(target) = TargetUrl::parse(&target, &own()) else { return Ok(()) };
            let conflict = if wins { QueryConflict::VisitorWins } else { QueryConflict::TargetWins };
            let forwarded = forward_query(&target, &query, conflict);
            let (before, after) = (Url::parse(target.as_str()).unwrap(), Url::parse(&forwarded).unwrap());
            prop_assert_eq!(before.scheme(), after.scheme());
            prop_assert_eq!(before.host(), after.host());
            prop_assert_eq!(before.port(), after.port());
            prop_assert_eq!(before.path(), after.path());
            prop_assert_eq!(before.fragment(), after.fragment());
            prop_assert!(after.username().is_empty() && after.password().is_none());
            // The URL is safe, and the target's own parameters come first, unchanged.
            let safe = TargetUrl::parse(&forwarded, &own());
            prop_assert_eq!(safe.as_ref().map(TargetUrl::as_str), Ok(forwarded.as_str()));
            prop_assert!(wins || after.query().unwrap_or_default().starts_with(before.query().unwrap_or_default()));
        }
    }
}
