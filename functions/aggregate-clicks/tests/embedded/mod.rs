//! Runs DynamoDB in the process, behind the AWS SDK's HTTP client but without a socket. It answers every call at once, so that
//! tests can drive the caller step by step.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use dynoxide::{Database, DynoxideError};

/// The name of its table.
pub(crate) const TABLE: &str = "stats";

/// Answers the two actions that the handler may call, Query for readers, and those of other users of this module.
#[derive(Clone)]
struct InProcess(Database);

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InProcess")
    }
}

impl InProcess {
    fn answer(&self, action: &str, body: &[u8]) -> Result<String, DynoxideError> {
        macro_rules! call {
            ($method:ident) => {{
                let request = serde_json::from_slice(body)
                    .map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
                let answer = self.0.$method(request)?;
                serde_json::to_string(&answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
            }};
        }
        match action {
            "DynamoDB_20120810.BatchGetItem" => call!(batch_get_item),
            "DynamoDB_20120810.PutItem" => call!(put_item),
            "DynamoDB_20120810.Query" => call!(query),
            "DynamoDB_20120810.GetItem" => call!(get_item),
            "DynamoDB_20120810.BatchWriteItem" => call!(batch_write_item),
            "DynamoDB_20120810.CreateTable" => call!(create_table),
            other => Err(DynoxideError::ValidationException(format!("{other} is not expected here"))),
        }
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let action = request.headers().get("x-amz-target").unwrap_or_default();
        let (status, body) = match self.answer(action, request.body().bytes().unwrap_or_default()) {
            Ok(body) => (200, body),
            Err(error) => (error.status_code(), error.to_json()),
        };
        let status = status.try_into().unwrap_or_else(|_| unreachable!("dynoxide gives HTTP statuses"));
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
    }
}

/// Makes a client of a new, empty DynamoDB with the table of statistics.
pub(crate) fn dynamodb() -> Client {
    let database = Database::memory().unwrap_or_else(|error| panic!("{error}"));
    let table = serde_json::json!({
        "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    });
    let connector = InProcess(database);
    let created = connector.answer("DynamoDB_20120810.CreateTable", table.to_string().as_bytes());
    created.unwrap_or_else(|error| panic!("{error}"));
    let connector = SharedHttpConnector::new(connector);
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build();
    Client::from_conf(config)
}
