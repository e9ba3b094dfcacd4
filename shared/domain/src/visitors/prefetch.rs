//! Tells whether a browser fetches a page before anybody asked for it.

/// Tells whether the values of `Sec-Purpose`, `Purpose`, `X-Purpose` or `X-Moz` say that nobody has followed the link yet:
/// browsers prefetch and prerender what a person may open next (Fetch standard, "Sec-Purpose"), and draw previews of it.
///
/// A value is a list, with parameters: `prefetch;prerender`, `prefetch;anonymous-client-ip`.
pub fn is_prefetch<'a>(values: impl IntoIterator<Item = &'a str>) -> bool {
    let mut purposes = values.into_iter().flat_map(|value| value.split([',', ';'])).map(str::trim);
    purposes.any(|purpose| {
        ["prefetch", "prerender", "preview", "instant"].iter().any(|word| purpose.eq_ignore_ascii_case(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_without_a_person_are_prefetches() {
        for value in [
            "prefetch",
            "Prefetch",
            "prefetch;prerender",
            "prefetch;anonymous-client-ip",
            "preview",
            "instant",
            " prefetch ",
        ] {
            assert!(is_prefetch([value]), "{value}");
        }
        for value in ["", "navigate", "prefetched", "no prefetch"] {
            assert!(!is_prefetch([value]), "{value}");
        }
        assert!(is_prefetch(["", "preview"]) && !is_prefetch([]));
    }
}
