//! Gives a row what its workspace says about new links, where the row says nothing.

use std::borrow::Cow;

use crate::imports::rows::{Column, Fault, Fields, Tags};
use crate::links::link::Link;
use crate::links::request::LinkFields;
use crate::links::utm::Utm;
use crate::values::domains::Domains;
use crate::values::target::TargetUrl;
use crate::values::timestamp::Timestamp;
use crate::workspaces::defaults::{LinkDefaults, NewLinkDefaults};

/// The defaults of a row, which has its domain already.
pub(super) struct RowDefaults<'a> {
    own: LinkDefaults,
    utm: Option<Utm>,
    domain: &'a str,
    /// When links expire from: the start of the import, not a time years ago at which another service made the link.
    created_at: Timestamp,
}

impl<'a> RowDefaults<'a> {
    pub(super) fn of(all: &NewLinkDefaults, domain: &'a str, created_at: Timestamp) -> Self {
        let own = all.on(domain);
        let utm = own.utm_template.as_deref().and_then(|name| all.template(name));
        Self { own, utm, domain, created_at }
    }

    /// Returns the length of a derived slug.
    pub(super) fn slug_len(&self) -> Option<usize> {
        self.own.slug_length.map(usize::from)
    }

    /// Returns the tags of a row that has none. With the `others` of the import, a link can hold them all.
    pub(super) fn tags(&self, row: &Fields<'_>, others: usize) -> Option<Tags<'static>> {
        let tags = self.own.tags.as_ref().filter(|_| row.tags.iter().next().is_none())?;
        let room = Link::MAX_TAGS.saturating_sub(others);
        Some(Tags::List(tags.iter().take(room).map(|tag| Cow::Owned(tag.clone())).collect()))
    }

    /// Adds the UTM parameters of the default template to a target of the web.
    pub(super) fn with_parameters(&self, target: TargetUrl, domains: &Domains, warnings: &mut Vec<Fault>) -> TargetUrl {
        let Some(utm) = self.utm.as_ref().filter(|_| target.is_web()) else { return target };
        let added = utm.added_to(target.as_str(), self.domain, &self.created_at.date());
        TargetUrl::parse(&added, domains).unwrap_or_else(|error| {
            let cause = format!("{error} with the UTM parameters of the workspace's default, which are left out");
            warnings.push(Fault { column: Some(Column::Url), value: String::new(), cause });
            target
        })
    }

    /// Sets the fields before those of the row.
    pub(super) fn fill_in(&self, fields: &mut LinkFields) {
        fields.redirect_status = self.own.redirect_status;
        fields.forward_query = self.own.forward_query.unwrap_or_default();
        fields.query_conflict = self.own.query_conflict.unwrap_or_default();
        fields.forward_path = self.own.forward_path.unwrap_or_default();
    }

    /// Returns when a link expires that starts at `starts_at`.
    pub(super) fn expiry(&self, starts_at: Option<&str>) -> Option<String> {
        let starts_at = starts_at.and_then(|text| Timestamp::parse(text).ok());
        self.own.expiry(self.created_at, starts_at).map(|time| time.to_string())
    }
}
