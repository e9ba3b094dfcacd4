//! Counts the raw clicks under `clicks/` of the bucket `DATA_BUCKET` in the table `STATS_TABLE`, which should be empty.
//!
//! `make rebuild-stats` finds the bucket, makes the table and sets the environment.

use std::process::ExitCode;

use waypost_aws::dynamo::aggregates::{DynamoAggregates, background_client};
use waypost_aws::s3::archive::S3Archive;
use waypost_domain::analytics::ingest::rebuild_stats::rebuild_stats;
use waypost_domain::analytics::ingest::user_agent::UserAgents;
use waypost_lambda::start::BoxError;
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(rebuild())
}

async fn rebuild() -> Result<(), BoxError> {
    let config = sdk::config()?;
    let archive = S3Archive::new(aws_sdk_s3::Client::new(&config), settings::required("DATA_BUCKET")?);
    let store = DynamoAggregates::new(background_client(&config), settings::required("STATS_TABLE")?);
    let done = rebuild_stats(&archive, &UserAgents::new()?, &store).await?;
    println!(
        "{} clicks of {} objects were counted in {} writes; {} clicks were in more than one object",
        done.clicks, done.objects, done.written, done.repeated
    );
    Ok(())
}
