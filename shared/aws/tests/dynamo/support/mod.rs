//! Starts an embedded DynamoDB with Waypost's two tables, on a port of its own.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType,
};
use tokio::net::TcpListener;

/// The name of the table of links.
pub(crate) const LINKS_TABLE: &str = "links";
/// The name of the table of statistics.
pub(crate) const STATS_TABLE: &str = "stats";

/// Makes a client of a new, empty DynamoDB with both tables. It lives as long as the test's runtime.
pub(crate) async fn dynamodb() -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let database = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(format!("http://{address}"))
        .http_client(waypost_aws::connector::Connections::default().client())
        .build();
    let client = Client::from_conf(config);
    create_table(&client, LINKS_TABLE, true).await;
    create_table(&client, STATS_TABLE, false).await;
    client
}

async fn create_table(client: &Client, name: &str, listed: bool) {
    let mut request = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    let names: &[&str] = if listed { &["pk", "sk", "list_pk", "list_sk", "target_pk"] } else { &["pk", "sk"] };
    for name in names {
        let definition = AttributeDefinition::builder().attribute_name(*name).attribute_type(ScalarAttributeType::S);
        request = request.attribute_definitions(definition.build().unwrap());
    }
    for key in schema("pk", "sk") {
        request = request.key_schema(key);
    }
    let indexes = [("list", "list_pk", ProjectionType::All), ("targets", "target_pk", ProjectionType::KeysOnly)];
    for (name, hash, projection) in indexes.into_iter().filter(|_| listed) {
        let projection = Projection::builder().projection_type(projection).build();
        let index = GlobalSecondaryIndex::builder().index_name(name).set_key_schema(Some(schema(hash, "list_sk")));
        request = request.global_secondary_indexes(index.projection(projection).build().unwrap());
    }
    request.send().await.unwrap();
}

fn schema(hash: &str, range: &str) -> Vec<KeySchemaElement> {
    [(hash, KeyType::Hash), (range, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap())
        .collect()
}
