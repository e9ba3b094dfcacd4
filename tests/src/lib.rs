//! What the end-to-end tests share: calls to a deployed stack from outside, as its users make them.
//!
//! `make test` deploys the stack and describes it in the environment.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

pub mod commands;

use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use waypost_domain::KeySecret;
use waypost_lambda::system::SystemRandom;

/// How long a test waits for work that the stack does in the background (an import, a click on its way to the statistics). It
/// bounds a failing test; it is not a goal for speed.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The header with which CloudFront proves that a request came through it. `tools/end_to_end.py` has the secret too.
pub const FRONT_DOOR: (&str, &str) = ("x-waypost-front-door", "the-secret-of-the-front-door-of-the-tests");

/// A deployed stack.
pub struct Stack {
    http: reqwest::Client,
    url: String,
    host: String,
    endpoint: String,
    /// A key with the role `admin` in the workspace `default`.
    pub key: String,
    /// The table of links, keys and imports.
    pub links_table: String,
    /// The table of aggregates.
    pub stats_table: String,
    /// The bucket of uploads, reports and raw clicks.
    pub bucket: String,
    /// The stream of clicks.
    pub stream: String,
    /// A client of DynamoDB that may do everything.
    pub dynamo: aws_sdk_dynamodb::Client,
    /// A client of Kinesis that may do everything.
    pub kinesis: aws_sdk_kinesis::Client,
    /// A client of S3 that may do everything.
    pub s3: aws_sdk_s3::Client,
}

/// An answer of the stack.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// Reads the body as JSON. Gives `null` if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// Gives the header `name`, or an empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Stack {
    /// Connects to the stack that the environment describes.
    pub fn from_environment() -> Self {
        let config = waypost_lambda::sdk::config().expect("`make test` sets the AWS variables");
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        Self {
            http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap(),
            url: setting("WAYPOST_URL"),
            host: setting("WAYPOST_HOST_HEADER"),
            endpoint: setting("WAYPOST_ENDPOINT"),
            key: setting("WAYPOST_KEY"),
            links_table: setting("WAYPOST_LINKS_TABLE"),
            stats_table: setting("WAYPOST_STATS_TABLE"),
            bucket: setting("WAYPOST_BUCKET"),
            stream: setting("WAYPOST_STREAM"),
            dynamo: aws_sdk_dynamodb::Client::new(&config),
            kinesis: aws_sdk_kinesis::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
        }
    }

    /// Calls the API with `key` and a JSON body, which is empty if it is null.
    pub async fn call(&self, key: &str, method: Method, path: &str, body: Value) -> Answer {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.call_with_text(key, method, path, text).await
    }

    /// Calls the API with a JSON body and more headers.
    pub async fn call_with_headers(
        &self,
        key: &str,
        method: Method,
        path: &str,
        body: Value,
        headers: &[(&str, &str)],
    ) -> Answer {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let mut request = self.http.request(method, format!("{}{path}", self.url)).header("host", &self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        send(request.bearer_auth(key).body(text)).await
    }

    /// Calls the API without a key, as a browser does: with a JSON body, unless `headers` name another type.
    pub async fn browse(&self, method: Method, path: &str, body: Value, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.url)).header("host", &self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        let text = if body.is_null() { String::new() } else { body.to_string() };
        send(request.body(text)).await
    }

    /// Calls the API with any text as the body.
    pub async fn call_with_text(&self, key: &str, method: Method, path: &str, body: String) -> Answer {
        let request = self.http.request(method, format!("{}{path}", self.url)).header("host", &self.host);
        send(request.bearer_auth(key).header("content-type", "application/json").body(body)).await
    }

    /// Sends a visitor's request. The local AWS may not answer in time while other tests keep it busy. Then the redirect answers 503 and
    /// asks with `Retry-After` for another try: makes that, a few times.
    pub async fn visit(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        const TRIES: usize = 5;
        let mut answer = self.visit_once(method.clone(), path, headers).await;
        for _ in 1..TRIES {
            if answer.status != 503 || answer.header("retry-after").is_empty() {
                break;
            }
            answer = self.visit_once(method.clone(), path, headers).await;
        }
        answer
    }

    /// Sends a visitor's request, once.
    pub async fn visit_once(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.url)).header("host", &self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(request).await
    }

    /// Gets a path of another domain of the stack, as a visitor.
    pub async fn visit_domain(&self, domain: &str, path: &str) -> Answer {
        send(self.http.get(format!("{}{path}", self.url)).header("host", domain)).await
    }

    /// Sends a form as a browser does.
    pub async fn submit(&self, path: &str, form: &str) -> Answer {
        self.submit_with(path, form, &[("content-type", "application/x-www-form-urlencoded")]).await
    }

    /// Submits a form with these headers, its type among them.
    pub async fn submit_with(&self, path: &str, form: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.http.post(format!("{}{path}", self.url)).header("host", &self.host);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        send(request.body(form.to_owned())).await
    }

    /// Uploads a file as the import describes.
    pub async fn upload(&self, import: &Value, file: Vec<u8>) -> Answer {
        let upload = &import["upload"];
        let method = upload["method"].as_str().unwrap().parse().unwrap();
        let mut request = self.http.request(method, upload["url"].as_str().unwrap());
        for (name, value) in upload["headers"].as_object().unwrap() {
            // The client sets the length itself, from the body.
            if !name.eq_ignore_ascii_case("content-length") {
                request = request.header(name, value.as_str().unwrap());
            }
        }
        send(request.body(file)).await
    }

    /// Sends a request without a body to any URL, without following redirects.
    pub async fn send_to(&self, method: Method, url: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.http.request(method, url);
        send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    /// Gets any URL without following redirects.
    pub async fn get(&self, url: &str) -> Answer {
        send(self.http.get(url)).await
    }

    /// Creates a key with `role` in `workspace`, as `make admin-key` does.
    pub async fn new_key(&self, workspace: &str, role: &str) -> String {
        let secret = KeySecret::generate(&SystemRandom);
        let hash = secret.hash();
        let mut request = self.dynamo.put_item().table_name(&self.links_table);
        for (name, value) in [
            ("pk", format!("KEY#{hash}").as_str()),
            ("sk", "KEY"),
            ("key_id", &format!("key_{}", &hash[..16])),
            ("workspace", workspace),
            ("role", role),
            ("name", "end-to-end test"),
            ("created_at", "2026-01-01T00:00:00.000Z"),
        ] {
            request = request.item(name, AttributeValue::S(value.to_owned()));
        }
        request.send().await.unwrap();
        secret.expose().to_owned()
    }

    /// Invokes the function in the folder `function` with an event, as a trigger does, and gives what it returns.
    pub async fn invoke(&self, function: &str, event: &Value) -> Value {
        let name = setting(&format!("WAYPOST_FUNCTION_{}", function.to_uppercase().replace('-', "_")));
        let url = format!("{}/2015-03-31/functions/{name}/invocations", self.endpoint);
        let body = event.to_string();
        let mut request = self.http.post(&url).body(body.clone());
        for (name, value) in signature(&url, body.as_bytes(), "lambda") {
            request = request.header(name, value);
        }
        let answer = send(request).await;
        assert!(answer.status.is_success(), "{function} was not invoked: {answer:?}");
        assert_eq!(answer.header("x-amz-function-error"), "", "{function} failed: {answer:?}");
        answer.json()
    }

    /// Checks the targets of a workspace's links as the schedule does on the day of `time`, and waits for the end.
    pub async fn check_targets(&self, workspace: &str, time: &str) {
        self.invoke("check-targets", &serde_json::json!({"time": time, "workspace": workspace})).await;
        wait_for(&format!("the checks of {workspace} at {time} to end"), async || {
            let read = self.dynamo.get_item().table_name(&self.links_table).consistent_read(true);
            let read = read.key("pk", AttributeValue::S("CHECKS".to_owned()));
            let item = read.key("sk", AttributeValue::S(format!("RUN#{workspace}"))).send().await.unwrap().item?;
            let is = |name: &str, value: &str| {
                item.get(name).and_then(|text| text.as_s().ok()).is_some_and(|text| text == value)
            };
            assert!(!is("status", "failed"), "{item:?}");
            (is("run", &time[..10]) && is("status", "succeeded")).then_some(())
        })
        .await;
    }

    /// Waits until the import has ended, and gives it.
    pub async fn finished_import(&self, key: &str, id: &str) -> Value {
        wait_for(&format!("import {id} to end"), async || {
            let import = self.call(key, Method::GET, &format!("/v1/imports/{id}"), Value::Null).await.json();
            let status = import["status"].as_str().unwrap_or_default().to_owned();
            ["succeeded", "succeeded_with_errors", "failed", "cancelled"].contains(&status.as_str()).then_some(import)
        })
        .await
    }
}

/// Repeats `ask` until it gives an answer. Fails the test if there is none in time.
pub async fn wait_for<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(start.elapsed() < TIMEOUT, "waited {TIMEOUT:?} for {what}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn send(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

/// Makes the headers that sign a POST to `url` (AWS Signature Version 4) with the environment's credentials.
fn signature(url: &str, body: &[u8], service: &str) -> Vec<(String, String)> {
    let identity =
        Credentials::new(setting("AWS_ACCESS_KEY_ID"), setting("AWS_SECRET_ACCESS_KEY"), None, None, "environment")
            .into();
    let region = setting("AWS_REGION");
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&region)
        .name(service)
        .time(std::time::SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .unwrap();
    let request = SignableRequest::new("POST", url, std::iter::empty(), SignableBody::Bytes(body)).unwrap();
    let (instructions, _) = sign(request, &parameters.into()).unwrap().into_parts();
    let headers = instructions.headers();
    headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn setting(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: these tests need a stack, run them with `make test`"))
}
