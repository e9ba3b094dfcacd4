//! Reads the query parameters of a list, of which `tag` and `include` can be repeated. [`waypost_http::query_parameters`] has refused all
//! others.

use axum::extract::FromRequestParts;
use http::request::Parts;
use waypost_domain::Error;
use waypost_domain::analytics::stats::read_range_clicks::ClickRange;
use waypost_domain::links::list::ListRequest;
use waypost_http::problem::Problem;

/// Reads the request for a page from a query string.
#[derive(Debug)]
pub(crate) struct ListQuery {
    pub(crate) request: ListRequest,
    /// The range of the clicks beside each link.
    pub(crate) click_range: ClickRange,
}

impl<S: Sync> FromRequestParts<S> for ListQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let request = read(parts.uri.query().unwrap_or_default())?;
        let ListRequest { clicks_from, clicks_to, clicks_tz, .. } = &request;
        let click_range = ClickRange { from: clicks_from.clone(), to: clicks_to.clone(), tz: clicks_tz.clone() };
        Ok(Self { request, click_range })
    }
}

fn read(query: &str) -> Result<ListRequest, Error> {
    let mut request = ListRequest::default();
    let mut limit = None;
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let field = match name.as_ref() {
            "tag" => {
                request.tags.push(value.into_owned());
                continue;
            }
            "include" => {
                request.include.push(value.into_owned());
                continue;
            }
            "limit" => &mut limit,
            "cursor" => &mut request.page.cursor,
            "tag_mode" => &mut request.tag_mode,
            "domain" => &mut request.domain,
            "prefix" => &mut request.prefix,
            "archived" => &mut request.archived,
            "broken" => &mut request.broken,
            "created_after" => &mut request.created_after,
            "created_before" => &mut request.created_before,
            "expires_after" => &mut request.expires_after,
            "expires_before" => &mut request.expires_before,
            "search" => &mut request.search,
            "url" => &mut request.url,
            "url_prefix" => &mut request.url_prefix,
            "host" => &mut request.host,
            "sort" => &mut request.sort,
            "order" => &mut request.order,
            "clicks_from" => &mut request.clicks_from,
            "clicks_to" => &mut request.clicks_to,
            "clicks_tz" => &mut request.clicks_tz,
            _ => continue,
        };
        *field = Some(value.into_owned());
    }
    request.page.limit =
        limit.map(|text| text.parse().map_err(|_| Error::invalid("limit", "is not a number"))).transpose()?;
    Ok(request)
}
