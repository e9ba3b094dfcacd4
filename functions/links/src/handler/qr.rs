//! `GET /v1/links/{slug}/qr`: a link's QR code.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, header};
use waypost_api::qr::QrQuery;
use waypost_domain::Caller;
use waypost_domain::links::find::{find_link, link_address};
use waypost_http::conditional_requests::{conditional_response, etag_of};
use waypost_http::extract::{Path, Query};
use waypost_http::problem::Problem;

use super::App;
use crate::qr_code::{Style, draw};

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
    let style = Style::check(&query)?;
    find_link(app.reader.as_ref(), &caller, &address).await?;
    let image = draw(&format!("{}?qr=1", app.short_urls.of(&address)), &style)?;
    let etag = etag_of(&image);
    let answer = (
        [
            (header::CONTENT_TYPE, style.format.media_type()),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        ],
        image,
    );
    Ok(conditional_response(&headers, &etag, KEEP_FOR_A_DAY, answer))
}
