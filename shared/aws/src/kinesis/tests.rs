use aws_sdk_kinesis::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_types::retry::RetryConfig;
use serde_json::Value;
use waypost_domain::Timestamp;
use waypost_domain::redirect::choose_target::choose_target;
use waypost_domain::redirect::record_click::record_click;
use waypost_domain::redirect::visit::Visit;
use waypost_domain::testing::samples::link;
use waypost_domain::testing::system::SeededRandom;

use super::*;
use crate::replay::{Answer, Replay};

fn clicks(count: u64) -> Vec<Click> {
    let link = link("acme", "docs", "https://example.com/");
    let (visit, now) = (Visit::default(), Timestamp::parse("2026-01-02T03:04:05Z").unwrap());
    let choice = choose_target(&link, &visit, now);
    (0..count).map(|n| record_click(&visit, &link, &choice, now, &SeededRandom::new(n)).click).collect()
}

fn stream(replay: &Replay) -> KinesisClicks {
    let config = aws_sdk_kinesis::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .http_client(replay.client())
        .build();
    KinesisClicks::new(Client::from_conf(config), "clicks")
}

fn answer(status: u16, body: &'static str) -> Answer {
    (status, vec![("content-type", "application/x-amz-json-1.1".to_owned())], body)
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
