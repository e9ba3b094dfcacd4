//! SQS: a part of an import becomes links.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use lambda_runtime::{LambdaEvent, service_fn};
use waypost_aws::loader::loader;
use waypost_aws::sqs::event::QueueEvent;
use waypost_aws::start::BoxError;
use waypost_aws::{sdk, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let (loader, queue) = loader(&sdk::config()?)?;
    let app = handler::App { loader, redelivery: Arc::new(queue) };
    let handle = async |event: LambdaEvent<QueueEvent>| {
        Ok::<_, BoxError>(handler::handle(&app, &event.payload, &event.context).await)
    };
    lambda_runtime::run(service_fn(handle)).await
}
