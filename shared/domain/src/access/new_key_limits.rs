//! Reads the limits of a new key.

use serde::Deserialize;

use super::key::{Caller, Role};
use super::key_limits::KeyLimits;
use crate::links::create::open_domain;
#[cfg(feature = "openapi")]
use crate::links::link::Link;
use crate::links::link::check_tags;
use crate::values::address_range::AddressRange;
use crate::values::domains::Domains;
use crate::values::field_errors::Errors;
use crate::values::json::or_default;

/// Limits of a key to create. Absent ones do not limit it; together they all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewKeyLimits {
    /// The key reaches only links on these domains.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<crate::values::domains::Domain>>", length(min = 1, max = KeyLimits::MAX_DOMAINS)))]
    pub domains: Option<Vec<String>>,
    /// The key reaches only links with at least one of these tags. What it creates needs one of them, and a change must leave one.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = Link::MAX_TAGS), inner(length(min = 1, max = Link::MAX_TAG_CHARS), regex(pattern = crate::values::schema::TEXT))))]
    pub tags: Option<Vec<String>>,
    /// Whether the key reaches only links that it created itself.
    #[serde(default, deserialize_with = "or_default")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<bool>"))]
    pub own_links: bool,
    /// The key works only for callers with these addresses: single ones, or ranges in CIDR notation.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<AddressRange>>", length(min = 1, max = KeyLimits::MAX_ADDRESSES)))]
    pub addresses: Option<Vec<String>>,
}

/// Checks the limits of a key with `role` in the caller's workspace, and adds what is wrong to `errors`. Returns `None` if they
/// limit nothing.
pub(super) fn check_limits(
    new: &NewKeyLimits,
    role: Role,
    caller: &Caller,
    domains: &Domains,
    errors: &mut Errors,
) -> Option<KeyLimits> {
    let given = check_list(&new.domains, "/limits/domains", KeyLimits::MAX_DOMAINS, errors);
    let domains = each(given, "/limits/domains", errors, |text| open_domain(text, domains, &caller.workspace));
    let given = new.tags.as_deref().inspect(|tags| require_some(tags, "/limits/tags", errors)).unwrap_or_default();
    let tags = check_tags(given.iter().map(String::as_str)).unwrap_or_else(|(index, detail)| {
        errors.add(format!("/limits/tags/{index}"), detail);
        Vec::new()
    });
    let given = check_list(&new.addresses, "/limits/addresses", KeyLimits::MAX_ADDRESSES, errors);
    let addresses = each(given, "/limits/addresses", errors, AddressRange::parse);
    let limits = KeyLimits { domains, tags, own_links: new.own_links, addresses };
    if role == Role::Admin && limits.limit_links() {
        errors.add("/limits", "a key with the role admin can be limited to addresses only");
    }
    if role == Role::Viewer && limits.own_links {
        errors.add("/limits/own_links", "needs the role editor: a viewer creates no links");
    }
    (limits != KeyLimits::default()).then_some(limits)
}

/// Returns the values, unless there are none or too many.
fn check_list<'a>(given: &'a Option<Vec<String>>, pointer: &str, max: usize, errors: &mut Errors) -> &'a [String] {
    let values = given.as_deref().inspect(|values| require_some(values, pointer, errors)).unwrap_or_default();
    if values.len() > max {
        errors.add(pointer, format!("has more than {max} values"));
        return &[];
    }
    values
}

/// Refuses an empty list: it could mean no limit, or that nothing is allowed.
fn require_some(values: &[String], pointer: &str, errors: &mut Errors) {
    if values.is_empty() {
        errors.add(pointer, "is empty: leave it out for no such limit");
    }
}

/// Reads each value, and leaves out repeated ones.
fn each<T: PartialEq, E: ToString>(
    given: &[String],
    pointer: &str,
    errors: &mut Errors,
    read: impl Fn(&str) -> Result<T, E>,
) -> Vec<T> {
    let mut values = Vec::new();
    for (index, text) in given.iter().enumerate() {
        let value = errors.note(&format!("{pointer}/{index}"), read(text));
        values.extend(value.filter(|value| !values.contains(value)));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::samples::caller;

    #[test]
    fn list_has_as_many_values_as_it_may() {
        let domains = Domains::parse("go.example.com").unwrap();
        for (count, is_taken) in [(1, true), (KeyLimits::MAX_ADDRESSES, true), (KeyLimits::MAX_ADDRESSES + 1, false)] {
            let addresses = Some((0..count).map(|number| format!("192.0.2.{number}")).collect());
            let new = NewKeyLimits { addresses, ..NewKeyLimits::default() };
            let mut errors = Errors::default();
            let limits = check_limits(&new, Role::Editor, &caller("acme", Role::Admin), &domains, &mut errors);
            assert_eq!(
                (errors.is_empty(), limits.map_or(0, |limits| limits.addresses.len())),
                (is_taken, if is_taken { count } else { 0 })
            );
        }
    }
}
