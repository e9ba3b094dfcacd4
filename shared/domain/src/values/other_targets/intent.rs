//! Checks `intent:` URLs, by which browsers on Android open apps
//! (<https://developer.chrome.com/docs/android/intents>).

use percent_encoding::percent_decode_str;

use crate::values::schemes::TargetSchemes;
use crate::values::target_error::TargetError;

/// Checks `url`, which is in its normal form. An intent can name any other URL, so the scheme that it stands for must be allowed,
/// and its fallback must be a target too. It cannot name a component: that would open parts of apps which expect no visitors.
pub(super) fn check(
    url: &str,
    schemes: &TargetSchemes,
    check_url: &dyn Fn(&str) -> Result<(), TargetError>,
) -> Result<(), TargetError> {
    // Android looks for the last `#`.
    let (data, intent) = url.rsplit_once('#').ok_or(TargetError::Intent)?;
    let data = data.strip_prefix("intent:").filter(|data| !data.contains('#')).ok_or(TargetError::Intent)?;
    let items =
        intent.strip_prefix("Intent;").and_then(|items| items.strip_suffix("end")).ok_or(TargetError::Intent)?;
    let mut has_receiver = false;
    for item in items.split_terminator(';') {
        let (name, value) = item.split_once('=').ok_or(TargetError::Intent)?;
        let value = percent_decode_str(value).decode_utf8().map_err(|_| TargetError::Intent)?;
        match name {
            "scheme" => {
                has_receiver = true;
                check_scheme(&value, data, schemes, check_url)?;
            }
            "package" if is_name(&value) => has_receiver = true,
            "action" if value == "android.intent.action.VIEW" => {}
            "category"
                if ["android.intent.category.BROWSABLE", "android.intent.category.DEFAULT"].contains(&&*value) => {}
            "S.browser_fallback_url" => check_url(&value)?,
            _ if is_extra(name) => {}
            _ => return Err(TargetError::Intent),
        }
    }
    let is_terminated = items.is_empty() || items.ends_with(';');
    if has_receiver && is_terminated { Ok(()) } else { Err(TargetError::Intent) }
}

/// Checks the scheme of the URL that the intent stands for: `data` follows its colon.
fn check_scheme(
    scheme: &str,
    data: &str,
    schemes: &TargetSchemes,
    check_url: &dyn Fn(&str) -> Result<(), TargetError>,
) -> Result<(), TargetError> {
    match scheme {
        "http" | "https" => check_url(&format!("{scheme}:{data}")),
        "intent" => Err(TargetError::Intent),
        _ if schemes.allow(scheme) => Ok(()),
        _ => Err(TargetError::Scheme),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._".contains(&b))
}

/// Tells whether `name` is an extra, which an app gets with its type: `S.campaign`, `i.page`.
fn is_extra(name: &str) -> bool {
    let extra = name.split_once('.').filter(|(kind, _)| ["S", "B", "b", "c", "d", "f", "i", "l", "s"].contains(kind));
    extra.is_some_and(|(_, rest)| is_name(rest))
}
