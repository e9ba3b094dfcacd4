//! S3 ObjectCreated under `files/`, and what GuardDuty found in such objects: looks whether a file of a workspace is what it seems.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use lambda_runtime::{LambdaEvent, service_fn};
use waypost_aws::dynamo::files::DynamoFiles;
use waypost_aws::s3::file_contents::S3FileContents;
use waypost_aws::s3::objects::S3Objects;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::SystemClock;
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let config = sdk::config()?;
    let (table, bucket) = (settings::required("LINKS_TABLE")?, settings::required("DATA_BUCKET")?);
    let s3 = aws_sdk_s3::Client::new(&config);
    let app = handler::App {
        files: Arc::new(DynamoFiles::new(aws_sdk_dynamodb::Client::new(&config), table)),
        contents: Arc::new(S3FileContents::new(s3.clone(), &bucket)),
        objects: Arc::new(S3Objects::new(s3, bucket)),
        clock: Arc::new(SystemClock),
        is_scanned: settings::files_are_scanned()?,
    };
    let handle = async |event: LambdaEvent<handler::Event>| {
        handler::handle(&app, event.payload, &event.context.request_id).await
    };
    lambda_runtime::run(service_fn(handle)).await
}
