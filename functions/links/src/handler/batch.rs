//! `POST /v1/link-batches`: creates up to 100 links, each of which succeeds or fails by itself.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use http::StatusCode;
use serde_json::Value;
use waypost_api::link_batches::{BatchItemView, BatchView, MAX_ITEMS, MAX_PASSWORDS, NewBatch};
use waypost_api::links::LinkView;
use waypost_domain::access::idempotency::RequestFingerprint;
use waypost_domain::target_safety::lookups::Lookups;
use waypost_domain::workspaces::settings::WorkspaceSettings;
use waypost_domain::{Caller, Error, Link, Role};
use waypost_http::extract::Json;
use waypost_http::idempotency::Transient;
use waypost_http::problem::Problem;

use super::App;
use super::titles::ask;

/// How many links are written concurrently.
const CONCURRENCY: usize = 8;

/// Answers 200 even if items failed: the batch itself was processed.
pub(super) async fn create_batch(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    fingerprint: Option<Extension<RequestFingerprint>>,
    // Read each item by itself, so that one that cannot be read does not fail the others.
    Json(batch): Json<NewBatch<Value>>,
) -> Result<Response, Problem> {
    caller.require(Role::Editor)?;
    if batch.items.is_empty() || batch.items.len() > MAX_ITEMS {
        return Err(Error::invalid("/items", format!("must have 1 to {MAX_ITEMS} items")).into());
    }
    let with_password = |item: &Value| item.get("password").is_some_and(|password| !password.is_null());
    if batch.items.iter().filter(|item| with_password(item)).count() > MAX_PASSWORDS {
        return Err(Error::invalid("/items", format!("at most {MAX_PASSWORDS} items can have a password")).into());
    }
    let settings = app.workspaces.get(&caller.workspace).await.map_err(Error::from)?;
    let lookups = app.lookups();
    let items = batch.items.into_iter().enumerate().map(|(index, item)| {
        let fingerprint = fingerprint.as_ref().map(|fingerprint| fingerprint.part(index));
        create_item(&app, &caller, &settings, item, (fingerprint, lookups.as_ref()))
    });
    let items: Vec<(BatchItemView, Option<Link>)> = stream::iter(items).buffered(CONCURRENCY).collect().await;
    let (items, new): (Vec<BatchItemView>, Vec<Option<Link>>) = items.into_iter().unzip();
    if settings.titles {
        ask(&app, &new.iter().flatten().collect::<Vec<_>>()).await;
    }
    let transient = items.iter().any(|item| item.status >= 500);
    let mut response = axum::Json(BatchView { items }).into_response();
    if transient {
        response.extensions_mut().insert(Transient);
    }
    Ok(response)
}

/// Creates the link of an item. Returns its answer, and the link if it is new.
async fn create_item(
    app: &App,
    caller: &Caller,
    settings: &WorkspaceSettings,
    item: Value,
    (fingerprint, lookups): (Option<RequestFingerprint>, Option<&Lookups>),
) -> (BatchItemView, Option<Link>) {
    match app.create(caller, settings, item, (fingerprint.as_ref(), lookups)).await {
        Ok(created) => {
            if created.is_new {
                // The log line of the request names who it was, and stands for the whole batch.
                let address = &created.link.address;
                tracing::info!(event = "link.created", domain = %address.domain, slug = %address.slug);
            }
            let status = if created.is_new { StatusCode::CREATED } else { StatusCode::OK };
            let new = created.is_new.then(|| created.link.clone());
            let link = LinkView::of(created.link, &app.short_urls);
            (BatchItemView { status: status.as_u16(), link: Some(link), problem: None }, new)
        }
        Err(error) => {
            let problem = Problem::from(error).into_details();
            (BatchItemView { status: problem.status, link: None, problem: Some(problem) }, None)
        }
    }
}
