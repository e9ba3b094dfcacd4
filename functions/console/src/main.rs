//! `GET /console`, `/console/{path}`: gives the files of the web console, which `make deploy` puts into the bucket.

mod files;
mod handler;
mod policy;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_aws::s3::objects::S3Objects;
use waypost_http::router::public_api;
use waypost_lambda::start::BoxError;
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let s3 = aws_sdk_s3::Client::new(&sdk::request_config()?);
    // Where the browser sends what it imports, and reads what it exports. The local stack has the bucket elsewhere.
    let bucket = settings::optional("AWS_ENDPOINT_URL").map_or_else(|| settings::required("BUCKET_URL"), Ok)?;
    let issuer = settings::optional("CONSOLE_CLIENT_ID").and_then(|_| settings::optional("JWT_ISSUER"));
    let others = [Some(bucket), issuer];
    let app = handler::App {
        objects: Arc::new(S3Objects::new(s3, settings::required("DATA_BUCKET")?)),
        policy: policy::content_security_policy(others.iter().flatten().map(String::as_str))?,
    };
    waypost_http::event::run(public_api(handler::routes(app))).await
}
