//! SQS: reads the titles of links from the pages that they lead to.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use lambda_runtime::{LambdaEvent, service_fn};
use waypost_aws::dynamo::links::DynamoLinks;
use waypost_aws::sqs::SqsQueue;
use waypost_fetch::fetcher::{PageFetcher, Reach};
use waypost_lambda::queue::QueueLoop;
use waypost_lambda::queue::event::QueueEvent;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::SystemClock;
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let config = sdk::config()?;
    let links = DynamoLinks::new(aws_sdk_dynamodb::Client::new(&config), settings::required("LINKS_TABLE")?);
    let links = Arc::new(links);
    let queue = SqsQueue::new(aws_sdk_sqs::Client::new(&config), settings::required("TARGETS_QUEUE")?);
    let app = handler::App {
        reader: links.clone(),
        writer: links,
        pages: Arc::new(PageFetcher::new(settings::domains()?, Reach::Internet)),
        messages: QueueLoop { subject: "title", redelivery: Arc::new(queue), clock: Arc::new(SystemClock) },
    };
    let handle = async |event: LambdaEvent<QueueEvent>| {
        Ok::<_, BoxError>(handler::handle(&app, &event.payload, &event.context).await)
    };
    lambda_runtime::run(service_fn(handle)).await
}
