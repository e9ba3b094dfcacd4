//! Defines what a job changes in each link, and makes the patch of one link from it.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::url_prefix::PrefixSwap;
use crate::links::create::open_domain;
use crate::links::link::{Link, check_tags};
use crate::links::request::LinkFields;
use crate::links::validate::check_fields;
use crate::values::domains::Domains;
use crate::values::error::{Error, FieldError, StoreError, StoreErrorKind};
use crate::values::field_errors::Errors;
use crate::values::json::{merge, read};
#[cfg(feature = "openapi")]
use crate::values::schema::TEXT;
use crate::values::target::TargetUrl;
use crate::values::workspace::WorkspaceId;

/// A tag and its new name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct RenameTag {
    /// The tag as it is.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = Link::MAX_TAG_CHARS), regex(pattern = TEXT)))]
    pub from: String,
    /// The tag as it should be. A link that has both keeps one.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = Link::MAX_TAG_CHARS), regex(pattern = TEXT)))]
    pub to: String,
}

/// The beginning of targets and what replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ReplaceUrlPrefix {
    /// The beginning: a host and perhaps the beginning of a path, with or without `https://`. Without it, `http` and `https` targets are
    /// meant. A host alone stands for the whole host.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = 2000), extend("examples" = ["old.example.com"])))]
    pub from: String,
    /// What replaces it. Without `http://` or `https://` each target keeps its scheme.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = 2000), extend("examples" = ["www.example.com/archive"])))]
    pub to: String,
}

/// The changes beyond those that a patch of one link can have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ManyLinksFields {
    /// Tags to add to those that a link has.
    #[serde(default, deserialize_with = "crate::values::json::or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<String>>", length(max = Link::MAX_TAGS), inner(length(min = 1, max = Link::MAX_TAG_CHARS), regex(pattern = TEXT))))]
    pub add_tags: Vec<String>,
    /// Tags to remove from those that a link has.
    #[serde(default, deserialize_with = "crate::values::json::or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<String>>", length(max = Link::MAX_TAGS), inner(length(min = 1, max = Link::MAX_TAG_CHARS), regex(pattern = TEXT))))]
    pub remove_tags: Vec<String>,
    /// A tag to rename in the links that have it.
    pub rename_tag: Option<RenameTag>,
    /// A beginning to replace in all targets of a link: `url`, `expired_url`, and those of rules and variants.
    pub replace_url_prefix: Option<ReplaceUrlPrefix>,
}

impl ManyLinksFields {
    /// The names of the fields.
    pub const NAMES: [&str; 4] = ["add_tags", "remove_tags", "rename_tag", "replace_url_prefix"];
}

/// The fields of a link that are not changed in many at once.
pub const NOT_FOR_MANY: [&str; 4] = ["slug", "if_exists", "utm", "utm_template"];

/// What a job changes in each link.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    patch: Map<String, Value>,
    add_tags: Vec<String>,
    remove_tags: Vec<String>,
    rename_tag: Option<(String, String)>,
    swap: Option<PrefixSwap>,
}

impl Edit {
    /// Checks the changes that a request has. What only a single link can tell shows when the link is changed.
    ///
    /// # Errors
    /// [`Error::Invalid`] names every field that is wrong, by a pointer into the changes.
    pub fn check(change: &Map<String, Value>, domains: &Domains, workspace: &WorkspaceId) -> Result<Self, Error> {
        let (own, patch): (Map<_, _>, Map<_, _>) =
            change.clone().into_iter().partition(|(name, _)| ManyLinksFields::NAMES.contains(&name.as_str()));
        let mut errors = Errors::default();
        let fields: ManyLinksFields = read(Value::Object(own))?;
        check_patch(&patch, domains, workspace, &mut errors)?;
        let mut tags = |name: &str, tags: &[String]| {
            let checked = check_tags(tags.iter().map(String::as_str));
            checked.map_err(|(index, detail)| errors.add(format!("/{name}/{index}"), detail)).unwrap_or_default()
        };
        let (add_tags, remove_tags) = (tags("add_tags", &fields.add_tags), tags("remove_tags", &fields.remove_tags));
        let rename_tag = fields.rename_tag.and_then(|rename| check_rename(&rename, &mut errors));
        let swap = fields.replace_url_prefix.and_then(|swap| check_swap(&swap, domains, &mut errors));
        if swap.is_some() && patch.contains_key("url") {
            errors.add("/replace_url_prefix", "cannot stand beside url, which replaces the whole target");
        }
        let edit = Self { patch, add_tags, remove_tags, rename_tag, swap };
        let edit = errors.or(Some(edit))?;
        if edit.is_empty() { Err(Error::invalid("", "must change something")) } else { Ok(edit) }
    }

    fn is_empty(&self) -> bool {
        !self.patch.keys().any(|name| name != "keep_alias") && !self.changes_tags() && self.swap.is_none()
    }

    fn changes_tags(&self) -> bool {
        !self.add_tags.is_empty() || !self.remove_tags.is_empty() || self.rename_tag.is_some()
    }

    /// Makes the JSON Merge Patch that changes `link`.
    ///
    /// # Errors
    /// None in practice: the fields of a link have only texts, numbers and lists of them.
    pub fn patch_of(&self, link: &Link) -> Result<Value, StoreError> {
        let mut patch = self.patch.clone();
        if self.changes_tags() {
            patch.insert("tags".to_owned(), json!(self.tags_of(link)));
        }
        if let Some(swap) = &self.swap {
            let fields = serde_json::to_value(LinkFields::of(link))
                .map_err(|error| StoreError::new("links.patch", StoreErrorKind::Broken, error))?;
            swap_targets(swap, fields, &mut patch);
        }
        Ok(Value::Object(patch))
    }

    fn tags_of(&self, link: &Link) -> Vec<String> {
        let given = match self.patch.get("tags") {
            Some(Value::Array(tags)) => tags.iter().filter_map(|tag| Some(tag.as_str()?.trim().to_owned())).collect(),
            Some(_) => Vec::new(),
            None => link.tags.clone(),
        };
        let renamed = given.into_iter().map(|tag| match &self.rename_tag {
            Some((from, to)) if tag == *from => to.clone(),
            _ => tag,
        });
        let mut tags: Vec<String> = Vec::new();
        for tag in renamed.filter(|tag| !self.remove_tags.contains(tag)).chain(self.add_tags.iter().cloned()) {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        tags
    }
}

/// Checks the part that a patch of one link can have, on a link that has nothing else.
fn check_patch(
    patch: &Map<String, Value>,
    domains: &Domains,
    workspace: &WorkspaceId,
    errors: &mut Errors,
) -> Result<(), Error> {
    for name in NOT_FOR_MANY.iter().filter(|name| patch.contains_key(**name)) {
        errors.add(format!("/{name}"), "cannot be changed in many links at once");
    }
    if patch.get("password").is_some_and(|password| !password.is_null()) {
        errors.add("/password", "can only be removed from many links at once, with null: set it link by link");
    }
    match patch.get("domain") {
        None => {}
        Some(Value::String(domain)) => drop(errors.note("/domain", open_domain(domain, domains, workspace))),
        Some(_) => errors.add("/domain", "must be a domain of this service"),
    }
    let sample = json!({ "url": "https://example.com/" });
    let mut document = sample;
    let tested = patch.iter().filter(|(name, _)| name.as_str() != "password" && !NOT_FOR_MANY.contains(&name.as_str()));
    merge(&mut document, Value::Object(tested.map(|(name, value)| (name.clone(), value.clone())).collect()));
    let fields: LinkFields = read(document)?;
    let mut found = Errors::default();
    check_fields(&fields, domains, &mut found);
    let Err(Error::Invalid(found)) = found.or(Some(())) else { return Ok(()) };
    // The sample's own target need not be allowed here.
    for FieldError { pointer, detail } in found {
        if pointer != "/url" || patch.contains_key("url") {
            errors.add(pointer, detail);
        }
    }
    Ok(())
}

fn check_rename(rename: &RenameTag, errors: &mut Errors) -> Option<(String, String)> {
    let mut check = |name: &str, text: &str| {
        let tag = check_tags([text]).map_err(|(_, detail)| detail);
        errors.note(&format!("/rename_tag/{name}"), tag)?.pop()
    };
    let (from, to) = (check("from", &rename.from), check("to", &rename.to));
    let (from, to) = from.zip(to)?;
    if from == to {
        errors.add("/rename_tag/to", "is the tag's name already");
    }
    Some((from, to))
}

fn check_swap(swap: &ReplaceUrlPrefix, domains: &Domains, errors: &mut Errors) -> Option<PrefixSwap> {
    let parsed = PrefixSwap::parse(&swap.from, &swap.to);
    let parsed = parsed.map_err(|wrong| {
        wrong.into_iter().for_each(|(name, detail)| errors.add(format!("/replace_url_prefix/{name}"), detail));
    });
    let swap = parsed.ok()?;
    errors.note("/replace_url_prefix/to", TargetUrl::parse(&swap.sample(), domains))?;
    Some(swap)
}

/// Adds to `patch` the targets of `fields` that begin with what is replaced. Leaves fields that the patch sets already.
fn swap_targets(swap: &PrefixSwap, mut fields: Value, patch: &mut Map<String, Value>) {
    let swapped = |target: &Value| target.as_str().and_then(|url| swap.apply(url)).map(Value::String);
    for name in ["url", "expired_url"] {
        if let Some(new) = swapped(&fields[name]) {
            patch.entry(name).or_insert(new);
        }
    }
    for name in ["rules", "variants"] {
        let mut changed = false;
        let list = fields[name].take();
        let with_new = |mut item: Value| {
            if let Some(new) = swapped(&item["url"]) {
                changed = true;
                item["url"] = new;
            }
            item
        };
        let list: Vec<Value> = match list {
            Value::Array(items) => items.into_iter().map(with_new).collect(),
            _ => Vec::new(),
        };
        if changed {
            patch.entry(name).or_insert(Value::Array(list));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::settings::Variant;
    use crate::testing::samples::link;

    fn check(change: Value) -> Result<Edit, Error> {
        let Value::Object(change) = change else { panic!("{change}") };
        let domains = Domains::parse("go.example.com,s.example.org").unwrap();
        Edit::check(&change, &domains, &WorkspaceId::parse("acme").unwrap())
    }

    #[test]
    fn error_names_every_bad_change() {
        for (change, pointers) in [
            (json!({}), ""),
            (json!({"keep_alias": true}), ""),
            (json!({"add_tags": [], "rename_tag": null}), ""),
            (json!({"slug": "a"}), "/slug"),
            (json!({"if_exists": "return", "title": "x"}), "/if_exists"),
            (json!({"password": "open sesame"}), "/password"),
            (json!({"domain": "elsewhere.example", "archived": true}), "/domain"),
            (json!({"domain": null}), "/domain"),
            (json!({"url": null}), "/url"),
            (json!({"url": "javascript:alert(1)", "redirect_status": 200}), "/url /redirect_status"),
            (json!({"color": 1}), "/color"),
            (json!({"archived": "yes"}), "/archived"),
            (json!({"created_at": "2026-01-01T00:00:00Z"}), "/created_at"),
            (json!({"expires_at": "soon", "rules": [{"if": {}, "url": "x"}]}), "/expires_at /rules/0/if /rules/0/url"),
            (json!({"add_tags": ["a", ""], "remove_tags": [" "]}), "/add_tags/1 /remove_tags/0"),
            (json!({"add_tags": "a"}), "/add_tags"),
            (json!({"rename_tag": {"from": "", "to": "\u{7}"}}), "/rename_tag/from /rename_tag/to"),
            (json!({"rename_tag": {"from": "a", "to": " a "}}), "/rename_tag/to"),
            (json!({"rename_tag": {"from": "a"}}), "/rename_tag"),
            (json!({"replace_url_prefix": {"from": "ftp://x", "to": "go.example.com"}}), "/replace_url_prefix/from"),
            (json!({"replace_url_prefix": {"from": "a.example", "to": "go.example.com/x"}}), "/replace_url_prefix/to"),
            (
                json!({"url": "https://a.example/", "replace_url_prefix": {"from": "a.example", "to": "b.example"}}),
                "/replace_url_prefix",
            ),
        ] {
            let Err(Error::Invalid(errors)) = check(change.clone()) else { panic!("{change} is taken") };
            let found: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
            assert_eq!(found.join(" "), pointers, "{change}: {errors:?}");
        }
    }

    #[test]
    fn what_makes_sense_for_many_links_is_taken() {
        for change in [
            json!({"title": null, "password": null, "expires_at": "2027-01-01T00:00:00Z", "archived": true}),
            json!({"domain": "s.example.org", "keep_alias": true}),
            json!({"preview": {"title": "T"}, "forward_query": true, "redirect_status": 301.0}),
            json!({"rename_tag": {"from": "a", "to": "ü 🎉/x"}}),
        ] {
            assert!(check(change.clone()).is_ok(), "{change}");
        }
    }

    #[test]
    fn tags_are_renamed_removed_and_added_once() {
        let tags = |change: Value, own: &[&str]| {
            let mut link = link("acme", "docs", "https://example.com/");
            link.tags = own.iter().map(|tag| (*tag).to_owned()).collect();
            check(change).unwrap().patch_of(&link).unwrap()["tags"].clone()
        };
        for (change, own, expected) in [
            (json!({"add_tags": ["b", "c"]}), &["a", "b"][..], json!(["a", "b", "c"])),
            (json!({"remove_tags": ["a"]}), &["a", "b"], json!(["b"])),
            (json!({"rename_tag": {"from": "a", "to": "c"}}), &["a", "b"], json!(["c", "b"])),
            (json!({"rename_tag": {"from": "a", "to": "b"}}), &["a", "b"], json!(["b"])),
            (json!({"rename_tag": {"from": "x", "to": "y"}}), &["a"], json!(["a"])),
            (json!({"tags": [" z ", "a"], "add_tags": ["z"], "remove_tags": ["a"]}), &["b"], json!(["z"])),
            (json!({"tags": null, "add_tags": ["z"]}), &["b"], json!(["z"])),
        ] {
            assert_eq!(tags(change.clone(), own), expected, "{change} {own:?}");
        }
        let plain = check(json!({"archived": true})).unwrap();
        assert_eq!(plain.patch_of(&link("acme", "a", "https://a.example/")).unwrap(), json!({"archived": true}));
    }

    #[test]
    fn prefix_is_replaced_in_all_targets_that_have_it() {
        let edit = check(json!({"replace_url_prefix": {"from": "old.example", "to": "new.example"}})).unwrap();
        let mut own = link("acme", "docs", "https://old.example/a");
        let target = |url: &str| link("acme", "x", url).url;
        own.settings.expired_url = Some(target("https://other.example/"));
        own.settings.variants = vec![
            Variant { name: "a".into(), url: target("https://old.example/v"), weight: 1 },
            Variant { name: "b".into(), url: target("https://other.example/v"), weight: 2 },
        ];
        let patch = edit.patch_of(&own).unwrap();
        assert_eq!(
            patch,
            json!({
                "url": "https://new.example/a",
                "variants": [
                    {"name": "a", "url": "https://new.example/v", "weight": 1},
                    {"name": "b", "url": "https://other.example/v", "weight": 2},
                ],
            })
        );
        assert_eq!(edit.patch_of(&link("acme", "x", "https://other.example/")).unwrap(), json!({}));
    }
}
