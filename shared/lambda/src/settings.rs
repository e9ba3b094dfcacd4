//! Settings come from the environment, as the template sets them. A missing one is an error that names it.

use waypost_domain::Domains;
use waypost_domain::rate_limit::{RateLimit, RateLimits};

/// A setting that is missing or cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// It is not set, or empty.
    #[error("the setting {0} is missing: set it as an environment variable of the function")]
    Missing(&'static str),
    /// It has a value that cannot be used.
    #[error("the setting {name} {problem}")]
    Invalid {
        /// The environment variable.
        name: &'static str,
        /// What is wrong with its value. Does not quote the value, which might be a secret.
        problem: String,
    },
}

/// The setting `name`, which must be there.
pub fn required(name: &'static str) -> Result<String, SettingError> {
    optional(name).ok_or(SettingError::Missing(name))
}

/// The setting `name`, if it is there and not empty.
pub fn optional(name: &'static str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The setting `name` as a whole number.
pub fn number(name: &'static str) -> Result<u64, SettingError> {
    let text = required(name)?;
    text.parse().map_err(|_| SettingError::Invalid { name, problem: "is not a whole number".to_owned() })
}

/// The stack's own domains, from `DOMAINS`.
pub fn domains() -> Result<Domains, SettingError> {
    let list = required("DOMAINS")?;
    Domains::parse(&list).map_err(|_| SettingError::Invalid {
        name: "DOMAINS",
        problem: "is not a comma-separated list of host names".to_owned(),
    })
}

/// How many requests the callers of each role may make, from `RATE_LIMIT_VIEWER`, `RATE_LIMIT_EDITOR` and `RATE_LIMIT_ADMIN`.
pub fn rate_limits() -> Result<RateLimits, SettingError> {
    let limit = |name| -> Result<Option<RateLimit>, SettingError> {
        RateLimit::parse(&required(name)?).map_err(|error| SettingError::Invalid { name, problem: error.to_string() })
    };
    Ok(RateLimits {
        viewer: limit("RATE_LIMIT_VIEWER")?,
        editor: limit("RATE_LIMIT_EDITOR")?,
        admin: limit("RATE_LIMIT_ADMIN")?,
    })
}
