//! JSON Schemas of the values that are texts or numbers in JSON.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::json;

use crate::analytics::Day;
use crate::exports::ExportId;
use crate::imports::ImportId;
use crate::password::Password;
use crate::{Domain, RedirectStatus, Slug, TargetUrl, Timestamp};

/// A text that a person reads: not blank, no control characters.
pub(crate) const TEXT: &str =
    r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";

/// Alternatives, one of which is met by conditions that are not empty.
pub(crate) fn at_least_one_condition() -> Vec<serde_json::Value> {
    let lists = ["device", "os", "country", "language", "query"].map(|name| (name, json!({ "minItems": 1 })));
    let moments = ["after", "before"].map(|name| (name, json!({ "type": "string" })));
    let alternatives = lists.into_iter().chain(moments);
    alternatives.map(|(name, it)| json!({ "required": [name], "properties": { (name): it } })).collect()
}

/// Makes `$type` a component of the document, with a schema of its own.
macro_rules! schema {
    ($type:ty, $name:literal, $($schema:tt)+) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($($schema)+)
            }
        }
    };
}

schema!(Timestamp, "Timestamp", {
    "type": "string",
    "format": "date-time",
    "description": "A moment as in RFC 3339. Answers are in UTC, to the millisecond.",
});

schema!(Day, "Day", {
    "type": "string",
    "format": "date",
    "description": "A date in UTC.",
});

schema!(Slug, "Slug", {
    "type": "string",
    "minLength": 1,
    "maxLength": Slug::MAX_LEN,
    "pattern": r"^(?!\.\.?$)[A-Za-z0-9._~-]+$",
    "description": "The path of a short link: RFC 3986's unreserved characters, case-sensitive. Some are reserved, such as `v1` and `robots.txt`.",
    "examples": ["spring-sale"],
});

schema!(Domain, "Domain", {
    "type": "string",
    "format": "hostname",
    "description": "A host that serves short links: one of the stack's domains, in lower case and punycode.",
    "examples": ["go.example.com"],
});

schema!(TargetUrl, "TargetUrl", {
    "type": "string",
    // Not "uri": browsers take URLs that RFC 3986 does not know, such as https://example.com/100%.
    "format": "http-url",
    "maxLength": TargetUrl::MAX_LEN,
    "description": "An absolute `http` or `https` URL without credentials, to none of the stack's own domains. Answers have it in its normal form (WHATWG URL, host in punycode).",
    "examples": ["https://example.com/spring?utm_source=mail"],
});

schema!(RedirectStatus, "RedirectStatus", {
    "type": "integer",
    "enum": [301, 302, 307, 308],
    "description": "What browsers keep of 301 and 308 is not counted.",
});

schema!(ImportId, "ImportId", {
    "type": "string",
    "pattern": "^imp_[0-9a-f]{32}$",
    "examples": ["imp_0199b0c67e4570008000000000000005"],
});

schema!(ExportId, "ExportId", {
    "type": "string",
    "pattern": "^exp_[0-9a-f]{32}$",
    "examples": ["exp_0199b0c67e4570008000000000000005"],
});

schema!(Password, "Password", {
    "type": "string",
    "minLength": 1,
    "maxLength": Password::MAX_CHARS,
    "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$",
    "writeOnly": true,
    "description": "What a visitor must give. No control characters.",
});
