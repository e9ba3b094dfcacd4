//! Schedule, SQS: checks whether the targets of links still work.

mod handler;

use std::process::ExitCode;
use std::sync::Arc;

use lambda_runtime::{LambdaEvent, service_fn};
use waypost_aws::dynamo::blocked_targets::DynamoBlockList;
use waypost_aws::dynamo::check_jobs::DynamoCheckJobs;
use waypost_aws::dynamo::links::DynamoLinks;
use waypost_aws::dynamo::workspace_list::DynamoWorkspaceList;
use waypost_aws::dynamo::workspaces::DynamoWorkspaces;
use waypost_aws::sqs::SqsQueue;
use waypost_domain::target_checks::ports::{CheckPorts, TargetSafety};
use waypost_fetch::fetcher::{PageFetcher, Reach};
use waypost_lambda::queue::QueueLoop;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::{SystemClock, SystemTimer};
use waypost_lambda::wiring::safety::target_guard;
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let config = sdk::config()?;
    let (dynamo, table) = (aws_sdk_dynamodb::Client::new(&config), settings::required("LINKS_TABLE")?);
    let links = Arc::new(DynamoLinks::new(dynamo.clone(), &table));
    let queue = Arc::new(SqsQueue::new(aws_sdk_sqs::Client::new(&config), settings::required("CHECKS_QUEUE")?));
    let blocked = Arc::new(DynamoBlockList::new(dynamo.clone(), &table));
    let safety = match target_guard()? {
        Some(guard) => Some(TargetSafety {
            guard,
            blocked: blocked.clone(),
            blocker: blocked,
            lookups_per_run: settings::number("WEB_RISK_LOOKUPS")?,
        }),
        None => None,
    };
    let app = handler::App {
        ports: CheckPorts {
            jobs: Arc::new(DynamoCheckJobs::new(dynamo.clone(), &table)),
            queue: queue.clone(),
            workspaces: Arc::new(DynamoWorkspaceList::new(dynamo.clone(), &table)),
            settings: Arc::new(DynamoWorkspaces::new(dynamo, table)),
            shards: links.clone(),
            reader: links.clone(),
            writer: links,
            targets: Arc::new(PageFetcher::new(settings::domains()?, Reach::Internet)),
            clock: Arc::new(SystemClock),
            timer: Arc::new(SystemTimer),
            safety,
        },
        messages: QueueLoop { subject: "check", redelivery: queue, clock: Arc::new(SystemClock) },
    };
    let handle = async |event: LambdaEvent<handler::Event>| {
        handler::handle(&app, event.payload, &event.context).await.map_err(BoxError::from)
    };
    lambda_runtime::run(service_fn(handle)).await
}
