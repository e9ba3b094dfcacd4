//! Checks `mailto:` URLs (RFC 6068).

use percent_encoding::percent_decode_str;

use super::encoding::{encoded, is_control, is_no_text, is_unreserved};
use crate::values::domains::Domain;
use crate::values::target_error::TargetError;

/// The header fields that a URL may set. RFC 6068, section 7, warns of the others: some programs attach files by them.
const FIELDS: [&str; 7] = ["to", "cc", "bcc", "subject", "body", "keywords", "in-reply-to"];

/// Returns the URL in its normal form. `rest` follows `mailto:`.
pub(super) fn normal_form(rest: &str) -> Result<String, TargetError> {
    let (to, fields) = rest.split_once('?').unwrap_or((rest, ""));
    let mut url = format!("mailto:{}", addresses(to).ok_or(TargetError::Mail)?);
    let mut separator = '?';
    for field in fields.split('&').filter(|field| !field.is_empty()) {
        let (name, value) = field.split_once('=').ok_or(TargetError::Mail)?;
        let name = name.to_ascii_lowercase();
        let value = match name.as_str() {
            "to" | "cc" | "bcc" => addresses(value),
            "body" => text(value),
            _ => line(value),
        };
        let value = value.filter(|_| FIELDS.contains(&name.as_str())).ok_or(TargetError::Mail)?;
        url.push(separator);
        url.push_str(&name);
        url.push('=');
        url.push_str(&value);
        separator = '&';
    }
    // Without an address, the visitor chooses whom to send the text.
    if url == "mailto:" { Err(TargetError::Mail) } else { Ok(url) }
}

/// Returns a text of several lines, percent-encoded.
pub(super) fn text(value: &str) -> Option<String> {
    encoded(value, is_field_character, is_no_text)
}

fn line(value: &str) -> Option<String> {
    encoded(value, is_field_character, is_control)
}

/// Tells whether the value of a field may have this byte as it is (`qchar` of RFC 6068).
fn is_field_character(byte: u8) -> bool {
    is_unreserved(byte) || b"!$'()*+,;:@".contains(&byte)
}

/// Returns the addresses of a list, separated by commas, in their normal form. The list may be empty.
fn addresses(list: &str) -> Option<String> {
    let mut out = String::new();
    for address in list.split(',').filter(|_| !list.trim().is_empty()) {
        let address = percent_decode_str(address).decode_utf8().ok()?;
        let (local, domain) = address.trim().rsplit_once('@')?;
        let is_local = (1..=64).contains(&local.len()) && !local.contains(is_special);
        let domain = Domain::parse(domain).ok().filter(|_| is_local)?;
        if !out.is_empty() {
            out.push(',');
        }
        let keeps = |byte| is_unreserved(byte) || b"!$'*+".contains(&byte);
        out.push_str(&encoded(&local.replace('%', "%25"), keeps, is_control)?);
        out.push('@');
        out.push_str(domain.as_str());
    }
    Some(out)
}

/// Tells whether a character separates parts of addresses in the header of a mail (RFC 5322), or can't be seen.
fn is_special(c: char) -> bool {
    c.is_control() || c.is_whitespace() || "\"(),:;<>[]\\@".contains(c)
}
