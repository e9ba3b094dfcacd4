//! Turns requests into use cases, and their results into answers.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use http::HeaderMap;
use waypost_api::domains::DomainView;
use waypost_api::parameters::parameters_of;
use waypost_domain::domains::change::change_domain;
use waypost_domain::domains::find::{SeenDomain, find_domain, list_domains};
use waypost_domain::domains::ports::{DomainPorts, DomainReader, DomainWriter};
use waypost_domain::ports::Clock;
use waypost_domain::values::page::PageRequest;
use waypost_domain::{Caller, Domains, WorkspaceId};
use waypost_http::conditional_requests::{conditional_response, etag_of, precondition};
use waypost_http::extract::{Path, Query};
use waypost_http::patch::Patch;
use waypost_http::problem::Problem;
use waypost_http::query_parameters::only_known_parameters;

/// Lets a client keep a domain, but revalidate it each time.
const REVALIDATE: &str = "private, no-cache";

/// The ports and settings of the routes.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) reader: Arc<dyn DomainReader>,
    pub(crate) writer: Arc<dyn DomainWriter>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) domains: Domains,
    pub(crate) operator: WorkspaceId,
}

impl App {
    fn ports(&self) -> DomainPorts<'_> {
        DomainPorts {
            reader: self.reader.as_ref(),
            writer: self.writer.as_ref(),
            clock: self.clock.as_ref(),
            domains: &self.domains,
            operator: &self.operator,
        }
    }
}

/// Makes the routes of this function.
pub(crate) fn routes(app: App) -> Router {
    let routes = Router::new().route("/v1/domains", get(list)).route("/v1/domains/{domain}", get(read).patch(change));
    only_known_parameters(routes.with_state(Arc::new(app)), parameters_of)
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(page): Query<PageRequest>,
) -> Result<impl IntoResponse, Problem> {
    let page = list_domains(&app.ports(), &caller, &page).await?;
    Ok(axum::Json(page.map(DomainView::from)))
}

async fn read(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(domain): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Ok(show(find_domain(&app.ports(), &caller, &domain).await?, &headers))
}

async fn change(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(domain): Path<String>,
    headers: HeaderMap,
    Patch(patch): Patch,
) -> Result<Response, Problem> {
    // A view is texts, flags and JSON, which always make JSON.
    let shown = |seen: &SeenDomain| serde_json::to_value(DomainView::from(seen.clone())).unwrap_or_default();
    let changed = change_domain(&app.ports(), &caller, &domain, &precondition(&headers), &patch, &shown).await?;
    Ok(show(changed, &HeaderMap::new()))
}

/// Answers with a domain. Its entity tag has the last change of its settings, for `If-Match`, and a hash of what this caller sees, which
/// the operator's parameters change too.
fn show(seen: SeenDomain, headers: &HeaderMap) -> Response {
    let version = seen.settings.version_tag();
    let view = DomainView::from(seen);
    let hash = etag_of(&serde_json::to_vec(&view).unwrap_or_default());
    let etag = format!("\"{version}.{}\"", hash.trim_matches('"'));
    conditional_response(headers, &etag, REVALIDATE, axum::Json(view))
}

#[cfg(test)]
mod tests;
