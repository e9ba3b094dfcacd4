//! Refuses links to unsafe targets when they are made or changed.

use futures::StreamExt;

use super::guard::Known;
use super::lookups::Lookups;
use crate::values::error::Error;
use crate::values::field_errors::Errors;
use crate::values::target::TargetUrl;

/// How many questions of a link are open at the same time.
const AT_ONCE: usize = 8;

/// Asks about `targets`, each with the pointer to its field. Without `lookups` every target passes.
///
/// # Errors
/// [`Error::Invalid`] names every field whose target is unsafe, and why it is.
pub async fn refuse_unsafe(lookups: Option<&Lookups>, targets: Vec<(String, TargetUrl)>) -> Result<(), Error> {
    let Some(lookups) = lookups else { return Ok(()) };
    let asking = targets.into_iter().filter_map(|(pointer, target)| Some((pointer, target.web_url()?)));
    let asking = asking.map(|(pointer, url)| async move { (pointer, lookups.ask(&url).await) });
    let answers: Vec<(String, Known)> = futures::stream::iter(asking).buffered(AT_ONCE).collect().await;
    let mut errors = Errors::default();
    for (pointer, known) in answers {
        if let Known::Unsafe(threat) = known {
            errors.add(pointer, format!("is suspected of {threat} by Google Web Risk"));
        }
    }
    errors.or(Some(()))
}

#[cfg(test)]
mod tests;
