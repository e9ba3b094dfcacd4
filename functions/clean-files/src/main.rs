//! Schedule: removes files and collections whose time is over, and what arrives late for files that were removed.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use lambda_runtime::{LambdaEvent, service_fn};
use waypost_aws::dynamo::collections::DynamoCollections;
use waypost_aws::dynamo::due_files::DynamoDueFiles;
use waypost_aws::dynamo::files::DynamoFiles;
use waypost_aws::s3::files::S3FileUploads;
use waypost_aws::s3::objects::S3Objects;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::SystemClock;
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let config = sdk::config()?;
    let (dynamo, s3) = (aws_sdk_dynamodb::Client::new(&config), aws_sdk_s3::Client::new(&config));
    let (table, bucket) = (settings::required("LINKS_TABLE")?, settings::required("DATA_BUCKET")?);
    let app = handler::App {
        due: Arc::new(DynamoDueFiles::new(dynamo.clone(), &table)),
        files: Arc::new(DynamoFiles::new(dynamo.clone(), &table)),
        collections: Arc::new(DynamoCollections::new(dynamo, table)),
        uploads: Arc::new(S3FileUploads::new(s3.clone(), s3.clone(), &bucket)),
        objects: Arc::new(S3Objects::new(s3, bucket)),
        clock: Arc::new(SystemClock),
    };
    let handle = async |event: LambdaEvent<handler::Trigger>| {
        handler::handle(&app, &event.payload, &event.context).await.map_err(BoxError::from)
    };
    lambda_runtime::run(service_fn(handle)).await
}
