use std::sync::Mutex;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use waypost_domain::StoreError;
use waypost_domain::testing::jobs::MemoryRedelivery;
use waypost_domain::testing::outage::outage;
use waypost_domain::testing::system::FixedClock;

use super::*;

#[derive(Deserialize)]
struct Job {
    name: String,
}

struct Fixture {
    messages: QueueLoop,
    redelivery: Arc<MemoryRedelivery>,
    done: Mutex<Vec<String>>,
}

fn fixture() -> Fixture {
    let redelivery = Arc::new(MemoryRedelivery::default());
    let clock = Arc::new(FixedClock::at("2026-01-02T03:04:05Z"));
    let messages = QueueLoop { subject: "job", redelivery: redelivery.clone(), clock };
    Fixture { messages, redelivery, done: Mutex::default() }
}

/// Makes messages `m0`, `m1`, ... with these bodies and numbers of deliveries.
fn event(messages: &[(&str, u32)]) -> QueueEvent {
    let records = messages.iter().zip(0..).map(|((body, deliveries), n)| {
        json!({
            "messageId": format!("m{n}"), "receiptHandle": format!("h{n}"), "body": body,
            "attributes": {"ApproximateReceiveCount": deliveries.to_string()},
        })
    });
    serde_json::from_value(json!({"Records": records.collect::<Vec<_>>()})).unwrap()
}

impl Fixture {
    /// Works the messages off: the job `a` is done, others say `retry`.
    async fn run(&self, event: &QueueEvent, retry: Retry) -> serde_json::Value {
        let work = async |job: Job, _: &Delivery| {
            if job.name != "a" {
                return Err(retry);
            }
            self.done.lock().unwrap().push(job.name);
            Ok(())
        };
        serde_json::to_value(self.messages.run(event, &Context::default(), work).await).unwrap()
    }

    fn waits(&self) -> Vec<u32> {
        self.redelivery.all().into_iter().map(|(_, seconds)| seconds).collect()
    }
}

fn failures(ids: &[&str]) -> serde_json::Value {
    let failures: Vec<_> = ids.iter().map(|id| json!({"itemIdentifier": id})).collect();
    json!({"batchItemFailures": failures})
}

#[tokio::test]
async fn only_the_unreadable_message_comes_again() {
    let fixture = fixture();
    let event = event(&[(r#"{"name":"a"}"#, 3), ("not a job", 3), (r#"{"name":"a"}"#, 3)]);
    assert_eq!(fixture.run(&event, Retry::Later).await, failures(&["m1"]));
    assert_eq!(*fixture.done.lock().unwrap(), ["a", "a"]);
    assert_eq!(fixture.redelivery.all(), [("h1".to_owned(), 40)]);
}

#[tokio::test]
async fn failed_work_comes_again_after_growing_waits() {
    let fixture = fixture();
    let b = r#"{"name":"b"}"#;
    let event = event(&[(b, 1), (b, 2), (b, 4), (b, 9)]);
    assert_eq!(fixture.run(&event, Retry::Later).await, failures(&["m0", "m1", "m2", "m3"]));
    assert_eq!(fixture.waits(), [10, 20, 80, 900]);
}

#[tokio::test]
async fn busy_work_comes_again_just_after_its_lease() {
    let fixture = fixture();
    let now = fixture.messages.clock.now();
    for (left, wait) in [(30, 31), (0, 1), (-10, 1), (2000, 900)] {
        let event = event(&[(r#"{"name":"b"}"#, 1)]);
        assert_eq!(fixture.run(&event, Retry::BusyUntil(now.plus_seconds(left))).await, failures(&["m0"]));
        assert_eq!(fixture.waits().last(), Some(&wait), "{left}");
    }
}

/// A queue that remembers for how long each message is held.
#[derive(Default)]
struct Holding(Mutex<Vec<(String, u32)>>);

#[async_trait]
impl Redelivery for Holding {
    async fn retry_after(&self, receipt: &str, seconds: u32) -> Result<(), StoreError> {
        self.0.lock().unwrap().push((receipt.to_owned(), seconds));
        Ok(())
    }
}

#[tokio::test]
async fn message_whose_work_is_killed_comes_again_just_after_the_invocation() {
    let mut fixture = fixture();
    let holding = Arc::new(Holding::default());
    fixture.messages.redelivery = holding.clone();
    let mut context = Context::default();
    let end = fixture.messages.clock.now().plus_seconds(600);
    context.deadline = u64::try_from(end.as_millis()).unwrap();
    let work = async |_: Job, _: &Delivery| {
        assert_eq!(holding.0.lock().unwrap().as_slice(), [("h0".to_owned(), 601)], "held before the work");
        Ok(())
    };
    fixture.messages.run(&event(&[(r#"{"name":"a"}"#, 1)]), &context, work).await;
    assert_eq!(holding.0.lock().unwrap().len(), 1, "a message that is done is deleted, not delayed");
}

/// A queue that does not answer.
struct Away;

#[async_trait]
impl Redelivery for Away {
    async fn retry_after(&self, _: &str, _: u32) -> Result<(), StoreError> {
        Err(outage("queue.retry_after"))
    }
}

#[tokio::test]
async fn unavailable_queue_does_not_stop_redelivery() {
    let mut fixture = fixture();
    fixture.messages.redelivery = Arc::new(Away);
    let event = event(&[("not a job", 1), (r#"{"name":"a"}"#, 1)]);
    assert_eq!(fixture.run(&event, Retry::Later).await, failures(&["m0"]));
    assert_eq!(*fixture.done.lock().unwrap(), ["a"]);
}
