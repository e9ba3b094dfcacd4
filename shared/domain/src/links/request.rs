//! Defines the fields of a link in a request: the body that creates a link, and the document that a patch is merged into. They are
//! not checked yet; [`crate::links::validate`] does that.

use serde::{Deserialize, Serialize};

use super::link::Link;
use super::password::Password;
use super::preview::PreviewFields;
use super::settings::{Conditions, QueryCondition, QueryConflict, Rule, Variant};
#[cfg(feature = "openapi")]
use super::settings::{LinkSettings, MAX_CLICKS, MAX_QUERY_CHARS, MAX_VARIANT_NAME, MAX_WEIGHT};
use super::utm::Utm;
use crate::values::json::{or_default, whole, whole_or_null};
#[cfg(feature = "openapi")]
use crate::values::language::{MAX_RANGE_BYTES, PATTERN};
#[cfg(feature = "openapi")]
use crate::values::schema::TEXT;
use crate::visitors::device::Device;
use crate::visitors::system::Os;

/// The fields of a link to create. Absent fields have their defaults.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewLink"))]
pub struct LinkFields {
    /// The URL it leads to. Required.
    #[cfg_attr(feature = "openapi", schemars(with = "crate::values::target::TargetUrl"))]
    pub url: Option<String>,
    /// The path of the short URL; generated if absent. A change moves the link.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::slug::Slug>"))]
    pub slug: Option<String>,
    /// The host that serves it; the stack's default domain if absent. A change moves the link.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::domains::Domain>"))]
    pub domain: Option<String>,
    /// A title for its owner.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = Link::MAX_TITLE_CHARS), regex(pattern = TEXT)))]
    pub title: Option<String>,
    /// Words to filter links by.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<String>>", length(max = Link::MAX_TAGS), inner(length(min = 1, max = Link::MAX_TAG_CHARS), regex(pattern = TEXT))))]
    pub tags: Vec<String>,
    /// Before this time, visitors get "not found" (RFC 3339).
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::timestamp::Timestamp>"))]
    pub starts_at: Option<String>,
    /// From this time on, the link has expired: visitors get "gone", or go to `expired_url` (RFC 3339). After `starts_at`.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::timestamp::Timestamp>"))]
    pub expires_at: Option<String>,
    /// The URL it leads to once it has expired or its clicks are used up.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::target::TargetUrl>"))]
    pub expired_url: Option<String>,
    /// The number of clicks it serves; unlimited if absent.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_CLICKS)))]
    #[serde(default, deserialize_with = "whole_or_null")]
    pub max_clicks: Option<u64>,
    /// The password that a visitor must enter. Can be set and removed, but not read.
    #[serde(skip_serializing)]
    pub password: Option<Password>,
    /// The HTTP status of the redirect: 301, 302 (the default), 307 or 308.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<super::settings::RedirectStatus>"))]
    #[serde(default, deserialize_with = "whole_or_null")]
    pub redirect_status: Option<u16>,
    /// Whether to merge query parameters of the visit into the target.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub forward_query: bool,
    /// Which value counts if `forward_query` finds a parameter in the visit and in the target: `target_wins` (the default) or
    /// `visitor_wins`.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<QueryConflict>"))]
    pub query_conflict: QueryConflict,
    /// Whether what follows the slug in the visit's path goes to the target's path.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub forward_path: bool,
    /// Whether people who follow a link to a file get a page about the file, from which they download it. No effect on other targets.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub landing: bool,
    /// Other targets for some visits. The first rule that matches wins. All targets of a link together have at most 40 KiB of JSON.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<RuleFields>>", length(max = LinkSettings::MAX_CHOICES)))]
    pub rules: Vec<RuleFields>,
    /// Weighted targets for visits that match no rule.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<VariantFields>>", length(max = LinkSettings::MAX_CHOICES)))]
    pub variants: Vec<VariantFields>,
    /// What previews of the link in chats and posts show, instead of what its target says.
    pub preview: Option<PreviewFields>,
    /// Whether it is archived: visitors get "not found", but its owner keeps it.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub archived: bool,
    /// What to do if a link with the same target exists. Only for creating a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_exists: Option<IfExists>,
    /// The name of a template of the workspace, whose UTM parameters the target gets; `null` for none. Only for creating a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1)))]
    pub utm_template: Option<String>,
    /// UTM parameters that the target gets. They win over those of the template; those that the target has already win over both. Only
    /// for creating a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utm: Option<Utm>,
    /// The length of a generated slug; [`crate::values::slug::Slug::GENERATED_LEN`] if absent. The workspace sets it, not a request.
    #[serde(skip)]
    pub slug_length: Option<usize>,
    /// Whether the former address stays as an alias when the link moves. Only for changing a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(skip))]
    pub keep_alias: Option<bool>,
}

/// What to do if the workspace has a link with the same target on the same domain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum IfExists {
    /// Create another link.
    #[default]
    Create,
    /// Return the existing link unchanged.
    Return,
}

/// Another target for visits that meet all of its conditions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewRule"))]
pub struct RuleFields {
    /// The conditions, at least one.
    #[serde(rename = "if")]
    pub conditions: ConditionFields,
    /// The URL that such a visit leads to.
    #[cfg_attr(feature = "openapi", schemars(with = "crate::values::target::TargetUrl"))]
    pub url: String,
}

/// Conditions on a visit, at least one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewConditions", extend("anyOf" = at_least_one_condition())))]
pub struct ConditionFields {
    /// The visitor's device is one of these.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<Device>>", length(max = LinkSettings::MAX_VALUES)))]
    pub device: Vec<Device>,
    /// The visitor's operating system is one of these.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<Os>>", length(max = LinkSettings::MAX_VALUES)))]
    pub os: Vec<Os>,
    /// The visitor's country is one of these: ISO 3166-1 alpha-2 codes, such as `GB` (not `UK`), and `XK` for Kosovo.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<crate::values::country::Country>>", length(max = LinkSettings::MAX_VALUES)))]
    pub country: Vec<String>,
    /// The language that the visitor prefers matches one of these language ranges (BCP 47; extended filtering of RFC 4647):
    /// `de` matches `de-CH`, `*-CH` matches `fr-CH`. The weights of `Accept-Language` decide which language that is.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<String>>", length(max = LinkSettings::MAX_VALUES), inner(length(max = MAX_RANGE_BYTES), regex(pattern = PATTERN))))]
    pub language: Vec<String>,
    /// The visit has all of these query parameters.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<QueryFields>>", length(max = LinkSettings::MAX_VALUES)))]
    pub query: Vec<QueryFields>,
    /// The visit is at this time or later (RFC 3339).
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::timestamp::Timestamp>"))]
    pub after: Option<String>,
    /// The visit is before this time (RFC 3339).
    #[cfg_attr(feature = "openapi", schemars(with = "Option<crate::values::timestamp::Timestamp>"))]
    pub before: Option<String>,
}

/// A query parameter that a visit must have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewQueryCondition"))]
pub struct QueryFields {
    /// The parameter's name.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_QUERY_CHARS)))]
    pub name: String,
    /// The parameter's value; any if absent.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_QUERY_CHARS)))]
    pub value: Option<String>,
}

/// One of several weighted targets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewVariant"))]
pub struct VariantFields {
    /// The name in statistics: unique in the link, 1 to 32 of `A-Za-z0-9-_`.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_VARIANT_NAME), regex(pattern = "^[A-Za-z0-9_-]+$")))]
    pub name: String,
    /// The URL it leads to.
    #[cfg_attr(feature = "openapi", schemars(with = "crate::values::target::TargetUrl"))]
    pub url: String,
    /// How often it is chosen, relative to the others: 1 to 1000.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_WEIGHT)))]
    #[serde(deserialize_with = "whole")]
    pub weight: u32,
}

impl LinkFields {
    /// Returns the fields that would create `link` as it is, but without its password.
    pub fn of(link: &Link) -> Self {
        let settings = &link.settings;
        Self {
            url: Some(link.url.to_string()),
            slug: Some(link.address.slug.to_string()),
            domain: Some(link.address.domain.to_string()),
            title: link.title.clone(),
            tags: link.tags.clone(),
            starts_at: settings.starts_at.map(|time| time.to_string()),
            expires_at: settings.expires_at.map(|time| time.to_string()),
            expired_url: settings.expired_url.as_ref().map(ToString::to_string),
            max_clicks: settings.max_clicks,
            password: None,
            redirect_status: Some(settings.redirect_status.into()),
            forward_query: settings.forward_query,
            query_conflict: settings.query_conflict,
            forward_path: settings.forward_path,
            landing: settings.landing,
            rules: settings.rules.iter().map(RuleFields::of).collect(),
            variants: settings.variants.iter().map(VariantFields::of).collect(),
            preview: settings.preview.as_ref().map(PreviewFields::of),
            archived: settings.archived,
            if_exists: None,
            utm_template: None,
            utm: None,
            slug_length: None,
            keep_alias: None,
        }
    }
}

impl RuleFields {
    fn of(rule: &Rule) -> Self {
        Self { conditions: ConditionFields::of(&rule.conditions), url: rule.url.to_string() }
    }
}

impl ConditionFields {
    fn of(conditions: &Conditions) -> Self {
        let query =
            |condition: &QueryCondition| QueryFields { name: condition.name.clone(), value: condition.value.clone() };
        Self {
            device: conditions.device.clone(),
            os: conditions.os.clone(),
            country: conditions.country.clone(),
            language: conditions.language.clone(),
            query: conditions.query.iter().map(query).collect(),
            after: conditions.after.map(|time| time.to_string()),
            before: conditions.before.map(|time| time.to_string()),
        }
    }
}

impl VariantFields {
    fn of(variant: &Variant) -> Self {
        Self { name: variant.name.clone(), url: variant.url.to_string(), weight: variant.weight.into() }
    }
}

/// Returns the alternatives of a JSON Schema's `anyOf`, each of which requires one condition that is not empty.
#[cfg(feature = "openapi")]
pub(crate) fn at_least_one_condition() -> Vec<serde_json::Value> {
    let lists = ["device", "os", "country", "language", "query"]
        .map(|name| (name, serde_json::json!({ "type": "array", "minItems": 1 })));
    let times = ["after", "before"].map(|name| (name, serde_json::json!({ "type": "string" })));
    let alternatives = lists.into_iter().chain(times);
    alternatives
        .map(|(name, schema)| serde_json::json!({ "required": [name], "properties": { (name): schema } }))
        .collect()
}
