//! Decodes answers of DynamoDB as they come over HTTP.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use waypost_domain::StoreErrorKind;
use waypost_domain::analytics::model::dimension::Dimension;
use waypost_domain::analytics::ports::{AggregateReader, KeyRange, Parts, Summand};

use super::*;
use crate::dynamo::aggregates::DynamoAggregates;
use crate::replay::Replay;

const THROTTLED: &str =
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}"#;
const REFUSED: &str = r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"no such index"}"#;
const DAY: &str = r#"{"Count":1,"Items":[{"clicks":{"N":"7"},"sk":{"S":"DAY#2026-01-02#0"},
    "hours":{"M":{"0":{"N":"3"},"23":{"N":"4"}}},"of_tomorrow":{"L":[{"NULL":true},{"BOOL":true}]},
    "first_click_at":{"S":"2026-01-02T03:04:05.678Z"},"last_click_at":{"NULL":true},
    "dimensions":{"M":{"country":{"M":{"values":{"M":{"D\u0045":{"N":"5"},"CH":{"L":[{"N":"1"},{"N":"2"}]}}},"other":{"N":"1"}}},
                       "of_tomorrow":{"M":{"values":{"M":{}}}}}},
    "visitors":{"B":"AgEHDAMEAAA="}}],
  "LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"S":"DAY#2026-01-02#0"}},"ScannedCount":1}"#;

/// Reads a range from these answers, one for each attempt.
async fn range(answers: &'static [(u16, &'static str)]) -> Result<AggregatePage, waypost_domain::StoreError> {
    let replay = Replay::new(answers.iter().map(|(status, body)| (*status, Vec::new(), *body)));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(RetryConfig::standard().with_max_attempts(2))
        .http_client(replay.client())
        .build();
    let aggregates = DynamoAggregates::new(Client::from_conf(config), "stats");
    let range = KeyRange { pk: "p", first: "DAY#".to_owned(), last: "DAY$".to_owned(), after: None };
    let found = aggregates.range(&range, &Parts::default()).await;
    assert_eq!(replay.requests().len(), answers.len());
    found
}

#[tokio::test]
async fn a_page_has_what_was_sent_and_ignores_what_is_not_known() {
    let page = range(&[(200, DAY)]).await.unwrap();
    assert_eq!(page.next.as_deref(), Some("DAY#2026-01-02#0"));
    let [Summand { sk, tally }] = page.items.as_slice() else { panic!("{page:?}") };
    assert_eq!((sk.as_str(), tally.clicks, tally.bots), ("DAY#2026-01-02#0", 7, 0));
    assert_eq!(tally.hours, [(0, 3), (23, 4)].into());
    assert_eq!(tally.first_click_at.unwrap().to_string(), "2026-01-02T03:04:05.678Z");
    assert_eq!((tally.last_click_at, tally.dimensions.len()), (None, 1));
    let countries = &tally.dimensions[&Dimension::Country];
    assert_eq!((countries.clicks("DE"), countries.clicks("CH"), countries.error("CH")), (5, 1, 2));
    assert!(tally.visitors.is_empty() && countries.other() == 1);
    assert_eq!(range(&[(200, r#"{"Count":0,"Items":[],"ScannedCount":0}"#)]).await.unwrap(), AggregatePage::default());
}

#[tokio::test(start_paused = true)]
async fn the_sdk_tries_again_and_tells_what_went_wrong() {
    assert_eq!(range(&[(400, THROTTLED), (200, DAY)]).await.unwrap().items.len(), 1);
    assert_eq!(range(&[(500, "{}"), (200, DAY)]).await.unwrap().items.len(), 1);
    for (answers, kind) in [
        (&[(400, THROTTLED), (400, THROTTLED)][..], StoreErrorKind::Throttled),
        (&[(500, "{}"), (503, "?")][..], StoreErrorKind::Unavailable),
        (&[(400, REFUSED)][..], StoreErrorKind::Broken),
    ] {
        assert_eq!(range(answers).await.unwrap_err().kind, kind, "{answers:?}");
    }
}

#[tokio::test]
async fn an_item_that_is_not_an_aggregate_is_named() {
    for item in [
        r#"{"clicks":{"S":"7"},"sk":{"S":"DAY#x"}}"#,
        r#"{"sk":{"S":"DAY#x"},"clicks":{"N":"-1"}}"#,
        r#"{"sk":{"S":"DAY#x"},"visitors":{"B":"?"}}"#,
        r#"{"sk":{"S":"DAY#x"},"visitors":{"B":"AAAA"}}"#,
        r#"{"sk":{"S":"DAY#x"},"hours":{"M":{"noon":{"N":"1"}}}}"#,
        r#"{"sk":{"S":"DAY#x"},"clicks":{}}"#,
        r#"{"sk":{"S":"DAY#x"},"clicks":7}"#,
    ] {
        let body = format!(r#"{{"Items":[{{"sk":{{"S":"DAY#w"}}}},{item}]}}"#);
        let error = read_page(body.as_bytes()).unwrap_err();
        assert!(error.starts_with("the item DAY#x is not an aggregate: "), "{item}: {error}");
    }
    for body in ["", "{", "7", r#"{"Items":7}"#] {
        assert!(read_page(body.as_bytes()).unwrap_err().starts_with("the answer cannot be read: "), "{body}");
    }
    assert_eq!(range(&[(200, "?")]).await.unwrap_err().kind, StoreErrorKind::Broken);
}
