//! Checks host names, and tells which of them serve short links.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Host;

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

/// The stack's own domains; the first is the default.
#[derive(Debug, Clone)]
pub struct Domains {
    default: Domain,
    others: Vec<Domain>,
}

impl Domains {
    /// Reads a comma-separated list, the default first.
    pub fn parse(list: &str) -> Result<Self, DomainError> {
        let mut domains = list.split(',').map(|part| Domain::parse(part.trim()));
        let default = domains.next().ok_or(DomainError)??;
        Ok(Self { default, others: domains.collect::<Result<_, _>>()? })
    }

    /// Returns the domain of links that name none, and of requests to a host outside this list (such as API Gateway's own).
    pub fn default_domain(&self) -> &Domain {
        &self.default
    }

    /// Lists all domains, the default first.
    pub fn iter(&self) -> impl Iterator<Item = &Domain> {
        std::iter::once(&self.default).chain(&self.others)
    }

    /// Tells whether `host` (lower case, without port) is in the list. Ignores a trailing dot.
    pub fn contains(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        self.iter().any(|domain| domain.as_str() == host)
    }

    /// Returns the domain that serves a request with this `Host` header. The header may have a port and capitals.
    pub fn for_host(&self, host: Option<&str>) -> &Domain {
        let Some(host) = host else { return &self.default };
        let name = host.rsplit_once(':').map_or(host, |(name, _port)| name).trim_end_matches('.');
        self.iter().find(|domain| domain.as_str().eq_ignore_ascii_case(name)).unwrap_or(&self.default)
    }
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
    fn default_domain_serves_unknown_hosts() {
        let domains = Domains::parse("go.example.com, s.example.org").unwrap();
        assert_eq!(domains.for_host(Some("S.example.org:443")).as_str(), "s.example.org");
        assert_eq!(domains.for_host(Some("abc.execute-api.eu-west-1.amazonaws.com")).as_str(), "go.example.com");
        assert_eq!(domains.for_host(None).as_str(), "go.example.com");
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
        assert_eq!(domains.for_host(Some("s.example.org.:443")).as_str(), "s.example.org");
    }
}
