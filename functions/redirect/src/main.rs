//! `GET|HEAD /{slug}`: the hot path. The visitor gets the answer first, then the click goes to the stream.

mod after_response;
mod handler;
mod pages;
mod visit;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_aws::dynamo::links::DynamoLinks;
use waypost_aws::dynamo::salts::DynamoSalts;
use waypost_aws::kinesis::KinesisClicks;
use waypost_aws::s3::spill::S3Spill;
use waypost_aws::start::BoxError;
use waypost_aws::system::{SystemClock, SystemRandom};
use waypost_aws::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let (config, connector) = sdk::config_and_connector()?;
    let dynamo = aws_sdk_dynamodb::Client::new(&config);
    let table = settings::required("LINKS_TABLE")?;
    let courier = after_response::Courier {
        visitors: Default::default(),
        salts: Arc::new(DynamoSalts::new(dynamo.clone(), &table)),
        random: Arc::new(SystemRandom),
        stream: Arc::new(KinesisClicks::new(
            aws_sdk_kinesis::Client::new(&config),
            settings::required("CLICKS_STREAM")?,
        )),
        spill: Arc::new(S3Spill::new(config, connector, &settings::required("DATA_BUCKET")?)),
    };
    let app = handler::App {
        links: Arc::new(DynamoLinks::new(dynamo, table)),
        domains: settings::domains()?,
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
    };
    after_response::run(app, courier).await
}
