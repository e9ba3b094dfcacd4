//! `GET|POST /v1/imports`, `/v1/imports/{id}` with `cancel` and `report`: starts imports, shows and cancels them.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_aws::dynamo::import_parts::DynamoParts;
use waypost_aws::dynamo::imports::DynamoImports;
use waypost_aws::s3::objects::S3Objects;
use waypost_aws::s3::reports::S3Files;
use waypost_aws::s3::uploads::S3Uploads;
use waypost_http::router::api;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::{SystemClock, SystemRandom};
use waypost_lambda::wiring::http::{authentication, idempotency};
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let config = sdk::request_config()?;
    let (dynamo, s3) = (aws_sdk_dynamodb::Client::new(&config), aws_sdk_s3::Client::new(&config));
    let (table, bucket) = (settings::required("LINKS_TABLE")?, settings::required("DATA_BUCKET")?);
    let imports = Arc::new(DynamoImports::new(dynamo.clone(), &table));
    let app = handler::App {
        imports: imports.clone(),
        parts: Arc::new(DynamoParts::new(dynamo.clone(), &table)),
        index: imports,
        uploads: Arc::new(S3Uploads::new(s3.clone(), &bucket)),
        reports: Arc::new(S3Files::new(s3.clone(), &bucket)),
        files: Arc::new(S3Files::new(s3.clone(), &bucket)),
        objects: Arc::new(S3Objects::new(s3, bucket)),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        domains: settings::domains()?,
        retention: settings::file_retention()?,
        max_bytes: settings::number("MAX_IMPORT_BYTES")?,
    };
    let idempotency = idempotency(&dynamo, &table);
    let authentication = authentication(&dynamo, &table)?;
    waypost_http::event::run(api(handler::routes(app, idempotency), authentication)).await
}
