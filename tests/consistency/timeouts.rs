//! Checks that a function that answers a caller gives up on a store before Lambda gives up on the function.

use std::collections::BTreeSet;

use waypost_http::deadline::MARGIN;
use waypost_lambda::sdk::REQUEST_OPERATION_TIMEOUT;

use crate::repository::{read, require_none};
use crate::routes::in_template;
use crate::template::{Template, kebab};

/// How long API Gateway waits for a function, in seconds ("Quotas for HTTP APIs", API Gateway developer guide).
const GATEWAY_S: u64 = 30;
/// Calls to a store that may hang one after the other, such as the proof of the caller and the work itself.
const CALLS: u32 = 2;

#[test]
fn caller_gets_an_answer_before_the_function_is_ended() {
    let template = Template::read();
    let routed: BTreeSet<String> = in_template(&template).into_values().collect();
    let functions = template.functions();
    let needed = REQUEST_OPERATION_TIMEOUT * CALLS + MARGIN;
    let mut problems = Vec::new();
    for id in routed {
        let timeout_s = template.timeout_s(&functions[&id]);
        if timeout_s >= GATEWAY_S {
            problems.push(format!("template.yaml: API Gateway does not wait {timeout_s} s for {id}Function"));
        }
        if needed.as_secs() > timeout_s {
            problems.push(format!(
                "template.yaml: {id}Function is ended after {timeout_s} s, but {CALLS} calls that hang take {needed:?}"
            ));
        }
        // The redirect has time limits of its own, and openapi calls nothing.
        let main = read(&format!("functions/{}/src/main.rs", kebab(&id)));
        if main.contains("sdk::config()") {
            problems.push(format!("functions/{}: use sdk::request_config(), since a caller waits", kebab(&id)));
        }
    }
    require_none(&problems);
}
