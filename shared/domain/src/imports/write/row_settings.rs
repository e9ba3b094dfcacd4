//! Reads the columns with a link's settings, which few rows have.

use std::borrow::Cow;

use crate::imports::rows::time::{NOT_A_TIME, read_time};
use crate::imports::rows::{Column, Fault};
use crate::links::request::LinkFields;
use crate::links::settings::LinkSettings;
use crate::links::validate::check_fields;
use crate::values::domains::Domains;
use crate::values::error::Error;
use crate::values::field_errors::Errors;
use crate::values::target::TargetUrl;

/// Reads the settings of a link to `target` from `columns`, or returns the first error.
pub(crate) fn read_settings(
    target: &TargetUrl,
    columns: &[(Column, Cow<'_, str>)],
    domains: &Domains,
) -> Result<LinkSettings, Fault> {
    let mut fields = LinkFields { url: Some(target.to_string()), ..LinkFields::default() };
    for (column, text) in columns {
        set(&mut fields, *column, text).map_err(|cause| fault(*column, text, cause))?;
    }
    let mut errors = Errors::default();
    let settings = check_fields(&fields, domains, &mut errors);
    match errors.or(settings) {
        Ok(settings) => Ok(settings.settings),
        Err(Error::Invalid(errors)) => {
            let first = errors.into_iter().next();
            let (pointer, detail) = first.map(|error| (error.pointer, error.detail)).unwrap_or_default();
            let mut path = pointer.trim_start_matches('/').splitn(2, '/');
            let name = path.next().unwrap_or_default();
            let place = path.next().map(|rest| format!("{rest} ")).unwrap_or_default();
            let (column, text) = columns
                .iter()
                .find(|(column, _)| column.as_str() == name)
                .map_or((Column::Url, ""), |(column, text)| (*column, text.as_ref()));
            Err(fault(column, text, format!("{place}{detail}")))
        }
        Err(error) => Err(fault(Column::Url, "", error.to_string())),
    }
}

fn fault(column: Column, value: &str, cause: String) -> Fault {
    Fault { column: Some(column), value: value.to_owned(), cause }
}

fn set(fields: &mut LinkFields, column: Column, text: &str) -> Result<(), String> {
    match column {
        Column::StartsAt => fields.starts_at = time(text)?,
        Column::ExpiresAt => fields.expires_at = time(text)?,
        Column::ExpiredUrl => fields.expired_url = Some(text.to_owned()),
        Column::MaxClicks => fields.max_clicks = Some(number(text)?),
        Column::RedirectStatus => fields.redirect_status = Some(number(text)?),
        Column::ForwardQuery => fields.forward_query = flag(text)?,
        Column::Archived => fields.archived = flag(text)?,
        Column::Rules => fields.rules = json(text)?,
        Column::Variants => fields.variants = json(text)?,
        // Without its password the link would be open to everyone.
        Column::HasPassword if flag(text)? => {
            return Err("says that the link has a password, which a file cannot hold: create the link with a new one"
                .to_owned());
        }
        // The other columns are not settings.
        _ => {}
    }
    Ok(())
}

/// Reads a time, or `None` from one of the words that services write for none.
fn time(text: &str) -> Result<Option<String>, String> {
    if text == "0" || ["null", "never", "none"].iter().any(|none| none.eq_ignore_ascii_case(text)) {
        return Ok(None);
    }
    read_time(text).map(|time| Some(time.to_string())).ok_or_else(|| NOT_A_TIME.to_owned())
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "is not a number in range".to_owned())
}

fn flag(text: &str) -> Result<bool, String> {
    let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    match () {
        () if is(&["true", "yes", "1"]) => Ok(true),
        () if is(&["false", "no", "0"]) => Ok(false),
        () => Err("must be true or false".to_owned()),
    }
}

fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("is not a JSON list as in the API: {error}"))
}
