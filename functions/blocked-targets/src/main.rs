//! `GET|POST|DELETE /v1/blocked-targets`: manages the targets that no link of the stack may lead to.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_aws::dynamo::blocked_targets::DynamoBlockList;
use waypost_http::router::api;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::SystemClock;
use waypost_lambda::wiring::http::{authentication, idempotency};
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let dynamo = aws_sdk_dynamodb::Client::new(&sdk::request_config()?);
    let table = settings::required("LINKS_TABLE")?;
    let list = Arc::new(DynamoBlockList::new(dynamo.clone(), &table));
    let operators = settings::operator_workspace()?;
    let app = handler::App { reader: list.clone(), writer: list, clock: Arc::new(SystemClock), operators };
    let idempotency = idempotency(&dynamo, &table);
    let authentication = authentication(&dynamo, &table)?;
    waypost_http::event::run(api(handler::routes(app, idempotency), authentication)).await
}
