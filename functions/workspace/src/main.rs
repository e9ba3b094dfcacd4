//! `GET|PATCH /v1/workspace`: the settings of a workspace.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_aws::dynamo::workspaces::DynamoWorkspaces;
use waypost_http::router::api;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::SystemClock;
use waypost_lambda::wiring::http::authentication;
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let dynamo = aws_sdk_dynamodb::Client::new(&sdk::request_config()?);
    let table = settings::required("LINKS_TABLE")?;
    let workspaces = Arc::new(DynamoWorkspaces::new(dynamo.clone(), &table));
    let app = handler::App {
        reader: workspaces.clone(),
        writer: workspaces,
        clock: Arc::new(SystemClock),
        domains: settings::domains()?,
    };
    let authentication = authentication(&dynamo, &table)?;
    waypost_http::event::run(api(handler::routes(app), authentication)).await
}
