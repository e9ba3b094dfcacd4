//! `GET /v1/tags`, `PUT|PATCH|DELETE /v1/tags/{tag}`, `POST /v1/tags/{tag}/rename`: lists, defines, renames and removes tags.

mod handler;
mod place;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_aws::dynamo::link_change_jobs::DynamoLinkChanges;
use waypost_aws::dynamo::tags::DynamoTags;
use waypost_aws::s3::reports::S3Files;
use waypost_aws::sqs::SqsQueue;
use waypost_domain::catalog::read::Catalogs;
use waypost_http::router::api;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::{SystemClock, SystemRandom};
use waypost_lambda::wiring::catalog::catalog_ports;
use waypost_lambda::wiring::http::{authentication, idempotency};
use waypost_lambda::{sdk, settings, start};

/// What the function needs besides catalogues, in bytes.
const RESERVED_BYTES: usize = 96 << 20;

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let config = sdk::request_config()?;
    let dynamo = aws_sdk_dynamodb::Client::new(&config);
    let (table, bucket) = (settings::required("LINKS_TABLE")?, settings::required("DATA_BUCKET")?);
    let queue = SqsQueue::new(aws_sdk_sqs::Client::new(&config), settings::required("LINK_CHANGES_QUEUE")?);
    let memory = usize::try_from(settings::number("MEMORY_MB")?)? << 20;
    let app = handler::App {
        catalogs: Arc::new(Catalogs::new(catalog_ports(&config)?, memory.saturating_sub(RESERVED_BYTES))),
        tags: Arc::new(DynamoTags::new(dynamo.clone(), &table)),
        jobs: Arc::new(DynamoLinkChanges::new(dynamo.clone(), &table, settings::file_retention()?)),
        queue: Arc::new(queue),
        files: Arc::new(S3Files::new(aws_sdk_s3::Client::new(&config), bucket)),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        domains: settings::domains()?,
    };
    let idempotency = idempotency(&dynamo, &table);
    let authentication = authentication(&dynamo, &table)?;
    waypost_http::event::run(api(handler::routes(app, idempotency), authentication)).await
}
