//! Checks that a function knows how long the bucket keeps the files that it tells of.

use crate::repository::require_none;
use crate::roles::statements;
use crate::template::{Template, list};

#[test]
fn function_that_gives_out_files_knows_how_long_they_are_kept() {
    let template = Template::read();
    let roles = template.resources("AWS::IAM::Role");
    let bucket = &template.resources("AWS::S3::Bucket")["DataBucket"];
    let mut problems = Vec::new();
    for rule in list(&bucket["Properties"]["LifecycleConfiguration"]["Rules"]) {
        let (Some(prefix), Some(days)) = (rule["Prefix"].as_str(), rule["ExpirationInDays"].as_str()) else { continue };
        for (id, function) in template.functions() {
            let mut reads = statements(&roles[&format!("{id}Role")]).filter(|statement| {
                let named = list(&statement["Resource"])
                    .iter()
                    .any(|arn| arn.as_str().is_some_and(|arn| arn == format!("${{DataBucket.Arn}}/{prefix}*")));
                named && list(&statement["Action"]).iter().any(|action| **action == *"s3:GetObject")
            });
            let variables = &function["Properties"]["Environment"]["Variables"];
            if reads.next().is_some() && variables["IMPORT_RETENTION_DAYS"] != days {
                problems.push(format!(
                    "template.yaml: {id}Function reads {prefix}, and does not know that it is kept for {days}"
                ));
            }
        }
    }
    require_none(&problems);
}
