//! `GET /healthz`: tells the version, and whether all parts of the stack answer. Needs no key and reveals no secret.

mod checks;
mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_aws::dynamo::probe::TableProbe;
use waypost_aws::kinesis::probe::StreamProbe;
use waypost_http::router::public_api;
use waypost_lambda::start::BoxError;
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let config = sdk::request_config()?;
    let dynamo = aws_sdk_dynamodb::Client::new(&config);
    let (links, stats) = (settings::required("LINKS_TABLE")?, settings::required("STATS_TABLE")?);
    let stream = settings::required("CLICKS_STREAM")?;
    let checks = checks::Checks::new(vec![
        ("links_table", Arc::new(TableProbe::new(dynamo.clone(), links))),
        ("stats_table", Arc::new(TableProbe::new(dynamo, stats))),
        ("click_stream", Arc::new(StreamProbe::new(aws_sdk_kinesis::Client::new(&config), stream))),
    ]);
    waypost_http::event::run(public_api(handler::routes(checks))).await
}
