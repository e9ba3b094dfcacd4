//! Checks `tel:` URLs (RFC 3966) and `sms:` URLs (RFC 5724).

use percent_encoding::percent_decode_str;

use super::encoding::{encoded, is_control, is_unreserved};
use super::mail;
use crate::values::domains::Domain;
use crate::values::target_error::TargetError;

/// The greatest number of digits. Numbers of E.164 have 15, those of exchanges some more.
const MAX_DIGITS: usize = 32;
/// The greatest number of parameters of a number.
const MAX_PARAMETERS: usize = 10;
/// The greatest number of those who get a message.
const MAX_RECIPIENTS: usize = 50;

/// Returns a number with its parameters in its normal form, or `None` if it is not one. Spaces go, other separators stay.
///
/// `*` and `#` are refused, although RFC 3966 allows them in local numbers: such codes change settings of telephones.
pub(super) fn number(text: &str) -> Option<String> {
    let mut parts = text.split(';');
    let digits = percent_decode_str(parts.next()?).decode_utf8().ok()?;
    let mut out: String = digits.chars().filter(|c| !c.is_whitespace() || c.is_control()).collect();
    if !is_number(&out) {
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    for parameter in parts {
        let (name, value) = parameter.split_once('=').map_or((parameter, None), |(name, value)| (name, Some(value)));
        let name = name.to_ascii_lowercase();
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let value = value.map(|value| parameter_value(&name, value));
        if !is_name || names.contains(&name) || names.len() == MAX_PARAMETERS || value == Some(None) {
            return None;
        }
        out.push(';');
        out.push_str(&name);
        if let Some(value) = value.flatten() {
            out.push('=');
            out.push_str(&value);
        }
        names.push(name);
    }
    Some(out)
}

fn is_number(text: &str) -> bool {
    let local = text.strip_prefix('+').unwrap_or(text);
    let digits = local.bytes().filter(u8::is_ascii_digit).count();
    let separates = |b: u8| b"-.()".contains(&b);
    local.bytes().all(|b| b.is_ascii_digit() || separates(b))
        && (1..=MAX_DIGITS).contains(&digits)
        && local.len() <= 2 * MAX_DIGITS
}

fn parameter_value(name: &str, value: &str) -> Option<String> {
    let is_digits =
        |text: &str| !text.is_empty() && text.len() <= MAX_DIGITS && text.bytes().all(|b| b.is_ascii_digit());
    match name {
        "ext" => Some(value.to_owned()).filter(|value| is_number(value) && !value.starts_with('+')),
        "phone-context" => match value.strip_prefix('+') {
            Some(digits) => is_digits(digits).then(|| value.to_owned()),
            None => Domain::parse(value).ok().map(|domain| domain.as_str().to_owned()),
        },
        _ => {
            let keeps = |b: u8| is_unreserved(b) || b"[]/:&+$!'()*".contains(&b);
            encoded(value, keeps, is_control).filter(|value| !value.is_empty())
        }
    }
}

/// Returns an `sms:` URL in its normal form. `rest` follows the colon.
pub(super) fn message(rest: &str) -> Result<String, TargetError> {
    let (list, fields) = rest.split_once('?').unwrap_or((rest, ""));
    let mut numbers: Vec<String> = Vec::new();
    for recipient in list.split(',').filter(|_| !list.trim().is_empty()) {
        numbers.push(number(recipient).filter(|_| numbers.len() < MAX_RECIPIENTS).ok_or(TargetError::Message)?);
    }
    let mut fields = fields.split('&').filter(|field| !field.is_empty());
    let body = match (fields.next(), fields.next()) {
        (None, _) => None,
        (Some(field), None) => {
            let (name, value) = field.split_once('=').ok_or(TargetError::Message)?;
            Some(mail::text(value).filter(|_| name.eq_ignore_ascii_case("body")).ok_or(TargetError::Message)?)
        }
        _ => return Err(TargetError::Message),
    };
    match body {
        None if numbers.is_empty() => Err(TargetError::Message),
        None => Ok(format!("sms:{}", numbers.join(","))),
        Some(body) => Ok(format!("sms:{}?body={body}", numbers.join(","))),
    }
}
