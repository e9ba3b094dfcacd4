//! `GET /v1/domains`, `GET|PATCH /v1/domains/{domain}`: shows domains and changes their settings.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_aws::dynamo::domains::DynamoDomains;
use waypost_http::block_list::with_fresh_block_list;
use waypost_http::router::api;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::SystemClock;
use waypost_lambda::wiring::blocking::blocking;
use waypost_lambda::wiring::http::authentication;
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let dynamo = aws_sdk_dynamodb::Client::new(&sdk::request_config()?);
    let table = settings::required("LINKS_TABLE")?;
    let store = Arc::new(DynamoDomains::new(dynamo.clone(), &table).consistent());
    let (domains, block_list) = blocking(settings::domains()?, &dynamo, &table);
    let app = handler::App {
        reader: store.clone(),
        writer: store,
        clock: Arc::new(SystemClock),
        domains,
        operator: settings::operator_workspace()?,
    };
    let authentication = authentication(&dynamo, &table)?;
    let routes = with_fresh_block_list(handler::routes(app), block_list);
    waypost_http::event::run(api(routes, authentication)).await
}
