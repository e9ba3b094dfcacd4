//! Any method on `/{slug}`: follows a short link. The visitor gets the answer first, then the click, or the visit to no
//! link, goes to the stream.

mod after_response;
mod config;
mod countries;
mod event;
mod handler;
mod pages;
mod reply;

use std::process::ExitCode;
use std::sync::Arc;

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use waypost_aws::dynamo::abuse_reports::DynamoAbuseReports;
use waypost_aws::dynamo::click_limit::DynamoClickLimit;
use waypost_aws::dynamo::collections::DynamoCollections;
use waypost_aws::dynamo::domains::DynamoDomains;
use waypost_aws::dynamo::files::DynamoFiles;
use waypost_aws::dynamo::links::DynamoLinks;
use waypost_aws::dynamo::password_attempts::DynamoPasswordAttempts;
use waypost_aws::dynamo::salts::DynamoSalts;
use waypost_aws::dynamo::warm_up::warm_up;
use waypost_aws::kinesis::KinesisClicks;
use waypost_aws::s3::sign_file::S3FileSigner;
use waypost_aws::s3::spill::S3Spill;
use waypost_aws::time_budget;
use waypost_domain::abuse::file::FileReportPorts;
use waypost_domain::redirect::cache::collections::CachedCollections;
use waypost_domain::redirect::cache::files::CachedFiles;
use waypost_domain::redirect::cache::links::CachedLinks;
use waypost_domain::redirect::collection_share::CollectionShares;
use waypost_domain::redirect::deliver_clicks::DeliverClicksPorts;
use waypost_domain::redirect::file_share::FileShares;
use waypost_domain::redirect::follow::FollowLinkPorts;
use waypost_domain::redirect::known_domains::KnownDomains;
use waypost_domain::redirect::ports::Countries;
use waypost_domain::redirect::unanswered::Unanswered;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::{SystemClock, SystemRandom};
use waypost_lambda::wiring::blocking::blocking;
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let (config, connector) = sdk::config_and_connector()?;
    let dynamo = aws_sdk_dynamodb::config::Builder::from(&config).timeout_config(timeouts()).build();
    let dynamo = aws_sdk_dynamodb::Client::from_conf(dynamo);
    let (table, bucket) = (settings::required("LINKS_TABLE")?, settings::required("DATA_BUCKET")?);
    let (domains, block_list) = blocking(settings::domains()?, &dynamo, &table);
    let clock = Arc::new(SystemClock);
    let delivery = DeliverClicksPorts {
        visitors: Default::default(),
        salts: Arc::new(DynamoSalts::new(dynamo.clone(), &table)),
        random: Arc::new(SystemRandom),
        stream: Arc::new(KinesisClicks::new(config.clone(), connector.clone(), settings::required("CLICKS_STREAM")?)),
        spill: Arc::new(S3Spill::new(config.clone(), connector, &bucket)),
        breaker: Default::default(),
    };
    let reports = Arc::new(DynamoAbuseReports::new(dynamo.clone(), &table));
    let reports = FileReportPorts {
        store: reports.clone(),
        limit: reports,
        salts: delivery.salts.clone(),
        random: Arc::new(SystemRandom),
    };
    let links = Arc::new(DynamoLinks::new(dynamo.clone(), &table));
    let freshness = config::freshness()?;
    let known = KnownDomains::new(Arc::new(DynamoDomains::new(dynamo.clone(), &table)), clock.clone(), freshness);
    let known = Arc::new(known);
    let records = Arc::new(DynamoFiles::new(dynamo.clone(), &table));
    let files = FileShares {
        records: Arc::new(CachedFiles::new(records, clock.clone(), freshness)),
        signer: Arc::new(S3FileSigner::new(config.clone(), &bucket)),
    };
    let records = Arc::new(DynamoCollections::new(dynamo.clone(), &table));
    let collections = CollectionShares {
        records: Arc::new(CachedCollections::new(records, clock.clone(), freshness)),
        signer: files.signer.clone(),
    };
    let app = handler::App {
        unanswered: Unanswered {
            settings: known.clone(),
            root_url: config::target("ROOT_URL", &domains)?,
            not_found_url: config::target("NOT_FOUND_URL", &domains)?,
        },
        block_list: Some(block_list.clone()),
        reports,
        misses: Default::default(),
        countries: settings::optional("GEOIP_DB")
            .map(|path| Arc::new(countries::MaxMindCountries::new(path)) as Arc<dyn Countries>),
        follow: FollowLinkPorts {
            links: Arc::new(CachedLinks::new(links.clone(), clock.clone(), freshness).with_marks(links)),
            domain_settings: known,
            limit: Arc::new(DynamoClickLimit::new(dynamo.clone(), &table)),
            attempts: Arc::new(DynamoPasswordAttempts::new(dynamo.clone(), &table)),
            files,
            collections,
            domains,
            clock,
            random: Arc::new(SystemRandom),
        },
    };
    let warm = config::warm_up()?;
    let warm = async {
        // No visitor may be sent to a blocked target, not even the first.
        block_list.refresh().await;
        if warm {
            warm_up(&dynamo, &table).await
        }
    };
    after_response::run(app, delivery, warm).await
}

/// Limits how long a visitor waits for the table before the cache answers. The timeouts of other functions are longer, because
/// their callers prefer to wait.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(time_budget::TABLE_ATTEMPT)
        .operation_timeout(time_budget::TABLE_OPERATION)
        .build()
}
