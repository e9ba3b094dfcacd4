//! Turns requests into use cases, and their results into answers.

mod collections;

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{HeaderName, StatusCode, header};
use waypost_api::files::{FilePartView, FileView, StartedFileView};
use waypost_api::links::LinkView;
use waypost_api::parameters::parameters_of;
use waypost_domain::access::idempotency::RequestFingerprint;
use waypost_domain::files::adopt::{AdoptPorts, FileAdoption, adopt_object};
use waypost_domain::files::collections::ports::StoredCollections;
use waypost_domain::files::complete::{CompleteFilePorts, complete_file};
use waypost_domain::files::delete::{DeleteFilePorts, delete_file};
use waypost_domain::files::find::find_file;
use waypost_domain::files::list::list_files;
use waypost_domain::files::parts::{ListPartsPorts, list_parts};
use waypost_domain::files::ports::ObjectRemover;
use waypost_domain::files::quota::FileQuota;
use waypost_domain::files::remove::RemoveFilePorts;
use waypost_domain::files::share::{ShareFilePorts, share_file};
use waypost_domain::files::start::{NewFile, StartFilePorts};
use waypost_domain::files::store_ports::{FileContents, FileSigner, FileUploads, StoredFiles};
use waypost_domain::ports::{Clock, Random};
use waypost_domain::target_safety::lookups::Lookups;
use waypost_domain::values::page::PageRequest;
use waypost_domain::workspaces::settings::WorkspaceSettings;
use waypost_domain::{Caller, Error};
use waypost_http::extract::{Json, Path, Query};
use waypost_http::idempotency::{Idempotency, idempotent};
use waypost_http::problem::Problem;
use waypost_http::query_parameters::only_known_parameters;

use crate::new_links::NewLinks;

/// Keeps an answer out of caches: its URLs give rights to whoever has them.
const UNCACHED: (HeaderName, &str) = (header::CACHE_CONTROL, "no-store");

/// The ports and settings of the routes.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) files: Arc<dyn StoredFiles>,
    pub(crate) collections: Arc<dyn StoredCollections>,
    pub(crate) uploads: Arc<dyn FileUploads>,
    pub(crate) objects: Arc<dyn ObjectRemover>,
    pub(crate) contents: Arc<dyn FileContents>,
    pub(crate) signer: Arc<dyn FileSigner>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) max_bytes: u64,
    /// Where the operator puts objects to make files of, with a slash at its end.
    pub(crate) adopt_folder: String,
    /// Whether a scanner of malware looks at uploads.
    pub(crate) is_scanned: bool,
    pub(crate) quota: FileQuota,
    pub(crate) new_links: NewLinks,
}

impl App {
    fn remove_ports(&self) -> RemoveFilePorts<'_> {
        let (files, uploads, objects) = (self.files.as_ref(), self.uploads.as_ref(), self.objects.as_ref());
        RemoveFilePorts { files, uploads, objects }
    }
}

/// Makes the routes of this function.
pub(crate) fn routes(app: App, idempotency: Idempotency) -> Router {
    let routes = Router::new()
        .route("/v1/files", get(list).post(start))
        .route("/v1/file-adoptions", post(adopt))
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
    fingerprint: Option<Extension<RequestFingerprint>>,
    Json(new): Json<NewFile>,
) -> Result<impl IntoResponse, Problem> {
    let start = StartFilePorts {
        files: app.files.as_ref(),
        collections: app.collections.as_ref(),
        uploads: app.uploads.as_ref(),
        clock: app.clock.as_ref(),
        random: app.random.as_ref(),
        max_bytes: app.max_bytes,
        quota: app.quota,
    };
    let lookups = app.new_links.guard.clone().map(Lookups::of_request);
    let links = app.new_links.ports((start.clock, start.random), lookups.as_ref());
    let ports = ShareFilePorts { start, remove: app.remove_ports(), links };
    let settings = match &new.link {
        Some(_) => app.new_links.workspaces.get(&caller.workspace).await.map_err(Error::from)?,
        None => WorkspaceSettings::default(),
    };
    let (started, link) = share_file(&ports, &caller, &settings, (&new, fingerprint.as_deref())).await?;
    let location = format!("/v1/files/{}", started.file.id);
    let headers = [(header::LOCATION, location), (UNCACHED.0, UNCACHED.1.to_owned())];
    let link = link.map(|link| LinkView::of(link, &app.new_links.short_urls));
    Ok((StatusCode::CREATED, headers, axum::Json(StartedFileView::new(started, link))))
}

async fn adopt(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Json(new): Json<FileAdoption>,
) -> Result<impl IntoResponse, Problem> {
    let ports = AdoptPorts {
        files: app.files.as_ref(),
        contents: app.contents.as_ref(),
        clock: app.clock.as_ref(),
        random: app.random.as_ref(),
        folder: &app.adopt_folder,
        is_scanned: app.is_scanned,
        max_bytes: app.max_bytes,
        quota: app.quota,
    };
    let file = adopt_object(&ports, &caller, &new).await?;
    let location = format!("/v1/files/{}", file.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(FileView::new(file, None))))
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
    delete_file(&DeleteFilePorts { remove: app.remove_ports(), clock: app.clock.as_ref() }, &caller, &id).await?;
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
