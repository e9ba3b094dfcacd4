use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::Value;
use waypost_domain::Timestamp;
use waypost_domain::redirect::choose_target::choose_target;
use waypost_domain::redirect::record_click::record_click;
use waypost_domain::redirect::visit::Visit;
use waypost_domain::testing::samples::link;
use waypost_domain::testing::system::SeededRandom;

use super::*;
use crate::replay::{self, Replay, config};
use crate::time_budget::longest_send;

pub(super) fn clicks(count: u64) -> Vec<StreamEvent> {
    let link = link("acme", "docs", "https://example.com/");
    let (visit, now) = (Visit::default(), Timestamp::parse("2026-01-02T03:04:05Z").unwrap());
    let choice = choose_target(&link, &visit, now);
    (0..count).map(|n| record_click(&visit, &link, &choice, now, &SeededRandom::new(n)).click.into()).collect()
}

fn stream(replay: &Replay) -> KinesisClicks {
    KinesisClicks::new(config("us-east-1", None), SharedHttpConnector::new(replay.clone()), "clicks")
}

fn answer(status: u16, body: &'static str) -> replay::Answer {
    (status, Vec::new(), body)
}

const TAKEN: &str = r#"{"FailedRecordCount":0,"Records":[{"SequenceNumber":"1","ShardId":"s"}]}"#;
const ONE_OF_TWO_REFUSED: &str = r#"{"FailedRecordCount":1,"Records":[{"SequenceNumber":"1","ShardId":"s"},
    {"ErrorCode":"ProvisionedThroughputExceededException","ErrorMessage":"slow down"}]}"#;
const REFUSED: &str = r#"{"FailedRecordCount":1,"Records":
    [{"ErrorCode":"ProvisionedThroughputExceededException","ErrorMessage":"slow down"}]}"#;

fn keys(replay: &Replay) -> Vec<Vec<String>> {
    let requests = replay.requests().into_iter().map(|request| {
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        body["Records"].as_array().unwrap().iter().map(|r| r["PartitionKey"].as_str().unwrap().to_owned()).collect()
    });
    requests.collect()
}

#[tokio::test(start_paused = true)]
async fn a_refused_click_is_tried_on_another_shard() {
    let replay = Replay::new([answer(200, ONE_OF_TWO_REFUSED), answer(200, REFUSED), answer(200, TAKEN)]);
    assert!(stream(&replay).send(clicks(2)).await.is_empty());
    let keys = keys(&replay);
    assert_eq!(keys[0], ["go.example.com/docs", "go.example.com/docs"]);
    assert_eq!((keys[1].len(), keys[2].len()), (1, 1));
    assert!(keys[1][0].starts_with("go.example.com/docs#") && keys[2][0].starts_with("go.example.com/docs#"));
    assert_ne!(keys[1], keys[2]);
}

#[tokio::test(start_paused = true)]
async fn clicks_that_stay_refused_are_given_back() {
    let replay = Replay::new([answer(200, ONE_OF_TWO_REFUSED), answer(200, REFUSED), answer(200, REFUSED)]);
    let sent = clicks(2);
    assert_eq!(stream(&replay).send(sent.clone()).await, sent[1..]);
    let away = Replay::new([answer(500, "{}"), answer(500, "{}"), answer(500, "{}")]);
    assert_eq!(stream(&away).send(sent.clone()).await, sent);
}

#[tokio::test]
async fn a_request_is_signed_and_names_stream_and_operation() {
    let replay = Replay::new([answer(200, TAKEN)]);
    let sent = clicks(1);
    stream(&replay).send(sent.clone()).await;
    let request = &replay.requests()[0];
    let header = |name: &str| request.headers().get(name).unwrap_or_default().to_owned();
    assert_eq!((request.method(), request.uri()), ("POST", "https://kinesis.us-east-1.amazonaws.com/"));
    assert_eq!(header("x-amz-target"), "Kinesis_20131202.PutRecords");
    assert_eq!(header("content-type"), "application/x-amz-json-1.1");
    assert_eq!(header("x-amz-security-token"), "token");
    assert!(header("authorization").starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
    assert!(header("authorization").contains("/us-east-1/kinesis/aws4_request"));
    let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
    assert_eq!(body["StreamName"], "clicks");
    let data = STANDARD.decode(body["Records"][0]["Data"].as_str().unwrap()).unwrap();
    assert_eq!(serde_json::from_slice::<StreamEvent>(&data).unwrap(), sent[0]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_says_nothing_of_a_click_does_not_count_as_taken() {
    for body in ["", "{}", "[]", r#"{"FailedRecordCount":0,"Records":[]}"#, "<html>"] {
        let replay = Replay::new([answer(200, body), answer(200, body), answer(200, body)]);
        let sent = clicks(1);
        assert_eq!(stream(&replay).send(sent.clone()).await, sent, "{body}");
    }
}

/// A stream that accepts requests and never answers.
#[derive(Debug)]
struct Hanging;

impl HttpConnector for Hanging {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_never_answers_gives_clicks_back_within_its_time() {
    let connector = SharedHttpConnector::new(Hanging);
    let stream = KinesisClicks::new(config("us-east-1", None), connector, "clicks");
    let (sent, start) = (clicks(2), tokio::time::Instant::now());
    assert_eq!(stream.send(sent.clone()).await, sent);
    // Virtual time: timers are rounded up to milliseconds.
    assert!(start.elapsed() <= longest_send() + Duration::from_millis(10), "{:?}", start.elapsed());
}
