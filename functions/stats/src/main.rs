//! `GET /v1/links/{slug}/stats`, `GET /v1/stats`, `GET /v1/domains/{domain}/misses`: reads the statistics of a link, of links with a tag,
//! of a workspace, or of the visits to no link of a domain.

mod handler;
mod query;
mod respond;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_aws::dynamo::aggregates::DynamoAggregates;
use waypost_aws::dynamo::links::DynamoLinks;
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
    let links_table = settings::required("LINKS_TABLE")?;
    let links = Arc::new(DynamoLinks::new(dynamo.clone(), &links_table));
    let app = handler::App {
        links: links.clone(),
        index: links.clone(),
        moves: links,
        aggregates: Arc::new(DynamoAggregates::new(dynamo.clone(), settings::required("STATS_TABLE")?)),
        clock: Arc::new(SystemClock),
        domains: settings::domains()?,
        operator: settings::operator_workspace()?,
    };
    let authentication = authentication(&dynamo, &links_table)?;
    waypost_http::event::run(api(handler::routes(app), authentication)).await
}
