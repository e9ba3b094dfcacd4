//! Checks the settings of a stream's trigger that exact counts depend on.

use crate::repository::require_none;
use crate::template::{Template, events, list};

/// The catalogues of links need less: adding the changes of a batch again, or of a part of it, changes nothing.
#[test]
fn trigger_of_a_tables_stream_keeps_changes_in_order() {
    let mut problems = Vec::new();
    for (id, function) in Template::read().functions() {
        for (name, _, properties) in events(&function).filter(|(_, kind, _)| *kind == "DynamoDB") {
            for (setting, value) in [("ParallelizationFactor", 1), ("MaximumRetryAttempts", -1)] {
                if properties[setting] != value {
                    problems.push(format!("template.yaml: {id}Function: event {name} needs {setting} {value}"));
                }
            }
        }
    }
    require_none(&problems);
}

#[test]
fn stream_trigger_allows_exact_counts() {
    let template = Template::read();
    let buckets = template.resources("AWS::S3::Bucket");
    let mut problems = Vec::new();
    for (id, function) in template.functions() {
        for (name, kind, properties) in events(&function).filter(|(_, kind, _)| *kind == "Kinesis") {
            let mut require = |met: bool, what: &str| {
                if !met {
                    problems.push(format!("template.yaml: {id}Function: {kind} event {name} {what}"));
                }
            };
            require(
                properties["ParallelizationFactor"] == 1,
                "needs ParallelizationFactor 1: only then does each click count once, see docs/analytics.md",
            );
            let partial =
                list(&properties["FunctionResponseTypes"]).iter().any(|kind| **kind == "ReportBatchItemFailures");
            require(partial, "needs ReportBatchItemFailures");
            require(properties["BisectBatchOnFunctionError"] == true, "needs BisectBatchOnFunctionError");
            require(
                properties["MaximumRetryAttempts"] == -1,
                "needs MaximumRetryAttempts -1: an outage must not use up the attempts",
            );
            let destination = properties["DestinationConfig"]["OnFailure"]["Destination"].as_str().unwrap_or_default();
            require(
                buckets.keys().any(|bucket| format!("{bucket}.Arn") == destination),
                "needs a bucket for failed batches (OnFailure): only there Lambda writes the records themselves",
            );
        }
    }
    require_none(&problems);
}

/// The longest time from a Friday evening to the Tuesday morning after a holiday, in hours.
const LONG_WEEKEND_H: u64 = 4 * 24;
/// The longest age of a record that a mapping accepts, in seconds ("CreateEventSourceMapping", Lambda API reference).
const MAX_AGE_S: u64 = 7 * 24 * 3600;

#[test]
fn failed_batch_is_given_up_while_the_stream_still_has_it() {
    let template = Template::read();
    let retention = template.parameter("StreamRetentionHours");
    let mut problems = Vec::new();
    for hours in retention["AllowedValues"].as_array().unwrap().iter().map(|hours| hours.as_u64().unwrap()) {
        let age_s = template.mapped("GiveUpClicksAfter", &hours.to_string(), "Seconds").as_u64();
        // An hour is enough for Lambda to read the batch once more and to write it.
        if age_s.is_none_or(|age_s| age_s == 0 || age_s > MAX_AGE_S.min((hours - 1) * 3600)) {
            problems.push(format!("template.yaml: GiveUpClicksAfter has {age_s:?} s for {hours} hours"));
        }
        if retention["Default"] == hours && age_s.is_none_or(|age_s| age_s < LONG_WEEKEND_H * 3600) {
            problems.push(format!(
                "template.yaml: the default of StreamRetentionHours ends within a long weekend: {hours}"
            ));
        }
    }
    require_none(&problems);
}
