//! Kinesis: counts each click of the stream exactly once in the table of statistics.

use std::process::ExitCode;
use std::sync::Arc;

use aggregate_clicks::event::StreamEvent;
use aggregate_clicks::handler::{App, handle};
use lambda_runtime::{LambdaEvent, service_fn};
use waypost_aws::dynamo::aggregates::{DynamoAggregates, background_client};
use waypost_aws::s3::archive::S3Archive;
use waypost_aws::s3::quarantine::S3Quarantine;
use waypost_domain::analytics::ingest::user_agent::UserAgents;
use waypost_domain::analytics::ports::Archive;
use waypost_lambda::start::BoxError;
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let config = sdk::config()?;
    let (objects, bucket) = (aws_sdk_s3::Client::new(&config), settings::required("DATA_BUCKET")?);
    let archive = S3Archive::new(objects.clone(), bucket.clone());
    let app = Arc::new(App {
        agents: Arc::new(UserAgents::new()?),
        store: Arc::new(DynamoAggregates::new(background_client(&config), settings::required("STATS_TABLE")?)),
        quarantine: Arc::new(S3Quarantine::new(objects, bucket)),
        archive: (settings::number("ARCHIVE_RETENTION_DAYS")? > 0).then(|| Arc::new(archive) as Arc<dyn Archive>),
    });
    let handle = |event: LambdaEvent<StreamEvent>| {
        let app = Arc::clone(&app);
        async move { handle(&app, &event.payload).await.map_err(BoxError::from) }
    };
    lambda_runtime::run(service_fn(handle)).await
}
