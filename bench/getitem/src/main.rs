//! Looks a link up with `lambda_http`, the SDK's own HTTP client and one GetItem. No cache, no checks, no clicks: the floor of a
//! redirect that reads its table.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::{Builder, tls};
use lambda_http::{Body, Error, Request, RequestExt, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = Client::from_conf(config()?);
    let table = &std::env::var("LINKS_TABLE")?;
    let client = &client;
    run(service_fn(move |request: Request| follow(client, table, request))).await
}

fn config() -> Result<Config, Error> {
    let key = Credentials::new(
        std::env::var("AWS_ACCESS_KEY_ID")?,
        std::env::var("AWS_SECRET_ACCESS_KEY")?,
        std::env::var("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    );
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let mut builder = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(std::env::var("AWS_REGION")?))
        .credentials_provider(key)
        .sleep_impl(TokioSleep::new())
        .http_client(Builder::new().tls_provider(ring).build_https());
    builder.set_endpoint_url(std::env::var("AWS_ENDPOINT_URL").ok());
    Ok(builder.build())
}

async fn follow(client: &Client, table: &str, request: Request) -> Result<Response<Body>, Error> {
    let slug = request.raw_http_path().trim_start_matches('/');
    let pk = AttributeValue::S(format!("LINK#go.example.com#{slug}"));
    let sk = AttributeValue::S("LINK".to_owned());
    let found = client.get_item().table_name(table).key("pk", pk).key("sk", sk).send().await?;
    let item = found.item.unwrap_or_default();
    match item.get("url") {
        Some(AttributeValue::S(url)) => {
            Ok(Response::builder().status(302).header("location", url).body(Body::Empty)?)
        }
        _ => Ok(Response::builder().status(404).body(Body::Empty)?),
    }
}
