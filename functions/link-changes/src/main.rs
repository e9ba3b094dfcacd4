//! `GET|POST /v1/link-changes`, `GET /v1/link-changes/{id}` and `…/results`, `POST …/cancel` and `…/undo`: starts, shows, cancels and
//! undoes changes of many links.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_aws::dynamo::link_change_jobs::DynamoLinkChanges;
use waypost_aws::s3::reports::S3Files;
use waypost_aws::sqs::SqsQueue;
use waypost_http::block_list::with_fresh_block_list;
use waypost_http::router::api;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::{SystemClock, SystemRandom};
use waypost_lambda::wiring::blocking::blocking;
use waypost_lambda::wiring::http::{authentication, idempotency};
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let config = sdk::request_config()?;
    let dynamo = aws_sdk_dynamodb::Client::new(&config);
    let (table, bucket) = (settings::required("LINKS_TABLE")?, settings::required("DATA_BUCKET")?);
    let queue = SqsQueue::new(aws_sdk_sqs::Client::new(&config), settings::required("LINK_CHANGES_QUEUE")?);
    let retention = settings::file_retention()?;
    let (domains, block_list) = blocking(settings::domains()?, &dynamo, &table);
    let app = handler::App {
        jobs: Arc::new(DynamoLinkChanges::new(dynamo.clone(), &table, retention)),
        queue: Arc::new(queue),
        files: Arc::new(S3Files::new(aws_sdk_s3::Client::new(&config), bucket)),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        domains,
        retention,
    };
    let idempotency = idempotency(&dynamo, &table);
    let authentication = authentication(&dynamo, &table)?;
    let routes = with_fresh_block_list(handler::routes(app, idempotency), block_list);
    waypost_http::event::run(api(routes, authentication)).await
}
