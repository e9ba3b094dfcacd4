//! Reads the columns with a link's settings, which few rows have. A column that cannot be read costs only itself, except that a
//! link is archived if the column would have restricted it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as WordError;

use super::counts::read_count;
use super::protection::{PasswordOwner, Protection};
use super::row_defaults::RowDefaults;
use super::words::{is_nothing, read_flag};
use crate::imports::rows::time::{NOT_A_TIME, read_time};
use crate::imports::rows::{Column, DateOrder, Fault, Fields};
use crate::links::request::{ConditionFields, LinkFields, RuleFields};
use crate::links::settings::{LinkSettings, QueryConflict};
use crate::links::validate::check_fields;
use crate::values::domains::Domains;
use crate::values::error::Error;
use crate::values::field_errors::Errors;
use crate::values::target::TargetUrl;
use crate::visitors::system::Os;

/// What a report says of a link that lacks a restriction.
const ARCHIVED: &str = "the link is archived: without this it would be open to more visits";
/// How often fields that are wrong are removed and the others checked. Fields depend on each other: one check removes `expires_at`,
/// the next finds nothing wrong.
const MAX_CHECKS: usize = 4;

/// Reads the settings of a link to `target`, with the defaults of the workspace where the row says nothing, and whether it is archived only because its password is not known. Adds what is wrong
/// to `warnings`.
pub(super) fn read_settings(
    (target, row, defaults): (&TargetUrl, &Fields<'_>, Option<&RowDefaults<'_>>),
    owner: PasswordOwner<'_>,
    domains: &Domains,
    warnings: &mut Vec<Fault>,
) -> (LinkSettings, bool) {
    let mut found: Vec<Fault> = row.faults.clone();
    let mut reading = Reading { dates: row.dates, ..Reading::default() };
    reading.fields.url = Some(target.to_string());
    if let Some(defaults) = defaults {
        defaults.fill_in(&mut reading.fields);
    }
    for (column, text) in &row.more {
        if let Err(cause) = reading.take(*column, text) {
            found.push(fault(*column, text, cause));
        }
    }
    let Reading { mut fields, protection, by_visitor, .. } = reading;
    fields.rules.extend(by_visitor);
    if let Some(defaults) = defaults.filter(|_| !row.more.iter().any(|(column, _)| *column == Column::ExpiresAt)) {
        fields.expires_at = defaults.expiry(fields.starts_at.as_deref());
    }
    let mut settings = check(&mut fields, &row.more, domains, &mut found);
    settings.archived |= protection.off;
    settings.archived |= found.iter().any(|fault| fault.column.is_some_and(Column::restricts));
    let mut lacks_password = false;
    match protection.password_hash(owner) {
        Ok(hash) => settings.password_hash = hash,
        Err(fault) => {
            found.push(fault);
            lacks_password = !settings.archived;
            settings.archived = true;
        }
    }
    for fault in found.iter_mut().filter(|fault| fault.column.is_some_and(Column::restricts)) {
        fault.cause = format!("{}; {ARCHIVED}", fault.cause);
    }
    warnings.append(&mut found);
    (settings, lacks_password)
}

/// Checks the fields. Removes the wrong ones and adds them to `found`.
fn check(
    fields: &mut LinkFields,
    columns: &[(Column, Cow<'_, str>)],
    domains: &Domains,
    found: &mut Vec<Fault>,
) -> LinkSettings {
    for _ in 0..MAX_CHECKS {
        let mut errors = Errors::default();
        let settings = check_fields(fields, domains, &mut errors);
        let errors = match errors.or(settings) {
            Ok(checked) => return checked.settings,
            Err(Error::Invalid(errors)) => errors,
            Err(_) => break,
        };
        let mut removed: Vec<String> = Vec::new();
        for error in errors {
            let mut path = error.pointer.trim_start_matches('/').splitn(2, '/');
            let name = path.next().unwrap_or_default().to_owned();
            let place = path.next().map(|rest| format!("{rest} ")).unwrap_or_default();
            if removed.contains(&name) {
                continue;
            }
            let (column, text) = column_of(&name, columns);
            found.push(fault(column, text, format!("{place}{}", error.detail)));
            remove(fields, &name);
            removed.push(name);
        }
    }
    found.push(fault(Column::Archived, "", "the settings of the row do not go together".to_owned()));
    LinkSettings::default()
}

/// Returns the column that a field is from, and its text. Rules are from several columns.
fn column_of<'a>(name: &str, columns: &'a [(Column, Cow<'_, str>)]) -> (Column, &'a str) {
    let by_visitor = |column: &Column| matches!(column, Column::Geo | Column::IosUrl | Column::AndroidUrl);
    let own = columns.iter().find(|(column, _)| column.as_str() == name);
    let found = own.or_else(|| columns.iter().find(|(column, _)| name == "rules" && by_visitor(column)));
    found.map_or((Column::Rules, ""), |(column, text)| (*column, text.as_ref()))
}

fn remove(fields: &mut LinkFields, name: &str) {
    match name {
        "starts_at" => fields.starts_at = None,
        "expires_at" => fields.expires_at = None,
        "expired_url" => fields.expired_url = None,
        "max_clicks" => fields.max_clicks = None,
        "redirect_status" => fields.redirect_status = None,
        "rules" => fields.rules.clear(),
        "variants" => fields.variants.clear(),
        "preview" => fields.preview = None,
        _ => {}
    }
}

fn fault(column: Column, value: &str, cause: String) -> Fault {
    Fault { column: Some(column), value: value.to_owned(), cause }
}

/// The settings of a row as far as they are read.
#[derive(Default)]
struct Reading {
    fields: LinkFields,
    protection: Protection,
    /// Rules of services that have a target for each system and country, in the order in which those services ask them.
    by_visitor: Vec<RuleFields>,
    dates: DateOrder,
}

impl Reading {
    fn take(&mut self, column: Column, text: &str) -> Result<(), String> {
        if self.protection.take(column, text)? {
            return Ok(());
        }
        let fields = &mut self.fields;
        match column {
            Column::StartsAt => fields.starts_at = time(text, self.dates)?,
            Column::ExpiresAt => fields.expires_at = time(text, self.dates)?,
            Column::ExpiredUrl => fields.expired_url = Some(text.to_owned()).filter(|text| !is_nothing(text)),
            Column::MaxClicks if is_nothing(text) => {}
            Column::MaxClicks => fields.max_clicks = Some(read_count(text).ok_or("is not a number of clicks")?),
            Column::RedirectStatus if is_nothing(text) => {}
            Column::RedirectStatus => {
                let status = read_count(text).and_then(|status| u16::try_from(status).ok());
                fields.redirect_status = Some(status.ok_or("is not a number in range")?);
            }
            Column::ForwardQuery => fields.forward_query = read_flag(text)?,
            Column::ForwardPath => fields.forward_path = read_flag(text)?,
            Column::Landing => fields.landing = read_flag(text)?,
            Column::QueryConflict if !is_nothing(text) => {
                let word = text.trim().to_ascii_lowercase();
                let choice = QueryConflict::deserialize(word.as_str().into_deserializer());
                fields.query_conflict = choice.map_err(|_: WordError| "is neither target_wins nor visitor_wins")?;
            }
            Column::Rules if !is_nothing(text) => fields.rules = json(text)?,
            Column::Variants if !is_nothing(text) => fields.variants = json(text)?,
            // Other services have a text or an address under this name.
            Column::Preview if text.starts_with('{') => {
                fields.preview = serde_json::from_str(text)
                    .map_err(|error| format!("is not a JSON object as in the API: {error}"))?;
            }
            Column::Geo if !is_nothing(text) => {
                let targets: BTreeMap<String, String> = serde_json::from_str(text)
                    .map_err(|error| format!("is not a JSON object of a URL for each country: {error}"))?;
                let rules = targets.into_iter().map(|(country, url)| {
                    let country = vec![country.to_ascii_uppercase()];
                    RuleFields { conditions: ConditionFields { country, ..ConditionFields::default() }, url }
                });
                self.by_visitor.extend(rules);
            }
            Column::IosUrl if !is_nothing(text) => self.by_visitor.insert(0, on_system(Os::Ios, text)),
            Column::AndroidUrl if !is_nothing(text) => self.by_visitor.insert(0, on_system(Os::Android, text)),
            // The other columns are not settings.
            _ => {}
        }
        Ok(())
    }
}

fn on_system(os: Os, url: &str) -> RuleFields {
    let conditions = ConditionFields { os: vec![os], ..ConditionFields::default() };
    RuleFields { conditions, url: url.to_owned() }
}

/// Reads a time, or `None` from one of the words that services write for none.
fn time(text: &str, order: DateOrder) -> Result<Option<String>, String> {
    if text == "0" || is_nothing(text) {
        return Ok(None);
    }
    read_time(text, order).map(|time| Some(time.to_string())).ok_or_else(|| NOT_A_TIME.to_owned())
}

fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("is not a JSON list as in the API: {error}"))
}
