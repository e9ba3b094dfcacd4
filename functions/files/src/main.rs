//! `GET|POST /v1/files`, `POST /v1/file-adoptions`, `/v1/files/{id}` with `parts` and `completion`: announces files, also with a
//! link, completes, shows and deletes them.
//! `GET|POST /v1/collections`, `/v1/collections/{id}` with `files`: makes, shows and deletes collections of them.

mod handler;
mod new_links;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_api::links::ShortUrls;
use waypost_aws::dynamo::collections::DynamoCollections;
use waypost_aws::dynamo::domains::DynamoDomains;
use waypost_aws::dynamo::files::DynamoFiles;
use waypost_aws::dynamo::links::DynamoLinks;
use waypost_aws::dynamo::workspaces::DynamoWorkspaces;
use waypost_aws::s3::file_contents::S3FileContents;
use waypost_aws::s3::files::S3FileUploads;
use waypost_aws::s3::objects::S3Objects;
use waypost_aws::s3::sign_file::S3FileSigner;
use waypost_domain::files::quota::FileQuota;
use waypost_http::block_list::with_fresh_block_list;
use waypost_http::router::api;
use waypost_lambda::start::BoxError;
use waypost_lambda::system::{SystemClock, SystemRandom};
use waypost_lambda::wiring::blocking::blocking;
use waypost_lambda::wiring::http::{authentication, idempotency};
use waypost_lambda::wiring::safety::target_guard;
use waypost_lambda::{sdk, settings, start};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let config = sdk::request_config()?;
    let (dynamo, s3) = (aws_sdk_dynamodb::Client::new(&config), aws_sdk_s3::Client::new(&config));
    let (table, bucket) = (settings::required("LINKS_TABLE")?, settings::required("DATA_BUCKET")?);
    let patient = aws_sdk_s3::Client::new(&sdk::with_one_long_call(&config));
    let (domains, block_list) = blocking(settings::domains()?, &dynamo, &table);
    let links = Arc::new(DynamoLinks::new(dynamo.clone(), &table).consistent());
    let new_links = new_links::NewLinks {
        reader: links.clone(),
        writer: links.clone(),
        targets: links,
        workspaces: Arc::new(DynamoWorkspaces::new(dynamo.clone(), &table)),
        short_urls: ShortUrls::new(&domains, settings::optional("SHORT_URL_ORIGIN")),
        domains,
        domain_settings: Arc::new(DynamoDomains::new(dynamo.clone(), &table).consistent()),
        guard: target_guard()?,
    };
    let app = handler::App {
        new_links,
        files: Arc::new(DynamoFiles::new(dynamo.clone(), &table)),
        collections: Arc::new(DynamoCollections::new(dynamo.clone(), &table)),
        uploads: Arc::new(S3FileUploads::new(s3.clone(), patient, &bucket)),
        contents: Arc::new(S3FileContents::new(s3.clone(), &bucket)),
        objects: Arc::new(S3Objects::new(s3, &bucket)),
        signer: Arc::new(S3FileSigner::new(config, &bucket)),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        max_bytes: settings::number("MAX_FILE_BYTES")?,
        adopt_folder: settings::required("ADOPT_PREFIX")?,
        is_scanned: settings::files_are_scanned()?,
        quota: FileQuota {
            files: settings::number("WORKSPACE_FILES")?,
            bytes: settings::number("WORKSPACE_FILE_BYTES")?,
        },
    };
    let idempotency = idempotency(&dynamo, &table);
    let authentication = authentication(&dynamo, &table)?;
    let routes = with_fresh_block_list(handler::routes(app, idempotency), block_list);
    waypost_http::event::run(api(routes, authentication)).await
}
