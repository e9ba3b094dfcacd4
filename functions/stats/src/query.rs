//! Reads the query parameters, of which `tag` can be repeated. [`waypost_http::query_parameters`] has refused all others.

use axum::extract::FromRequestParts;
use http::request::Parts;
use waypost_api::stats::{LinkStatsQuery, StatsQuery};
use waypost_domain::Error;
use waypost_domain::analytics::stats::request::StatsRequest;
use waypost_http::problem::Problem;

/// Reads the parameters of a link's statistics.
#[derive(Debug)]
pub(crate) struct LinkStatsParameters(pub(crate) LinkStatsQuery);

/// Reads the parameters of a workspace's statistics.
#[derive(Debug)]
pub(crate) struct WorkspaceStatsParameters(pub(crate) StatsQuery);

/// Reads the parameters of statistics of visits to no link.
#[derive(Debug)]
pub(crate) struct MissesParameters(pub(crate) StatsRequest);

impl<S: Sync> FromRequestParts<S> for LinkStatsParameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut query = LinkStatsQuery::default();
        query.request = read(parts.uri.query().unwrap_or_default(), |name, value| {
            let found = name == "domain";
            if found {
                query.domain = Some(value.to_owned());
            }
            found
        })?;
        Ok(Self(query))
    }
}

impl<S: Sync> FromRequestParts<S> for WorkspaceStatsParameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut query = StatsQuery::default();
        query.request = read(parts.uri.query().unwrap_or_default(), |name, value| {
            let found = name == "tag";
            if found {
                query.tag.push(value.to_owned());
            }
            found
        })?;
        Ok(Self(query))
    }
}

impl<S: Sync> FromRequestParts<S> for MissesParameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Ok(Self(read(parts.uri.query().unwrap_or_default(), |_, _| false)?))
    }
}

/// Reads the parameters that all have in common; `other` takes its own, and tells whether it took one.
fn read(query: &str, mut other: impl FnMut(&str, &str) -> bool) -> Result<StatsRequest, Error> {
    let mut request = StatsRequest::default();
    let mut limit = None;
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if other(&name, &value) {
            continue;
        }
        let field = match name.as_ref() {
            "from" => &mut request.from,
            "to" => &mut request.to,
            "tz" => &mut request.tz,
            "interval" => &mut request.interval,
            "group_by" => &mut request.group_by,
            "filter" => &mut request.filter,
            "compare" => &mut request.compare,
            "limit" => &mut limit,
            _ => continue,
        };
        *field = Some(value.into_owned());
    }
    request.limit =
        limit.map(|text| text.parse().map_err(|_| Error::invalid("limit", "is not a number"))).transpose()?;
    Ok(request)
}
