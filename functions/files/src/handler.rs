//! Turns requests into use cases, and their results into answers.

mod collections;

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{HeaderName, StatusCode, header};
use waypost_api::files::{FilePartView, FileView, StartedFileView};
use waypost_api::parameters::parameters_of;
use waypost_domain::Caller;
use waypost_domain::files::collections::ports::StoredCollections;
use waypost_domain::files::complete::{CompleteFilePorts, complete_file};
use waypost_domain::files::delete::{DeleteFilePorts, delete_file};
use waypost_domain::files::find::find_file;
use waypost_domain::files::list::list_files;
use waypost_domain::files::parts::{ListPartsPorts, list_parts};
use waypost_domain::files::ports::ObjectRemover;
use waypost_domain::files::quota::FileQuota;
use waypost_domain::files::remove::RemoveFilePorts;
use waypost_domain::files::start::{NewFile, StartFilePorts, start_file};
use waypost_domain::files::store_ports::{FileSigner, FileUploads, StoredFiles};
use waypost_domain::ports::{Clock, Random};
use waypost_domain::values::page::PageRequest;
use waypost_http::extract::{Json, Path, Query};
use waypost_http::idempotency::{Idempotency, idempotent};
use waypost_http::problem::Problem;
use waypost_http::query_parameters::only_known_parameters;

/// Keeps an answer out of caches: its URLs give rights to whoever has them.
const UNCACHED: (HeaderName, &str) = (header::CACHE_CONTROL, "no-store");

/// The ports and settings of the routes.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) files: Arc<dyn StoredFiles>,
    pub(crate) collections: Arc<dyn StoredCollections>,
    pub(crate) uploads: Arc<dyn FileUploads>,
    pub(crate) objects: Arc<dyn ObjectRemover>,
    pub(crate) signer: Arc<dyn FileSigner>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) max_bytes: u64,
    pub(crate) quota: FileQuota,
}

/// Makes the routes of this function.
pub(crate) fn routes(app: App, idempotency: Idempotency) -> Router {
    let routes = Router::new()
        .route("/v1/files", get(list).post(start))
        .route("/v1/files/{id}", get(read).delete(delete))
        .route("/v1/files/{id}/parts", get(parts))
        .route("/v1/files/{id}/completion", post(complete))
        .merge(collections::routes());
    let routes = idempotent(routes.with_state(Arc::new(app)), idempotency);
    only_known_parameters(routes, parameters_of)
}

async fn start(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Json(new): Json<NewFile>,
) -> Result<impl IntoResponse, Problem> {
    let ports = StartFilePorts {
        files: app.files.as_ref(),
        collections: app.collections.as_ref(),
        uploads: app.uploads.as_ref(),
        clock: app.clock.as_ref(),
        random: app.random.as_ref(),
        max_bytes: app.max_bytes,
        quota: app.quota,
    };
    let started = start_file(&ports, &caller, new).await?;
    let location = format!("/v1/files/{}", started.file.id);
    let headers = [(header::LOCATION, location), (UNCACHED.0, UNCACHED.1.to_owned())];
    Ok((StatusCode::CREATED, headers, axum::Json(StartedFileView::new(started))))
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(page): Query<PageRequest>,
) -> Result<impl IntoResponse, Problem> {
    let page = list_files(app.files.as_ref(), &caller, &page).await?;
    Ok(axum::Json(page.map(|file| FileView::new(file, None))))
}

async fn read(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let signing = (app.signer.as_ref(), app.clock.as_ref());
    let (file, url) = find_file(app.files.as_ref(), signing, &caller, &id).await?;
    Ok(([UNCACHED], axum::Json(FileView::new(file, url))))
}

async fn delete(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let (files, uploads, objects) = (app.files.as_ref(), app.uploads.as_ref(), app.objects.as_ref());
    let remove = RemoveFilePorts { files, uploads, objects };
    delete_file(&DeleteFilePorts { remove, clock: app.clock.as_ref() }, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn parts(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(page): Query<PageRequest>,
) -> Result<impl IntoResponse, Problem> {
    let (files, uploads, clock) = (app.files.as_ref(), app.uploads.as_ref(), app.clock.as_ref());
    let page = list_parts(&ListPartsPorts { files, uploads, clock }, &caller, &id, &page).await?;
    Ok(([UNCACHED], axum::Json(page.map(FilePartView::new))))
}

async fn complete(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let (files, uploads, clock) = (app.files.as_ref(), app.uploads.as_ref(), app.clock.as_ref());
    let file = complete_file(&CompleteFilePorts { files, uploads, clock }, &caller, &id).await?;
    Ok(([UNCACHED], axum::Json(FileView::new(file, None))))
}

#[cfg(test)]
mod tests;
