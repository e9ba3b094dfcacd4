//! `GET|POST /v1/sessions`, `DELETE /v1/sessions/{id}`: signs people in and out, and shows where they are signed in.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_aws::dynamo::sessions::DynamoSessions;
use waypost_aws::dynamo::sign_in_attempts::DynamoSignInAttempts;
use waypost_aws::dynamo::sign_in_codes::DynamoSignInCodes;
use waypost_http::router::api_with_open_routes;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::{SystemClock, SystemRandom};
use waypost_lambda::wiring::http::authentication;
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let dynamo = aws_sdk_dynamodb::Client::new(&sdk::request_config()?);
    let table = settings::required("LINKS_TABLE")?;
    let sessions = Arc::new(DynamoSessions::new(dynamo.clone(), &table));
    let authentication = authentication(&dynamo, &table)?;
    let app = handler::App {
        writer: sessions.clone(),
        index: sessions,
        codes: Arc::new(DynamoSignInCodes::new(dynamo.clone(), &table)),
        attempts: Arc::new(DynamoSignInAttempts::new(dynamo, &table)),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        authentication: authentication.clone(),
    };
    let (routes, open) = handler::routes(app);
    waypost_http::event::run(api_with_open_routes(routes, open, authentication)).await
}
