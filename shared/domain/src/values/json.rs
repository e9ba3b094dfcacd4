//! Deserializes JSON values with a pointer to the field that is wrong, and merges patches into them.

use std::fmt;

use serde::Deserializer;
use serde::de::{self, Deserialize, DeserializeOwned, Error as _, Unexpected, Visitor};
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use super::error::{Error, FieldError};

/// Deserializes a `T` from `value`.
///
/// # Errors
/// [`Error::Invalid`] with a pointer to the first field that is unknown, missing, or of the wrong type.
pub fn read<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    serde_path_to_error::deserialize(value).map_err(|error| Error::Invalid(vec![field_error(&error)]))
}

/// Deserializes a whole number. Accepts `1.0`: JSON Schema counts it as an integer, and languages with a single number
/// type write it.
///
/// # Errors
/// The value is not a number, has a fraction, or is out of range.
pub fn whole<'de, D: Deserializer<'de>, T: TryFrom<u64>>(deserializer: D) -> Result<T, D::Error> {
    let number = deserializer.deserialize_any(WholeNumber)?;
    number.ok_or_else(|| D::Error::invalid_type(Unexpected::Unit, &WholeNumber)).and_then(in_range)
}

/// Deserializes a whole number, or null as `None`. An absent field needs `#[serde(default)]`.
///
/// # Errors
/// As [`whole`].
pub fn whole_or_null<'de, D: Deserializer<'de>, T: TryFrom<u64>>(deserializer: D) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(WholeNumber)?.map(in_range).transpose()
}

/// Deserializes a value, or null as the default: null means the same as an absent field. An absent field needs
/// `#[serde(default)]`.
///
/// # Errors
/// As those of `T`.
pub fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn in_range<T: TryFrom<u64>, E: de::Error>(number: u64) -> Result<T, E> {
    T::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &"a smaller number"))
}

struct WholeNumber;

impl Visitor<'_> for WholeNumber {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        // DynamoDB's numbers come as these.
        u64::try_from(number).map(Some).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        // An f64 represents every whole number up to 2^53 exactly.
        const GREATEST: f64 = 9_007_199_254_740_992.0;
        if number.fract() == 0.0 && (0.0..=GREATEST).contains(&number) {
            return Ok(Some(number as u64));
        }
        Err(E::invalid_value(Unexpected::Float(number), &self))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Turns serde's error into one for the sender of the request.
pub fn field_error(error: &serde_path_to_error::Error<serde_json::Error>) -> FieldError {
    FieldError::new(pointer(error.path()), without_position(error.inner()))
}

/// Writes the path of a field as a JSON pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Seq { index } => format!("/{index}"),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

/// Returns the message without serde_json's line and column, which mean nothing to a sender whose program wrote the JSON.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// Applies `patch` to `target` (JSON Merge Patch, RFC 7396): `null` removes, an object is merged, all else replaces.
pub fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(fields) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            fields.remove(&name);
        } else {
            merge(fields.entry(name).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Numbers {
        #[serde(deserialize_with = "whole")]
        a: u16,
        #[serde(default, deserialize_with = "whole_or_null")]
        b: Option<u64>,
    }

    #[test]
    fn whole_numbers_may_have_a_zero_fraction() {
        for (json, numbers) in [
            (json!({"a": 1}), Some((1, None))),
            (json!({"a": 1.0, "b": null}), Some((1, None))),
            (json!({"a": 65535.0, "b": 1e12}), Some((65535, Some(1_000_000_000_000)))),
            (json!({"a": 1, "b": u64::MAX}), Some((1, Some(u64::MAX)))),
            (json!({"a": 0.5}), None),
            (json!({"a": 65536}), None),
            (json!({"a": -1.0}), None),
            (json!({"a": 1, "b": 1e300}), None),
            (json!({"a": null}), None),
            (json!({"a": "1"}), None),
            (json!({}), None),
        ] {
            let expected = numbers.map(|(a, b)| Numbers { a, b });
            assert_eq!(read::<Numbers>(json.clone()).ok(), expected, "{json}");
        }
    }

    #[test]
    fn error_says_what_is_expected_without_a_position_in_the_text() {
        for (text, found) in [("\n \"1\"", "string \"1\""), ("\n null", "null"), ("[]", "sequence")] {
            let text = format!("{{\"a\": {text}}}");
            let mut deserializer = serde_json::Deserializer::from_str(&text);
            let error = serde_path_to_error::deserialize::<_, Numbers>(&mut deserializer).unwrap_err();
            let detail = format!("invalid type: {found}, expected a whole number");
            assert_eq!(field_error(&error), FieldError::new("/a", detail), "{text}");
        }
    }

    #[test]
    fn null_is_the_default() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Fields {
            #[serde(default, deserialize_with = "or_default")]
            list: Vec<u8>,
            #[serde(default, deserialize_with = "or_default")]
            flag: bool,
        }
        for json in [json!({}), json!({"list": null, "flag": null})] {
            assert_eq!(read::<Fields>(json).unwrap(), Fields { list: Vec::new(), flag: false });
        }
        assert_eq!(read::<Fields>(json!({"list": [1], "flag": true})).unwrap(), Fields { list: vec![1], flag: true });
        let Err(Error::Invalid(errors)) = read::<Fields>(json!({"list": [1, "x"]})) else { panic!() };
        assert_eq!(errors[0].pointer, "/list/1");
    }

    #[test]
    fn patches_merge_as_in_rfc_7396() {
        for (mut target, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
            (json!({"a": "foo"}), json!(null), json!(null)),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ] {
            merge(&mut target, patch);
            assert_eq!(target, result);
        }
    }
}
