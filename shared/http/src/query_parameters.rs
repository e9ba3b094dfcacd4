//! Refuses query strings with a parameter that the operation does not take, or with one given more often than it takes it. A
//! parameter that is ignored changes what a request means: `DELETE …?Domain=x` would delete the link of another domain.
//!
//! Wrap routes with [`only_known_parameters`], outside [`crate::idempotency::idempotent`].

use std::collections::HashSet;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::Method;
use url::form_urlencoded::parse;
use waypost_domain::Error;
use waypost_domain::values::field_errors::Errors;
use waypost_domain::values::query_parameter::QueryParameter;

use crate::problem::Problem;

/// Returns the query parameters of an operation by its method and its path, as routes write it. `None` if there is no such
/// operation.
pub type ParametersOf = fn(&str, &str) -> Option<&'static [QueryParameter]>;

/// How similar a name must be to be suggested: 1 is equal, 0 has nothing in common.
const MIN_SIMILARITY: f64 = 0.7;
/// How much of an unknown name an error shows, in characters.
const MAX_SHOWN_CHARS: usize = 100;

/// Answers 422 to a request for `routes` whose query has a parameter that `parameters_of` does not list, or one twice that may be
/// given once.
pub fn only_known_parameters(routes: Router, parameters_of: ParametersOf) -> Router {
    routes.route_layer(from_fn_with_state(parameters_of, refuse_others))
}

async fn refuse_others(State(parameters_of): State<ParametersOf>, request: Request, next: Next) -> Response {
    match check_request(&request, parameters_of) {
        Ok(()) => next.run(request).await,
        Err(error) => Problem::from(error).into_response(),
    }
}

fn check_request(request: &Request, parameters_of: ParametersOf) -> Result<(), Error> {
    let Some(query) = request.uri().query() else { return Ok(()) };
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    // A GET route answers HEAD too.
    let method = if request.method() == Method::HEAD { "GET" } else { request.method().as_str() };
    // Without an operation the route answers 405.
    parameters_of(method, path).map_or(Ok(()), |known| check(query, known))
}

/// Checks the names in `query`.
fn check(query: &str, known: &[QueryParameter]) -> Result<(), Error> {
    let mut errors = Errors::default();
    let mut seen = HashSet::new();
    for (name, _) in parse(query.as_bytes()) {
        let is_first = seen.insert(name.clone());
        match known.iter().find(|parameter| parameter.name == name) {
            Some(parameter) if is_first || parameter.is_list => {}
            Some(_) => errors.add(name, "is given more than once"),
            // One error for each name.
            None if is_first => errors.add(shown(&name), unknown(&name, known)),
            None => {}
        }
    }
    errors.or(Some(()))
}

fn shown(name: &str) -> String {
    name.chars().take(MAX_SHOWN_CHARS).collect()
}

/// Says that `name` is unknown, and which names are known, the nearest one first.
fn unknown(name: &str, known: &[QueryParameter]) -> String {
    let names: Vec<&str> = known.iter().map(|parameter| parameter.name).collect();
    if names.is_empty() {
        return "is not a parameter: this operation takes none".to_owned();
    }
    let all = names.join(", ");
    match nearest(&shown(name), &names) {
        Some(nearest) => format!("is not a parameter of this operation: did you mean {nearest}? It takes {all}"),
        None => format!("is not a parameter of this operation, which takes {all}"),
    }
}

/// Returns the known name that is most like `name`, whatever its case, hyphens and underscores, if one is like it.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', '[', ']', ' '], "");
    let name = plain(name);
    let similar = known.iter().map(|known| (*known, strsim::jaro_winkler(&name, &plain(known))));
    let nearest = similar.max_by(|(_, a), (_, b)| a.total_cmp(b));
    nearest.filter(|(_, similarity)| *similarity >= MIN_SIMILARITY).map(|(known, _)| known)
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    const KNOWN: [QueryParameter; 5] = [
        QueryParameter::one("domain"),
        QueryParameter::one("group_by"),
        QueryParameter::one("created_after"),
        QueryParameter::list("tag"),
        QueryParameter::one("limit"),
    ];

    fn parameters_of(method: &str, path: &str) -> Option<&'static [QueryParameter]> {
        match (method, path) {
            ("GET", "/links/{slug}") => Some(&KNOWN),
            ("DELETE", "/links/{slug}") => Some(&[]),
            _ => None,
        }
    }

    async fn call(method: &str, path: &str) -> (u16, Value) {
        let routes = Router::new().route("/links/{slug}", get(async || "answer").delete(async || "deleted"));
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let response = only_known_parameters(routes, parameters_of).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    #[tokio::test]
    async fn known_parameters_pass() {
        for path in
            ["/links/a", "/links/a?", "/links/a?&&", "/links/a?domain=x&tag=1&tag=2&limit", "/links/a?d%6fmain=x"]
        {
            assert_eq!(call("GET", path).await.0, 200, "{path}");
            assert_eq!(call("HEAD", path).await.0, 200, "{path}");
        }
        assert_eq!(call("DELETE", "/links/a").await.0, 200);
    }

    #[tokio::test]
    async fn others_are_refused_with_the_nearest_name() {
        for (query, pointer, hint) in [
            ("Domain=x", "Domain", "did you mean domain?"),
            ("domain=x&DOMAIN=y", "DOMAIN", "did you mean domain?"),
            ("tags=x", "tags", "did you mean tag?"),
            ("tag[]=x", "tag[]", "did you mean tag?"),
            ("groupBy=os", "groupBy", "did you mean group_by?"),
            ("created-after=x", "created-after", "did you mean created_after?"),
            ("created=x", "created", "did you mean created_after?"),
            ("limits=1", "limits", "did you mean limit?"),
            ("doman=x", "doman", "did you mean domain?"),
            ("x=1", "x", "which takes domain, group_by"),
            ("=1", "", "which takes domain"),
            ("limit=1&limit=2", "limit", "more than once"),
            ("limit=1&l%69mit=1", "limit", "more than once"),
        ] {
            let (status, problem) = call("GET", &format!("/links/a?{query}")).await;
            let error = &problem["errors"][0];
            assert_eq!((status, error["pointer"].as_str()), (422, Some(pointer)), "{query}: {problem}");
            assert!(error["detail"].as_str().unwrap().contains(hint), "{query}: {problem}");
        }
        let (status, problem) = call("DELETE", "/links/a?domain=x").await;
        assert_eq!((status, problem["errors"][0]["pointer"].as_str()), (422, Some("domain")));
    }

    #[tokio::test]
    async fn every_wrong_name_is_named_once_and_briefly() {
        let (_, problem) = call("GET", "/links/a?x=1&y=2&x=3&limit=1&limit=1").await;
        let pointers: Vec<&str> =
            problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["x", "y", "limit"]);
        let many: String = (0..3_000).map(|n| format!("{n}&")).collect();
        assert_eq!(call("GET", &format!("/links/a?{many}")).await.1["errors"].as_array().unwrap().len(), 100);
        let (_, problem) = call("GET", &format!("/links/a?{}", "x".repeat(5_000))).await;
        assert!(problem.to_string().len() < 1_000, "{problem}");
    }

    #[tokio::test]
    async fn wrong_method_and_path_keep_their_status() {
        assert_eq!(call("POST", "/links/a?x=1").await.0, 405);
        assert_eq!(call("GET", "/other?x=1").await.0, 404);
    }
}
