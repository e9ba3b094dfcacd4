//! Reads the event that S3 sends for objects ("Event message structure", Amazon S3 user guide).

use percent_encoding::percent_decode_str;
use serde::Deserialize;

/// A notification of S3: objects that were created, or the test that S3 sends when notifications are set up.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Notification {
    /// Objects were created.
    Created {
        /// The objects.
        #[serde(rename = "Records")]
        records: Vec<Record>,
    },
    /// A test.
    Test {
        /// `s3:TestEvent`.
        #[serde(rename = "Event")]
        event: String,
    },
}

/// One object that was created.
#[derive(Debug, Deserialize)]
pub struct Record {
    s3: S3,
}

#[derive(Debug, Deserialize)]
struct S3 {
    object: Object,
}

#[derive(Debug, Deserialize)]
struct Object {
    key: String,
    #[serde(rename = "eTag", default)]
    etag: String,
}

impl Record {
    /// Decodes the object's key. The event encodes it like a form: a space is `+`, and a plus is `%2B`. Gives `None` if the
    /// result is not UTF-8, which no key is.
    pub fn key(&self) -> Option<String> {
        let spaced = self.s3.object.key.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8().ok().map(|key| key.into_owned())
    }

    /// Gives the entity tag of the object's content.
    pub fn etag(&self) -> &str {
        self.s3.object.etag.trim_matches('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_encoded_like_forms() {
        let record = |key: &str| Record { s3: S3 { object: Object { key: key.into(), etag: "\"e\"".into() } } };
        assert_eq!(record("imports/acme/a+b%2Bc%20%C3%BC.csv").key().unwrap(), "imports/acme/a b+c ü.csv");
        assert_eq!(record("imports/acme/%FF").key(), None);
        assert_eq!(record("x").etag(), "e");
    }
}
