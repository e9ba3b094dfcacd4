//! S3 ObjectCreated under `imports/`: a file becomes links.

mod event;
mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use lambda_runtime::{LambdaEvent, service_fn};
use waypost_aws::dynamo::imports::DynamoImports;
use waypost_aws::dynamo::link_batch::DynamoLinkBatch;
use waypost_aws::s3::objects::S3Objects;
use waypost_aws::s3::reports::S3Reports;
use waypost_aws::start::BoxError;
use waypost_aws::system::SystemClock;
use waypost_aws::{sdk, settings, start};
use waypost_domain::imports::load_import::Loader;

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let config = sdk::config()?;
    let (dynamo, s3) = (aws_sdk_dynamodb::Client::new(&config), aws_sdk_s3::Client::new(&config));
    let (table, bucket) = (settings::required("LINKS_TABLE")?, settings::required("DATA_BUCKET")?);
    let loader = Loader {
        imports: Arc::new(DynamoImports::new(dynamo.clone(), &table)),
        links: Arc::new(DynamoLinkBatch::new(dynamo, table)),
        objects: Arc::new(S3Objects::new(s3.clone(), &bucket)),
        reports: Arc::new(S3Reports::new(s3, bucket)),
        clock: Arc::new(SystemClock),
        domains: settings::domains()?,
        max_bytes: settings::number("MAX_IMPORT_BYTES")?,
    };
    let handle = |event: LambdaEvent<event::Notification>| handler::handle(&loader, event.payload, event.context);
    lambda_runtime::run(service_fn(handle)).await
}
