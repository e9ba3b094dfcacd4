//! SQS: writes the links of a workspace to a file.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use lambda_runtime::{LambdaEvent, service_fn};
use waypost_aws::dynamo::exports::DynamoExports;
use waypost_aws::dynamo::links::DynamoLinks;
use waypost_aws::s3::reports::S3Files;
use waypost_aws::sqs::SqsQueue;
use waypost_domain::exports::checkpoint::Checkpoint;
use waypost_domain::exports::write_ports::WriteExportPorts;
use waypost_lambda::queue::QueueLoop;
use waypost_lambda::queue::event::QueueEvent;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::{SystemClock, SystemTimer};
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let config = sdk::patient_config()?;
    let dynamo = aws_sdk_dynamodb::Client::new(&config);
    let (table, bucket) = (settings::required("LINKS_TABLE")?, settings::required("DATA_BUCKET")?);
    let queue = SqsQueue::new(aws_sdk_sqs::Client::new(&config), settings::required("EXPORTS_QUEUE")?);
    let exporter = WriteExportPorts {
        exports: Arc::new(DynamoExports::new(dynamo.clone(), &table, settings::file_retention()?)),
        queue: Arc::new(queue.clone()),
        links: Arc::new(DynamoLinks::new(dynamo, table)),
        files: Arc::new(S3Files::new(aws_sdk_s3::Client::new(&config), bucket)),
        clock: Arc::new(SystemClock),
        timer: Arc::new(SystemTimer),
        part_bytes: Checkpoint::PART_BYTES,
    };
    let messages = QueueLoop { subject: "export", redelivery: Arc::new(queue), clock: Arc::new(SystemClock) };
    let app = handler::App { exporter, messages };
    let handle = async |event: LambdaEvent<QueueEvent>| {
        Ok::<_, BoxError>(handler::handle(&app, &event.payload, &event.context).await)
    };
    lambda_runtime::run(service_fn(handle)).await
}
