//! Makes the expressions that change a link's item: they write the difference between the link that was seen and the new one,
//! on the condition that the owner has not changed the link since. Unchanged attributes are not written, so that the change
//! never resets the clicks that the redirect counts meanwhile.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use waypost_domain::{Link, LinkId, WorkspaceId};

use super::{Item, text};

/// Attributes that an owner's change never writes: the key, and the count that only the redirect changes.
const NOT_CHANGED: [&str; 3] = ["pk", "sk", "used_clicks"];

/// An update expression with its names and values.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) expression: String,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: Item,
}

impl Update {
    /// Makes the update that turns `seen` into `next`.
    pub(crate) fn between(mut seen: Item, next: Item) -> Self {
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        let (mut names, mut values) = (HashMap::new(), Item::new());
        if ["url", "expired_url", "rules", "variants"].iter().any(|name| seen.get(*name) != next.get(*name)) {
            // A check may have been written since the link was read. It may be about a former target.
            seen.entry("target_check".to_owned()).or_insert(AttributeValue::Null(true));
        }
        for (name, value) in next {
            if seen.remove(&name).as_ref() == Some(&value) || NOT_CHANGED.contains(&name.as_str()) {
                continue;
            }
            let (placeholder, number) = (format!("#set{}", set.len()), format!(":set{}", set.len()));
            set.push(format!("{placeholder} = {number}"));
            names.insert(placeholder, name);
            values.insert(number, value);
        }
        for name in seen.into_keys().filter(|name| !NOT_CHANGED.contains(&name.as_str())) {
            let placeholder = format!("#remove{}", remove.len());
            remove.push(placeholder.clone());
            names.insert(placeholder, name);
        }
        let clauses = [("SET", set), ("REMOVE", remove)];
        let clauses = clauses.iter().filter(|(_, parts)| !parts.is_empty());
        let expression: Vec<String> = clauses.map(|(verb, parts)| format!("{verb} {}", parts.join(", "))).collect();
        Self { expression: expression.join(" "), names, values }
    }
}

/// A condition expression with its names and values, either of which may be empty.
#[derive(Debug, Default)]
pub(crate) struct Unchanged {
    pub(crate) expression: String,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: Item,
}

impl Unchanged {
    /// Requires that the link still has the owner of `seen` and that the owner has not changed it since; see
    /// [`Link::is_unchanged_since`].
    pub(crate) fn since(seen: &Link) -> Self {
        // Links that were never changed may be older than the attribute `revision`.
        let never = if seen.revision == 0 { " OR attribute_not_exists(#revision)" } else { "" };
        let names = [("#workspace", "workspace"), ("#created", "created_at"), ("#revision", "revision")];
        let values = [
            (":workspace", text(seen.workspace.as_str())),
            (":created", text(seen.created_at.to_string())),
            (":revision", AttributeValue::N(seen.revision.to_string())),
        ];
        Self {
            expression: format!("#workspace = :workspace AND #created = :created AND (#revision = :revision{never})"),
            names: names.map(|(placeholder, name)| (placeholder.to_owned(), name.to_owned())).into(),
            values: values.map(|(placeholder, value)| (placeholder.to_owned(), value)).into(),
        }
    }

    /// Adds that the link has served no click of its limit since `seen` was read.
    pub(super) fn and_unclicked(mut self, seen: &Link) -> Self {
        let used = seen.settings.used_clicks;
        let never = if used == 0 { " OR attribute_not_exists(#used)" } else { "" };
        self.expression = format!("{} AND (#used = :used{never})", self.expression);
        self.names.insert("#used".to_owned(), "used_clicks".to_owned());
        self.values.insert(":used".to_owned(), AttributeValue::N(used.to_string()));
        self
    }

    /// Requires that an address is free, or reserved for `workspace`.
    pub(super) fn free_for(workspace: &WorkspaceId) -> Self {
        Self {
            expression: "attribute_not_exists(pk) OR reserved_for = :owner".to_owned(),
            values: Item::from([(":owner".to_owned(), text(workspace.as_str()))]),
            ..Self::default()
        }
    }

    /// Requires that an address is an alias of the link with this id.
    pub(super) fn alias_of(id: &LinkId) -> Self {
        Self {
            expression: "link_id = :link".to_owned(),
            values: Item::from([(":link".to_owned(), text(id.as_str()))]),
            ..Self::default()
        }
    }
}
