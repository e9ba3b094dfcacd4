//! Reads `Accept-Language` (RFC 9110, section 12.5.4).

/// How many languages are read; the rest is ignored.
const MAX_LANGUAGES: usize = 50;

/// Returns the language tag that `header` prefers: the one with the greatest weight, of several the first. It is `*` if the
/// header prefers any other language to those that it names. `None` if the header accepts no language. A member that is not
/// valid counts as absent.
pub(crate) fn preferred_language(header: &str) -> Option<&str> {
    let mut preferred: Option<(&str, u16)> = None;
    for (tag, weight) in header.split(',').take(MAX_LANGUAGES).filter_map(member) {
        if weight > preferred.map_or(0, |(_, greatest)| greatest) {
            preferred = Some((tag, weight));
        }
    }
    preferred.map(|(tag, _)| tag)
}

/// Reads a member of the list: a tag, and its weight in thousandths, which is 1000 if the member has none.
fn member(text: &str) -> Option<(&str, u16)> {
    let (tag, weight) = match text.split_once(';') {
        Some((tag, parameter)) => (tag.trim(), weight(parameter)?),
        None => (text.trim(), 1000),
    };
    let valid = !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'*');
    valid.then_some((tag, weight))
}

/// Reads a weight (RFC 9110, section 12.4.2), `q=0` to `q=1` with at most three decimals, in thousandths.
fn weight(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.trim().split_once('=')?;
    if !name.eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, decimals) = value.split_once('.').unwrap_or((value, ""));
    let digits = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok().filter(|_| digits)?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn language_with_the_greatest_weight_is_preferred() {
        for (header, preferred) in [
            ("de", Some("de")),
            ("de-CH, en;q=0.8", Some("de-CH")),
            ("en;q=0.5, de", Some("de")),
            ("en;q=0.5,de;q=0.501", Some("de")),
            ("fr;q=0.9, de;q=0.90, en;q=0.899", Some("fr")),
            ("de, fr", Some("de")),
            ("de;q=0, en;q=0.001", Some("en")),
            ("de;q=0", None),
            ("de;q=0.000, en;q=0", None),
            ("de ; Q=0.5 , en; q=1.000", Some("en")),
            ("*", Some("*")),
            ("*;q=0.5, de;q=0.4", Some("*")),
            ("*;q=0.1, de", Some("de")),
            ("*, de;q=0", Some("*")),
            ("", None),
            (",, ;q=1,", None),
            ("de;q=2, en;q=0.1", Some("en")),
            ("de;q=1.001, de;q=0.1234, de;q=, de;q=.5, de;q=-1, de;level=1, en", Some("en")),
            ("d\u{e9}, en", Some("en")),
        ] {
            assert_eq!(preferred_language(header), preferred, "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_without_a_panic(header in ".{0,60}|[a-z,;q=0-9.* -]{0,60}") {
            let _ = preferred_language(&header);
        }

        #[test]
        fn refused_language_is_never_preferred(others in "((de|en|fr-CH|\\*)(;q=(0\\.[0-9]|1))?,){0,5}", zeros in "0|0\\.0|0\\.000") {
            let header = format!("{others} nl;q={zeros}");
            prop_assert_ne!(preferred_language(&header), Some("nl"));
        }
    }
}
