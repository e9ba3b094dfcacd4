//! Checks and normalises targets of other schemes than `http` and `https`. What follows the scheme has only printable ASCII, and
//! percent-encoding in its normal form (RFC 3986, section 6.2.2).

mod encoding;
mod intent;
mod mail;
mod telephone;

use url::Url;

use self::encoding::{encoded, is_no_text, is_url_character};
use super::schemes::TargetSchemes;
use super::target_error::TargetError;

/// Checks the URL of `scheme`, which is in lower case and allowed, and returns it in its normal form. `rest` follows the scheme's
/// colon. `check_url` checks an `http` or `https` URL within another URL.
///
/// # Errors
/// What is wrong with it.
pub(super) fn normal_form(
    (scheme, rest): (&str, &str),
    schemes: &TargetSchemes,
    check_url: &dyn Fn(&str) -> Result<(), TargetError>,
) -> Result<String, TargetError> {
    let url = match scheme {
        "mailto" => mail::normal_form(rest)?,
        "tel" => telephone::number(rest).map(|number| format!("tel:{number}")).ok_or(TargetError::Telephone)?,
        "sms" => telephone::message(rest)?,
        "intent" => {
            let url = app_url(scheme, rest)?;
            intent::check(&url, schemes, check_url)?;
            url
        }
        _ => app_url(scheme, rest)?,
    };
    // Whatever the checks above think, a browser must see this scheme.
    let is_seen = Url::parse(&url).is_ok_and(|seen| seen.scheme() == scheme && seen.as_str() == url);
    if is_seen { Ok(url) } else { Err(TargetError::Syntax) }
}

/// Returns the normal form of the URL of an app, which alone knows what it means.
fn app_url(scheme: &str, rest: &str) -> Result<String, TargetError> {
    // Apps take texts with line ends.
    let rest = encoded(rest, is_url_character, is_no_text).ok_or(TargetError::Syntax)?;
    if rest.is_empty() {
        return Err(TargetError::Syntax);
    }
    let url = Url::parse(&format!("{scheme}:{rest}")).map_err(|_| TargetError::Syntax)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(TargetError::Credentials);
    }
    Ok(url.into())
}

#[cfg(test)]
mod tests;
