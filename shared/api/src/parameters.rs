//! Lists the query parameters of every operation, for the check that refuses others. A test compares the list with the document.

use waypost_domain::values::query_parameter::QueryParameter;

const NONE: &[QueryParameter] = &[];
const PAGE: &[QueryParameter] = &[QueryParameter::one("limit"), QueryParameter::one("cursor")];
const DOMAIN: &[QueryParameter] = &[QueryParameter::one("domain")];
const LINK: &[QueryParameter] = &[QueryParameter::one("domain"), QueryParameter::one("include")];
const LINKS: &[QueryParameter] = &[
    QueryParameter::one("limit"),
    QueryParameter::one("cursor"),
    QueryParameter::list("tag"),
    QueryParameter::one("tag_mode"),
    QueryParameter::one("domain"),
    QueryParameter::one("prefix"),
    QueryParameter::one("archived"),
    QueryParameter::one("broken"),
    QueryParameter::one("created_after"),
    QueryParameter::one("created_before"),
    QueryParameter::one("expires_after"),
    QueryParameter::one("expires_before"),
    QueryParameter::one("search"),
    QueryParameter::one("url"),
    QueryParameter::one("url_prefix"),
    QueryParameter::one("host"),
    QueryParameter::one("sort"),
    QueryParameter::one("order"),
    QueryParameter::one("clicks_from"),
    QueryParameter::one("clicks_to"),
    QueryParameter::one("clicks_tz"),
    QueryParameter::list("include"),
];
const QR: &[QueryParameter] = &[
    QueryParameter::one("domain"),
    QueryParameter::one("format"),
    QueryParameter::one("size"),
    QueryParameter::one("margin"),
    QueryParameter::one("ecc"),
    QueryParameter::one("shape"),
    QueryParameter::one("eyes"),
    QueryParameter::one("color"),
    QueryParameter::one("background"),
];
const LINK_STATS: &[QueryParameter] = &[
    QueryParameter::one("domain"),
    QueryParameter::one("from"),
    QueryParameter::one("to"),
    QueryParameter::one("tz"),
    QueryParameter::one("interval"),
    QueryParameter::one("group_by"),
    QueryParameter::one("filter"),
    QueryParameter::one("compare"),
    QueryParameter::one("limit"),
];
const STATS: &[QueryParameter] = &[
    QueryParameter::list("tag"),
    QueryParameter::one("from"),
    QueryParameter::one("to"),
    QueryParameter::one("tz"),
    QueryParameter::one("interval"),
    QueryParameter::one("group_by"),
    QueryParameter::one("filter"),
    QueryParameter::one("compare"),
    QueryParameter::one("limit"),
];
const MISSES: &[QueryParameter] = &[
    QueryParameter::one("from"),
    QueryParameter::one("to"),
    QueryParameter::one("tz"),
    QueryParameter::one("interval"),
    QueryParameter::one("group_by"),
    QueryParameter::one("filter"),
    QueryParameter::one("compare"),
    QueryParameter::one("limit"),
];
const RESULTS: &[QueryParameter] =
    &[QueryParameter::one("limit"), QueryParameter::one("cursor"), QueryParameter::one("result")];
const TAGS: &[QueryParameter] =
    &[QueryParameter::one("limit"), QueryParameter::one("cursor"), QueryParameter::one("sort")];
const BLOCKED_LIST: &[QueryParameter] =
    &[QueryParameter::one("limit"), QueryParameter::one("cursor"), QueryParameter::one("prefix")];
const BLOCKED: &[QueryParameter] = &[QueryParameter::one("target")];
const SESSIONS: &[QueryParameter] =
    &[QueryParameter::one("limit"), QueryParameter::one("cursor"), QueryParameter::one("all")];
const ABUSE_REPORTS: &[QueryParameter] =
    &[QueryParameter::one("limit"), QueryParameter::one("cursor"), QueryParameter::one("status")];
const REPORT: &[QueryParameter] = &[QueryParameter::one("format")];

/// Returns the query parameters of the operation with this method (`GET`) and path (`/v1/links/{slug}`). `None` if there is no such
/// operation.
pub fn parameters_of(method: &str, path: &str) -> Option<&'static [QueryParameter]> {
    Some(match (method, path) {
        ("GET", "/v1/links") => LINKS,
        ("GET", "/v1/links/{slug}") => LINK,
        ("PATCH" | "DELETE", "/v1/links/{slug}") => DOMAIN,
        ("GET", "/v1/links/{slug}/qr") => QR,
        ("POST", "/v1/links/{slug}/qr") => DOMAIN,
        ("GET", "/v1/links/{slug}/stats") => LINK_STATS,
        ("GET", "/v1/stats") => STATS,
        ("GET", "/v1/domains/{domain}/misses") => MISSES,
        ("GET", "/v1/files" | "/v1/files/{id}/parts") => PAGE,
        ("GET", "/v1/collections" | "/v1/collections/{id}/files") => PAGE,
        ("POST", "/v1/collections") | ("GET" | "DELETE", "/v1/collections/{id}") => NONE,
        ("POST", "/v1/files" | "/v1/file-adoptions" | "/v1/files/{id}/completion")
        | ("GET" | "DELETE", "/v1/files/{id}") => NONE,
        ("GET", "/v1/imports" | "/v1/exports" | "/v1/keys" | "/v1/link-changes" | "/v1/domains") => PAGE,
        ("GET" | "PATCH", "/v1/domains/{domain}") => NONE,
        ("GET", "/v1/imports/{id}/report") => REPORT,
        ("GET", "/v1/blocked-targets") => BLOCKED_LIST,
        ("DELETE", "/v1/blocked-targets") => BLOCKED,
        ("POST", "/v1/blocked-targets") => NONE,
        ("GET", "/v1/abuse-reports") => ABUSE_REPORTS,
        ("GET" | "PATCH" | "DELETE", "/v1/abuse-reports/{link_id}") => NONE,
        (
            "GET",
            "/v1/imports/{id}" | "/v1/exports/{id}" | "/v1/me" | "/v1/workspace" | "/v1/openapi.json" | "/healthz",
        ) => NONE,
        (
            "POST",
            "/v1/links" | "/v1/link-batches" | "/v1/imports" | "/v1/imports/{id}/cancel" | "/v1/exports" | "/v1/keys",
        ) => NONE,
        ("GET", "/v1/link-changes/{id}/results") => RESULTS,
        ("GET", "/v1/link-changes/{id}") => NONE,
        ("POST", "/v1/link-changes" | "/v1/link-changes/{id}/cancel" | "/v1/link-changes/{id}/undo") => NONE,
        ("GET", "/v1/sessions") => SESSIONS,
        ("POST", "/v1/sessions") | ("DELETE", "/v1/sessions/{id}") => NONE,
        ("DELETE", "/v1/keys/{key_id}") | ("PATCH", "/v1/workspace") => NONE,
        ("GET", "/v1/tags") => TAGS,
        ("PUT" | "PATCH" | "DELETE", "/v1/tags/{tag}") | ("POST", "/v1/tags/{tag}/rename") => NONE,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::openapi::document;

    #[test]
    fn list_has_the_parameters_of_the_document() {
        let document = document();
        let mut operations = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let parameters = operation["parameters"].as_array().unwrap();
                let documented: BTreeSet<(&str, bool)> = parameters
                    .iter()
                    .filter(|parameter| parameter["in"] == "query")
                    .map(|parameter| (parameter["name"].as_str().unwrap(), parameter["schema"]["type"] == "array"))
                    .collect();
                let known = parameters_of(&method.to_uppercase(), path);
                let known = known.unwrap_or_else(|| panic!("the list has no {method} {path}"));
                let known: BTreeSet<(&str, bool)> = known.iter().map(|it| (it.name, it.is_list)).collect();
                assert_eq!(known, documented, "{method} {path}");
                operations += 1;
            }
        }
        assert!(operations > 15);
        assert_eq!(parameters_of("PUT", "/v1/links"), None);
    }
}
