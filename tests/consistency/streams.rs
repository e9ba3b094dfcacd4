//! Checks the settings of a stream's trigger that exact counts depend on.

use crate::repository::require_none;
use crate::template::{Template, events, list};

#[test]
fn stream_trigger_allows_exact_counts() {
    let mut problems = Vec::new();
    for (id, function) in Template::read().functions() {
        for (name, kind, properties) in events(&function).filter(|(_, kind, _)| ["Kinesis", "DynamoDB"].contains(kind))
        {
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
                !properties["DestinationConfig"]["OnFailure"].is_null(),
                "needs a queue for failed batches (OnFailure)",
            );
        }
    }
    require_none(&problems);
}
