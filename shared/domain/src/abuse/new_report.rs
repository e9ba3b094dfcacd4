//! Reads the form in which a visitor reports a link.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;

use crate::values::block_list::BlockReason;

/// The fields of the form, as the visitor sent them.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReportForm<'a> {
    /// The name of a [`BlockReason`].
    pub reason: &'a str,
    /// What the visitor writes; may be empty.
    pub comment: &'a str,
    /// Where the visitor can be asked; may be empty.
    pub email: &'a str,
}

/// A report of a visitor, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReport {
    /// Why.
    pub reason: BlockReason,
    /// What the visitor writes.
    pub comment: Option<String>,
    /// Where the visitor can be asked.
    pub email: Option<String>,
}

impl NewReport {
    /// The greatest length of a comment, in characters.
    pub const MAX_COMMENT_CHARS: usize = 500;
    /// The greatest length of an e-mail address, in characters (RFC 3696, errata 1690).
    pub const MAX_EMAIL_CHARS: usize = 254;

    /// Checks a form.
    ///
    /// # Errors
    /// What is wrong with the first field that is, for the visitor. It holds nothing of the form.
    pub fn parse(form: &ReportForm<'_>) -> Result<Self, String> {
        let reason: StrDeserializer<'_, serde::de::value::Error> = form.reason.into_deserializer();
        let reason = BlockReason::deserialize(reason).map_err(|_| "Please choose a reason.".to_owned())?;
        let comment = cleaned(form.comment);
        if comment.chars().count() > Self::MAX_COMMENT_CHARS {
            return Err(format!("Please describe it in at most {} characters.", Self::MAX_COMMENT_CHARS));
        }
        let email = form.email.trim();
        if !email.is_empty() && !is_email(email) {
            return Err("That is not an e-mail address. You can leave it out.".to_owned());
        }
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Ok(Self { reason, comment: some(&comment), email: some(email) })
    }
}

/// Returns a text with the line ends of forms as one character, as browsers count them, and without other control characters.
fn cleaned(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let clean = text.chars().map(|c| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c });
    clean.collect::<String>().trim().to_owned()
}

/// Tells whether a text may be an e-mail address. Only a message to it could tell whether it is one.
fn is_email(text: &str) -> bool {
    let harmless = |c: char| !c.is_whitespace() && !c.is_control() && !"<>\"(),;:\\".contains(c);
    let parts = text.rsplit_once('@');
    text.chars().count() <= NewReport::MAX_EMAIL_CHARS
        && text.chars().all(harmless)
        && parts.is_some_and(|(name, host)| !name.is_empty() && !name.contains('@') && !host.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(reason: &str, comment: &str, email: &str) -> Result<NewReport, String> {
        NewReport::parse(&ReportForm { reason, comment, email })
    }

    #[test]
    fn form_is_checked() {
        let long = "ä\r\n".repeat(250);
        for (reason, comment, email, expected) in [
            ("phishing", "", "", Ok((None, None))),
            ("other", " \r\n ", " ", Ok((None, None))),
            ("spam", "a\r\nb\rc\u{7}", " A@example.com ", Ok((Some("a\nb\nc\u{fffd}"), Some("A@example.com")))),
            ("spam", long.as_str(), "", Ok((Some(long.trim()), None))),
            ("spam", &"x".repeat(501), "", Err("500 characters")),
            ("", "", "", Err("reason")),
            ("Phishing", "", "", Err("reason")),
            ("spam", "", "nobody", Err("e-mail")),
            ("spam", "", "@example.com", Err("e-mail")),
            ("spam", "", "a@b@c", Err("e-mail")),
            ("spam", "", "a b@example.com", Err("e-mail")),
            ("spam", "", "<a@example.com>", Err("e-mail")),
            ("spam", "", &format!("{}@example.com", "a".repeat(250)), Err("e-mail")),
        ] {
            let found = parse(reason, comment, email);
            match expected {
                Ok((comment, email)) => {
                    let found = found.unwrap();
                    let comment = comment.map(|text: &str| text.replace("\r\n", "\n"));
                    assert_eq!((found.comment, found.email.as_deref()), (comment, email), "{reason} {email:?}");
                }
                Err(part) => assert!(found.as_ref().unwrap_err().contains(part), "{found:?}"),
            }
        }
    }

    proptest! {
        #[test]
        fn any_form_is_taken_within_bounds_or_refused_without_echo(comment in ".{0,600}", email in ".{0,300}|[a-z]{1,9}@[a-z.]{1,9}") {
            match parse("fraud", &comment, &email) {
                Ok(report) => {
                    let text = report.comment.unwrap_or_default();
                    prop_assert!(text.chars().count() <= NewReport::MAX_COMMENT_CHARS);
                    prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
                    prop_assert!(report.email.unwrap_or_default().chars().count() <= NewReport::MAX_EMAIL_CHARS);
                }
                Err(detail) => prop_assert!(detail.is_ascii() && detail.len() < 80),
            }
        }
    }
}
