//! `GET /v1/links`: lists and searches links.

mod handler;
mod list_query;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_api::links::ShortUrls;
use waypost_aws::dynamo::aggregates::DynamoAggregates;
use waypost_aws::dynamo::link_batch::DynamoLinkBatch;
use waypost_aws::dynamo::links::DynamoLinks;
use waypost_domain::catalog::read::Catalogs;
use waypost_http::router::api;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::SystemClock;
use waypost_lambda::wiring::catalog::catalog_ports;
use waypost_lambda::wiring::http::authentication;
use waypost_lambda::{sdk, settings, start};

/// What the function needs besides catalogues, in bytes.
const RESERVED_BYTES: usize = 96 << 20;

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let config = sdk::request_config()?;
    let dynamo = aws_sdk_dynamodb::Client::new(&config);
    let table = settings::required("LINKS_TABLE")?;
    let memory = usize::try_from(settings::number("MEMORY_MB")?)? << 20;
    let domains = settings::domains()?;
    let app = handler::App {
        index: Arc::new(DynamoLinks::new(dynamo.clone(), &table)),
        catalogs: Arc::new(Catalogs::new(catalog_ports(&config)?, memory.saturating_sub(RESERVED_BYTES))),
        links: Arc::new(DynamoLinkBatch::new(dynamo.clone(), &table)),
        aggregates: Arc::new(DynamoAggregates::new(dynamo.clone(), settings::required("STATS_TABLE")?)),
        clock: Arc::new(SystemClock),
        short_urls: ShortUrls::new(&domains, settings::optional("SHORT_URL_ORIGIN")),
        domains,
    };
    let authentication = authentication(&dynamo, &table)?;
    waypost_http::event::run(api(handler::routes(app), authentication)).await
}
