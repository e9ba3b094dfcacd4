//! Turns requests into use cases, and their results into answers.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{StatusCode, header};
use waypost_api::link_changes::{LinkChangeView, ResultView};
use waypost_api::parameters::parameters_of;
use waypost_domain::files::ports::FileStore;
use waypost_domain::files::retention::Retention;
use waypost_domain::link_changes::cancel::cancel_link_change;
use waypost_domain::link_changes::find::find_link_change;
use waypost_domain::link_changes::job::LinkChange;
use waypost_domain::link_changes::list::list_link_changes;
use waypost_domain::link_changes::ports::{LinkChangeQueue, LinkChangeStore};
use waypost_domain::link_changes::request::NewLinkChange;
use waypost_domain::link_changes::results::{ResultPorts, ResultsRequest, read_results};
use waypost_domain::link_changes::start::{StartLinkChangePorts, start_link_change};
use waypost_domain::link_changes::undo::undo_link_change;
use waypost_domain::ports::{Clock, Random};
use waypost_domain::values::page::{Page, PageRequest};
use waypost_domain::{Caller, Domains};
use waypost_http::extract::{Json, Path, Query};
use waypost_http::idempotency::{Idempotency, idempotent};
use waypost_http::problem::Problem;
use waypost_http::query_parameters::only_known_parameters;

/// The ports and settings of the routes.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) jobs: Arc<dyn LinkChangeStore>,
    pub(crate) queue: Arc<dyn LinkChangeQueue>,
    pub(crate) files: Arc<dyn FileStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) domains: Domains,
    pub(crate) retention: Retention,
}

impl App {
    fn start_ports(&self) -> StartLinkChangePorts<'_> {
        StartLinkChangePorts {
            jobs: self.jobs.as_ref(),
            queue: self.queue.as_ref(),
            files: self.files.as_ref(),
            clock: self.clock.as_ref(),
            random: self.random.as_ref(),
            domains: &self.domains,
        }
    }
}

/// Makes the routes of this function.
pub(crate) fn routes(app: App, idempotency: Idempotency) -> Router {
    let routes = Router::new()
        .route("/v1/link-changes", get(list).post(start))
        .route("/v1/link-changes/{id}", get(read))
        .route("/v1/link-changes/{id}/results", get(results))
        .route("/v1/link-changes/{id}/cancel", post(cancel))
        .route("/v1/link-changes/{id}/undo", post(undo));
    let routes = idempotent(routes.with_state(Arc::new(app)), idempotency);
    only_known_parameters(routes, parameters_of)
}

async fn start(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Json(new): Json<NewLinkChange>,
) -> Result<impl IntoResponse, Problem> {
    Ok(accepted(start_link_change(&app.start_ports(), &caller, &new).await?))
}

/// Makes the answer of a job that was queued.
fn accepted(job: LinkChange) -> impl IntoResponse {
    let location = format!("/v1/link-changes/{}", job.id);
    (StatusCode::ACCEPTED, [(header::LOCATION, location)], axum::Json(LinkChangeView::new(job)))
}

async fn read(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    Ok(axum::Json(LinkChangeView::new(find_link_change(app.jobs.as_ref(), &caller, &id).await?)))
}

async fn results(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(request): Query<ResultsRequest>,
) -> Result<axum::Json<Page<ResultView>>, Problem> {
    let ports = ResultPorts {
        jobs: app.jobs.as_ref(),
        files: app.files.as_ref(),
        clock: app.clock.as_ref(),
        retention: app.retention,
    };
    Ok(axum::Json(read_results(&ports, &caller, &id, &request).await?.map(ResultView::from)))
}

async fn cancel(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let job = cancel_link_change(app.jobs.as_ref(), app.clock.as_ref(), &caller, &id).await?;
    Ok(axum::Json(LinkChangeView::new(job)))
}

async fn undo(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    Ok(accepted(undo_link_change(&app.start_ports(), app.retention, &caller, &id).await?))
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(page): Query<PageRequest>,
) -> Result<impl IntoResponse, Problem> {
    let page = list_link_changes(app.jobs.as_ref(), &caller, &page).await?;
    Ok(axum::Json(page.map(LinkChangeView::in_list)))
}
