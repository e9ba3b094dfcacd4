//! Builds what the functions that load imports share.

use std::sync::Arc;

use aws_types::SdkConfig;
use waypost_aws::dynamo::domains::DynamoDomains;
use waypost_aws::dynamo::import_parts::DynamoParts;
use waypost_aws::dynamo::imports::DynamoImports;
use waypost_aws::dynamo::link_batch::DynamoLinkBatch;
use waypost_aws::dynamo::workspaces::DynamoWorkspaces;
use waypost_aws::s3::objects::S3Objects;
use waypost_aws::s3::reports::S3Files;
use waypost_aws::sqs::SqsQueue;
use waypost_domain::blocking::refresh::BlockListRefresher;
use waypost_domain::imports::load_ports::{EndImportPorts, LoadImportPorts};

use super::blocking::blocking;
use crate::settings::{SettingError, domains, number, required};
use crate::system::{SystemClock, SystemTimer};

/// Builds a loader with clients of `config`, the queue of parts, and what keeps the list of blocked targets new.
///
/// # Errors
/// [`SettingError`] names the variable that is missing.
pub fn loader(config: &SdkConfig) -> Result<(LoadImportPorts, SqsQueue, Arc<BlockListRefresher>), SettingError> {
    let (dynamo, s3) = (aws_sdk_dynamodb::Client::new(config), aws_sdk_s3::Client::new(config));
    let (table, bucket) = (required("LINKS_TABLE")?, required("DATA_BUCKET")?);
    let queue = SqsQueue::new(aws_sdk_sqs::Client::new(config), required("IMPORT_PARTS_QUEUE")?);
    let (domains, block_list) = blocking(domains()?, &dynamo, &table);
    let loader = LoadImportPorts {
        imports: Arc::new(DynamoImports::new(dynamo.clone(), &table)),
        parts: Arc::new(DynamoParts::new(dynamo.clone(), &table)),
        settings: Arc::new(DynamoWorkspaces::new(dynamo.clone(), &table)),
        queue: Arc::new(queue.clone()),
        links: Arc::new(DynamoLinkBatch::new(dynamo.clone(), &table)),
        domain_settings: Arc::new(DynamoDomains::new(dynamo, table).consistent()),
        objects: Arc::new(S3Objects::new(s3.clone(), &bucket)),
        reports: Arc::new(S3Files::new(s3, bucket)),
        clock: Arc::new(SystemClock),
        timer: Arc::new(SystemTimer),
        domains,
        max_bytes: number("MAX_IMPORT_BYTES")?,
        part_bytes: number("IMPORT_PART_BYTES")?,
    };
    Ok((loader, queue, block_list))
}

/// Builds what ends imports that were given up, with clients of `config`.
///
/// # Errors
/// [`SettingError`] names the variable that is missing.
pub fn ender(config: &SdkConfig) -> Result<EndImportPorts, SettingError> {
    let dynamo = aws_sdk_dynamodb::Client::new(config);
    let (table, bucket) = (required("LINKS_TABLE")?, required("DATA_BUCKET")?);
    let queue = SqsQueue::new(aws_sdk_sqs::Client::new(config), required("IMPORT_PARTS_QUEUE")?);
    Ok(EndImportPorts {
        imports: Arc::new(DynamoImports::new(dynamo.clone(), &table)),
        parts: Arc::new(DynamoParts::new(dynamo, &table)),
        queue: Arc::new(queue),
        reports: Arc::new(S3Files::new(aws_sdk_s3::Client::new(config), bucket)),
        clock: Arc::new(SystemClock),
    })
}
