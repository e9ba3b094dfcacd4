//! Builds the ports of catalogues.

use std::sync::Arc;

use aws_types::SdkConfig;
use waypost_aws::dynamo::aggregates::DynamoAggregates;
use waypost_aws::dynamo::catalog::DynamoCatalogs;
use waypost_aws::dynamo::links::DynamoLinks;
use waypost_aws::s3::objects::S3Objects;
use waypost_aws::s3::reports::S3Files;
use waypost_domain::catalog::ports::{CatalogLimits, CatalogPorts};

use crate::settings::{SettingError, required};
use crate::system::{SystemClock, SystemRandom};

/// Builds the ports of catalogues from `LINKS_TABLE`, `STATS_TABLE` and `DATA_BUCKET`.
///
/// # Errors
/// [`SettingError`] names the setting that is missing.
pub fn catalog_ports(config: &SdkConfig) -> Result<CatalogPorts, SettingError> {
    let (dynamo, objects) = (aws_sdk_dynamodb::Client::new(config), aws_sdk_s3::Client::new(config));
    let (table, bucket) = (required("LINKS_TABLE")?, required("DATA_BUCKET")?);
    let reader = Arc::new(S3Objects::new(objects.clone(), &bucket));
    Ok(CatalogPorts {
        store: Arc::new(DynamoCatalogs::new(dynamo.clone(), &table)),
        objects: reader.clone(),
        files: Arc::new(S3Files::new(objects, bucket)),
        remover: reader,
        links: Arc::new(DynamoLinks::new(dynamo.clone(), table)),
        totals: Arc::new(DynamoAggregates::new(dynamo, required("STATS_TABLE")?)),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        limits: CatalogLimits::default(),
    })
}
