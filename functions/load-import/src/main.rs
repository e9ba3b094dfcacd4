//! S3 ObjectCreated under `imports/`: a file becomes links.

mod event;
mod handler;

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, service_fn};
use waypost_aws::loader::loader;
use waypost_aws::start::BoxError;
use waypost_aws::{sdk, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let (loader, _) = loader(&sdk::config()?)?;
    let handle = |event: LambdaEvent<event::Notification>| handler::handle(&loader, event.payload, event.context);
    lambda_runtime::run(service_fn(handle)).await
}
