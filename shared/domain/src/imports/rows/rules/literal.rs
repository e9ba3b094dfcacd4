//! Finds the one path that a regular expression matches.

/// Returns the path that `pattern` matches, if it matches no other; `/` at the end may be optional. A dot counts as a
/// dot: nobody means another character in `index.html`.
pub(super) fn literal_path(pattern: &str) -> Option<String> {
    let pattern = pattern.strip_prefix('^')?.strip_suffix('$')?;
    let pattern = pattern.strip_suffix("/?").unwrap_or(pattern);
    let mut path = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => path.push(characters.next().filter(|escaped| !escaped.is_alphanumeric())?),
            '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' => return None,
            _ => path.push(character),
        }
    }
    Some(path)
}

/// Tells whether a target has variables or parts of the path.
pub(super) fn has_variables(target: &str) -> bool {
    let percent = |(at, _): (usize, &str)| {
        let next = target[at + 1..].chars().next();
        next == Some('{') || next.is_some_and(|next| next.is_ascii_digit()) && !is_escape(&target[at + 1..])
    };
    target.contains('$') || target.match_indices('%').any(percent)
}

/// Tells whether `text` begins with the two digits of a percent-encoded byte.
fn is_escape(text: &str) -> bool {
    text.len() > 1 && text.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_literal_patterns_have_a_path() {
        for (pattern, path) in [
            ("^/old$", Some("/old")),
            ("^old/?$", Some("old")),
            (r"^/a\.b\-c$", Some("/a.b-c")),
            ("^/index.html$", Some("/index.html")),
            ("/old", None),
            ("^/old", None),
            ("/old$", None),
            ("^/old.*$", None),
            ("^/(a|b)$", None),
            (r"^/\d$", None),
            ("^/a?$", None),
            ("^/[ab]$", None),
            (r"^/a\", None),
        ] {
            assert_eq!(literal_path(pattern).as_deref(), path, "{pattern}");
        }
    }

    #[test]
    fn variables_are_no_escapes() {
        for (target, expected) in [
            ("https://a.example/%20x", false),
            ("https://a.example/%C3%A9", false),
            ("https://a.example/$1", true),
            ("https://a.example/%1", true),
            ("https://%{HTTP_HOST}/x", true),
            ("https://a.example/100%", false),
        ] {
            assert_eq!(has_variables(target), expected, "{target}");
        }
    }
}
