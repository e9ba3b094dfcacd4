//! `POST /v1/links`, `GET|PATCH|DELETE /v1/links/{slug}`, `GET|POST /v1/links/{slug}/qr`, `POST /v1/link-batches`:
//! manages links.

mod handler;
mod qr_code;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_api::links::ShortUrls;
use waypost_aws::dynamo::aggregates::DynamoAggregates;
use waypost_aws::dynamo::domains::DynamoDomains;
use waypost_aws::dynamo::links::DynamoLinks;
use waypost_aws::dynamo::workspaces::DynamoWorkspaces;
use waypost_aws::sqs::SqsQueue;
use waypost_http::block_list::with_fresh_block_list;
use waypost_http::router::api;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::{SystemClock, SystemRandom};
use waypost_lambda::wiring::blocking::blocking;
use waypost_lambda::wiring::http::{authentication, idempotency};
use waypost_lambda::wiring::safety::target_guard;
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let config = sdk::request_config()?;
    let dynamo = aws_sdk_dynamodb::Client::new(&config);
    let table = settings::required("LINKS_TABLE")?;
    let (domains, block_list) = blocking(settings::domains()?, &dynamo, &table);
    let links = Arc::new(DynamoLinks::new(dynamo.clone(), &table).consistent().marking());
    let app = handler::App {
        reader: links.clone(),
        writer: links.clone(),
        targets: links,
        titles: Arc::new(SqsQueue::new(aws_sdk_sqs::Client::new(&config), settings::required("TARGETS_QUEUE")?)),
        workspaces: Arc::new(DynamoWorkspaces::new(dynamo.clone(), &table)),
        aggregates: Arc::new(DynamoAggregates::new(dynamo.clone(), settings::required("STATS_TABLE")?)),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        short_urls: ShortUrls::new(&domains, settings::optional("SHORT_URL_ORIGIN")),
        domains,
        domain_settings: Arc::new(DynamoDomains::new(dynamo.clone(), &table).consistent()),
        guard: target_guard()?,
    };
    let idempotency = idempotency(&dynamo, &table);
    let authentication = authentication(&dynamo, &table)?;
    let routes = with_fresh_block_list(handler::routes(app, idempotency), block_list);
    waypost_http::event::run(api(routes, authentication)).await
}
