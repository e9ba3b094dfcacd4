//! Reads settings from the environment, which the template sets. A missing setting is an error that names it.

use waypost_domain::access::rate_limit::{RateLimit, RateLimits};
use waypost_domain::files::retention::Retention;
use waypost_domain::values::schemes::{SchemesError, TargetSchemes};
use waypost_domain::{Domains, WorkspaceId};

/// A setting that is missing or cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// The variable is not set, or empty.
    #[error("the setting {0} is missing: set it as an environment variable of the function")]
    Missing(&'static str),
    /// The variable has a value that cannot be used.
    #[error("the setting {name} {problem}")]
    Invalid {
        /// The environment variable.
        name: &'static str,
        /// What is wrong with its value. Never quotes the value: it can be a secret.
        problem: String,
    },
}

/// Reads the setting `name`, which must be set.
pub fn required(name: &'static str) -> Result<String, SettingError> {
    optional(name).ok_or(SettingError::Missing(name))
}

/// Reads whether a scanner of malware looks at files before anyone gets them (`FILE_MALWARE_SCAN`).
pub fn files_are_scanned() -> Result<bool, SettingError> {
    const NAME: &str = "FILE_MALWARE_SCAN";
    match required(NAME)?.as_str() {
        "NO" => Ok(false),
        "GUARDDUTY" => Ok(true),
        other => Err(SettingError::Invalid { name: NAME, problem: format!("is {other:?}, not NO or GUARDDUTY") }),
    }
}

/// Reads the setting `name`, if it is set and not empty.
pub fn optional(name: &'static str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Reads the setting `name` as a whole number.
pub fn number(name: &'static str) -> Result<u64, SettingError> {
    let text = required(name)?;
    text.parse().map_err(|_| SettingError::Invalid { name, problem: "is not a whole number".to_owned() })
}

/// Reads how long the bucket keeps uploads, reports and exports from `IMPORT_RETENTION_DAYS`.
pub fn file_retention() -> Result<Retention, SettingError> {
    Ok(Retention::days(number("IMPORT_RETENTION_DAYS")?))
}

/// Reads the stack's own domains from `DOMAINS`, the other hosts that it serves from `OTHER_HOSTS`, and the schemes that targets may
/// have beside `http` and `https` from `TARGET_SCHEMES`. The last two may be empty.
pub fn domains() -> Result<Domains, SettingError> {
    let invalid =
        |name| SettingError::Invalid { name, problem: "is not a comma-separated list of host names".to_owned() };
    let domains = Domains::parse(&required("DOMAINS")?).map_err(|_| invalid("DOMAINS"))?;
    let domains =
        domains.with_hosts(&optional("OTHER_HOSTS").unwrap_or_default()).map_err(|_| invalid("OTHER_HOSTS"))?;
    Ok(domains.with_schemes(target_schemes(&optional("TARGET_SCHEMES").unwrap_or_default())?))
}

/// Reads the workspace whose admins manage what belongs to the stack from `OPERATOR_WORKSPACE`.
pub fn operator_workspace() -> Result<WorkspaceId, SettingError> {
    const NAME: &str = "OPERATOR_WORKSPACE";
    WorkspaceId::parse(required(NAME)?)
        .map_err(|_| SettingError::Invalid { name: NAME, problem: "is not a workspace".to_owned() })
}

fn target_schemes(list: &str) -> Result<TargetSchemes, SettingError> {
    let invalid = |error: SchemesError| SettingError::Invalid { name: "TARGET_SCHEMES", problem: error.to_string() };
    TargetSchemes::parse(list).map_err(invalid)
}

/// Reads the rate limit of each role from `RATE_LIMIT_VIEWER`, `RATE_LIMIT_EDITOR` and `RATE_LIMIT_ADMIN`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_names_the_unsafe_scheme() {
        let error = target_schemes("mailto,javascript").unwrap_err().to_string();
        assert_eq!(
            error,
            "the setting TARGET_SCHEMES must not have the scheme javascript, which is never safe for visitors"
        );
        assert!(target_schemes("mailto,tel,sms,myapp").is_ok() && target_schemes("").is_ok());
    }
}
