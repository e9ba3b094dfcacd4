//! Turns requests for collections into use cases.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::{Extension, Router, routing::get};
use http::{StatusCode, header};
use waypost_api::collections::CollectionView;
use waypost_api::files::FileView;
use waypost_domain::Caller;
use waypost_domain::files::collections::create::{CreateCollectionPorts, NewCollection, create_collection};
use waypost_domain::files::collections::delete::{Deleted, delete_collection};
use waypost_domain::files::collections::find::find_collection;
use waypost_domain::files::collections::list::list_collections;
use waypost_domain::files::collections::list_files::list_collection_files;
use waypost_domain::files::collections::remove::RemoveCollectionPorts;
use waypost_domain::files::remove::RemoveFilePorts;
use waypost_domain::values::page::PageRequest;
use waypost_http::extract::{Json, Path, Query};
use waypost_http::problem::Problem;

use super::App;

/// Makes the routes of collections.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/collections", get(list).post(create))
        .route("/v1/collections/{id}", get(read).delete(delete))
        .route("/v1/collections/{id}/files", get(files))
}

async fn create(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Json(new): Json<NewCollection>,
) -> Result<impl IntoResponse, Problem> {
    let (collections, clock, random) = (app.collections.as_ref(), app.clock.as_ref(), app.random.as_ref());
    let made = create_collection(&CreateCollectionPorts { collections, clock, random }, &caller, new).await?;
    let headers = [(header::LOCATION, format!("/v1/collections/{}", made.id))];
    Ok((StatusCode::CREATED, headers, axum::Json(CollectionView::new(made))))
}

async fn list(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Query(page): Query<PageRequest>,
) -> Result<impl IntoResponse, Problem> {
    let page = list_collections(app.collections.as_ref(), &caller, &page).await?;
    Ok(axum::Json(page.map(CollectionView::new)))
}

async fn read(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    Ok(axum::Json(CollectionView::new(find_collection(app.collections.as_ref(), &caller, &id).await?)))
}

async fn files(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(page): Query<PageRequest>,
) -> Result<impl IntoResponse, Problem> {
    let page = list_collection_files(app.collections.as_ref(), &caller, &id, &page).await?;
    Ok(axum::Json(page.map(|file| FileView::new(file, None))))
}

async fn delete(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let (files, uploads, objects) = (app.files.as_ref(), app.uploads.as_ref(), app.objects.as_ref());
    let remove = RemoveFilePorts { files, uploads, objects };
    let ports = RemoveCollectionPorts { collections: app.collections.as_ref(), remove, clock: app.clock.as_ref() };
    Ok(match delete_collection(&ports, &caller, &id).await? {
        Deleted::All => StatusCode::NO_CONTENT,
        Deleted::Begun => StatusCode::ACCEPTED,
    })
}
