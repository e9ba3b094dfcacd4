//! Reads the redirect's own settings.

use waypost_domain::redirect::cache::Freshness;
use waypost_domain::{Domains, TargetUrl};
use waypost_lambda::settings::{SettingError, number, optional, required};

/// Reads how long links are cached: `CACHE_SECONDS`, `CACHE_MISS_SECONDS` and `CACHE_STALE_SECONDS`.
pub(crate) fn freshness() -> Result<Freshness, SettingError> {
    Ok(Freshness {
        hit_seconds: seconds("CACHE_SECONDS")?,
        miss_seconds: seconds("CACHE_MISS_SECONDS")?,
        stale_seconds: seconds("CACHE_STALE_SECONDS")?,
    })
}

fn seconds(name: &'static str) -> Result<u32, SettingError> {
    number(name)?.try_into().map_err(|_| SettingError::Invalid { name, problem: "is too large".to_owned() })
}

/// Reads the target in the setting `name`, if it is set. An unsafe target is an error, as for links.
pub(crate) fn target(name: &'static str, domains: &Domains) -> Result<Option<TargetUrl>, SettingError> {
    optional(name).map(|text| parse_target(name, &text, domains)).transpose()
}

fn parse_target(name: &'static str, text: &str, domains: &Domains) -> Result<TargetUrl, SettingError> {
    TargetUrl::parse(text, domains).map_err(|error| SettingError::Invalid { name, problem: error.to_string() })
}

/// Reads whether to open the connection to the table at start: `WARM_UP` is `true` or `false`.
pub(crate) fn warm_up() -> Result<bool, SettingError> {
    const NAME: &str = "WARM_UP";
    let problem = || SettingError::Invalid { name: NAME, problem: "is neither true nor false".to_owned() };
    required(NAME)?.parse().map_err(|_| problem())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_of_unsafe_target_names_the_setting() {
        let domains = Domains::parse("go.example.com").unwrap();
        for text in ["javascript:alert(1)", "//example.com", "https://go.example.com/x", "example.com"] {
            let error = parse_target("ROOT_URL", text, &domains).unwrap_err().to_string();
            assert!(error.starts_with("the setting ROOT_URL must"), "{error}");
        }
        assert!(parse_target("ROOT_URL", "https://example.com", &domains).is_ok());
    }
}
