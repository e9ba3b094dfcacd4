//! Checks the documents by which a domain tells phones which apps open its links.
//!
//! Phones fetch them from `/.well-known/` and read them in full themselves; the check finds what no phone could use at all. They are
//! stored as texts: a store may know less depth than JSON has.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The greatest size of a document, in bytes of JSON without white space.
pub const MAX_BYTES: usize = 64 * 1024;

/// The members of an association that Apple's systems read. Each is an object.
const SERVICES: [&str; 4] = ["activitycontinuation", "appclips", "applinks", "webcredentials"];

/// Why a value is not such a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppLinksError {
    /// The document is too large.
    #[error("must have at most 65,536 bytes of JSON")]
    Size,
    /// An association is not an object.
    #[error("must be an object such as {{\"applinks\": {{…}}}}")]
    NoObject,
    /// A service of an association is not an object.
    #[error("activitycontinuation, appclips, applinks and webcredentials must be objects")]
    Service,
    /// The statements are not a list of them.
    #[error(
        "must be a list of statements such as {{\"relation\": [\"…\"], \"target\": {{…}}}}, or of {{\"include\": \"…\"}}"
    )]
    Statements,
}

/// An `apple-app-site-association` file, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppleAssociation(String);

impl AppleAssociation {
    /// Checks `document`: an object, in which the services that Apple's systems know are objects.
    pub fn check(document: &Value) -> Result<Self, AppLinksError> {
        let members = document.as_object().ok_or(AppLinksError::NoObject)?;
        if SERVICES.iter().any(|service| members.get(*service).is_some_and(|value| !value.is_object())) {
            return Err(AppLinksError::Service);
        }
        bounded(document).map(Self)
    }

    /// Returns the JSON.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An `assetlinks.json` file (Digital Asset Links), as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AssetLinks(String);

impl AssetLinks {
    /// Checks `document`: a list of statements, each of which has a relation and a target or includes another file.
    pub fn check(document: &Value) -> Result<Self, AppLinksError> {
        let statements = document.as_array().ok_or(AppLinksError::Statements)?;
        if !statements.iter().all(is_statement) {
            return Err(AppLinksError::Statements);
        }
        bounded(document).map(Self)
    }

    /// Returns the JSON.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_statement(statement: &Value) -> bool {
    let relations = statement["relation"].as_array();
    let has_relations = relations.is_some_and(|all| !all.is_empty() && all.iter().all(Value::is_string));
    statement["include"].is_string() || (has_relations && statement["target"].is_object())
}

fn bounded(document: &Value) -> Result<String, AppLinksError> {
    let text = document.to_string();
    if text.len() > MAX_BYTES { Err(AppLinksError::Size) } else { Ok(text) }
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(AppleAssociation, "AppleAssociation", {
    "type": "object",
    "properties": {
        "activitycontinuation": { "type": "object", "description": "Apps that take over what was begun on another device." },
        "appclips": { "type": "object", "description": "App Clips." },
        "applinks": { "type": "object", "description": "Apps that open links of the domain." },
        "webcredentials": { "type": "object", "description": "Apps that share passwords with the domain." },
    },
    "description": "An apple-app-site-association file, at most 64 KiB of JSON.",
    "examples": [{ "applinks": { "details": [{ "appIDs": ["ABCDE12345.com.example.app"], "components": [{ "/": "/app/*" }] }] } }],
});

#[cfg(feature = "openapi")]
crate::values::schema::schema!(AssetLinks, "AssetLinks", {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "include": { "type": "string", "description": "The URL of another file with statements." },
            "relation": { "type": "array", "minItems": 1, "items": { "type": "string" }, "description": "What the target may do." },
            "target": { "type": "object", "description": "The app." },
        },
        "anyOf": [{ "required": ["include"] }, { "required": ["relation", "target"] }],
    },
    "description": "An assetlinks.json file (Digital Asset Links), at most 64 KiB of JSON.",
    "examples": [[{
        "relation": ["delegate_permission/common.handle_all_urls"],
        "target": { "namespace": "android_app", "package_name": "com.example.app", "sha256_cert_fingerprints": ["14:6D:E9"] },
    }]],
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn association_is_an_object_of_objects() {
        for (document, result) in [
            (json!({"applinks": {"details": []}}), Ok(())),
            (json!({}), Ok(())),
            (json!({"applinks": {}, "webcredentials": {"apps": []}, "other": 1}), Ok(())),
            (json!({"applinks": []}), Err(AppLinksError::Service)),
            (json!({"webcredentials": null}), Err(AppLinksError::Service)),
            (json!([]), Err(AppLinksError::NoObject)),
            (json!("{}"), Err(AppLinksError::NoObject)),
            (json!({"applinks": {"x": "a".repeat(MAX_BYTES)}}), Err(AppLinksError::Size)),
        ] {
            assert_eq!(AppleAssociation::check(&document).map(drop), result, "{document:.100}");
        }
    }

    #[test]
    fn asset_links_are_a_list_of_statements() {
        let statement = json!({"relation": ["r"], "target": {"namespace": "android_app"}});
        for (document, result) in [
            (json!([statement]), Ok(())),
            (json!([]), Ok(())),
            (json!([{"include": "https://example.com/a.json"}, statement]), Ok(())),
            (json!({"relation": ["r"], "target": {}}), Err(AppLinksError::Statements)),
            (json!([{"relation": [], "target": {}}]), Err(AppLinksError::Statements)),
            (json!([{"relation": [1], "target": {}}]), Err(AppLinksError::Statements)),
            (json!([{"relation": ["r"], "target": "app"}]), Err(AppLinksError::Statements)),
            (json!([1]), Err(AppLinksError::Statements)),
            (json!([{"relation": ["a".repeat(MAX_BYTES)], "target": {}}]), Err(AppLinksError::Size)),
        ] {
            assert_eq!(AssetLinks::check(&document).map(drop), result, "{document:.100}");
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_the_document(members in proptest::collection::btree_map("\\PC{0,9}", "\\PC{0,40}", 0..9)) {
            let document = json!(members);
            match AppleAssociation::check(&document) {
                Ok(kept) => prop_assert_eq!(serde_json::from_str::<Value>(kept.as_str()).unwrap(), document),
                Err(error) => prop_assert_eq!(error, AppLinksError::Service),
            }
        }
    }
}
