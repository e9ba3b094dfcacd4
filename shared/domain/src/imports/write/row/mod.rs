//! Checks the fields of a row, and makes its link.

mod aliases;
mod own_slug;

use self::aliases::read_aliases;
use self::own_slug::{OwnSlug, split_short_url};
use super::counts::read_count;
use super::protection::PasswordOwner;
use super::row_defaults::RowDefaults;
use super::row_settings::read_settings;
use super::text::{fit_tags, fit_title};
use super::words::is_nothing;
use crate::imports::job::import::Import;
use crate::imports::job::options::RowOptions;
use crate::imports::rows::time::{NOT_A_TIME, read_time};
use crate::imports::rows::{Column, Fault, Fields, RowAddress, Source};
use crate::links::address::LinkAddress;
use crate::links::create::own_domain;
use crate::links::id::LinkId;
use crate::links::link::Link;
use crate::links::settings::LinkSettings;
use crate::values::domains::{Domain, Domains};
use crate::values::slug::Slug;
use crate::values::slug_rules::SlugRules;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;
use crate::workspaces::defaults::NewLinkDefaults;

/// How many slugs are tried for a row that has none. A slug of eight characters is rarely taken (1 in 200,000 on a domain with a
/// billion links), and five in a row never are.
pub const SLUG_ATTEMPTS: u32 = 5;
const SLUG_LEN: usize = 8;
/// From this attempt on a slug is longer than the one before as long as it is shorter than [`SLUG_LEN`]: a workspace may ask for slugs so
/// short that they are used up.
const FIRST_LONGER_ATTEMPT: u32 = 2;
/// How far ahead of ours another service's clock may be, in seconds.
const MAX_AHEAD_SECONDS: i64 = 24 * 3600;

/// A row that asks for a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The row's address in the file.
    pub address: RowAddress,
    /// The link that it asks for.
    pub link: Link,
    /// Other addresses that are to lead to the link, each once.
    pub aliases: Vec<LinkAddress>,
    /// The attempt at a derived slug, counted from 0; `None` if the slug is the row's own.
    pub attempt: Option<u32>,
    /// The rules of slugs on the link's domain.
    pub slug_rules: SlugRules,
    /// What the link lacks of its row, or has otherwise. The report says so.
    pub warnings: Vec<Fault>,
    /// Whether the link is archived only because the file does not hold its password.
    pub lacks_password: bool,
}

impl Candidate {
    /// Goes on to the next derived slug; returns whether there is one.
    pub fn try_next_slug(&mut self) -> bool {
        let Some(attempt) = self.attempt.map(|attempt| attempt + 1).filter(|&attempt| attempt < SLUG_ATTEMPTS) else {
            return false;
        };
        let len = self.link.address.slug.as_str().len();
        let len = len + usize::from(len < SLUG_LEN && attempt >= FIRST_LONGER_ATTEMPT);
        let slug = derived_slug(self.link.origin.as_deref().unwrap_or_default(), attempt, len);
        self.link.address.slug = self.slug_rules.apply_to_generated(slug);
        self.attempt = Some(attempt);
        true
    }
}

/// Derives a slug of `len` characters for the row with `origin`. Loading the row again gives the same slug.
fn derived_slug(origin: &str, attempt: u32, len: usize) -> Slug {
    match attempt {
        0 => Slug::derive(origin, len),
        _ => Slug::derive(&format!("{origin}#{attempt}"), len),
    }
}

/// What the check of a row needs from its import.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The import.
    pub import: &'a Import,
    /// The stack's own domains, with their rules.
    pub domains: &'a Domains,
    /// The creation time of links whose rows have none.
    pub created_at: Timestamp,
    /// The import's options for its rows.
    pub options: &'a RowOptions,
}

impl Context<'_> {
    /// Makes the link that the row at `address` asks for, or returns its first invalid column. A column that hardly matters costs
    /// only itself and a warning, unless the import is strict.
    pub fn check(&self, address: &RowAddress, fields: &Fields<'_>) -> Result<Candidate, Fault> {
        let origin = self.import.origin(address.row);
        let url = fields.url.as_deref().unwrap_or_default();
        if url.is_empty() {
            return Err(fault(Column::Url, "", "is missing"));
        }
        let target = TargetUrl::parse(url, self.domains).map_err(|error| fault(Column::Url, url, error))?;
        let mut warnings = Vec::new();
        let own_slug = OwnSlug::of(fields, &mut warnings)?;
        let domain = self.domain(fields, &mut warnings);
        if let Some(reason) = self.domains.why_closed(&domain, &self.import.workspace) {
            return Err(fault(Column::Domain, domain.as_str(), reason));
        }
        let defaults = self.defaults(fields).map(|all| RowDefaults::of(all, domain.as_str(), self.created_at));
        let (slug, attempt) = match own_slug {
            Some(own) => (own.on(&domain, self.domains)?, None),
            None => {
                let len = defaults.as_ref().and_then(RowDefaults::slug_len).unwrap_or(SLUG_LEN);
                (self.domains.generated_slug_on(&domain, derived_slug(&origin, 0, len)), Some(0))
            }
        };
        let target = match &defaults {
            Some(defaults) => defaults.with_parameters(target, self.domains, &mut warnings),
            None => target,
        };
        let address_of_link = LinkAddress { domain: domain.clone(), slug };
        let aliases = self.aliases(fields, &address_of_link, &mut warnings);
        let title = fields.title.as_deref().and_then(|text| fit_title(text, is_foreign(fields), &mut warnings));
        let default_tags = defaults.as_ref().and_then(|defaults| defaults.tags(fields, self.options.tags.len()));
        let tags = fit_tags(default_tags.as_ref().unwrap_or(&fields.tags), &self.options.tags, &mut warnings);
        let created_at = self.created_at(fields, &mut warnings);
        let imported_clicks = fields.imported_clicks.as_deref().and_then(|text| read_clicks(text, &mut warnings));
        let (settings, lacks_password) = if fields.more.is_empty() && fields.faults.is_empty() && defaults.is_none() {
            (LinkSettings::default(), false)
        } else {
            let dry_run = self.import.options.dry_run;
            let owner = PasswordOwner { origin: &origin, row: address.row, dry_run };
            read_settings((&target, fields, defaults.as_ref()), owner, self.domains, &mut warnings)
        };
        if self.options.strict && !warnings.is_empty() {
            return Err(warnings.swap_remove(0));
        }
        let link = Link {
            address: address_of_link,
            stored_id: Some(LinkId::derive(self.created_at, &origin)),
            counted_at: None,
            aliases: Vec::new(),
            workspace: self.import.workspace.clone(),
            url: target,
            title,
            tags,
            created_at,
            updated_at: None,
            created_by: Some(self.import.id.to_string()),
            changed_by: None,
            revision: 0,
            settings,
            target_check: None,
            imported_clicks,
            origin: Some(origin),
        };
        let slug_rules = self.domains.slug_rules_of(&domain);
        Ok(Candidate { address: address.clone(), link, aliases, attempt, slug_rules, warnings, lacks_password })
    }

    /// Returns what the workspace says about new links. A row of our own export says everything itself.
    fn defaults(&self, fields: &Fields<'_>) -> Option<&NewLinkDefaults> {
        self.options.new_links.as_deref().filter(|_| fields.source != Some(Source::Waypost))
    }

    /// Returns the domain that the row names, or the import's: we cannot serve a domain that is not the stack's. Links of another
    /// service are expected to move.
    fn domain(&self, fields: &Fields<'_>, warnings: &mut Vec<Fault>) -> Domain {
        let of_workspace = self.defaults(fields).and_then(|all| all.defaults.domain.as_deref());
        let of_workspace = of_workspace.and_then(|text| own_domain(text, self.domains).ok());
        let default = self.options.domain.as_ref().or(of_workspace.as_ref()).unwrap_or(self.domains.default_domain());
        if let Some(text) = fields.domain.as_deref() {
            return own_domain(text, self.domains).unwrap_or_else(|detail| {
                if !is_foreign(fields) {
                    warnings.push(fault(Column::Domain, text, format!("{detail}; the link is on {default}")));
                }
                default.clone()
            });
        }
        let short = fields.custom_url.as_deref().or(fields.short_url.as_deref());
        let own = short.and_then(|short| own_domain(split_short_url(short).0, self.domains).ok());
        own.unwrap_or_else(|| default.clone())
    }

    /// Returns the aliases of the row that a link at `link` can have.
    fn aliases(&self, fields: &Fields<'_>, link: &LinkAddress, warnings: &mut Vec<Fault>) -> Vec<LinkAddress> {
        let text = fields.more.iter().find(|(column, _)| *column == Column::Aliases);
        let Some((_, text)) = text else { return Vec::new() };
        read_aliases(text, link, self.domains, &self.import.workspace, warnings)
    }

    fn created_at(&self, fields: &Fields<'_>, warnings: &mut Vec<Fault>) -> Timestamp {
        let Some(text) = fields.created_at.as_deref() else { return self.created_at };
        let cause = match read_time(text, fields.dates) {
            Some(time) if time.as_seconds() <= self.created_at.as_seconds() + MAX_AHEAD_SECONDS => return time,
            Some(_) => "is in the future",
            None if text == "0" || is_nothing(text) => return self.created_at,
            None => NOT_A_TIME,
        };
        warnings.push(fault(Column::CreatedAt, text, format!("{cause}; the link has the time of the import")));
        self.created_at
    }
}

/// Tells whether the row is from another service, whose domains we do not serve.
fn is_foreign(fields: &Fields<'_>) -> bool {
    fields.source.is_some_and(|source| source != Source::Waypost)
}

fn read_clicks(text: &str, warnings: &mut Vec<Fault>) -> Option<u64> {
    if is_nothing(text) {
        return None;
    }
    let count = read_count(text);
    if count.is_none() {
        warnings.push(fault(Column::ImportedClicks, text, "is not a number of clicks and is left out"));
    }
    count
}

#[cold]
fn fault(column: Column, value: &str, cause: impl ToString) -> Fault {
    Fault { column: Some(column), value: value.to_owned(), cause: cause.to_string() }
}

#[cfg(test)]
mod tests;
