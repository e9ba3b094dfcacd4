//! Decides how a browser gets a file: under which name, as which type, and whether it may show it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::detect::is_text;
use super::name::{MAX_NAME_BYTES, UNKNOWN_TYPE};

/// Types that browsers show and that run nothing. All others, with SVG and HTML among them, are saved as files without a type.
const HARMLESS: [&str; 21] = [
    "application/pdf",
    "audio/aac",
    "audio/flac",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/opus",
    "audio/wav",
    "audio/webm",
    "image/apng",
    "image/avif",
    "image/bmp",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/plain",
    "video/mp4",
    "video/ogg",
    "video/quicktime",
    "video/webm",
];
/// Types whose files a reader of their content cannot always tell apart, or can name in several ways: the first has the others' form.
const ALIKE: [&[&str]; 4] = [
    &["video/mp4", "audio/mp4", "video/quicktime"],
    &["audio/ogg", "audio/opus", "video/ogg"],
    &["video/webm", "audio/webm"],
    &["image/png", "image/apng"],
];
/// What a name of RFC 8187 has unencoded: `attr-char`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The headers with which a file is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The value of `Content-Type`.
    pub content_type: String,
    /// The value of `Content-Disposition` (RFC 6266).
    pub disposition: String,
}

impl Delivery {
    /// Decides for a file with this name and type.
    pub fn of(name: &str, content_type: &str) -> Self {
        let is_harmless = HARMLESS.binary_search(&content_type).is_ok();
        let (kind, content_type) = match content_type {
            // Without the charset, browsers guess one.
            "text/plain" => ("inline", "text/plain; charset=utf-8"),
            _ if is_harmless => ("inline", content_type),
            _ => ("attachment", UNKNOWN_TYPE),
        };
        let name = safe_name(name);
        let plain: String = name.chars().map(|c| if c.is_ascii() && c != '%' { c } else { '_' }).collect();
        let encoded = utf8_percent_encode(&name, ENCODED);
        let disposition = format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
        Self { content_type: content_type.to_owned(), disposition }
    }

    /// Returns the same for a browser that saves the file, whether it could show it or not.
    pub fn saved(self) -> Self {
        let rest = self.disposition.strip_prefix("inline").map(|rest| format!("attachment{rest}"));
        Self { disposition: rest.unwrap_or(self.disposition), ..self }
    }
}

/// Returns the type as which visitors get a file with this `announced` type and this content: the announced one if the content agrees, or
/// was not looked at. A type that is only saved stays so, whatever the content is.
pub(crate) fn shown_type<'a>(announced: &'a str, detected: Option<&'a str>) -> &'a str {
    let Some(detected) = detected else { return announced };
    let is_alike = ALIKE.iter().any(|types| types.contains(&announced) && types.contains(&detected));
    // A browser shows the source of a page that comes as plain text.
    let is_source = announced == "text/plain" && is_text(detected);
    let is_shown = HARMLESS.binary_search(&announced).is_ok();
    if is_alike || is_source || !is_shown { announced } else { detected }
}

/// Makes a name that every system can keep and that looks like what it is: without paths, control characters and marks that turn the
/// direction of text (`x\u{202e}gpj.exe` shows as `xexe.jpg`), not hidden, and not one that Windows keeps for a device. It is no longer than
/// [`MAX_NAME_BYTES`] if `name` is not, and a safe name stays as it is.
pub fn safe_name(name: &str) -> String {
    let safe = |c: char| if c.is_control() || is_mark(c) || r#"/\:*?"<>|"#.contains(c) { '_' } else { c };
    let name: String = name.chars().map(safe).collect();
    let name = name.trim_matches(|c: char| c == '.' || c.is_whitespace());
    match name {
        "" => "file".to_owned(),
        _ if is_device(name) && name.len() < MAX_NAME_BYTES => format!("_{name}"),
        // All names of devices begin with a letter of ASCII.
        _ if is_device(name) => format!("_{}", name.get(1..).unwrap_or_default()),
        _ => name.to_owned(),
    }
}

/// Tells whether Windows takes the name for a device, whatever follows its first dot ("Naming Files, Paths, and Namespaces", Win32).
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let is_digit =
        |text: &str| matches!(text, "¹" | "²" | "³") || text.len() == 1 && text.as_bytes()[0].is_ascii_digit();
    let port = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul" | "conin$" | "conout$") || port.is_some_and(is_digit)
}

/// Tells whether a character changes how others are shown, and shows nothing itself.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn traps_in_names_are_defused() {
        for (name, safe) in [
            ("report.pdf", "report.pdf"),
            ("Straße 東京.pdf", "Straße 東京.pdf"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("..\\..\\boot.ini", "_.._boot.ini"),
            ("a\0b\r\nc", "a_b__c"),
            ("x\u{202e}gpj.exe", "x_gpj.exe"),
            ("\"quoted\".txt", "_quoted_.txt"),
            (".bashrc", "bashrc"),
            ("trailing. . ", "trailing"),
            ("...", "file"),
            (" ", "file"),
            (". .hidden", "hidden"),
            ("a\u{3000}.", "a"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("Com1 .log", "_Com1 .log"),
            ("lpt³", "_lpt³"),
            ("console", "console"),
            ("com10", "com10"),
            ("a.con", "a.con"),
        ] {
            assert_eq!(safe_name(name), safe, "{name:?}");
        }
    }

    #[test]
    fn only_harmless_types_are_shown() {
        assert!(HARMLESS.is_sorted());
        for (content_type, sent, kind) in [
            ("image/png", "image/png", "inline"),
            ("application/pdf", "application/pdf", "inline"),
            ("text/plain", "text/plain; charset=utf-8", "inline"),
            ("image/svg+xml", UNKNOWN_TYPE, "attachment"),
            ("text/html", UNKNOWN_TYPE, "attachment"),
            ("application/xhtml+xml", UNKNOWN_TYPE, "attachment"),
            ("application/javascript", UNKNOWN_TYPE, "attachment"),
            ("application/octet-stream", UNKNOWN_TYPE, "attachment"),
        ] {
            let delivery = Delivery::of("a.b", content_type);
            assert_eq!(delivery.content_type, sent);
            assert_eq!(delivery.disposition, format!("{kind}; filename=\"a.b\"; filename*=UTF-8''a.b"));
            assert_eq!(delivery.saved().disposition, "attachment; filename=\"a.b\"; filename*=UTF-8''a.b");
        }
    }

    #[test]
    fn announced_type_alone_shows_nothing() {
        for (announced, detected, shown) in [
            ("image/png", None, "image/png"),
            ("image/png", Some("image/png"), "image/png"),
            ("image/apng", Some("image/png"), "image/apng"),
            ("image/png", Some("image/jpeg"), "image/jpeg"),
            ("image/png", Some("text/html"), "text/html"),
            ("application/pdf", Some("application/x-executable"), "application/x-executable"),
            ("video/mp4", Some(UNKNOWN_TYPE), UNKNOWN_TYPE),
            ("audio/mp4", Some("video/mp4"), "audio/mp4"),
            ("audio/webm", Some("video/webm"), "audio/webm"),
            ("text/plain", Some("text/html"), "text/plain"),
            ("text/plain", Some("image/svg+xml"), "text/plain"),
            ("text/plain", Some("image/gif"), "image/gif"),
            (UNKNOWN_TYPE, Some("image/png"), UNKNOWN_TYPE),
            ("text/html", Some("text/plain"), "text/html"),
            ("application/zip", Some("image/png"), "application/zip"),
        ] {
            assert_eq!(shown_type(announced, detected), shown, "{announced} {detected:?}");
        }
    }

    #[test]
    fn name_beyond_ascii_is_encoded() {
        let disposition = Delivery::of("50% ü.zip", "application/zip").disposition;
        assert_eq!(disposition, "attachment; filename=\"50_ _.zip\"; filename*=UTF-8''50%25%20%C3%BC.zip");
    }

    proptest! {
        #[test]
        fn header_is_always_one_line_of_ascii(name in any::<String>(), content_type in any::<String>()) {
            let delivery = Delivery::of(&name, &content_type);
            prop_assert!(delivery.disposition.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert_eq!(delivery.disposition.matches('"').count(), 2);
            prop_assert!(!safe_name(&name).is_empty() && !safe_name(&name).contains(['/', '\\']));
        }

        #[test]
        fn safe_name_is_safe_and_stays_so(name in prop_oneof![any::<String>(), "((?i)con|nul|com1|lpt9|[. \u{3000}ab]){0,4}"]) {
            let safe = safe_name(&name);
            prop_assert_eq!(safe_name(&safe), safe.as_str());
            prop_assert!(!is_device(&safe) && safe.len() <= name.len().max(MAX_NAME_BYTES) && safe.trim() == safe, "{}", safe);
        }

        /// Whatever is announced and found, a page, script or program is saved, not shown.
        #[test]
        fn content_that_runs_is_never_shown(announced in any::<String>(), known in 0..HARMLESS.len(), index in 0..5_usize) {
            let runs = ["text/html", "image/svg+xml", "application/xhtml+xml", "application/x-executable", UNKNOWN_TYPE][index];
            for announced in [announced.as_str(), HARMLESS[known]] {
                let delivery = Delivery::of("a", shown_type(announced, Some(runs)));
                let is_saved = delivery.disposition.starts_with("attachment") && delivery.content_type == UNKNOWN_TYPE;
                prop_assert!(is_saved || delivery.content_type == "text/plain; charset=utf-8", "{announced} {runs}: {delivery:?}");
            }
        }
    }
}
