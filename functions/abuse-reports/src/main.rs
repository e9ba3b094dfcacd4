//! `GET /v1/abuse-reports`, `GET|PATCH|DELETE /v1/abuse-reports/{link_id}`: lets the operator work off what visitors report.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_aws::dynamo::abuse_reports::DynamoAbuseReports;
use waypost_aws::dynamo::blocked_targets::DynamoBlockList;
use waypost_http::router::api;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::SystemClock;
use waypost_lambda::wiring::http::authentication;
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let dynamo = aws_sdk_dynamodb::Client::new(&sdk::request_config()?);
    let table = settings::required("LINKS_TABLE")?;
    let reports = Arc::new(DynamoAbuseReports::new(dynamo.clone(), &table));
    let blocked = Arc::new(DynamoBlockList::new(dynamo.clone(), &table));
    let app = handler::App {
        store: reports.clone(),
        index: reports,
        block_reader: blocked.clone(),
        block_writer: blocked,
        clock: Arc::new(SystemClock),
        operators: settings::operator_workspace()?,
    };
    let authentication = authentication(&dynamo, &table)?;
    waypost_http::event::run(api(handler::routes(app), authentication)).await
}
