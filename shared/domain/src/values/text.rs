//! Checks texts that people write and read, such as titles.

/// Checks that a text is not blank, has at most `max_chars` characters and no control characters. Returns it without
/// surrounding white space.
///
/// # Errors
/// What is wrong, for a person.
pub(crate) fn check_text(text: &str, max_chars: usize) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > max_chars {
        return Err(format!("must have 1 to {max_chars} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("must not have control characters".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_1_to_the_greatest_number_of_characters() {
        for (text, checked) in [
            ("", None),
            (" \t\n", None),
            (" ä b ", Some("ä b")),
            ("ääääää", Some("ääääää")),
            ("ääääääx", None),
            ("a\tb", None),
            ("a\u{7f}", None),
        ] {
            assert_eq!(check_text(text, 6).ok().as_deref(), checked, "{text:?}");
        }
    }
}
