//! Checks that each queue has a function that reads it, a dead-letter queue, a visibility timeout and an alarm, or a reason to
//! have none.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::repository::require_none;
use crate::roles::allows;
use crate::template::{Template, events, list};

/// Queues without an alarm, each with the reason.
const WITHOUT_ALARM: [(&str, &str); 0] = [];

/// Queues whose visibility timeout is shorter than six times the function's timeout, each with the reason.
///
/// AWS recommends six times, so that Lambda can retry while it is throttled ("Using Lambda with Amazon SQS").
const SHORT_VISIBILITY: [(&str, &str); 0] = [];

/// Queues without a dead-letter queue, each with the reason.
const WITHOUT_DEAD_LETTERS: [(&str, &str); 5] = [
    ("FailedEventsQueue", "what cannot be ended stays there until an operator looks at it"),
    ("FailedImportPartsQueue", "as above"),
    ("FailedExportsQueue", "as above"),
    ("FailedLinkChangesQueue", "as above"),
    ("FailedChecksQueue", "as above"),
];

/// How long SQS keeps messages by default, in seconds.
const DEFAULT_RETENTION_S: u64 = 345_600;
/// How long SQS hides a received message by default, in seconds.
const DEFAULT_VISIBILITY_S: u64 = 30;
/// The least `maxReceiveCount`. AWS recommends at least five, so that throttled invocations do not use up the attempts.
const MIN_RECEIVES: u64 = 5;
const RECEIVE: [&str; 3] = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

/// A function that reads a queue.
struct Reader {
    /// Logical id without `Function`.
    id: String,
    timeout_s: u64,
    event: Value,
}

struct Queues {
    all: BTreeMap<String, Value>,
    readers: BTreeMap<String, Vec<Reader>>,
    /// Queues that take failed messages or events.
    dead_letters: BTreeSet<String>,
}

impl Queues {
    fn of(template: &Template) -> Self {
        let all = template.resources("AWS::SQS::Queue");
        let mut readers: BTreeMap<String, Vec<Reader>> = BTreeMap::new();
        let mut targets: Vec<Value> =
            all.values().map(|queue| queue["Properties"]["RedrivePolicy"]["deadLetterTargetArn"].clone()).collect();
        for (id, function) in template.functions() {
            let properties = &function["Properties"];
            targets.push(properties["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"].clone());
            targets.push(properties["DeadLetterQueue"]["TargetArn"].clone());
            for (_, kind, event) in events(&function) {
                targets.push(event["DestinationConfig"]["OnFailure"]["Destination"].clone());
                targets.push(event["DeadLetterConfig"]["Arn"].clone());
                if kind == "SQS" {
                    let reader =
                        Reader { id: id.clone(), timeout_s: template.timeout_s(&function), event: event.clone() };
                    readers.entry(queue_id(&event["Queue"])).or_default().push(reader);
                }
            }
        }
        let dead_letters = targets.iter().map(queue_id).filter(|id| all.contains_key(id)).collect();
        Self { all, readers, dead_letters }
    }
}

/// `ExportsQueue.Arn` -> `ExportsQueue`
fn queue_id(arn: &Value) -> String {
    arn.as_str().unwrap_or_default().trim_end_matches(".Arn").to_owned()
}

/// Tells whether `id` is in the list of exceptions. Adds a problem if it is, but no exception is `needed`.
fn is_exception(list: &[(&str, &str)], name: &str, id: &str, needed: bool, problems: &mut Vec<String>) -> bool {
    let listed = list.iter().any(|(queue, _)| *queue == id);
    if listed && !needed {
        problems.push(format!(
            "{id} does not need an exception any more: remove it from {name} in tests/consistency/queues.rs"
        ));
    }
    listed
}

#[test]
fn queue_has_one_reader_or_takes_dead_letters() {
    let template = Template::read();
    let queues = Queues::of(&template);
    let roles = template.resources("AWS::IAM::Role");
    let mut problems = Vec::new();
    for id in queues.readers.keys().filter(|id| !queues.all.contains_key(*id)) {
        problems.push(format!("template.yaml has no queue {id}, which {}Function reads", queues.readers[id][0].id));
    }
    for id in queues.all.keys() {
        let readers = queues.readers.get(id).map_or(&[][..], Vec::as_slice);
        if readers.is_empty() && !queues.dead_letters.contains(id) {
            problems.push(format!("template.yaml: no function reads {id}, and no failed message goes to it"));
        }
        if readers.len() > 1 {
            problems
                .push(format!("template.yaml: {} functions read {id}: each message reaches only one", readers.len()));
        }
        for Reader { id: reader, event, .. } in readers {
            if !list(&event["FunctionResponseTypes"]).iter().any(|kind| **kind == "ReportBatchItemFailures") {
                problems.push(format!(
                    "template.yaml: the event of {id} at {reader}Function needs ReportBatchItemFailures"
                ));
            }
            let role = roles.get(&format!("{reader}Role")).unwrap_or(&Value::Null);
            for action in RECEIVE.iter().filter(|action| !allows(role, action, &format!("{id}.Arn"))) {
                problems.push(format!("template.yaml: {reader}Role does not allow {action} on {id}"));
            }
        }
    }
    require_none(&problems);
}

#[test]
fn only_a_function_that_sends_to_its_own_queue_may_go_in_a_circle() {
    let template = Template::read();
    let queues = Queues::of(&template);
    let roles = template.resources("AWS::IAM::Role");
    let mut problems = Vec::new();
    for (id, function) in template.functions() {
        let own = queues.readers.iter().filter(|(_, readers)| readers.iter().any(|reader| reader.id == id));
        let role = roles.get(&format!("{id}Role")).unwrap_or(&Value::Null);
        let sends = own.map(|(queue, _)| queue).find(|queue| allows(role, "sqs:SendMessage", &format!("{queue}.Arn")));
        match (sends, function["Properties"]["RecursiveLoop"].as_str()) {
            (Some(_), Some("Allow")) | (None, None) => {}
            (Some(queue), _) => problems.push(format!(
                "template.yaml: {id}Function sends to {queue}, which it reads; without RecursiveLoop: Allow Lambda stops it after 16 messages"
            )),
            (None, Some(_)) => problems.push(format!("template.yaml: {id}Function needs no RecursiveLoop")),
        }
    }
    require_none(&problems);
}

#[test]
fn queue_has_a_dead_letter_queue() {
    let queues = Queues::of(&Template::read());
    let mut problems = Vec::new();
    for (id, queue) in queues.all.iter().filter(|(id, _)| queues.readers.contains_key(*id)) {
        let redrive = &queue["Properties"]["RedrivePolicy"];
        let target = queue_id(&redrive["deadLetterTargetArn"]);
        let exception =
            is_exception(&WITHOUT_DEAD_LETTERS, "WITHOUT_DEAD_LETTERS", id, target.is_empty(), &mut problems);
        if target.is_empty() {
            if !exception {
                problems.push(format!("template.yaml: {id} has no dead-letter queue (RedrivePolicy)"));
            }
            continue;
        }
        let Some(dead_letters) = queues.all.get(&target) else {
            problems.push(format!("template.yaml has no queue {target}, the dead-letter queue of {id}"));
            continue;
        };
        if redrive["maxReceiveCount"].as_u64().is_none_or(|count| count < MIN_RECEIVES) {
            problems.push(format!("template.yaml: the maxReceiveCount of {id} is below {MIN_RECEIVES}"));
        }
        // A message keeps its age when it moves.
        let retention =
            |queue: &Value| queue["Properties"]["MessageRetentionPeriod"].as_u64().unwrap_or(DEFAULT_RETENTION_S);
        if retention(dead_letters) < retention(queue) {
            problems.push(format!("template.yaml: {target} keeps messages for a shorter time than {id}"));
        }
    }
    require_none(&problems);
}

#[test]
fn message_stays_invisible_while_the_function_may_run() {
    let queues = Queues::of(&Template::read());
    let mut problems = Vec::new();
    for (id, readers) in &queues.readers {
        let visibility_s = queues.all.get(id).and_then(|queue| queue["Properties"]["VisibilityTimeout"].as_u64());
        let visibility_s = visibility_s.unwrap_or(DEFAULT_VISIBILITY_S);
        for Reader { id: reader, timeout_s, .. } in readers {
            let short = visibility_s < 6 * timeout_s;
            let exception = is_exception(&SHORT_VISIBILITY, "SHORT_VISIBILITY", id, short, &mut problems);
            let least_s = if exception { *timeout_s } else { 6 * timeout_s };
            if visibility_s < least_s {
                problems.push(format!(
                    "template.yaml: the VisibilityTimeout of {id} is {visibility_s} s, {reader}Function needs {least_s} s"
                ));
            }
        }
    }
    require_none(&problems);
}

#[test]
fn queue_has_an_alarm() {
    let template = Template::read();
    let alarms = template.resources("AWS::CloudWatch::Alarm");
    let watched: BTreeSet<&str> = alarms
        .values()
        .flat_map(|alarm| list(&alarm["Properties"]["Dimensions"]))
        .filter(|dimension| dimension["Name"] == "QueueName")
        .filter_map(|dimension| dimension["Value"].as_str())
        .map(|queue| queue.trim_end_matches(".QueueName"))
        .collect();
    let mut problems = Vec::new();
    for id in Queues::of(&template).all.keys() {
        let without = !watched.contains(id.as_str());
        if !is_exception(&WITHOUT_ALARM, "WITHOUT_ALARM", id, without, &mut problems) && without {
            problems.push(format!("template.yaml has no alarm for {id}"));
        }
    }
    require_none(&problems);
}

#[test]
fn queue_refuses_plain_http_and_has_an_output() {
    let template = Template::read();
    let policies = template.resources("AWS::SQS::QueuePolicy");
    let outputs = template.outputs();
    let mut problems = Vec::new();
    for id in template.resources("AWS::SQS::Queue").keys() {
        let mut own = policies
            .values()
            .map(|policy| &policy["Properties"])
            .filter(|policy| list(&policy["Queues"]).iter().any(|queue| **queue == **id));
        let refuses = own.any(|policy| {
            list(&policy["PolicyDocument"]["Statement"]).iter().any(|statement| {
                statement["Effect"] == "Deny"
                    && statement["Principal"] == "*"
                    && statement["Action"] == "sqs:*"
                    && statement["Resource"] == format!("{id}.Arn")
                    && statement["Condition"]["Bool"]["aws:SecureTransport"] == "false"
            })
        });
        if !refuses {
            problems.push(format!("template.yaml: {id} takes plain HTTP: it needs a policy that denies it"));
        }
        if !outputs.values().any(|output| output["Value"] == **id) {
            problems.push(format!("template.yaml has no output with the URL of {id}"));
        }
    }
    require_none(&problems);
}

#[test]
fn exceptions_name_queues_of_the_template() {
    let queues = Template::read().resources("AWS::SQS::Queue");
    let exceptions = WITHOUT_ALARM.iter().chain(&SHORT_VISIBILITY).chain(&WITHOUT_DEAD_LETTERS);
    let unknown = exceptions.filter(|(id, _)| !queues.contains_key(*id));
    require_none(
        &unknown
            .map(|(id, _)| format!("template.yaml has no queue {id}, which is listed as an exception here"))
            .collect::<Vec<_>>(),
    );
}
