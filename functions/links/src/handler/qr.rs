//! `GET|POST /v1/links/{slug}/qr`: a link's QR code.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, header};
use waypost_api::links::DomainQuery;
use waypost_api::qr::{QrQuery, QrStyle};
use waypost_domain::access::idempotency::Answer;
use waypost_domain::links::find::{find_link, link_address};
use waypost_domain::{Caller, Error, LinkAddress};
use waypost_http::authentication::Unchanged;
use waypost_http::conditional_requests::{conditional_response, etag_of};
use waypost_http::extract::{Json, Path, Query};
use waypost_http::idempotency::Transient;
use waypost_http::problem::Problem;

use super::App;
use crate::qr_code::{Format, Style, draw};

/// Lets a client keep a code for a day: the URL in it does not change.
const KEEP_FOR_A_DAY: &str = "private, max-age=86400";

/// Draws the code of the short URL with `?qr=1`, which tells its clicks from others.
pub(super) async fn qr(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(slug): Path<String>,
    Query(query): Query<QrQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let address = link_address(&app.domains, &slug, query.domain.as_deref())?;
    let style = Style::check(&query.into())?;
    let image = draw_code(&app, &caller, &address, &style).await?;
    let etag = etag_of(&image);
    Ok(conditional_response(&headers, &etag, KEEP_FOR_A_DAY, (headers_of(style.format), image)))
}

/// Draws a code with a logo.
pub(super) async fn draw_qr(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(slug): Path<String>,
    Query(query): Query<DomainQuery>,
    Json(style): Json<QrStyle>,
) -> Result<Response, Problem> {
    let address = link_address(&app.domains, &slug, query.domain.as_deref())?;
    let style = Style::check(&style).map_err(in_body)?;
    let image = draw_code(&app, &caller, &address, &style).await.map_err(in_body)?;
    // Draw a code that is too large to be kept again, if the same request comes again.
    let is_kept = image.len() <= Answer::MAX_BODY_BYTES;
    let mut response =
        (headers_of(style.format), [(header::CACHE_CONTROL, "no-store")], Extension(Unchanged), image).into_response();
    if !is_kept {
        response.extensions_mut().insert(Transient);
    }
    Ok(response)
}

async fn draw_code(app: &App, caller: &Caller, address: &LinkAddress, style: &Style) -> Result<Vec<u8>, Error> {
    find_link(app.reader.as_ref(), caller, address).await?;
    draw(&format!("{}?qr=1", app.short_urls.of(address)), style)
}

fn headers_of(format: Format) -> [(HeaderName, &'static str); 3] {
    [
        (header::CONTENT_TYPE, format.media_type()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
    ]
}

/// Makes the names of parameters pointers into a body.
fn in_body(error: Error) -> Error {
    let Error::Invalid(mut errors) = error else { return error };
    for error in &mut errors {
        error.pointer.insert(0, '/');
    }
    Error::Invalid(errors)
}
