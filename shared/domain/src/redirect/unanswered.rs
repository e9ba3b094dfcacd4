//! Answers visits that no link answers: to the bare domain, to a path without a link, to a link that has ended, and by the systems of
//! phones that ask which apps open the domain's links.

use std::sync::Arc;

use super::check_target::check_target;
use crate::domains::ports::DomainReader;
use crate::domains::settings::DomainSettings;
use crate::values::domains::{Domain, Domains};
use crate::values::error::StoreError;
use crate::values::target::TargetUrl;

/// What a domain has for visits that no link answers, and what the stack has if the domain does not.
pub struct Unanswered {
    /// Reads the settings of domains, through a cache.
    pub settings: Arc<dyn DomainReader>,
    /// Where the bare domain leads unless its settings say otherwise.
    pub root_url: Option<TargetUrl>,
    /// Where a path leads that is not a link, unless the domain's settings say otherwise.
    pub not_found_url: Option<TargetUrl>,
}

/// A visit that no link answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// To the bare domain.
    Root,
    /// To a path that is not a link.
    NotFound,
    /// To a link that has ended and has no URL for that.
    Ended,
}

/// A document that a phone asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppDocument {
    /// `/.well-known/apple-app-site-association`.
    AppleAssociation,
    /// `/.well-known/assetlinks.json`.
    AssetLinks,
}

impl AppDocument {
    /// Returns the document at `path`, if it is one.
    pub fn at(path: &str) -> Option<Self> {
        match path {
            "/.well-known/apple-app-site-association" => Some(Self::AppleAssociation),
            "/.well-known/assetlinks.json" => Some(Self::AssetLinks),
            _ => None,
        }
    }
}

impl Unanswered {
    /// Returns where a visit to `host` (its `Host` header) leads, checked. `None` if nobody has said.
    ///
    /// # Errors
    /// Those of the store, if nothing is known of the domain.
    pub async fn target(
        &self,
        domains: &Domains,
        host: Option<&str>,
        missed: Missed,
    ) -> Result<Option<TargetUrl>, StoreError> {
        let Some((domain, settings)) = self.settings(domains, host).await? else { return Ok(None) };
        let (of_domain, of_stack) = match missed {
            Missed::Root => (settings.and_then(|it| it.root_url), self.root_url.as_ref()),
            Missed::NotFound => (settings.and_then(|it| it.not_found_url), self.not_found_url.as_ref()),
            Missed::Ended => (settings.and_then(|it| it.expired_url), None),
        };
        let Some(url) = of_domain else { return Ok(of_stack.cloned()) };
        let checked = check_target(url.as_str(), domains, host);
        let unsafe_target = |error: &_| tracing::error!(event = "redirect.unsafe_target", %domain, ?missed, %error);
        Ok(checked.inspect_err(unsafe_target).ok())
    }

    /// Returns a document of the domain that serves `host`, as JSON. `None` if it has none.
    ///
    /// # Errors
    /// Those of the store, if nothing is known of the domain.
    pub async fn document(
        &self,
        domains: &Domains,
        host: Option<&str>,
        document: AppDocument,
    ) -> Result<Option<String>, StoreError> {
        let settings = self.settings(domains, host).await?.and_then(|(_, settings)| settings);
        Ok(settings.and_then(|settings| match document {
            AppDocument::AppleAssociation => settings.apple_app_site_association.map(|it| it.as_str().to_owned()),
            AppDocument::AssetLinks => settings.assetlinks.map(|it| it.as_str().to_owned()),
        }))
    }

    /// Reads the settings of the domain that serves `host`. `None` if the host is not served.
    async fn settings<'d>(
        &self,
        domains: &'d Domains,
        host: Option<&str>,
    ) -> Result<Option<(&'d Domain, Option<DomainSettings>)>, StoreError> {
        let Some(domain) = domains.for_host(host) else { return Ok(None) };
        Ok(Some((domain, self.settings.settings(domain).await?)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::domains::MemoryDomains;

    const DOMAINS: &str = "go.example.com,s.example.org";

    fn unanswered(settings: serde_json::Value) -> (Unanswered, Arc<MemoryDomains>) {
        let store = Arc::new(MemoryDomains::with("s.example.org", settings));
        let domains = Domains::parse(DOMAINS).unwrap();
        let target = |text| Some(TargetUrl::parse(text, &domains).unwrap());
        let (root_url, not_found_url) = (target("https://example.com/root"), target("https://example.com/none"));
        (Unanswered { settings: store.clone(), root_url, not_found_url }, store)
    }

    #[tokio::test]
    async fn settings_of_the_domain_win_over_those_of_the_stack() {
        let domains = Domains::parse(DOMAINS).unwrap();
        let all = json!({
            "root_url": "https://s.example/root", "not_found_url": "https://s.example/none",
            "expired_url": "https://s.example/ended",
        });
        for (settings, host, targets) in [
            (json!({}), "s.example.org", [Some("https://example.com/root"), Some("https://example.com/none"), None]),
            (
                all.clone(),
                "S.example.org:443",
                [Some("https://s.example/root"), Some("https://s.example/none"), Some("https://s.example/ended")],
            ),
            (all.clone(), "go.example.com", [Some("https://example.com/root"), Some("https://example.com/none"), None]),
            (all, "elsewhere.example", [None, None, None]),
            // Something else wrote these: a domain's own broken URL never becomes the stack's.
            (
                json!({"root_url": "javascript:alert(1)", "not_found_url": "https://go.example.com/loop"}),
                "s.example.org",
                [None, None, None],
            ),
        ] {
            let (unanswered, _) = unanswered(settings);
            for (missed, expected) in [Missed::Root, Missed::NotFound, Missed::Ended].into_iter().zip(targets) {
                let found = unanswered.target(&domains, Some(host), missed).await.unwrap();
                assert_eq!(found.as_ref().map(TargetUrl::as_str), expected, "{host} {missed:?}");
            }
        }
    }

    #[tokio::test]
    async fn outage_is_an_error_and_not_the_stacks_target() {
        let (unanswered, store) = unanswered(json!({}));
        store.fail(true);
        let domains = Domains::parse(DOMAINS).unwrap();
        assert!(unanswered.target(&domains, Some("s.example.org"), Missed::Root).await.is_err());
        assert!(unanswered.document(&domains, None, AppDocument::AssetLinks).await.is_err());
    }

    #[tokio::test]
    async fn documents_are_those_of_the_host() {
        let (unanswered, _) =
            unanswered(json!({"apple_app_site_association": "{\"applinks\":{}}", "assetlinks": "[]"}));
        let domains = Domains::parse(DOMAINS).unwrap();
        let document = async |host: &str, path: &str| {
            unanswered.document(&domains, Some(host), AppDocument::at(path).unwrap()).await.unwrap()
        };
        let (apple, android) = ("/.well-known/apple-app-site-association", "/.well-known/assetlinks.json");
        assert_eq!(document("s.example.org", apple).await.as_deref(), Some("{\"applinks\":{}}"));
        assert_eq!(document("s.example.org", android).await.as_deref(), Some("[]"));
        assert_eq!(document("go.example.com", android).await, None);
        for path in
            ["/", "/assetlinks.json", "/.well-known/", "/.well-known/assetlinks.json/", "/.WELL-KNOWN/assetlinks.json"]
        {
            assert_eq!(AppDocument::at(path), None, "{path}");
        }
    }
}
