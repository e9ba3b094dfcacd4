//! Defines the request that starts a job, and checks it.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::edit::Edit;
use super::job::Action;
use crate::access::key::Caller;
use crate::catalog::query::CatalogQuery;
use crate::catalog::search_links::check_filters;
use crate::links::address::LinkAddress;
use crate::links::find::link_address;
use crate::links::id::LinkId;
#[cfg(feature = "openapi")]
use crate::links::link::Link;
use crate::links::list::ListRequest;
use crate::values::domains::Domains;
use crate::values::error::{Error, FieldError};
use crate::values::field_errors::Errors;
use crate::values::json::or_default;
#[cfg(feature = "openapi")]
use crate::values::schema::TEXT;

/// The most links that a request can name.
pub const MAX_NAMED: usize = 1000;

/// A job to start.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewLinkChange {
    /// Which links are meant: `links` or `filter`.
    pub select: NewSelection,
    /// What to change in each of them.
    pub change: Option<Map<String, Value>>,
    /// Whether to delete them instead.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub delete: bool,
    /// Whether to check everything and tell the results, but write no link.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub dry_run: bool,
}

/// Which links are meant.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewSelection {
    /// These links, each once.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_NAMED)))]
    pub links: Option<Vec<NamedLink>>,
    /// The links that a list with these parameters shows.
    pub filter: Option<FilterFields>,
    /// Says that a filter that leaves out nothing is meant so. Archived links are left out unless `archived` says otherwise.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub all: bool,
}

/// A link, by its address or by its id.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NamedLink {
    /// Its slug.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::slug::Slug>"))]
    pub slug: Option<String>,
    /// Its domain, with `slug`; the default domain if absent.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::domains::Domain>"))]
    pub domain: Option<String>,
    /// Its id, instead of the address.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<LinkId>"))]
    pub id: Option<String>,
}

/// The filters of a list of links.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "LinkFilter"))]
pub struct FilterFields {
    /// Only links with a word that begins with each word of this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = ListRequest::MAX_SEARCH_CHARS), regex(pattern = TEXT)))]
    pub search: Option<String>,
    /// Only links with this target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = ListRequest::MAX_TARGET_CHARS)))]
    pub url: Option<String>,
    /// Only links whose target begins with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = ListRequest::MAX_TARGET_CHARS), extend("examples" = ["example.com/docs/"])))]
    pub url_prefix: Option<String>,
    /// Only links whose target has this host, or with `*.` before it a host below this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = ListRequest::MAX_HOST_CHARS), extend("examples" = ["example.com"])))]
    pub host: Option<String>,
    /// Only links with these tags.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<String>>", length(max = Link::MAX_TAGS), inner(length(min = 1, max = Link::MAX_TAG_CHARS), regex(pattern = TEXT))))]
    pub tag: Vec<String>,
    /// Whether links must have `all` of the tags (the default) or `any` of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(extend("enum" = ["any", "all", null])))]
    pub tag_mode: Option<String>,
    /// Only links on this domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::domains::Domain>"))]
    pub domain: Option<String>,
    /// Only links whose slug begins with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::slug::Slug>"))]
    pub prefix: Option<String>,
    /// `false` (the default): only links that are not archived; `true`: only archived links; `any`: both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(extend("enum" = ["true", "false", "any", null])))]
    pub archived: Option<String>,
    /// `true`: only links whose target is broken; `false`: only the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(extend("enum" = ["true", "false", null])))]
    pub broken: Option<String>,
    /// Only links created at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::timestamp::Timestamp>"))]
    pub created_after: Option<String>,
    /// Only links created before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::timestamp::Timestamp>"))]
    pub created_before: Option<String>,
    /// Only links that expire at this time or later. Links that never expire are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::timestamp::Timestamp>"))]
    pub expires_after: Option<String>,
    /// Only links that expire, or have expired, before this time. Links that never expire are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::timestamp::Timestamp>"))]
    pub expires_before: Option<String>,
}

impl FilterFields {
    /// Checks the filter as the parameters of a list.
    ///
    /// # Errors
    /// [`Error::Invalid`] names every field that is wrong, as a parameter.
    pub fn check(&self, domains: &Domains, caller: &Caller) -> Result<CatalogQuery, Error> {
        let this = self.clone();
        let request = ListRequest {
            search: this.search,
            url: this.url,
            url_prefix: this.url_prefix,
            host: this.host,
            tags: this.tag,
            tag_mode: this.tag_mode,
            domain: this.domain,
            prefix: this.prefix,
            archived: this.archived,
            broken: this.broken,
            created_after: this.created_after,
            created_before: this.created_before,
            expires_after: this.expires_after,
            expires_before: this.expires_before,
            ..ListRequest::default()
        };
        check_filters(&request, caller, domains)
    }
}

/// A checked request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Checked {
    pub(super) action: Action,
    pub(super) selected: Selected,
    pub(super) dry_run: bool,
}

/// The links that a checked request means.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Selected {
    /// These.
    Links {
        /// By address, each once.
        addresses: Vec<LinkAddress>,
        /// By id, each once.
        ids: Vec<LinkId>,
    },
    /// Those that pass this filter, as JSON.
    Filter(String),
}

impl NewLinkChange {
    /// Checks all of the request.
    pub(super) fn check(&self, domains: &Domains, caller: &Caller) -> Result<Checked, Error> {
        let mut errors = Errors::default();
        let action = self.check_action(domains, caller, &mut errors)?;
        let selected = self.select.check(domains, caller, &mut errors)?;
        let both = action.zip(selected);
        errors.or(both.map(|(action, selected)| Checked { action, selected, dry_run: self.dry_run }))
    }

    fn check_action(&self, domains: &Domains, caller: &Caller, errors: &mut Errors) -> Result<Option<Action>, Error> {
        match (&self.change, self.delete) {
            (None, true) => Ok(Some(Action::Delete)),
            (Some(change), false) => {
                let checked = Edit::check(change, domains, &caller.workspace);
                let checked = add_under("/change", checked, errors)?;
                Ok(checked.map(|_| Action::Change { change: Value::Object(change.clone()).to_string() }))
            }
            (Some(_), true) => {
                errors.add("/delete", "cannot stand beside change");
                Ok(None)
            }
            (None, false) => {
                errors.add("/change", "is missing: say what to change, or delete");
                Ok(None)
            }
        }
    }
}

impl NewSelection {
    fn check(&self, domains: &Domains, caller: &Caller, errors: &mut Errors) -> Result<Option<Selected>, Error> {
        if let Some(links) = &self.links {
            if self.filter.is_some() || self.all {
                errors.add("/select/links", "cannot stand beside filter or all");
            }
            return Ok(Some(check_links(links, domains, errors)));
        }
        if self.filter.is_none() && !self.all {
            errors.add("/select", "must have links or filter");
            return Ok(None);
        }
        let filter = self.filter.clone().unwrap_or_default();
        let Some(query) = add_under("/select/filter/", filter.check(domains, caller), errors)? else { return Ok(None) };
        if !self.all && !query.is_restricted() {
            errors.add("/select/filter", "leaves out nothing: say \"all\": true if all links are meant");
        }
        Ok(serde_json::to_string(&filter).ok().map(Selected::Filter))
    }
}

fn check_links(links: &[NamedLink], domains: &Domains, errors: &mut Errors) -> Selected {
    let (mut addresses, mut ids) = (Vec::new(), Vec::new());
    if !(1..=MAX_NAMED).contains(&links.len()) {
        errors.add("/select/links", format!("must have 1 to {MAX_NAMED} links"));
        return Selected::Links { addresses, ids };
    }
    let (mut seen_addresses, mut seen_ids) = (HashSet::new(), HashSet::new());
    for (index, link) in links.iter().enumerate() {
        let at = format!("/select/links/{index}");
        let is_new = match (&link.slug, &link.id) {
            (Some(slug), None) => match link_address(domains, slug, link.domain.as_deref()) {
                Ok(address) => {
                    addresses.push(address.clone());
                    seen_addresses.insert(address)
                }
                Err(Error::NotFound(_)) => {
                    errors.add(format!("{at}/slug"), "is not a slug");
                    true
                }
                Err(error) => {
                    errors.add(format!("{at}/domain"), detail_of(&error));
                    true
                }
            },
            (None, Some(id)) if link.domain.is_none() => {
                match errors.note(&format!("{at}/id"), LinkId::parse(id.as_str())) {
                    Some(id) => {
                        ids.push(id.clone());
                        seen_ids.insert(id)
                    }
                    None => true,
                }
            }
            _ => {
                errors.add(at.as_str(), "must have a slug, perhaps with a domain, or an id");
                true
            }
        };
        if !is_new {
            errors.add(at, "is named twice");
        }
    }
    Selected::Links { addresses, ids }
}

fn detail_of(error: &Error) -> String {
    match error {
        Error::Invalid(errors) => errors.first().map(|error| error.detail.clone()).unwrap_or_default(),
        other => other.to_string(),
    }
}

/// Returns the value, or adds the invalid fields of an error to `errors`, `prefix` before their pointers.
fn add_under<T>(prefix: &str, result: Result<T, Error>, errors: &mut Errors) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::Invalid(found)) => {
            for FieldError { pointer, detail } in found {
                errors.add(format!("{prefix}{pointer}"), detail);
            }
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::key::Role;
    use crate::testing::samples::caller;
    use crate::values::json::read;

    fn check(request: Value) -> Result<Checked, Error> {
        let domains = Domains::parse("go.example.com,s.example.org").unwrap();
        read::<NewLinkChange>(request)?.check(&domains, &caller("acme", Role::Editor))
    }

    const ID: &str = "lnk_0193a5d2c5f07d1e8c3f6f0b6a3d9e21";

    #[test]
    fn error_names_every_bad_field() {
        let archive = json!({"archived": true});
        let filter = |filter: Value| json!({"select": {"filter": filter}, "delete": true});
        let links = |links: Value| json!({"select": {"links": links}, "delete": true});
        for (request, pointers) in [
            (json!({}), ""),
            (json!({"select": {}}), "/change /select"),
            (json!({"select": {"filter": {"tag": ["a"]}}, "change": archive, "delete": true}), "/delete"),
            (json!({"select": {"filter": {"tag": ["a"]}}, "change": {"slug": "x", "url": 7}}), "/change/url"),
            (json!({"select": {"filter": {"tag": ["a"]}}, "change": {}}), "/change"),
            (json!({"select": {"filter": {}, "links": [{"slug": "a"}]}, "delete": true}), "/select/links"),
            (json!({"select": {"all": true, "links": [{"slug": "a"}]}, "delete": true}), "/select/links"),
            (filter(json!({})), "/select/filter"),
            (filter(json!({"archived": "false"})), "/select/filter"),
            (filter(json!({"broken": "false"})), "/select/filter"),
            (filter(json!({"broken": "any"})), "/select/filter/broken"),
            (filter(json!({"archived": "any", "tag": [], "tag_mode": "any"})), "/select/filter"),
            (filter(json!({"limit": 1})), "/select/filter/limit"),
            (filter(json!({"tag": "a"})), "/select/filter/tag"),
            (
                filter(json!({"tag_mode": "none", "archived": "maybe", "host": "a b", "created_after": "now"})),
                "/select/filter/tag_mode /select/filter/archived /select/filter/created_after /select/filter/host",
            ),
            (filter(json!({"domain": "elsewhere.example"})), "/select/filter/domain"),
            (links(json!([])), "/select/links"),
            (links(json!(vec![json!({"slug": "a"}); MAX_NAMED + 1])), "/select/links"),
            (
                links(json!([{}, {"slug": "a", "id": ID}, {"id": ID, "domain": "s.example.org"}])),
                "/select/links/0 /select/links/1 /select/links/2",
            ),
            (
                links(json!([{"slug": "a b"}, {"slug": "a", "domain": "x.example"}, {"id": "lnk_1"}])),
                "/select/links/0/slug /select/links/1/domain /select/links/2/id",
            ),
            (
                links(json!([{"slug": "a"}, {"slug": "a", "domain": "go.example.com"}, {"id": ID}, {"id": ID}])),
                "/select/links/1 /select/links/3",
            ),
        ] {
            let Err(Error::Invalid(errors)) = check(request.clone()) else { panic!("{request} is taken") };
            let found: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
            assert_eq!(found.join(" "), pointers, "{request}: {errors:?}");
        }
    }

    #[test]
    fn filter_that_leaves_out_nothing_needs_all() {
        for request in [
            json!({"select": {"all": true}, "delete": true}),
            json!({"select": {"all": true, "filter": {"archived": "any"}}, "change": {"archived": null}}),
            json!({"select": {"filter": {"archived": "true"}}, "delete": true, "dry_run": null}),
            json!({"select": {"filter": {"search": "spring sale"}}, "delete": true, "dry_run": true}),
            json!({"select": {"links": [{"slug": "a"}, {"slug": "a", "domain": "s.example.org"}, {"id": ID}]}, "delete": true}),
        ] {
            assert!(check(request.clone()).is_ok(), "{request}");
        }
    }
}
