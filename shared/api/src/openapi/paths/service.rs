//! `/healthz` and `/v1/openapi.json`.

use serde_json::json;

use crate::health::HealthView;
use crate::openapi::operation::Operations;

pub(super) fn add(to: &mut Operations) {
    to.add("get", "/healthz", "readHealth")
        .about("service", "Check the health of the service", "An answer is cached for five seconds.")
        .public()
        .json::<HealthView>(200, "All parts answer as they should.", &["Cache-Control"])
        .json::<HealthView>(503, "Some part does not answer as it should.", &["Cache-Control"])
        .end();
    let document = json!({ "application/json": { "schema": { "type": "object" } } });
    to.add("get", "/v1/openapi.json", "readOpenApi")
        .about("service", "Read this document", "")
        .public()
        .if_none_match()
        .content(200, "This document.", &["ETag", "Cache-Control"], &document)
        .end();
}
