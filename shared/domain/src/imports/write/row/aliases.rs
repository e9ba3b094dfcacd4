//! Reads the aliases of a row.

use serde_json::Value;

use crate::imports::rows::{Column, Fault};
use crate::links::address::LinkAddress;
use crate::links::create::own_domain;
use crate::links::link::Link;
use crate::values::domains::Domains;
use crate::values::slug::Slug;
use crate::values::workspace::WorkspaceId;

/// Reads a list of aliases for the row's link at `link`: texts with `|`, `,` or white space between them, or a JSON list. Each is a
/// slug, a slug behind its domain, or a short URL; in JSON also an object with both. One on a domain that is not ours is an alias on
/// the link's domain. What cannot be an alias is left out, with a warning.
pub(super) fn read_aliases(
    text: &str,
    link: &LinkAddress,
    domains: &Domains,
    workspace: &WorkspaceId,
    warnings: &mut Vec<Fault>,
) -> Vec<LinkAddress> {
    let mut aliases: Vec<LinkAddress> = Vec::new();
    let before = warnings.len();
    for item in items(text) {
        // One cell must not fill the report.
        if warnings.len() - before > Link::MAX_ALIASES {
            let cause = "has more aliases, which are left out".to_owned();
            warnings.push(Fault { column: Some(Column::Aliases), value: String::new(), cause });
            break;
        }
        let mut refuse = |cause: String| {
            let cause = format!("{cause}; this alias is left out");
            warnings.push(Fault { column: Some(Column::Aliases), value: item.clone(), cause });
        };
        let rest = item.split_once("://").map_or(item.as_str(), |(_, rest)| rest);
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (host, path) = match rest.split_once('/') {
            Some((host, path)) if is_host(host, &item) => (host, path),
            _ => ("", rest),
        };
        let own = own_domain(host.split(':').next().unwrap_or_default(), domains);
        let domain = own.unwrap_or_else(|_| link.domain.clone());
        if !domains.is_open_to(&domain, workspace) {
            refuse("is on a domain that belongs to another workspace".to_owned());
            continue;
        }
        let slug = Slug::parse_encoded(path.trim_start_matches('/').trim_end_matches('/'));
        let address = match slug.and_then(|slug| domains.slug_on(&domain, slug)) {
            Ok(slug) => LinkAddress { slug, domain },
            Err(error) => {
                refuse(error.to_string());
                continue;
            }
        };
        if address == *link || aliases.contains(&address) {
            continue;
        }
        if aliases.len() == Link::MAX_ALIASES {
            refuse(format!("is more than the {} aliases of a link", Link::MAX_ALIASES));
            continue;
        }
        aliases.push(address);
    }
    aliases
}

/// Tells whether what stands before the first slash of an alias is a host, and not a segment of a slug: a host has a dot or a port, and
/// stands in every URL.
fn is_host(text: &str, alias: &str) -> bool {
    text.is_empty() || text.contains(['.', ':']) || text == "localhost" || alias.contains("://")
}

/// Splits the text of a cell into its aliases.
fn items(text: &str) -> Vec<String> {
    let list = Some(text).filter(|text| text.starts_with('['));
    match list.and_then(|text| serde_json::from_str::<Vec<Value>>(text).ok()) {
        Some(list) => list.iter().map(item_of).filter(|item| !item.is_empty()).collect(),
        None => {
            let items = text.split(|c: char| c == '|' || c == ',' || c.is_whitespace());
            items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
        }
    }
}

/// Returns an element of a JSON list as a text.
fn item_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Object(object) => {
            let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
            format!("{}/{}", text("domain"), text("slug"))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::samples::link;
    use crate::values::domains::Domain;
    use crate::values::slug_rules::{SlugCharacters, SlugRules};

    #[test]
    fn aliases_of_every_form_are_read() {
        let domains = Domains::parse("go.example.com,s.example.org,x.example.org=other").unwrap();
        let rules = SlugRules { slashes: true, characters: SlugCharacters::Unicode, ..SlugRules::default() };
        let domains = domains.with_slug_rules(&Domain::parse("s.example.org").unwrap(), rules);
        let at = link("acme", "docs", "https://example.com/").address;
        let read = |text: &str| {
            let mut warnings = Vec::new();
            let aliases = read_aliases(text, &at, &domains, &at_workspace(), &mut warnings);
            let aliases: Vec<String> = aliases.iter().map(ToString::to_string).collect();
            (aliases.join(" "), warnings.len())
        };
        let cases = [
            ("go.example.com/a|s.example.org/b", "go.example.com/a s.example.org/b", 0),
            ("a, b", "go.example.com/a go.example.com/b", 0),
            ("a.b\nc", "go.example.com/a.b go.example.com/c", 0),
            ("https://s.example.org/a/?x=1", "s.example.org/a", 0),
            ("https://bit.ly/a", "go.example.com/a", 0),
            (
                r#"["go.example.com/a", {"domain": "s.example.org", "slug": "b"}, 7]"#,
                "go.example.com/a s.example.org/b go.example.com/7",
                0,
            ),
            ("docs|go.example.com/docs|a|a", "go.example.com/a", 0),
            ("s.example.org/docs/start|docs/start|a", "s.example.org/docs/start go.example.com/a", 1),
            ("https://s.example.org/gr%C3%B6%C3%9Fe|gro\u{308}ße", "s.example.org/größe", 1),
            ("s.example.org/docs", "s.example.org/docs", 0),
            ("x.example.org/a|b", "go.example.com/b", 1),
            ("a%|v1|ok", "go.example.com/ok", 2),
            ("[]", "", 0),
            ("[1", "", 1),
        ];
        for (text, aliases, warnings) in cases {
            assert_eq!(read(text), (aliases.to_owned(), warnings), "{text}");
        }
        let many: Vec<String> = (0..25).map(|n| format!("s{n}")).collect();
        let (aliases, warnings) = read(&many.join("|"));
        assert_eq!((aliases.split(' ').count(), warnings), (20, 5));
        assert_eq!(read(&"! ".repeat(30_000)), (String::new(), 22), "one cell does not fill the report");
    }

    fn at_workspace() -> WorkspaceId {
        WorkspaceId::parse("acme").unwrap()
    }
}
