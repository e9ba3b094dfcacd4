//! Builds what knows unsafe targets, for functions that make or check links.

use std::sync::Arc;

use waypost_domain::target_safety::guard::TargetGuard;

use crate::settings::{SettingError, optional, required};
use crate::system::SystemClock;
use crate::web_risk::WebRisk;

/// Builds a guard that asks Web Risk at `WEB_RISK_URL`, if there is a `WEB_RISK_KEY`. Without one, nothing is asked.
///
/// # Errors
/// [`SettingError`] names the setting that is missing or cannot be used.
pub fn target_guard() -> Result<Option<Arc<TargetGuard>>, SettingError> {
    const URL: &str = "WEB_RISK_URL";
    let Some(key) = optional("WEB_RISK_KEY") else { return Ok(None) };
    let checker = WebRisk::new(&required(URL)?, &key)
        .map_err(|problem| SettingError::Invalid { name: URL, problem: problem.to_owned() })?;
    Ok(Some(Arc::new(TargetGuard::new(Arc::new(checker), Arc::new(SystemClock)))))
}
