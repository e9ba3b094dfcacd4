//! `GET /v1/openapi.json`: gives the OpenAPI document. Needs no key, no setting and no permission but to write its log.

mod handler;

use std::process::ExitCode;

use waypost_http::router::public_api;
use waypost_lambda::start;
use waypost_lambda::start::BoxError;

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    waypost_http::event::run(public_api(handler::routes(&waypost_api::openapi::document().to_string()))).await
}
