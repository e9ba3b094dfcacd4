//! Reads answers of Web Risk.

use serde::Deserialize;
use waypost_domain::Timestamp;
use waypost_domain::target_safety::ports::{LookupError, Verdict};
use waypost_domain::target_safety::threat::Threat;

/// What the service sends. A URL that is on no list gives an empty object.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    threat: Option<Match>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Match {
    #[serde(default)]
    threat_types: Vec<String>,
    #[serde(default)]
    expire_time: Option<String>,
}

/// Reads an answer with status 200.
pub(super) fn verdict_of(body: &[u8]) -> Result<Verdict, LookupError> {
    // A struct would take a list, too.
    let value: serde_json::Value = serde_json::from_slice(body).map_err(|_| LookupError::Unreadable)?;
    if !value.is_object() || value.get("error").is_some() {
        return Err(LookupError::Unreadable);
    }
    let answer: Answer = serde_json::from_value(value).map_err(|_| LookupError::Unreadable)?;
    let Some(found) = answer.threat.filter(|found| !found.threat_types.is_empty()) else {
        return Ok(Verdict { threat: None, until: None });
    };
    let threats: Vec<Threat> = found.threat_types.iter().filter_map(|name| threat_of(name)).collect();
    // The worst one, if there are several. Names that are none of the lists that were asked are no answer.
    let order = [Threat::Phishing, Threat::Malware, Threat::UnwantedSoftware];
    let threat = order.into_iter().find(|threat| threats.contains(threat)).ok_or(LookupError::Unreadable)?;
    let until = found.expire_time.as_deref().and_then(|text| Timestamp::parse(text).ok());
    Ok(Verdict { threat: Some(threat), until })
}

fn threat_of(name: &str) -> Option<Threat> {
    match name {
        "SOCIAL_ENGINEERING" | "SOCIAL_ENGINEERING_EXTENDED_COVERAGE" => Some(Threat::Phishing),
        "MALWARE" => Some(Threat::Malware),
        "UNWANTED_SOFTWARE" => Some(Threat::UnwantedSoftware),
        _ => None,
    }
}

/// Says what an answer with another status means. Google answers 400 for a key that does not exist, as for a URL that it cannot take; the
/// reason is in the body (<https://cloud.google.com/apis/design/errors>).
pub(super) fn error_of(status: u16, body: &[u8]) -> LookupError {
    let is_about_key = body.windows(b"API_KEY".len()).any(|part| part == b"API_KEY");
    match status {
        429 => LookupError::Quota,
        401 | 403 => LookupError::Key,
        400 if is_about_key => LookupError::Key,
        400 | 413 | 414 | 431 => LookupError::NotTaken,
        500..=599 => LookupError::Unavailable,
        _ => LookupError::Unreadable,
    }
}
