//! `GET|POST /v1/keys`, `DELETE /v1/keys/{key_id}`: manages API keys.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_aws::dynamo::keys::DynamoKeys;
use waypost_http::router::api;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::{SystemClock, SystemRandom};
use waypost_lambda::wiring::http::{authentication, idempotency};
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let dynamo = aws_sdk_dynamodb::Client::new(&sdk::request_config()?);
    let table = settings::required("LINKS_TABLE")?;
    let keys = Arc::new(DynamoKeys::new(dynamo.clone(), &table));
    let app = handler::App {
        writer: keys.clone(),
        index: keys,
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        domains: settings::domains()?,
    };
    let idempotency = idempotency(&dynamo, &table);
    let authentication = authentication(&dynamo, &table)?;
    waypost_http::event::run(api(handler::routes(app, idempotency), authentication)).await
}
