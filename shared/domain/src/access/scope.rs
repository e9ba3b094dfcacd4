//! Tells which links of its workspace a caller sees and changes.

use serde::{Deserialize, Serialize};

use crate::links::link::Link;
use crate::values::domains::Domain;
use crate::values::field_errors::Errors;

/// The links that a caller reaches: all of its workspace by default, or only some of them. Every use case that takes links from a
/// store asks it, mostly through [`Caller::sees`](super::key::Caller::sees); all other links look as if they did not exist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Only links on one of these domains; on any domain if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    domains: Vec<Domain>,
    /// Only links with at least one of these tags; with any tags or none if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    /// Only links that this key created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    creator: Option<String>,
}

impl Scope {
    /// Makes a scope. An empty list does not restrict it.
    pub fn new(domains: Vec<Domain>, tags: Vec<String>, creator: Option<String>) -> Self {
        Self { domains, tags, creator }
    }

    /// Tells whether it has every link of the workspace.
    pub fn is_whole(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the domains that links must be on; any if empty.
    pub fn domains(&self) -> &[Domain] {
        &self.domains
    }

    /// Returns the tags of which links must have one; any or none if empty.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// Returns the key that must have created the links; anyone if `None`.
    pub fn creator(&self) -> Option<&str> {
        self.creator.as_deref()
    }

    /// Tells whether it has a link of the caller's workspace.
    pub fn shows(&self, link: &Link) -> bool {
        self.shows_parts(link.address.domain.as_str(), |tag| link.tags.contains(tag), link.created_by.as_deref())
    }

    /// Tells the same of a link that is known by its domain, its tags and who created it.
    pub fn shows_parts(&self, domain: &str, has: impl Fn(&String) -> bool, created_by: Option<&str>) -> bool {
        self.allows_domain(domain)
            && (self.tags.is_empty() || self.tags.iter().any(has))
            && self.creator.as_deref().is_none_or(|creator| created_by == Some(creator))
    }

    /// Tells whether links on `domain` can be in it.
    pub fn allows_domain(&self, domain: &str) -> bool {
        self.domains.is_empty() || self.domains.iter().any(|allowed| allowed.as_str() == domain)
    }

    /// Adds an error for each field by which a link that the caller writes would leave the scope.
    pub fn check(&self, domain: Option<&Domain>, tags: Option<&[String]>, errors: &mut Errors) {
        if domain.is_some_and(|domain| !self.allows_domain(domain.as_str())) {
            errors.add("/domain", format!("this key is limited to links on {}", list(&self.domains)));
        }
        let has_none = |tags: &[String]| !self.tags.is_empty() && !self.tags.iter().any(|tag| tags.contains(tag));
        if tags.is_some_and(has_none) {
            errors.add("/tags", format!("this key is limited to links with one of the tags {}", list(&self.tags)));
        }
    }
}

fn list(values: &[impl ToString]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::samples::link;
    use crate::values::error::Error;

    fn scope(domains: &[&str], tags: &[&str], creator: Option<&str>) -> Scope {
        let domains = domains.iter().map(|domain| Domain::parse(domain).unwrap()).collect();
        Scope::new(domains, tags.iter().map(|tag| (*tag).to_owned()).collect(), creator.map(str::to_owned))
    }

    #[test]
    fn every_restriction_must_hold() {
        let seen = Link {
            tags: vec!["a".into(), "b".into()],
            created_by: Some("key_1".into()),
            ..link("acme", "docs", "https://example.com/")
        };
        for (scope, shown) in [
            (scope(&[], &[], None), true),
            (scope(&["s.example.org", "go.example.com"], &[], None), true),
            (scope(&["s.example.org"], &[], None), false),
            (scope(&[], &["b", "c"], None), true),
            (scope(&[], &["c", "A"], None), false),
            (scope(&[], &[], Some("key_1")), true),
            (scope(&[], &[], Some("key_2")), false),
            (scope(&["go.example.com"], &["a"], Some("key_1")), true),
            (scope(&["go.example.com"], &["a"], Some("key_2")), false),
        ] {
            assert_eq!(scope.shows(&seen), shown, "{scope:?}");
        }
        assert!(!scope(&[], &[], Some("key_1")).shows(&Link { created_by: None, ..seen }));
    }

    #[test]
    fn scope_tells_its_restrictions() {
        let scope = scope(&["go.example.com"], &["a"], Some("key_1"));
        assert_eq!(
            (scope.domains(), scope.tags()),
            (&[Domain::parse("go.example.com").unwrap()][..], &["a".to_owned()][..])
        );
        assert_eq!(scope.creator(), Some("key_1"));
    }

    #[test]
    fn error_names_the_field_and_what_is_allowed() {
        let scope = scope(&["s.example.org"], &["a", "b"], Some("key_1"));
        let mut errors = Errors::default();
        scope.check(Domain::parse("go.example.com").ok().as_ref(), Some(&[]), &mut errors);
        let Err(Error::Invalid(errors)) = errors.or(Some(())) else { panic!() };
        let text: Vec<String> = errors.iter().map(|error| format!("{} {}", error.pointer, error.detail)).collect();
        assert!(text[0].starts_with("/domain") && text[0].ends_with("s.example.org"), "{text:?}");
        assert!(text[1].starts_with("/tags") && text[1].ends_with("a, b"), "{text:?}");
        let mut errors = Errors::default();
        scope.check(Domain::parse("s.example.org").ok().as_ref(), Some(&["b".to_owned()]), &mut errors);
        assert!(errors.or(Some(())).is_ok());
    }

    #[test]
    fn stored_scope_is_the_scope() {
        for scope in [Scope::default(), scope(&["s.example.org"], &["a"], Some("key_1"))] {
            let json = serde_json::to_string(&scope).unwrap();
            assert_eq!(serde_json::from_str::<Scope>(&json).unwrap(), scope);
        }
    }
}
