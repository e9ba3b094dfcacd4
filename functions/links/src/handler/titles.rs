//! Asks for the titles of links that have none.
//!
//! A title is a convenience: the answer waits half a second for the queue at most, and no failure reaches the caller.

use std::time::Duration;

use tokio::time::timeout;
use waypost_domain::Link;
use waypost_domain::pages::ask::ask_for_titles;

use super::App;

/// How long an answer waits until the queue has taken the requests.
const LONGEST: Duration = Duration::from_millis(500);

/// Asks for the titles of those of `links` that have none.
pub(super) async fn ask(app: &App, links: &[&Link]) {
    match timeout(LONGEST, ask_for_titles(app.titles.as_ref(), links)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => {
            tracing::warn!(event = "titles.not_asked_for", links = links.len(), operation = error.operation, %error);
        }
        Err(_) => {
            tracing::warn!(event = "titles.not_asked_for", links = links.len(), error = "the queue took too long")
        }
    }
}

/// Asks for the title of a link that has another target, if it has none and its workspace wants that.
pub(super) async fn ask_after_change(app: &App, link: &Link) {
    if link.title.is_some() || !link.leads_to_page() {
        return;
    }
    match timeout(LONGEST, app.workspaces.get(&link.workspace)).await {
        Ok(Ok(settings)) if settings.titles => ask(app, &[link]).await,
        Ok(Ok(_)) => {}
        Ok(Err(error)) => {
            tracing::warn!(event = "titles.not_asked_for", links = 1, operation = error.operation, %error)
        }
        Err(_) => tracing::warn!(event = "titles.not_asked_for", links = 1, error = "the settings took too long"),
    }
}
