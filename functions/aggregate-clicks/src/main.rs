//! Kinesis: counts the clicks of the stream in the table of statistics, each exactly once.

mod event;
mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use lambda_runtime::{LambdaEvent, service_fn};
use waypost_aws::dynamo::aggregates::{DynamoAggregates, patient_client};
use waypost_aws::s3::quarantine::S3Quarantine;
use waypost_aws::start::BoxError;
use waypost_aws::{sdk, settings, start};
use waypost_domain::analytics::UserAgents;

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let config = sdk::config()?;
    let app = Arc::new(handler::App {
        agents: UserAgents::new()?,
        store: Arc::new(DynamoAggregates::new(patient_client(&config), settings::required("STATS_TABLE")?)),
        quarantine: Arc::new(S3Quarantine::new(aws_sdk_s3::Client::new(&config), settings::required("DATA_BUCKET")?)),
    });
    let handle = |event: LambdaEvent<event::StreamEvent>| {
        let app = Arc::clone(&app);
        async move { Ok::<_, BoxError>(handler::handle(&app, event.payload).await) }
    };
    lambda_runtime::run(service_fn(handle)).await
}
