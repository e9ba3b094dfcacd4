//! Checks that pages of other origins can use all of the API where the operator allows them, and nothing where not.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::repository::read;
use crate::template::Template;

/// The methods of an item of a path in the OpenAPI document.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// Request headers that the document has elsewhere than in its parameters, and that pages may not send unasked.
const ALWAYS_SENT: [&str; 2] = ["authorization", "content-type"];
/// Headers that any page can read (`cache-control`), or none (`set-cookie`).
const NOT_EXPOSED: [&str; 2] = ["cache-control", "set-cookie"];

fn texts(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    value["$ref"].as_str().map_or(value, |reference| document.pointer(reference.trim_start_matches('#')).unwrap())
}

/// The methods, request headers and answer headers of the document, as CORS names them.
fn documented() -> (BTreeSet<String>, BTreeSet<String>, BTreeSet<String>) {
    let document: Value = serde_json::from_str(&read("console/openapi.json")).unwrap();
    let (mut methods, mut asked, mut answered) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for path in document["paths"].as_object().unwrap().values() {
        for (method, operation) in METHODS.iter().filter_map(|method| Some((method, path.get(*method)?))) {
            methods.insert(method.to_uppercase());
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let headers = parameters.map(|it| resolved(&document, it)).filter(|it| it["in"] == "header");
            asked.extend(headers.map(|header| header["name"].as_str().unwrap().to_lowercase()));
            for answer in operation["responses"].as_object().unwrap().values() {
                let headers = resolved(&document, answer)["headers"].as_object().into_iter().flatten();
                answered.extend(headers.map(|(name, _)| name.to_lowercase()));
            }
        }
    }
    asked.extend(ALWAYS_SENT.map(str::to_owned));
    answered.retain(|name| !NOT_EXPOSED.contains(&name.as_str()));
    (methods, asked, answered)
}

#[test]
fn pages_of_named_origins_can_use_all_of_the_api() {
    let template = Template::read();
    let apis = template.resources("AWS::ApiGatewayV2::Api");
    let cors = &apis["HttpApi"]["Properties"]["CorsConfiguration"];
    assert_eq!((&cors[0], &cors[2]), (&"HasConsoleOrigins".into(), &"AWS::NoValue".into()), "none without origins");
    let cors = &cors[1];
    let (methods, asked, answered) = documented();
    assert_eq!(texts(&cors["AllowMethods"]), methods);
    assert_eq!(texts(&cors["AllowHeaders"]), asked);
    assert_eq!(texts(&cors["ExposeHeaders"]), answered);
    assert_eq!(cors["AllowOrigins"], serde_json::json!([",", "ConsoleOrigins"]), "exactly those that are named");
    assert_eq!(cors["AllowCredentials"], Value::Null, "the cookie of a session is for its own origin");
    assert_eq!(template.parameter("ConsoleOrigins")["Default"], "");
}

#[test]
fn pages_can_use_signed_urls_of_the_bucket() {
    let template = Template::read();
    let bucket = &template.resources("AWS::S3::Bucket")["DataBucket"];
    let rules = bucket["Properties"]["CorsConfiguration"]["CorsRules"].as_array().unwrap();
    let [rule] = rules.as_slice() else { panic!("one rule holds for all: {rules:?}") };
    let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(texts(&rule["AllowedMethods"]), set(&["GET", "HEAD", "PUT"]));
    assert_eq!(texts(&rule["ExposedHeaders"]), set(&["etag", "x-amz-checksum-crc64nvme", "x-amz-checksum-sha256"]));
}
