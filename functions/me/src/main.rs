//! `GET /v1/me`: tells a caller who it is, and what it may do.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_api::me::{Features, IdentityProvider, Stack};
use waypost_aws::dynamo::domains::DynamoDomains;
use waypost_http::extract::MAX_BODY_BYTES;
use waypost_http::router::api;
use waypost_lambda::start::BoxError;
use waypost_lambda::wiring::http::authentication;
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let dynamo = aws_sdk_dynamodb::Client::new(&sdk::request_config()?);
    let stack = Stack {
        domains: settings::domains()?,
        max_body_bytes: MAX_BODY_BYTES,
        max_import_bytes: settings::number("MAX_IMPORT_BYTES")?,
        features: Features {
            tokens: settings::optional("JWT_ISSUER").is_some(),
            identity_provider: settings::optional("JWT_ISSUER")
                .zip(settings::optional("CONSOLE_CLIENT_ID"))
                .map(|(issuer, client_id)| IdentityProvider { issuer, client_id }),
            countries: settings::required("COUNTRIES")? == "true",
            unsafe_targets: settings::required("UNSAFE_TARGETS")? == "true",
            archive_days: settings::number("ARCHIVE_RETENTION_DAYS")?,
            file_days: settings::number("IMPORT_RETENTION_DAYS")?,
        },
        operators: settings::operator_workspace()?,
    };
    let table = settings::required("LINKS_TABLE")?;
    let domain_settings = Arc::new(DynamoDomains::new(dynamo.clone(), &table));
    let app = handler::App { stack, limits: settings::rate_limits()?, domain_settings };
    let authentication = authentication(&dynamo, &table)?;
    waypost_http::event::run(api(handler::routes(app), authentication)).await
}
