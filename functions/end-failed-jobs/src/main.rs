//! SQS: ends the exports, imports, changes of links, runs of checks and inspections of files whose messages were given up.

mod handler;
mod message;

use std::process::ExitCode;
use std::sync::Arc;

use lambda_runtime::{LambdaEvent, service_fn};
use waypost_aws::dynamo::check_jobs::DynamoCheckJobs;
use waypost_aws::dynamo::exports::DynamoExports;
use waypost_aws::dynamo::files::DynamoFiles;
use waypost_aws::dynamo::link_change_jobs::DynamoLinkChanges;
use waypost_lambda::queue::event::QueueEvent;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::SystemClock;
use waypost_lambda::wiring::imports::ender;
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let config = sdk::config()?;
    let imports = ender(&config)?;
    let (dynamo, table) = (aws_sdk_dynamodb::Client::new(&config), settings::required("LINKS_TABLE")?);
    let retention = settings::file_retention()?;
    let app = handler::App {
        exports: Arc::new(DynamoExports::new(dynamo.clone(), &table, retention)),
        link_changes: Arc::new(DynamoLinkChanges::new(dynamo.clone(), &table, retention)),
        checks: Arc::new(DynamoCheckJobs::new(dynamo.clone(), &table)),
        files: Arc::new(DynamoFiles::new(dynamo, table)),
        imports,
        clock: Arc::new(SystemClock),
    };
    let handle = async |event: LambdaEvent<QueueEvent>| {
        Ok::<_, BoxError>(handler::handle(&app, &event.payload, &event.context).await)
    };
    lambda_runtime::run(service_fn(handle)).await
}
