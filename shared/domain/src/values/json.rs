//! JSON values: reading them with a pointer to what is wrong, and merging a patch into them.

use std::fmt;

use serde::Deserializer;
use serde::de::{self, DeserializeOwned, Error as _, Unexpected, Visitor};
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use super::error::{Error, FieldError};

/// The `T` in `value`.
///
/// # Errors
/// [`Error::Invalid`] with a pointer to the first field that has the wrong type, is unknown or is missing.
pub fn read<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    serde_path_to_error::deserialize(value).map_err(|error| Error::Invalid(vec![field_error(&error)]))
}

/// Reads a whole number, also where it is written with a fraction of nothing: to JSON Schema `1.0` is an integer, and
/// languages with one kind of number write it so.
///
/// # Errors
/// It is no number, has a fraction, or is out of range.
pub fn whole<'de, D: Deserializer<'de>, T: TryFrom<u64>>(deserializer: D) -> Result<T, D::Error> {
    let number = deserializer.deserialize_any(Whole)?;
    number.ok_or_else(|| D::Error::invalid_type(Unexpected::Unit, &Whole)).and_then(in_range)
}

/// The same, or `None` for null. An absent field needs `#[serde(default)]`.
///
/// # Errors
/// As [`whole`].
pub fn whole_or_null<'de, D: Deserializer<'de>, T: TryFrom<u64>>(deserializer: D) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(Whole)?.map(in_range).transpose()
}

fn in_range<T: TryFrom<u64>, E: de::Error>(number: u64) -> Result<T, E> {
    T::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &"a smaller number"))
}

struct Whole;

impl Visitor<'_> for Whole {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        // Up to here a 64-bit fraction tells all whole numbers apart.
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

/// What serde says about a field, for the one who sent it.
pub fn field_error(error: &serde_path_to_error::Error<serde_json::Error>) -> FieldError {
    FieldError::new(pointer(error.path()), without_position(error.inner()))
}

/// RFC 6901, from the path of a field.
fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Seq { index } => format!("/{index}"),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

/// The message without serde_json's line and column, which say nothing to somebody who sent a program's output.
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
    fn a_whole_number_may_be_written_with_a_fraction_of_nothing() {
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
    fn patches_merge_as_in_the_examples_of_rfc_7396() {
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
