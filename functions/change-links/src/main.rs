//! SQS: changes many links.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use lambda_runtime::{LambdaEvent, service_fn};
use waypost_aws::dynamo::domains::DynamoDomains;
use waypost_aws::dynamo::link_batch::DynamoLinkBatch;
use waypost_aws::dynamo::link_change_jobs::DynamoLinkChanges;
use waypost_aws::dynamo::links::DynamoLinks;
use waypost_aws::dynamo::tags::DynamoTags;
use waypost_aws::s3::reports::S3Files;
use waypost_aws::sqs::SqsQueue;
use waypost_domain::link_changes::chunk::MAX_ENTRIES;
use waypost_domain::link_changes::run_ports::RunLinkChangePorts;
use waypost_lambda::queue::QueueLoop;
use waypost_lambda::queue::event::QueueEvent;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::{SystemClock, SystemRandom, SystemTimer};
use waypost_lambda::wiring::blocking::blocking;
use waypost_lambda::wiring::safety::target_guard;
use waypost_lambda::{sdk, settings, start};

/// How many links are changed at the same time. At some 10 ms a write that is at most 1,600 a second, well below what a table takes.
const CONCURRENCY: usize = 16;

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let config = sdk::patient_config()?;
    let dynamo = aws_sdk_dynamodb::Client::new(&config);
    let (table, bucket) = (settings::required("LINKS_TABLE")?, settings::required("DATA_BUCKET")?);
    let queue = SqsQueue::new(aws_sdk_sqs::Client::new(&config), settings::required("LINK_CHANGES_QUEUE")?);
    // Marks are written once for many links.
    let links = Arc::new(DynamoLinks::new(dynamo.clone(), &table).consistent());
    let tags = Arc::new(DynamoTags::new(dynamo.clone(), &table));
    let (domains, block_list) = blocking(settings::domains()?, &dynamo, &table);
    let runner = RunLinkChangePorts {
        jobs: Arc::new(DynamoLinkChanges::new(dynamo.clone(), &table, settings::file_retention()?)),
        queue: Arc::new(queue.clone()),
        files: Arc::new(S3Files::new(aws_sdk_s3::Client::new(&config), bucket)),
        shards: links.clone(),
        batch: Arc::new(DynamoLinkBatch::new(dynamo.clone(), &table)),
        domain_settings: Arc::new(DynamoDomains::new(dynamo, table).consistent()),
        reader: links.clone(),
        writer: links.clone(),
        restorer: links.clone(),
        targets: links.clone(),
        marker: links,
        tags,
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        timer: Arc::new(SystemTimer),
        guard: target_guard()?,
        domains,
        concurrency: CONCURRENCY,
        chunk_entries: MAX_ENTRIES,
    };
    let messages = QueueLoop { subject: "link_change", redelivery: Arc::new(queue), clock: Arc::new(SystemClock) };
    let app = handler::App { runner, messages };
    let handle = async |event: LambdaEvent<QueueEvent>| {
        block_list.refresh().await;
        Ok::<_, BoxError>(handler::handle(&app, &event.payload, &event.context).await)
    };
    lambda_runtime::run(service_fn(handle)).await
}
