//! `GET|POST /v1/files`, `/v1/files/{id}` with `parts` and `completion`: announces, completes, shows and deletes files. `GET|POST /v1/collections`,
//! `/v1/collections/{id}` with `files`: makes, shows and deletes collections of them.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_aws::dynamo::collections::DynamoCollections;
use waypost_aws::dynamo::files::DynamoFiles;
use waypost_aws::s3::files::S3FileUploads;
use waypost_aws::s3::objects::S3Objects;
use waypost_aws::s3::sign_file::S3FileSigner;
use waypost_domain::files::quota::FileQuota;
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
    let patient = aws_sdk_s3::Client::new(&sdk::with_one_long_call(&config));
    let app = handler::App {
        files: Arc::new(DynamoFiles::new(dynamo.clone(), &table)),
        collections: Arc::new(DynamoCollections::new(dynamo.clone(), &table)),
        uploads: Arc::new(S3FileUploads::new(s3.clone(), patient, &bucket)),
        objects: Arc::new(S3Objects::new(s3, &bucket)),
        signer: Arc::new(S3FileSigner::new(config, &bucket)),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        max_bytes: settings::number("MAX_FILE_BYTES")?,
        quota: FileQuota {
            files: settings::number("WORKSPACE_FILES")?,
            bytes: settings::number("WORKSPACE_FILE_BYTES")?,
        },
    };
    let idempotency = idempotency(&dynamo, &table);
    let authentication = authentication(&dynamo, &table)?;
    waypost_http::event::run(api(handler::routes(app, idempotency), authentication)).await
}
