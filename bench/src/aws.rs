//! As much of AWS as a redirect talks to, with answers that come after a set delay: every link exists, every click is
//! taken.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::http::{Request, answer};
use crate::network::{Network, Peer};
use crate::stats::Table;

/// Where all links of the stub lead.
pub(crate) const TARGET: &str = "https://www.example.com/some/article?id=12345&ref=newsletter";

/// AWS as one bootstrap sees it.
#[derive(Debug, Default)]
pub(crate) struct Aws {
    stream_delay: Duration,
    /// Answers that wait for their time. The delay is the same for all, so they are in order.
    waiting: VecDeque<(Instant, Peer, Vec<u8>)>,
    /// What a Query finds.
    table: Option<Rc<RefCell<Table>>>,
}

impl Aws {
    /// An AWS whose stream takes `stream_delay` to accept a click; everything else is answered at once.
    pub(crate) fn with_stream_delay(stream_delay: Duration) -> Self {
        Self { stream_delay, ..Self::default() }
    }

    /// An AWS that finds the items of `table` with a Query, and whose every API key is a viewer's.
    pub(crate) fn with_table(table: Rc<RefCell<Table>>) -> Self {
        Self { table: Some(table), ..Self::default() }
    }

    /// Answers a request, or notes when to.
    pub(crate) fn take(&mut self, from: Peer, request: &Request, network: &mut Network) -> Result<()> {
        let answer = match &self.table {
            Some(table) if request.operation.ends_with(".Query") => answered(table.borrow_mut().query(&request.body)?),
            _ => answer_to(request),
        };
        if self.stream_delay.is_zero() || !request.operation.starts_with("Kinesis") {
            return network.send(from, &answer);
        }
        self.waiting.push_back((Instant::now() + self.stream_delay, from, answer));
        Ok(())
    }

    /// Sends the answers whose time has come; gives the time until the next one.
    pub(crate) fn send_due(&mut self, network: &mut Network) -> Result<Option<Duration>> {
        while let Some((due, to, answer)) = self.waiting.front() {
            let left = due.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                return Ok(Some(left));
            }
            network.send(*to, answer)?;
            self.waiting.pop_front();
        }
        Ok(None)
    }
}

fn answer_to(request: &Request) -> Vec<u8> {
    let operation = request.operation.rsplit('.').next().unwrap_or_default();
    let body = match operation {
        "GetItem" => item(&String::from_utf8_lossy(&request.body)),
        "PutRecords" => {
            "{\"FailedRecordCount\":0,\"Records\":[{\"SequenceNumber\":\"1\",\"ShardId\":\"s-0\"}]}".to_owned()
        }
        "" => String::new(),
        _ => "{}".to_owned(),
    };
    answered(&body)
}

fn answered(body: &str) -> Vec<u8> {
    answer("200 OK", "x-amzn-RequestId: b2f0a9c4-5a1e-4d0e-9a53-6e3b7d1f2c88\r\n", body)
}

/// The item that a GetItem asks for: a link with the slug of its key, or a day's salt. Anything else is not there.
fn item(request: &str) -> String {
    if let Some(slug) = text_after(request, "LINK#go.example.com#") {
        return format!(
            "{{\"Item\":{{\"pk\":{{\"S\":\"LINK#go.example.com#{slug}\"}},\"sk\":{{\"S\":\"LINK\"}},\
             \"domain\":{{\"S\":\"go.example.com\"}},\"slug\":{{\"S\":\"{slug}\"}},\"workspace\":{{\"S\":\"acme\"}},\
             \"url\":{{\"S\":\"{TARGET}\"}},\"title\":{{\"S\":\"Some article\"}},\
             \"tags\":{{\"L\":[{{\"S\":\"newsletter\"}},{{\"S\":\"2026\"}}]}},\
             \"created_at\":{{\"S\":\"2026-01-02T03:04:05.678Z\"}},\"revision\":{{\"N\":\"0\"}},\
             \"list_pk\":{{\"S\":\"WS#acme#3\"}},\
             \"list_sk\":{{\"S\":\"2026-01-02T03:04:05.678Z#{slug}#go.example.com\"}}}}}}"
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

/// What follows `prefix` in JSON text, up to the end of the string.
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
    fn every_link_is_there_under_its_own_slug() {
        let link = found("LINK#go.example.com#abc");
        assert_eq!(link["Item"]["slug"]["S"], "abc");
        assert_eq!(link["Item"]["url"]["S"], TARGET);
    }

    #[test]
    fn a_salt_is_there_and_nothing_else() {
        assert_eq!(found("SALT#2026-01-02")["Item"]["pk"]["S"], "SALT#2026-01-02");
        assert_eq!(found("WARM#UP"), serde_json::json!({}));
    }
}
