//! Defines what a new link has where neither a request nor a row of an import says otherwise.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[cfg(feature = "openapi")]
use crate::links::link::Link;
use crate::links::settings::QueryConflict;
#[cfg(feature = "openapi")]
use crate::links::utm::MAX_UTM_CHARS;
use crate::links::utm::Utm;
#[cfg(feature = "openapi")]
use crate::values::domains::Domain;
use crate::values::json::whole_or_null;
#[cfg(feature = "openapi")]
use crate::values::schema::TEXT;
use crate::values::timestamp::Timestamp;

/// The greatest number of domains with defaults of their own.
pub const MAX_DOMAINS: usize = 100;
/// The greatest number of templates.
pub const MAX_TEMPLATES: usize = 50;
/// The greatest length of a template's name, in characters.
pub const MAX_TEMPLATE_NAME: usize = 50;
/// The greatest number of days after which new links expire: a hundred years.
pub const MAX_EXPIRY_DAYS: u32 = 36_500;
/// The shortest generated slug that a workspace can ask for. Shorter ones could be tried one by one.
pub const MIN_SLUG_LEN: u8 = 4;
/// The longest one.
pub const MAX_SLUG_LEN: u8 = 32;

/// What new links have where a request says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LinkDefaults {
    /// The domain; that of the stack if absent. Not for the defaults of one domain.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Domain>"))]
    pub domain: Option<String>,
    /// The HTTP status of the redirect: 301, 302, 307 or 308.
    #[serde(default, deserialize_with = "whole_or_null", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::links::settings::RedirectStatus>"))]
    pub redirect_status: Option<u16>,
    /// Whether to merge query parameters of the visit into the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward_query: Option<bool>,
    /// Which value counts if the visit and the target have a parameter of the same name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_conflict: Option<QueryConflict>,
    /// Whether what follows the slug in the visit's path goes to the target's path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward_path: Option<bool>,
    /// Words to filter links by. The tags of a request replace them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(max = Link::MAX_TAGS), inner(length(min = 1, max = Link::MAX_TAG_CHARS), regex(pattern = TEXT))))]
    pub tags: Option<Vec<String>>,
    /// After how many days links expire, from their creation or from their `starts_at` if that is later. 0 means never, also where the
    /// default of all domains says otherwise.
    #[serde(default, deserialize_with = "whole_or_null", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(max = MAX_EXPIRY_DAYS)))]
    pub expires_after_days: Option<u32>,
    /// The length of generated slugs; 7 if absent, 8 in imports. Slugs get longer where those of this length are used up.
    #[serde(default, deserialize_with = "whole_or_null", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = MIN_SLUG_LEN, max = MAX_SLUG_LEN)))]
    pub slug_length: Option<u8>,
    /// The name of the template whose UTM parameters targets get. An empty text means none, also where the default of all domains says
    /// otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_TEMPLATE_NAME)))]
    pub utm_template: Option<String>,
}

impl LinkDefaults {
    /// Returns these defaults, and those of `base` for what has none here.
    fn over(&self, base: &Self) -> Self {
        Self {
            domain: base.domain.clone(),
            redirect_status: self.redirect_status.or(base.redirect_status),
            forward_query: self.forward_query.or(base.forward_query),
            query_conflict: self.query_conflict.or(base.query_conflict),
            forward_path: self.forward_path.or(base.forward_path),
            tags: self.tags.as_ref().or(base.tags.as_ref()).cloned(),
            expires_after_days: self.expires_after_days.or(base.expires_after_days),
            slug_length: self.slug_length.or(base.slug_length),
            utm_template: self.utm_template.as_ref().or(base.utm_template.as_ref()).cloned(),
        }
    }

    /// Returns when a link expires that is created at `created_at` and starts at `starts_at`. `None` means never.
    pub(crate) fn expiry(&self, created_at: Timestamp, starts_at: Option<Timestamp>) -> Option<Timestamp> {
        let days = self.expires_after_days.filter(|days| *days > 0)?;
        let start = starts_at.map_or(created_at, |starts_at| starts_at.max(created_at));
        Some(start.plus_seconds(i64::from(days) * 24 * 3600))
    }
}

/// UTM parameters with a name, by which requests and defaults choose them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct UtmTemplate {
    /// The name, unique in the workspace.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_TEMPLATE_NAME), regex(pattern = TEXT)))]
    pub name: String,
    /// `utm_source`, such as `newsletter`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_UTM_CHARS), regex(pattern = TEXT)))]
    pub source: Option<String>,
    /// `utm_medium`, such as `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_UTM_CHARS), regex(pattern = TEXT)))]
    pub medium: Option<String>,
    /// `utm_campaign`, such as `spring-{date}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_UTM_CHARS), regex(pattern = TEXT)))]
    pub campaign: Option<String>,
    /// `utm_term`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_UTM_CHARS), regex(pattern = TEXT)))]
    pub term: Option<String>,
    /// `utm_content`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_UTM_CHARS), regex(pattern = TEXT)))]
    pub content: Option<String>,
}

impl UtmTemplate {
    /// Returns the parameters.
    pub fn utm(&self) -> Utm {
        let Self { name: _, source, medium, campaign, term, content } = self.clone();
        Utm { source, medium, campaign, term, content }
    }

    /// Replaces the parameters.
    pub(crate) fn with(self, utm: Utm) -> Self {
        let Utm { source, medium, campaign, term, content } = utm;
        Self { name: self.name, source, medium, campaign, term, content }
    }
}

/// All that a workspace says about new links.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLinkDefaults {
    /// The defaults of all domains.
    #[serde(default)]
    pub defaults: LinkDefaults,
    /// The defaults of single domains, which win over the others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub domains: BTreeMap<String, LinkDefaults>,
    /// The templates that defaults and requests can name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub utm_templates: Vec<UtmTemplate>,
}

impl NewLinkDefaults {
    /// Returns the defaults of links on `domain`.
    pub fn on(&self, domain: &str) -> LinkDefaults {
        self.domains.get(domain).unwrap_or(&LinkDefaults::default()).over(&self.defaults)
    }

    /// Returns the UTM parameters of the template with this name.
    pub fn template(&self, name: &str) -> Option<Utm> {
        self.utm_templates.iter().find(|template| template.name == name).map(UtmTemplate::utm)
    }

    /// Tells whether nothing is set that new links would have.
    pub fn are_none(&self) -> bool {
        self.defaults == LinkDefaults::default() && self.domains.is_empty()
    }

    /// Leaves out the templates that no default names.
    pub fn without_unused_templates(mut self) -> Self {
        let all = [&self.defaults].into_iter().chain(self.domains.values());
        let used: Vec<String> = all.filter_map(|defaults| defaults.utm_template.clone()).collect();
        self.utm_templates.retain(|template| used.contains(&template.name));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_of_a_domain_win_over_those_of_all() {
        let all: NewLinkDefaults = serde_json::from_value(serde_json::json!({
            "defaults": {
                "domain": "s.example.org", "redirect_status": 301, "forward_query": true, "query_conflict": "visitor_wins",
                "forward_path": true, "tags": ["a"], "expires_after_days": 30, "slug_length": 5, "utm_template": "mail",
            },
            "domains": {"s.example.org": {"redirect_status": 308.0, "forward_query": false, "tags": [], "expires_after_days": 0, "utm_template": ""}},
            "utm_templates": [{"name": "mail", "source": "m"}, {"name": "other", "medium": "o"}],
        }))
        .unwrap();
        assert_eq!(all.on("go.example.com"), all.defaults);
        let own = all.on("s.example.org");
        assert_eq!(own.redirect_status, Some(308));
        assert_eq!((own.forward_query, own.forward_path, own.slug_length), (Some(false), Some(true), Some(5)));
        assert_eq!((own.tags, own.utm_template.as_deref()), (Some(Vec::new()), Some("")));
        assert_eq!(all.template("other").unwrap().medium.as_deref(), Some("o"));
        assert_eq!((all.template("none"), all.template("")), (None, None));
        let used = all.clone().without_unused_templates();
        assert_eq!((used.utm_templates.len(), used.defaults == all.defaults), (1, true));
        assert!(NewLinkDefaults::default().are_none() && !all.are_none());
    }

    #[test]
    fn expiry_counts_from_the_creation_or_a_later_start() {
        let time = |text: &str| Timestamp::parse(text).unwrap();
        let now = time("2026-01-02T03:04:05Z");
        let after = |days| LinkDefaults { expires_after_days: days, ..LinkDefaults::default() };
        for (days, starts_at, expires_at) in [
            (None, None, None),
            (Some(0), None, None),
            (Some(1), None, Some("2026-01-03T03:04:05Z")),
            (Some(1), Some("2025-06-01T00:00:00Z"), Some("2026-01-03T03:04:05Z")),
            (Some(30), Some("2026-06-01T00:00:00Z"), Some("2026-07-01T00:00:00Z")),
        ] {
            assert_eq!(after(days).expiry(now, starts_at.map(time)), expires_at.map(time), "{days:?} {starts_at:?}");
        }
    }
}
