//! SQS: loads a part of an import into links.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use lambda_runtime::{LambdaEvent, service_fn};
use waypost_lambda::queue::QueueLoop;
use waypost_lambda::queue::event::QueueEvent;
use waypost_lambda::start::BoxError;
use waypost_lambda::wiring::imports::loader;
use waypost_lambda::{sdk, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let (loader, queue, block_list) = loader(&sdk::config()?)?;
    let messages = QueueLoop { subject: "import_part", redelivery: Arc::new(queue), clock: loader.clock.clone() };
    let app = handler::App { loader, messages };
    let handle = async |event: LambdaEvent<QueueEvent>| {
        block_list.refresh().await;
        Ok::<_, BoxError>(handler::handle(&app, &event.payload, &event.context).await)
    };
    lambda_runtime::run(service_fn(handle)).await
}
