//! Parses the events of `aggregate-clicks` and counts nothing: the floor of that function's CPU.

use std::hint::black_box;

use aggregate_clicks::event::{BatchResponse, StreamEvent};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |event: LambdaEvent<StreamEvent>| {
        black_box(event.payload.records()?);
        Ok::<_, Error>(BatchResponse { batch_item_failures: Vec::new() })
    }))
    .await
}
