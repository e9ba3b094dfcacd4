//! Turns requests into use cases, and their results into answers.

mod batch;
mod qr;
#[cfg(test)]
mod tests;
mod titles;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use waypost_api::links::{DomainQuery, Include, LinkView, ReadLinkQuery, ShortUrls};
use waypost_api::parameters::parameters_of;
use waypost_domain::access::idempotency::RequestFingerprint;
use waypost_domain::analytics::ports::AggregateReader;
use waypost_domain::analytics::stats::answer::AllTime;
use waypost_domain::analytics::stats::read_all_time::read_all_time;
use waypost_domain::domains::ports::DomainReader;
use waypost_domain::links::change::change_link;
use waypost_domain::links::create::create_link;
use waypost_domain::links::created::Created;
use waypost_domain::links::delete::delete_link;
use waypost_domain::links::find::{find_link, link_address};
use waypost_domain::links::new_link::read_new_link;
use waypost_domain::links::ports::LinkPorts;
use waypost_domain::links::ports::{LinkReader, LinkTargets, LinkWriter};
use waypost_domain::pages::ports::TitleQueue;
use waypost_domain::ports::{Clock, Random};
use waypost_domain::target_safety::guard::TargetGuard;
use waypost_domain::target_safety::lookups::Lookups;
use waypost_domain::workspaces::ports::SettingsReader;
use waypost_domain::workspaces::settings::WorkspaceSettings;
use waypost_domain::{Caller, Domains, Error, Link, LinkAddress, Role};
use waypost_http::conditional_requests::{conditional_response, precondition};
use waypost_http::extract::{Json, Path, Query};
use waypost_http::idempotency::{Idempotency, idempotent};
use waypost_http::patch::Patch;
use waypost_http::problem::Problem;
use waypost_http::query_parameters::only_known_parameters;

use self::titles::{ask, ask_after_change};

/// Lets a client keep a link, but revalidate it each time.
const REVALIDATE: &str = "private, no-cache";

/// The ports and settings of the routes.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) reader: Arc<dyn LinkReader>,
    pub(crate) writer: Arc<dyn LinkWriter>,
    pub(crate) targets: Arc<dyn LinkTargets>,
    pub(crate) workspaces: Arc<dyn SettingsReader>,
    pub(crate) titles: Arc<dyn TitleQueue>,
    pub(crate) aggregates: Arc<dyn AggregateReader>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) domains: Domains,
    pub(crate) domain_settings: Arc<dyn DomainReader>,
    /// Knows unsafe targets, if the stack asks.
    pub(crate) guard: Option<Arc<TargetGuard>>,
    pub(crate) short_urls: ShortUrls,
}

impl App {
    fn link_ports<'a>(&'a self, lookups: Option<&'a Lookups>) -> LinkPorts<'a> {
        LinkPorts {
            reader: self.reader.as_ref(),
            writer: self.writer.as_ref(),
            targets: self.targets.as_ref(),
            clock: self.clock.as_ref(),
            random: self.random.as_ref(),
            domains: &self.domains,
            domain_settings: self.domain_settings.as_ref(),
            lookups,
        }
    }

    /// Returns the bounds of what a request asks about its targets.
    fn lookups(&self) -> Option<Lookups> {
        self.guard.clone().map(Lookups::of_request)
    }
}

impl App {
    /// Creates the link that `request` asks for, with the defaults of its workspace.
    async fn create(
        &self,
        caller: &Caller,
        settings: &WorkspaceSettings,
        request: Value,
        (fingerprint, lookups): (Option<&RequestFingerprint>, Option<&Lookups>),
    ) -> Result<Created, Error> {
        let fields = read_new_link(request, &settings.new_links, (caller, &self.domains, self.clock.now()))?;
        create_link(&self.link_ports(lookups), caller, &fields, fingerprint).await
    }
}

/// Makes the routes of this function.
pub(crate) fn routes(app: App, idempotency: Idempotency) -> Router {
    let routes = Router::new()
        .route("/v1/links", post(create))
        .route("/v1/links/{slug}", get(read).patch(change).delete(delete))
        .route("/v1/links/{slug}/qr", get(qr::qr).post(qr::draw_qr))
        .route("/v1/link-batches", post(batch::create_batch));
    let routes = idempotent(routes.with_state(Arc::new(app)), idempotency);
    only_known_parameters(routes, parameters_of)
}

async fn create(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    fingerprint: Option<Extension<RequestFingerprint>>,
    // What the request has, even null, wins over the workspace's defaults. Only the JSON itself tells.
    Json(request): Json<Value>,
) -> Result<impl IntoResponse, Problem> {
    caller.require(Role::Editor)?;
    let settings = app.workspaces.get(&caller.workspace).await.map_err(Error::from)?;
    let lookups = app.lookups();
    let created = app.create(&caller, &settings, request, (fingerprint.as_deref(), lookups.as_ref())).await?;
    let status = if created.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let link = created.link;
    if created.is_new && settings.titles {
        ask(&app, &[&link]).await;
    }
    let headers = [(header::LOCATION, location(&link.address, &app.domains)), (header::ETAG, link.etag())];
    Ok((status, headers, axum::Json(LinkView::of(link, &app.short_urls))))
}

/// Makes the path of the link in the API.
fn location(address: &LinkAddress, domains: &Domains) -> String {
    let slug = address.slug.as_segment();
    if address.domain == *domains.default_domain() {
        format!("/v1/links/{slug}")
    } else {
        format!("/v1/links/{slug}?domain={}", address.domain)
    }
}

async fn read(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(slug): Path<String>,
    Query(query): Query<ReadLinkQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let address = link_address(&app.domains, &slug, query.domain.as_deref())?;
    let link = find_link(app.reader.as_ref(), &caller, &address).await?;
    if query.include != Some(Include::Clicks) {
        return Ok(show(&app, link, &headers));
    }
    let clicks = clicks(&app, &link).await;
    let etag = clicks.map(|all| link.etag_with_clicks(all.clicks));
    let view = axum::Json(LinkView::of(link, &app.short_urls).with_clicks(clicks));
    Ok(match etag {
        Some(etag) => conditional_response(&headers, &etag, REVALIDATE, view),
        None => ([(header::CACHE_CONTROL, REVALIDATE)], view).into_response(),
    })
}

/// Reads the clicks of a link. Without statistics, the link is shown without them.
async fn clicks(app: &App, link: &Link) -> Option<AllTime> {
    let read = read_all_time(app.aggregates.as_ref(), link).await;
    read.inspect_err(|error| tracing::warn!(event = "stats.unavailable", operation = error.operation, %error)).ok()
}

fn show(app: &App, link: Link, headers: &HeaderMap) -> Response {
    let etag = link.etag();
    conditional_response(headers, &etag, REVALIDATE, axum::Json(LinkView::of(link, &app.short_urls)))
}

async fn change(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(slug): Path<String>,
    Query(query): Query<DomainQuery>,
    headers: HeaderMap,
    Patch(patch): Patch,
) -> Result<Response, Problem> {
    let address = link_address(&app.domains, &slug, query.domain.as_deref())?;
    // A view is texts, numbers and lists of them, which always make JSON.
    let shown = |link: &Link| serde_json::to_value(LinkView::of(link.clone(), &app.short_urls)).unwrap_or_default();
    let lookups = app.lookups();
    let ports = app.link_ports(lookups.as_ref());
    let link = change_link(&ports, &caller, &address, &precondition(&headers), &patch, &shown).await?;
    if patch.get("url").is_some() {
        ask_after_change(&app, &link).await;
    }
    Ok(show(&app, link, &HeaderMap::new()))
}

async fn delete(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(slug): Path<String>,
    Query(query): Query<DomainQuery>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let address = link_address(&app.domains, &slug, query.domain.as_deref())?;
    delete_link(&app.link_ports(None), &caller, &address, &precondition(&headers)).await?;
    Ok(StatusCode::NO_CONTENT)
}
