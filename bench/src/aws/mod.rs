//! Stands in for AWS: DynamoDB, Kinesis and S3 as far as the measured bootstraps call them. Answers come after a set delay.

mod aggregates;
mod table;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::Result;

use self::aggregates::Aggregates;
pub(crate) use self::table::Table;
use crate::http::{Request, answer};
use crate::network::{Network, Peer};
use crate::scenario::FILE_SLUG;

/// The target of all links.
pub(crate) const TARGET: &str = "https://www.example.com/some/article?id=12345&ref=newsletter";

/// AWS for one bootstrap. Every link exists, every API key is a viewer's, the stream takes every click, the bucket every
/// object.
#[derive(Debug, Default)]
pub(crate) struct Aws {
    stream_delay: Duration,
    /// Answers that wait for their time. They all wait equally long, so they are in order.
    waiting: VecDeque<(Instant, Peer, Vec<u8>)>,
    /// The items that a Query reads.
    table: Option<Table>,
    /// The items that BatchGetItem reads and PutItem writes.
    aggregates: Aggregates,
}

impl Aws {
    /// An AWS whose stream takes `stream_delay` to accept a click; it answers all other requests at once.
    pub(crate) fn with_stream_delay(stream_delay: Duration) -> Self {
        Self { stream_delay, ..Self::default() }
    }

    /// An AWS where a Query reads `table`.
    pub(crate) fn with_table(table: Table) -> Self {
        Self { table: Some(table), ..Self::default() }
    }

    /// Answers a request, now or later.
    pub(crate) fn take(&mut self, from: Peer, request: &Request, network: &mut Network) -> Result<()> {
        let answer = self.answer_to(request)?;
        if self.stream_delay.is_zero() || !request.operation.starts_with("Kinesis") {
            return network.send(from, &answer);
        }
        self.waiting.push_back((Instant::now() + self.stream_delay, from, answer));
        Ok(())
    }

    /// Sends the answers that are due; returns the time until the next one.
    pub(crate) fn send_due(&mut self, network: &mut Network) -> Result<Option<Duration>> {
        while let Some((due, to, answer)) = self.waiting.front() {
            let left = due.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                return Ok(Some(left));
            }
            network.send_late(*to, answer)?;
            self.waiting.pop_front();
        }
        Ok(None)
    }

    fn answer_to(&mut self, request: &Request) -> Result<Vec<u8>> {
        let operation = request.operation.rsplit('.').next().unwrap_or_default();
        let body = match (operation, &mut self.table) {
            ("GetItem", _) => item(&String::from_utf8_lossy(&request.body)),
            ("Query", Some(table)) => return Ok(success(table.query(&request.body)?)),
            ("BatchGetItem", _) => self.aggregates.batch_get(&request.body)?,
            ("PutItem", _) if !self.aggregates.put(&request.body)? => return Ok(condition_failed()),
            ("PutRecords", _) => {
                "{\"FailedRecordCount\":0,\"Records\":[{\"SequenceNumber\":\"1\",\"ShardId\":\"s-0\"}]}".to_owned()
            }
            // S3 has no operation in its headers and no body in its answer to a PUT.
            ("", _) => String::new(),
            _ => "{}".to_owned(),
        };
        Ok(success(&body))
    }
}

const REQUEST_ID: &str = "x-amzn-RequestId: b2f0a9c4-5a1e-4d0e-9a53-6e3b7d1f2c88\r\n";

fn success(body: &str) -> Vec<u8> {
    answer("200 OK", REQUEST_ID, body)
}

fn condition_failed() -> Vec<u8> {
    let error = "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException\",\
                  \"message\":\"The conditional request failed\"}";
    answer("400 Bad Request", REQUEST_ID, error)
}

/// The file that one of the links leads to.
const FILE: &str = "fil_0199b0c67e4570008000000000000005";

/// Finds the item of a GetItem: a link by its slug, a file, an API key, a day's salt. There are no others.
fn item(request: &str) -> String {
    if let Some(slug) = text_after(request, "LINK#go.example.com#") {
        let target = if slug == FILE_SLUG { format!("https://files.invalid/{FILE}") } else { TARGET.to_owned() };
        return format!(
            "{{\"Item\":{{\"pk\":{{\"S\":\"LINK#go.example.com#{slug}\"}},\"sk\":{{\"S\":\"LINK\"}},\
             \"domain\":{{\"S\":\"go.example.com\"}},\"slug\":{{\"S\":\"{slug}\"}},\"workspace\":{{\"S\":\"acme\"}},\
             \"url\":{{\"S\":\"{target}\"}},\"title\":{{\"S\":\"Some article\"}},\
             \"tags\":{{\"L\":[{{\"S\":\"newsletter\"}},{{\"S\":\"2026\"}}]}},\
             \"created_at\":{{\"S\":\"2026-01-02T03:04:05.678Z\"}},\"revision\":{{\"N\":\"0\"}},\
             \"list_pk\":{{\"S\":\"WS#acme#3\"}},\
             \"list_sk\":{{\"S\":\"2026-01-02T03:04:05.678Z#{slug}#go.example.com\"}}}}}}"
        );
    }
    if request.contains("FILES#acme") {
        return format!(
            "{{\"Item\":{{\"pk\":{{\"S\":\"FILES#acme\"}},\"sk\":{{\"S\":\"FILE#{FILE}\"}},\"id\":{{\"S\":\"{FILE}\"}},\
             \"workspace\":{{\"S\":\"acme\"}},\"status\":{{\"S\":\"ready\"}},\"name\":{{\"S\":\"a film.mp4\"}},\
             \"size\":{{\"N\":\"104857600\"}},\"content_type\":{{\"S\":\"video/mp4\"}},\"created_by\":{{\"S\":\"key_1\"}},\
             \"created_at\":{{\"S\":\"2026-01-02T03:04:05.678Z\"}},\"completed_at\":{{\"S\":\"2026-01-02T03:05:05.678Z\"}},\
             \"detected\":{{\"M\":{{\"content_type\":{{\"S\":\"video/mp4\"}}}}}},\"revision\":{{\"N\":\"2\"}}}}}}"
        );
    }
    if let Some(hash) = text_after(request, "KEY#") {
        return format!(
            "{{\"Item\":{{\"pk\":{{\"S\":\"KEY#{hash}\"}},\"sk\":{{\"S\":\"KEY\"}},\"key_id\":{{\"S\":\"key_1\"}},\
             \"workspace\":{{\"S\":\"acme\"}},\"role\":{{\"S\":\"viewer\"}},\"name\":{{\"S\":\"bench\"}},\
             \"created_at\":{{\"S\":\"2026-01-02T03:04:05.678Z\"}},\
             \"last_used_at\":{{\"S\":\"2999-01-02T03:04:05.678Z\"}}}}}}"
        );
    }
    match text_after(request, "SALT#") {
        Some(date) => format!(
            "{{\"Item\":{{\"pk\":{{\"S\":\"SALT#{date}\"}},\"sk\":{{\"S\":\"SALT\"}},\
             \"salt\":{{\"B\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}}}}}}"
        ),
        None => "{}".to_owned(),
    }
}

/// The text after `prefix` in JSON, up to the end of the string.
fn text_after<'a>(json: &'a str, prefix: &str) -> Option<&'a str> {
    json.split_once(prefix)?.1.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn found(pk: &str) -> Value {
        let request =
            format!("{{\"TableName\":\"links\",\"Key\":{{\"pk\":{{\"S\":\"{pk}\"}},\"sk\":{{\"S\":\"LINK\"}}}}}}");
        serde_json::from_str(&item(&request)).unwrap()
    }

    #[test]
    fn every_slug_has_a_link() {
        let link = found("LINK#go.example.com#abc");
        assert_eq!(link["Item"]["slug"]["S"], "abc");
        assert_eq!(link["Item"]["url"]["S"], TARGET);
        let link = found(&format!("LINK#go.example.com#{FILE_SLUG}"));
        assert_eq!(link["Item"]["url"]["S"], format!("https://files.invalid/{FILE}"));
        assert_eq!(found("FILES#acme")["Item"]["id"]["S"], FILE);
    }

    #[test]
    fn every_day_has_a_salt() {
        assert_eq!(found("SALT#2026-01-02")["Item"]["pk"]["S"], "SALT#2026-01-02");
        assert_eq!(found("WARM#UP"), serde_json::json!({}));
    }
}
