//! Reads values as DynamoDB sends them (`{"N": "7"}`) into types, in the way of `serde_dynamo`, which writes them.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use waypost_domain::values::borrowed_text::BorrowedText;

/// Deserializes one value.
pub(super) struct Attribute<D>(pub(super) D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Attribute<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Typed(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(TypedOption(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_ignored_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier
    }
}

/// Reads the type of a value, which is the only name in its object, then the value.
struct Typed<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Typed<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with its type, as ")?;
        self.0.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<V::Value, A::Error> {
        let kind: BorrowedText<'de> = map.next_key()?.ok_or_else(|| A::Error::custom("a value without a type"))?;
        value(&kind.0, &mut map, self.0)
    }
}

/// Like [`Typed`], for a value that can be `NULL`.
struct TypedOption<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for TypedOption<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<V::Value, A::Error> {
        let kind: BorrowedText<'de> = map.next_key()?.ok_or_else(|| A::Error::custom("a value without a type"))?;
        if kind.0 == "NULL" {
            map.next_value::<IgnoredAny>()?;
            return self.0.visit_none();
        }
        self.0.visit_some(KnownType { kind: kind.0, map })
    }
}

/// A value whose type is read already.
struct KnownType<'de, A> {
    kind: Cow<'de, str>,
    map: A,
}

impl<'de, A: MapAccess<'de>> Deserializer<'de> for KnownType<'de, A> {
    type Error = A::Error;

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, A::Error> {
        value(&self.kind, &mut self.map, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier option newtype_struct ignored_any
    }
}

/// Reads the value of type `kind`, which comes next in `map`.
fn value<'de, A: MapAccess<'de>, V: Visitor<'de>>(kind: &str, map: &mut A, visitor: V) -> Result<V::Value, A::Error> {
    match kind {
        "S" => match map.next_value::<BorrowedText<'de>>()?.0 {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        },
        "N" => number(&map.next_value::<BorrowedText<'de>>()?.0, visitor),
        "B" => {
            let text: BorrowedText<'de> = map.next_value()?;
            let bytes = STANDARD.decode(text.0.as_bytes());
            visitor.visit_byte_buf(bytes.map_err(|error| A::Error::custom(format_args!("not base64: {error}")))?)
        }
        "M" => map.next_value_seed(MapOf(visitor)),
        "L" => map.next_value_seed(ListOf(visitor)),
        "BOOL" => visitor.visit_bool(map.next_value()?),
        "NULL" => {
            map.next_value::<IgnoredAny>()?;
            visitor.visit_unit()
        }
        kind => Err(A::Error::invalid_value(Unexpected::Str(kind), &"a type that aggregates have")),
    }
}

fn number<'de, E: Error, V: Visitor<'de>>(digits: &str, visitor: V) -> Result<V::Value, E> {
    if let Ok(number) = digits.parse() {
        visitor.visit_u64(number)
    } else if let Ok(number) = digits.parse() {
        visitor.visit_i64(number)
    } else {
        visitor.visit_f64(digits.parse().map_err(|_| E::custom(format_args!("{digits} is not a number")))?)
    }
}

/// Reads a map of typed values.
struct MapOf<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for MapOf<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for MapOf<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Attributes(map))
    }
}

/// Gives typed values to a visitor, without their types.
pub(super) struct Attributes<A>(pub(super) A);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Attributes<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(TypedSeed(seed))
    }
}

/// Reads a list of typed values.
struct ListOf<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for ListOf<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for ListOf<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Attributes(list))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Attributes<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(TypedSeed(seed))
    }
}

/// Reads a typed value with a seed for a plain one.
struct TypedSeed<S>(S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for TypedSeed<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Attribute(deserializer))
    }
}
