//! Checks what an owner calls a file, and of what type the owner says it is. Neither is ever a part of a key in the bucket.

/// The greatest length of a name, in bytes.
pub const MAX_NAME_BYTES: usize = 255;
/// The type of a file whose owner names none.
pub const UNKNOWN_TYPE: &str = "application/octet-stream";
/// The pattern of a type, as a regular expression: two names of RFC 6838, section 4.2, without parameters.
pub const TYPE_PATTERN: &str = "^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$";

/// Checks the name of a file. Keeps it as it is: it is only ever shown, and a download gets it without what could do harm
/// ([`super::delivery`]).
///
/// # Errors
/// It has not 1 to [`MAX_NAME_BYTES`] bytes.
pub(crate) fn check_name(name: &str) -> Result<String, String> {
    if (1..=MAX_NAME_BYTES).contains(&name.len()) {
        return Ok(name.to_owned());
    }
    Err(format!("must have 1 to {MAX_NAME_BYTES} bytes in UTF-8"))
}

/// Checks a media type, and returns it in small letters.
///
/// # Errors
/// It is not two names with a slash between them.
pub(crate) fn check_type(text: &str) -> Result<String, &'static str> {
    let is_name = |name: &str| {
        (1..=127).contains(&name.len())
            && name.as_bytes()[0].is_ascii_alphanumeric()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    match text.split_once('/') {
        Some((kind, name)) if is_name(kind) && is_name(name) => Ok(text.to_ascii_lowercase()),
        _ => Err("must be a media type such as application/pdf, without parameters"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_kept_as_it_is() {
        for name in
            ["a", "../../etc/passwd", "a\0b", "x\u{202e}gpj.exe", "\"q\".pdf", " ", "con", "ä".repeat(127).as_str()]
        {
            assert_eq!(check_name(name).as_deref(), Ok(name));
        }
        for name in ["", "a".repeat(256).as_str(), "ä".repeat(128).as_str()] {
            assert!(check_name(name).is_err(), "{}", name.len());
        }
    }

    #[test]
    fn type_has_two_names() {
        for (text, checked) in [
            ("application/pdf", Some("application/pdf")),
            ("Image/PNG", Some("image/png")),
            ("application/vnd.ms-excel.sheet.macroEnabled.12", Some("application/vnd.ms-excel.sheet.macroenabled.12")),
            ("", None),
            ("/", None),
            ("text", None),
            ("text/", None),
            ("/html", None),
            ("text/html/x", None),
            ("text/plain; charset=utf-8", None),
            ("text/plain\r\nx: y", None),
            ("text/ä", None),
            ("*/*", None),
        ] {
            assert_eq!(check_type(text).ok().as_deref(), checked, "{text}");
        }
        assert!(check_type(&format!("a/{}", "b".repeat(128))).is_err());
    }
}
