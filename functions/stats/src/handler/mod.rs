//! Turns requests into use cases, and their results into answers.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use http::HeaderMap;
use waypost_api::parameters::parameters_of;
use waypost_domain::analytics::ports::AggregateReader;
use waypost_domain::analytics::stats::ports::StatsPorts;
use waypost_domain::analytics::stats::read_link_stats::read_link_stats;
use waypost_domain::analytics::stats::read_misses::{MissPorts, read_misses};
use waypost_domain::analytics::stats::read_tag_stats::read_tag_stats;
use waypost_domain::analytics::stats::read_workspace_stats::read_workspace_stats;
use waypost_domain::links::find::link_address;
use waypost_domain::links::ports::{LinkIndex, LinkMoves, LinkReader};
use waypost_domain::ports::Clock;
use waypost_domain::{Caller, Domains, WorkspaceId};
use waypost_http::extract::Path;
use waypost_http::problem::Problem;
use waypost_http::query_parameters::only_known_parameters;

use crate::query::{LinkStatsParameters, MissesParameters, WorkspaceStatsParameters};
use crate::respond::respond;

/// The ports and settings of the routes.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) links: Arc<dyn LinkReader>,
    pub(crate) index: Arc<dyn LinkIndex>,
    pub(crate) moves: Arc<dyn LinkMoves>,
    pub(crate) aggregates: Arc<dyn AggregateReader>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) domains: Domains,
    /// The workspace that manages the domains of the stack.
    pub(crate) operator: WorkspaceId,
}

impl App {
    fn ports(&self) -> StatsPorts<'_> {
        StatsPorts {
            links: self.links.as_ref(),
            index: self.index.as_ref(),
            moves: self.moves.as_ref(),
            aggregates: self.aggregates.as_ref(),
            clock: self.clock.as_ref(),
        }
    }
}

/// Makes the routes of this function.
pub(crate) fn routes(app: App) -> Router {
    let routes = Router::new()
        .route("/v1/links/{slug}/stats", get(link_stats))
        .route("/v1/stats", get(workspace_stats))
        .route("/v1/domains/{domain}/misses", get(misses))
        .with_state(Arc::new(app));
    only_known_parameters(routes, parameters_of)
}

async fn link_stats(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(slug): Path<String>,
    LinkStatsParameters(query): LinkStatsParameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let address = link_address(&app.domains, &slug, query.domain.as_deref())?;
    let stats = read_link_stats(&app.ports(), &caller, &address, &query.request).await?;
    respond(&headers, &stats)
}

/// Reads the statistics of visits to no link.
async fn misses(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(domain): Path<String>,
    MissesParameters(request): MissesParameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let App { aggregates, clock, domains, operator, .. } = app.as_ref();
    let ports = MissPorts { aggregates: aggregates.as_ref(), clock: clock.as_ref(), domains, operator };
    respond(&headers, &read_misses(&ports, &caller, &domain, &request).await?)
}

/// Reads the statistics of all links, or of those with a tag.
async fn workspace_stats(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    WorkspaceStatsParameters(query): WorkspaceStatsParameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let stats = if query.tag.is_empty() {
        read_workspace_stats(&app.ports(), &caller, &query.request).await?
    } else {
        read_tag_stats(&app.ports(), &caller, &query.tag, &query.request).await?
    };
    respond(&headers, &stats)
}
