//! Turns requests into use cases, and their results into answers.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, put};
use axum::{Extension, Router};
use http::{StatusCode, header};
use serde_json::Value;
use waypost_api::link_changes::LinkChangeView;
use waypost_api::tags::{DefinedTagView, TagView};
use waypost_domain::catalog::read::Catalogs;
use waypost_domain::files::ports::FileStore;
use waypost_domain::link_changes::job::LinkChange;
use waypost_domain::link_changes::ports::{LinkChangeQueue, LinkChangeStore};
use waypost_domain::link_changes::start::StartLinkChangePorts;
use waypost_domain::ports::{Clock, Random};
use waypost_domain::tags::define::{TagFields, patch_tag, put_tag};
use waypost_domain::tags::delete::delete_tag;
use waypost_domain::tags::list::{ListTagsPorts, ListTagsRequest, list_tags};
use waypost_domain::tags::ports::TagStore;
use waypost_domain::tags::rename::{NewTagName, rename_tag};
use waypost_domain::values::page::Page;
use waypost_domain::{Caller, Domains};
use waypost_http::extract::{Json, Path, Query};
use waypost_http::idempotency::{Idempotency, idempotent};
use waypost_http::problem::Problem;
use waypost_http::query_parameters::only_known_parameters;

use crate::place::{BELOW, parameters_of, to_rename};

/// The ports and settings of the routes.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) catalogs: Arc<Catalogs>,
    pub(crate) tags: Arc<dyn TagStore>,
    pub(crate) jobs: Arc<dyn LinkChangeStore>,
    pub(crate) queue: Arc<dyn LinkChangeQueue>,
    pub(crate) files: Arc<dyn FileStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) domains: Domains,
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
    let routes =
        Router::new().route("/v1/tags", get(list)).route(BELOW, put(define).patch(change).delete(delete).post(rename));
    let routes = idempotent(routes.with_state(Arc::new(app)), idempotency);
    only_known_parameters(routes, parameters_of)
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(request): Query<ListTagsRequest>,
) -> Result<axum::Json<Page<TagView>>, Problem> {
    let ports = ListTagsPorts { catalogs: &app.catalogs, tags: app.tags.as_ref() };
    Ok(axum::Json(list_tags(&ports, &caller, &request).await?.map(TagView::from)))
}

async fn define(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(tag): Path<String>,
    Json(fields): Json<TagFields>,
) -> Result<axum::Json<DefinedTagView>, Problem> {
    let defined = put_tag(app.tags.as_ref(), app.clock.as_ref(), &caller, &tag, &fields).await?;
    Ok(axum::Json(defined.into()))
}

async fn change(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(tag): Path<String>,
    Json(patch): Json<Value>,
) -> Result<axum::Json<DefinedTagView>, Problem> {
    let defined = patch_tag(app.tags.as_ref(), app.clock.as_ref(), &caller, &tag, &patch).await?;
    Ok(axum::Json(defined.into()))
}

async fn delete(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(tag): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    Ok(accepted(delete_tag(&app.start_ports(), &caller, &tag).await?))
}

async fn rename(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(rest): Path<String>,
    Json(name): Json<NewTagName>,
) -> Result<impl IntoResponse, Problem> {
    let tag = to_rename(&rest).ok_or_else(Problem::no_such_path)?;
    Ok(accepted(rename_tag(&app.start_ports(), &caller, tag, &name).await?))
}

/// Makes the answer of a job that was queued.
fn accepted(job: LinkChange) -> impl IntoResponse {
    let location = format!("/v1/link-changes/{}", job.id);
    (StatusCode::ACCEPTED, [(header::LOCATION, location)], axum::Json(LinkChangeView::new(job)))
}
