//! Tells the console how people sign in with the identity provider, before anybody is signed in.

use serde::Serialize;
use url::{Host, Url};

/// What the console asks the provider for, unless `CONSOLE_SCOPE` says otherwise.
const SCOPE: &str = "openid";
/// The most origins that `CONSOLE_PROVIDER_ORIGINS` can name: they stand in a header of every page.
const MAX_ORIGINS: usize = 10;

/// What `GET /console/config.json` answers. Nothing in it is secret: a browser shows all of it in its address bar when it signs in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Config {
    /// The provider; `null` if people sign in with keys and sign-in links only.
    pub(crate) identity_provider: Option<Provider>,
}

/// An OpenID Connect provider at which the console is a public client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Provider {
    issuer: String,
    client_id: String,
    /// Scopes that the console asks for, separated by spaces.
    scope: String,
    /// For whom the access token must be. Some providers want to be told.
    audience: String,
    /// The origins that the console talks to: that of the issuer, and those of endpoints elsewhere.
    #[serde(skip)]
    pub(crate) origins: Vec<String>,
}

/// What the operator has set.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ProviderSettings<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) audience: &'a str,
    pub(crate) scope: &'a str,
    /// Origins of endpoints that are not on the issuer's host, separated by commas.
    pub(crate) origins: &'a str,
}

impl Provider {
    /// Reads the settings; gives `None` without a client, for then nobody signs in this way.
    ///
    /// # Errors
    /// The setting that cannot be used, and what is wrong with it.
    pub(crate) fn of(settings: ProviderSettings<'_>) -> Result<Option<Self>, (&'static str, &'static str)> {
        if settings.client_id.is_empty() || settings.issuer.is_empty() {
            return Ok(None);
        }
        let issuer = safe_origin(settings.issuer).ok_or(("JWT_ISSUER", "is not an https URL"))?;
        let mut origins = vec![issuer];
        for text in settings.origins.split(',').map(str::trim).filter(|text| !text.is_empty()) {
            const NAME: &str = "CONSOLE_PROVIDER_ORIGINS";
            let origin = safe_origin(text).filter(|origin| origin == text.trim_end_matches('/'));
            origins.push(origin.ok_or((NAME, "is not a list of https origins, separated by commas"))?);
            if origins.len() > MAX_ORIGINS + 1 {
                return Err((NAME, "has more than 10 origins"));
            }
        }
        Ok(Some(Self {
            issuer: settings.issuer.to_owned(),
            client_id: settings.client_id.to_owned(),
            scope: if settings.scope.is_empty() { SCOPE } else { settings.scope }.to_owned(),
            audience: settings.audience.to_owned(),
            origins,
        }))
    }
}

/// Returns the origin of a URL to which a browser may send a code and from which it may take a token: over `https`, or on this machine.
fn safe_origin(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let is_loopback = match url.host()? {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(_) => false,
    };
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback);
    is_safe.then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: ProviderSettings<'_> = ProviderSettings {
        issuer: "https://login.example.com/realms/a",
        client_id: "waypost-console",
        audience: "waypost",
        scope: "",
        origins: "",
    };

    #[test]
    fn provider_is_told_as_it_is_set() {
        let config = Config { identity_provider: Provider::of(SETTINGS).unwrap() };
        let wanted = serde_json::json!({"identity_provider": {
            "issuer": "https://login.example.com/realms/a", "client_id": "waypost-console", "scope": "openid", "audience": "waypost",
        }});
        assert_eq!(serde_json::to_value(config).unwrap(), wanted);
        let asks = Provider::of(ProviderSettings { scope: "openid api://waypost/use", ..SETTINGS }).unwrap().unwrap();
        assert_eq!(asks.scope, "openid api://waypost/use");
    }

    #[test]
    fn without_client_or_issuer_there_is_none() {
        for settings in [
            ProviderSettings { client_id: "", ..SETTINGS },
            ProviderSettings { issuer: "", ..SETTINGS },
            ProviderSettings { origins: "nonsense", client_id: "", ..SETTINGS },
        ] {
            assert_eq!(Provider::of(settings), Ok(None), "{settings:?}");
        }
        assert_eq!(serde_json::to_string(&Config::default()).unwrap(), r#"{"identity_provider":null}"#);
    }

    #[test]
    fn pages_talk_to_the_issuer_and_to_named_origins() {
        for (issuer, origins, wanted) in [
            ("https://login.example.com:8443/a/", "", &["https://login.example.com:8443"][..]),
            ("http://127.0.0.1:8080", "", &["http://127.0.0.1:8080"]),
            ("http://[::1]:8080", "", &["http://[::1]:8080"]),
            (
                "https://accounts.example.com",
                " https://oauth2.example.com, https://keys.example.com/,",
                &["https://accounts.example.com", "https://oauth2.example.com", "https://keys.example.com"],
            ),
        ] {
            let provider = Provider::of(ProviderSettings { issuer, origins, ..SETTINGS }).unwrap().unwrap();
            assert_eq!(provider.origins, wanted, "{issuer} {origins}");
        }
    }

    #[test]
    fn unsafe_settings_are_named() {
        for issuer in
            ["http://login.example.com", "login.example.com", "javascript:alert(1)", "data:,x", "http://10.0.0.1/"]
        {
            assert_eq!(Provider::of(ProviderSettings { issuer, ..SETTINGS }).unwrap_err().0, "JWT_ISSUER", "{issuer}");
        }
        let many = "https://a.example,".repeat(MAX_ORIGINS + 1);
        for origins in [
            "*",
            "https:",
            "http://a.example",
            "https://a.example/path",
            "https://a.example https://b.example",
            "'self'",
            &many,
        ] {
            let (name, _) = Provider::of(ProviderSettings { origins, ..SETTINGS }).unwrap_err();
            assert_eq!(name, "CONSOLE_PROVIDER_ORIGINS", "{origins}");
        }
    }
}
