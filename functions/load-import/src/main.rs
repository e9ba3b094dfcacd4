//! S3 ObjectCreated under `imports/`: loads a file into links, or divides it into parts.

mod handler;

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, service_fn};
use waypost_lambda::notification::Notification;
use waypost_lambda::start::BoxError;
use waypost_lambda::wiring::imports::loader;
use waypost_lambda::{sdk, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let (loader, _, block_list) = loader(&sdk::config()?)?;
    let handle = async |event: LambdaEvent<Notification>| {
        block_list.refresh().await;
        handler::handle(&loader, event.payload, event.context).await
    };
    lambda_runtime::run(service_fn(handle)).await
}
