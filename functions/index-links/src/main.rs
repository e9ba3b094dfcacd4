//! Streams of the tables: keeps the catalogues of links.

mod handler;

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, service_fn};
use waypost_aws::dynamo::table_stream::TableEvent;
use waypost_lambda::start::BoxError;
use waypost_lambda::wiring::catalog::catalog_ports;
use waypost_lambda::{sdk, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let ports = catalog_ports(&sdk::patient_config()?)?;
    let handle = async |event: LambdaEvent<TableEvent>| {
        handler::handle(&ports, event.payload, &event.context).await.map_err(BoxError::from)
    };
    lambda_runtime::run(service_fn(handle)).await
}
