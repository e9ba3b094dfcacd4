//! Checks host names, and tells which of them serve short links.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Host;

use super::block_list::BlockedTargets;
use super::schemes::TargetSchemes;
use super::slug::Slug;
use super::slug_error::SlugError;
use super::slug_rules::{SlugCase, SlugRules};
use super::workspace::WorkspaceId;

/// A host name in lower case and punycode, without port or trailing dot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Domain(String);

/// The error of a text that is not a [`Domain`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a host name such as go.example.com")]
pub struct DomainError;

impl Domain {
    /// Checks and normalises `text`.
    pub fn parse(text: &str) -> Result<Self, DomainError> {
        match Host::parse(text).map_err(|_| DomainError)? {
            Host::Domain(name) => {
                let name = name.trim_end_matches('.');
                let valid = !name.is_empty()
                    && name.len() <= 253
                    && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
                if valid { Ok(Self(name.to_owned())) } else { Err(DomainError) }
            }
            Host::Ipv4(address) => Ok(Self(address.to_string())),
            Host::Ipv6(_) => Err(DomainError),
        }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Domain {
    type Error = DomainError;
    fn try_from(text: String) -> Result<Self, DomainError> {
        Self::parse(&text)
    }
}

impl From<Domain> for String {
    fn from(domain: Domain) -> Self {
        domain.0
    }
}

/// The stack's own domains, the first of which is the default, and the other hosts that it serves: where targets must not lead. Also
/// the schemes that targets may have, and the targets that are blocked.
#[derive(Debug, Clone)]
pub struct Domains {
    default: Domain,
    others: Vec<Domain>,
    /// The domains that belong to one workspace each. The others belong to the stack.
    owners: Vec<(Domain, WorkspaceId)>,
    /// The domains of the stack on which only some workspaces can make links.
    limited: Vec<(Domain, Vec<WorkspaceId>)>,
    /// The domains whose rules of slugs are not the usual ones.
    slug_rules: Vec<(Domain, SlugRules)>,
    /// Hosts that serve the default domain, such as the gateway's own. They have no links of their own.
    hosts: Vec<Domain>,
    /// Whether every host that is none of these serves the default domain too.
    any_host: bool,
    schemes: TargetSchemes,
    blocked: BlockedTargets,
}

impl Domains {
    /// Reads a comma-separated list, the default first. `{domain}={workspace}` says that a domain belongs to a workspace: only this
    /// workspace can make links there. The default domain belongs to the stack.
    pub fn parse(list: &str) -> Result<Self, DomainError> {
        let (first, rest) = list.split_once(',').map_or((list, None), |(first, rest)| (first, Some(rest)));
        let default = Domain::parse(first.trim())?;
        let (mut others, mut owners) = (Vec::new(), Vec::new());
        for part in rest.into_iter().flat_map(|rest| rest.split(',')) {
            let (name, owner) = part.split_once('=').map_or((part, None), |(name, owner)| (name, Some(owner)));
            let domain = Domain::parse(name.trim())?;
            if let Some(owner) = owner {
                owners.push((domain.clone(), WorkspaceId::parse(owner.trim()).map_err(|_| DomainError)?));
            }
            others.push(domain);
        }
        let (limited, slug_rules, hosts) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self {
            default,
            others,
            owners,
            limited,
            slug_rules,
            hosts,
            any_host: false,
            schemes: TargetSchemes::default(),
            blocked: BlockedTargets::default(),
        })
    }

    /// Returns the workspace that `domain` belongs to. `None` if it belongs to the stack.
    pub fn owner_of(&self, domain: &Domain) -> Option<&WorkspaceId> {
        self.owners.iter().find(|(owned, _)| owned == domain).map(|(_, owner)| owner)
    }

    /// Lets only `workspaces` make links on `domain`, if it belongs to the stack.
    pub fn limited_to(mut self, domain: &Domain, workspaces: &[WorkspaceId]) -> Self {
        self.limited.push((domain.clone(), workspaces.to_vec()));
        self
    }

    /// Sets the rules of slugs on `domain`.
    pub fn with_slug_rules(mut self, domain: &Domain, rules: SlugRules) -> Self {
        self.slug_rules.push((domain.clone(), rules));
        self
    }

    /// Returns the slug of a new link on `domain` that asks for `slug`: the same, or the one that it is there if capitals do not count.
    ///
    /// # Errors
    /// The rule of the domain that does not allow it.
    pub fn slug_on(&self, domain: &Domain, slug: Slug) -> Result<Slug, SlugError> {
        self.slug_rules_of(domain).apply(slug)
    }

    /// Returns the slug of a new link on `domain` for which `slug` was generated.
    pub fn generated_slug_on(&self, domain: &Domain, slug: Slug) -> Slug {
        self.slug_rules_of(domain).apply_to_generated(slug)
    }

    /// Tells whether capitals in slugs do not count on `domain`.
    pub fn ignores_case(&self, domain: &Domain) -> bool {
        self.slug_rules_of(domain).case == SlugCase::Insensitive
    }

    /// Returns the rules of slugs on `domain`.
    pub fn slug_rules_of(&self, domain: &Domain) -> SlugRules {
        self.slug_rules.iter().find(|(ruled, _)| ruled == domain).map(|(_, rules)| *rules).unwrap_or_default()
    }

    /// Tells whether `workspace` can make links on `domain`: the domain belongs to this workspace, or to the stack and is not limited to
    /// others.
    pub fn is_open_to(&self, domain: &Domain, workspace: &WorkspaceId) -> bool {
        self.why_closed(domain, workspace).is_none()
    }

    /// Says why `workspace` cannot make links on `domain`, for a person. `None` if it can.
    pub fn why_closed(&self, domain: &Domain, workspace: &WorkspaceId) -> Option<&'static str> {
        match self.owner_of(domain) {
            Some(owner) => (owner != workspace).then_some("belongs to another workspace"),
            None => {
                let is_closed =
                    |(limited, open_to): &(Domain, Vec<_>)| limited == domain && !open_to.contains(workspace);
                self.limited.iter().any(is_closed).then_some("is not open to this workspace")
            }
        }
    }

    /// Adds hosts that serve the default domain, from a comma-separated list that may be empty. `*` stands for any host.
    pub fn with_hosts(mut self, list: &str) -> Result<Self, DomainError> {
        for host in list.split(',').map(str::trim).filter(|host| !host.is_empty()) {
            if host == "*" {
                self.any_host = true;
            } else {
                self.hosts.push(Domain::parse(host)?);
            }
        }
        Ok(self)
    }

    /// Lets targets have `schemes`, too.
    pub fn with_schemes(self, schemes: TargetSchemes) -> Self {
        Self { schemes, ..self }
    }

    /// Refuses targets that `blocked` has, now or later.
    pub fn with_blocked(self, blocked: BlockedTargets) -> Self {
        Self { blocked, ..self }
    }

    /// Returns the targets that are blocked: none unless [`Domains::with_blocked`] says so.
    pub fn blocked(&self) -> &BlockedTargets {
        &self.blocked
    }

    /// Returns the schemes that targets may have beside `http` and `https`: none unless [`Domains::with_schemes`] says so.
    pub fn schemes(&self) -> &TargetSchemes {
        &self.schemes
    }

    /// Returns the domain of links that name none, and of requests to the hosts that are no domain.
    pub fn default_domain(&self) -> &Domain {
        &self.default
    }

    /// Lists all domains, the default first.
    pub fn iter(&self) -> impl Iterator<Item = &Domain> {
        std::iter::once(&self.default).chain(&self.others)
    }

    /// Tells whether `host` (lower case, without port) is one of the domains. Ignores a trailing dot.
    pub fn contains(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        self.iter().any(|domain| domain.as_str() == host)
    }

    /// Tells whether a request to `host` (lower case, without port) is known to come here: it is one of the domains or of the other
    /// hosts. Ignores a trailing dot.
    pub fn serves(&self, host: &str) -> bool {
        let name = host.trim_end_matches('.');
        self.contains(name) || self.hosts.iter().any(|host| host.as_str() == name)
    }

    /// Tells whether a request to any host is served.
    pub fn serves_any_host(&self) -> bool {
        self.any_host
    }

    /// Returns the domain that serves a request with this `Host` header. The header may have a port and capitals. Without the
    /// header, the default domain serves it; a host that is not served has none.
    pub fn for_host(&self, host: Option<&str>) -> Option<&Domain> {
        let Some(host) = host else { return Some(&self.default) };
        let name = host_name(host);
        let is = |domain: &Domain| domain.as_str().eq_ignore_ascii_case(name);
        if let Some(domain) = self.iter().find(|domain| is(domain)) {
            return Some(domain);
        }
        (self.any_host || self.hosts.iter().any(is)).then_some(&self.default)
    }
}

/// Returns the name in a `Host` header, without port and trailing dot.
pub(crate) fn host_name(header: &str) -> &str {
    header.rsplit_once(':').map_or(header, |(name, _port)| name).trim_end_matches('.')
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(Domain, "Domain", {
    "type": "string",
    "format": "hostname",
    "description": "A host that serves short links: one of the stack's domains, in lower case and punycode.",
    "examples": ["go.example.com"],
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_lower_case_punycode() {
        assert_eq!(Domain::parse("Go.Exämple.com.").unwrap().as_str(), "go.xn--exmple-cua.com");
        for text in ["", "a b", "a#b", "a/b", "[::1]", "a:80", "x_y.com"] {
            assert!(Domain::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn domain_of_a_workspace_is_open_to_it_alone() {
        let domains = Domains::parse("go.example.com, acme.example.org=acme,s.example.org").unwrap();
        let open = |domain: &str, workspace: &str| {
            domains.is_open_to(&Domain::parse(domain).unwrap(), &WorkspaceId::parse(workspace).unwrap())
        };
        assert!(open("acme.example.org", "acme") && !open("acme.example.org", "other"));
        assert!(open("go.example.com", "other") && open("s.example.org", "other"));
        assert!(domains.contains("acme.example.org") && domains.for_host(Some("acme.example.org")).is_some());
        for list in ["", "go.example.com=acme", "go.example.com,a.example=", "go.example.com,a.example=A", "a b"] {
            assert!(Domains::parse(list).is_err(), "{list}");
        }
    }

    #[test]
    fn domain_of_the_stack_can_be_limited_to_workspaces() {
        let name = |text: &str| Domain::parse(text).unwrap();
        let workspace = |text: &str| WorkspaceId::parse(text).unwrap();
        let domains = Domains::parse("go.example.com,acme.example.org=acme,s.example.org").unwrap();
        let limited = domains.limited_to(&name("s.example.org"), &[workspace("one"), workspace("two")]);
        let limited = limited.limited_to(&name("acme.example.org"), &[workspace("one")]);
        for (domain, caller, reason) in [
            ("s.example.org", "two", None),
            ("s.example.org", "acme", Some("is not open to this workspace")),
            ("go.example.com", "acme", None),
            ("acme.example.org", "acme", None),
            ("acme.example.org", "one", Some("belongs to another workspace")),
        ] {
            assert_eq!(limited.why_closed(&name(domain), &workspace(caller)), reason, "{domain} {caller}");
        }
        let closed = limited.limited_to(&name("go.example.com"), &[]);
        assert!(!closed.is_open_to(&name("go.example.com"), &workspace("acme")));
    }

    #[test]
    fn unknown_host_is_served_only_if_the_operator_says_so() {
        const GATEWAY: &str = "abc.execute-api.eu-west-1.amazonaws.com";
        let domains = Domains::parse("go.example.com, s.example.org").unwrap();
        let named = domains.clone().with_hosts(&format!("{GATEWAY},")).unwrap();
        let any = domains.clone().with_hosts("*").unwrap();
        let (default, other) = (Some("go.example.com"), Some("s.example.org"));
        for (host, alone, with_named, with_any) in [
            (None, default, default, default),
            (Some("S.example.org:443"), other, other, other),
            (Some("go.example.com."), default, default, default),
            (Some(GATEWAY), None, default, default),
            (Some("elsewhere.example"), None, None, default),
            (Some("a b"), None, None, default),
            (Some(""), None, None, default),
        ] {
            let of = |domains: &Domains| domains.for_host(host).map(|domain| domain.as_str().to_owned());
            let expected = [alone, with_named, with_any].map(|domain| domain.map(str::to_owned));
            assert_eq!([of(&domains), of(&named), of(&any)], expected, "{host:?}");
        }
        assert!(any.serves_any_host() && !named.serves_any_host() && !domains.serves_any_host());
        assert!(named.serves(GATEWAY) && !named.contains(GATEWAY) && !domains.serves(GATEWAY));
        assert!(domains.with_hosts("a b").is_err());
    }

    #[test]
    fn name_has_at_most_253_characters() {
        let label = "a".repeat(49);
        let longest = format!("{}abc", format!("{label}.").repeat(5));
        assert_eq!(longest.len(), 253);
        assert_eq!(Domain::parse(&longest).unwrap().as_str(), longest);
        assert!(Domain::parse(&format!("{longest}d")).is_err());
    }

    #[test]
    fn address_is_a_domain_in_its_usual_form() {
        assert_eq!(Domain::parse("127.1").unwrap().as_str(), "127.0.0.1");
    }

    #[test]
    fn stored_domain_is_checked_when_it_is_read() {
        let domain: Domain = serde_json::from_str("\"go.example.com\"").unwrap();
        assert_eq!(domain.to_string(), "go.example.com");
        assert_eq!(serde_json::to_string(&domain).unwrap(), "\"go.example.com\"");
        assert!(serde_json::from_str::<Domain>("\"a b\"").is_err());
    }

    #[test]
    fn list_has_the_default_first_and_no_bad_name() {
        let domains = Domains::parse("go.example.com, s.example.org").unwrap();
        let names: Vec<&str> = domains.iter().map(Domain::as_str).collect();
        assert_eq!(names, ["go.example.com", "s.example.org"]);
        assert_eq!(domains.default_domain().as_str(), "go.example.com");
        for list in ["", "go.example.com,", "go.example.com,a b"] {
            assert!(Domains::parse(list).is_err(), "{list:?}");
        }
        for (host, contained) in [("s.example.org", true), ("s.example.org.", true), ("example.org", false)] {
            assert_eq!(domains.contains(host), contained, "{host}");
        }
        assert_eq!(domains.for_host(Some("s.example.org.:443")).map(Domain::as_str), Some("s.example.org"));
    }
}
