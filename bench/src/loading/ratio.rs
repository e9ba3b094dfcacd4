//! Loads a file into an embedded DynamoDB over HTTP, beside a bare loop that sends the same statements with the same
//! concurrency.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BatchStatementRequest, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    Projection, ProjectionType, ScalarAttributeType,
};
use futures::stream::{self, StreamExt, TryStreamExt};
use waypost_aws::dynamo::link_batch::DynamoLinkBatch;
use waypost_aws::dynamo::links::item_of;
use waypost_domain::testing::samples::link;

use super::source::GeneratedFile;
use super::stubs::{load, loader};
use crate::figures::median;

const ROWS: u64 = 30_000;
/// How often each of the two runs, in turns; the median counts.
const RUNS: usize = 5;
/// How many batches are on their way: as many as the loader has once it knows that the table takes them.
const CONCURRENCY: usize = 32;
const BATCH: usize = 25;

/// Rows a second.
pub(crate) struct Rates {
    pub(crate) loader: f64,
    pub(crate) bare_loop: f64,
}

/// Measures both.
pub(crate) fn measure() -> Result<Rates> {
    // The database has a thread of its own, the loader another one, as in a function.
    let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for run in 0..=RUNS {
        let (loaded, looped) = (client.block_on(time_loader(&server))?, client.block_on(time_loop(&server))?);
        // The first run warms up.
        if run > 0 {
            ours.push(loaded.as_secs_f64());
            bare.push(looped.as_secs_f64());
        }
    }
    let (ours, bare) = (median(ours), median(bare));
    println!("{ROWS} rows: the loader takes {ours:.2} s, a bare loop {bare:.2} s");
    let rows = ROWS as f64;
    Ok(Rates { loader: rows / ours, bare_loop: rows / bare })
}

async fn time_loader(server: &tokio::runtime::Runtime) -> Result<Duration> {
    let table = table(server).await?;
    let links = Arc::new(DynamoLinkBatch::new(table, "links"));
    let (loader, queue) = loader(Arc::new(GeneratedFile { rows: ROWS }), links, u64::MAX)?;
    let start = Instant::now();
    load(&loader, &queue, ROWS).await?;
    Ok(start.elapsed())
}

async fn time_loop(server: &tokio::runtime::Runtime) -> Result<Duration> {
    let table = table(server).await?;
    let batches: Vec<Vec<BatchStatementRequest>> = statements()?.chunks(BATCH).map(<[_]>::to_vec).collect();
    let start = Instant::now();
    let sent = stream::iter(batches).map(|batch| {
        let count = batch.len();
        let send = table.batch_execute_statement().set_statements(Some(batch)).send();
        async move {
            let responses = send.await?.responses.unwrap_or_default();
            let written = responses.iter().filter(|response| response.error.is_none()).count();
            ensure!(written == count, "{responses:?}");
            Ok(())
        }
    });
    sent.buffered(CONCURRENCY).try_for_each(async |()| Ok(())).await?;
    Ok(start.elapsed())
}

/// The statements for the same links.
fn statements() -> Result<Vec<BatchStatementRequest>> {
    (0..ROWS)
        .map(|row| {
            let url = format!("https://www.example.com/articles/{row:010}/read?utm_source=x");
            let mut link = link("bench", &format!("row-{row:010}"), &url);
            link.title = Some(format!("Article {row:010}"));
            link.tags = vec!["news".into(), "moved________".into()];
            link.origin = Some(format!("imp_0199b0c67e4570008000000000000005#{row}"));
            let (names, values): (Vec<String>, Vec<_>) =
                item_of(&link)?.into_iter().map(|(name, value)| (format!("'{name}': ?"), value)).unzip();
            let statement = format!("INSERT INTO \"links\" VALUE {{{}}}", names.join(", "));
            Ok(BatchStatementRequest::builder().statement(statement).set_parameters(Some(values)).build()?)
        })
        .collect()
}

/// Makes an empty table of links in a database of its own.
async fn table(server: &tokio::runtime::Runtime) -> Result<Client> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let database = dynoxide::Database::memory().map_err(|error| anyhow::anyhow!("{error:?}"))?;
    server.spawn(async move {
        if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
            dynoxide::server::serve_on(listener, database).await;
        }
    });
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(format!("http://{address}"))
        .http_client(waypost_aws::connector::Connections::default().client());
    let client = Client::from_conf(config.build());
    create(&client).await.context("creating the table")?;
    Ok(client)
}

async fn create(client: &Client) -> Result<()> {
    let mut request = client.create_table().table_name("links").billing_mode(BillingMode::PayPerRequest);
    for name in ["pk", "sk", "list_pk", "list_sk"] {
        let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        request = request.attribute_definitions(definition.build()?);
    }
    let index = GlobalSecondaryIndex::builder()
        .index_name("list")
        .set_key_schema(Some(schema("list_pk", "list_sk")?))
        .projection(Projection::builder().projection_type(ProjectionType::All).build());
    request.set_key_schema(Some(schema("pk", "sk")?)).global_secondary_indexes(index.build()?).send().await?;
    Ok(())
}

fn schema(hash: &str, range: &str) -> Result<Vec<KeySchemaElement>> {
    [(hash, KeyType::Hash), (range, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| Ok(KeySchemaElement::builder().attribute_name(name).key_type(kind).build()?))
        .collect()
}
