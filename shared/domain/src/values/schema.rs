//! Gives a value that is a text or a number in JSON its JSON Schema, beside the type.

/// A text that a person reads: not blank, no control characters.
pub(crate) const TEXT: &str =
    r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";

/// Makes `$type` a component of the document, with a schema of its own.
macro_rules! schema {
    ($type:ty, $name:literal, $($schema:tt)+) => {
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($($schema)+)
            }
        }
    };
}

pub(crate) use schema;
