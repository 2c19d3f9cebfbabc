//! Types out of a document that was parsed before: one reader for all of them, which knows where it is once something is
//! wrong. What is read costs code for each type and each reader, so there is one reader, of one layer.
//!
//! Structs are read from objects alone. (`serde` would take an array of their members' values, too.)

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, EnumAccess, Error as _, Expected, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor},
    forward_to_deserialize_any,
};
use serde_json::{Map, Value, map};

use super::read_error::ReadError;

/// Reads a type out of a document.
///
/// # Errors
/// What the type cannot take first, and where it stands.
pub(crate) fn read<'d, T: Deserialize<'d>>(document: &'d Value) -> Result<T, ReadError> {
    T::deserialize(Reader(document))
}

/// Reads one value.
#[derive(Clone, Copy)]
struct Reader<'d>(&'d Value);

impl<'d> Reader<'d> {
    fn boolean<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Value::Bool(value) => visitor.visit_bool(*value),
            other => Err(unexpected(other, &visitor)),
        }
    }

    fn number<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let Value::Number(number) = self.0 else { return Err(unexpected(self.0, &visitor)) };
        if let Some(number) = number.as_u64() {
            visitor.visit_u64(number)
        } else if let Some(number) = number.as_i64() {
            visitor.visit_i64(number)
        } else {
            visitor.visit_f64(number.as_f64().unwrap_or_default())
        }
    }

    fn text<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Value::String(text) => visitor.visit_borrowed_str(text),
            other => Err(unexpected(other, &visitor)),
        }
    }

    fn null<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            other => Err(unexpected(other, &visitor)),
        }
    }

    fn array<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let Value::Array(items) = self.0 else { return Err(unexpected(self.0, &visitor)) };
        visitor.visit_seq(Items { items, next: 0 })
    }

    /// An array of as many items as the type has.
    fn tuple<V: Visitor<'d>>(self, length: usize, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Value::Array(items) if items.len() != length => Err(ReadError::invalid_length(items.len(), &visitor)),
            _ => self.array(visitor),
        }
    }

    fn object<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let Value::Object(members) = self.0 else { return Err(unexpected(self.0, &visitor)) };
        visitor.visit_map(Members { members: members.iter(), current: None })
    }
}

/// The value is of another type than the one that is wanted.
#[cold]
pub(super) fn unexpected(value: &Value, expected: &dyn Expected) -> ReadError {
    let found = match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Unexpected::Unsigned(number),
            (None, Some(number)) => Unexpected::Signed(number),
            (None, None) => Unexpected::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    };
    ReadError::invalid_type(found, expected)
}

/// Hands what several methods ask for to the one that reads it.
macro_rules! ask {
    ($($ask:ident)* => $read:ident) => {$(
        fn $ask<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
            self.$read(visitor)
        }
    )*};
}

impl<'d> Deserializer<'d> for Reader<'d> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(_) => self.number(visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(_) => self.array(visitor),
            Value::Object(_) => self.object(visitor),
        }
    }

    ask! { deserialize_bool => boolean }
    ask! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 => number
    }
    ask! { deserialize_char deserialize_str deserialize_string deserialize_identifier => text }
    ask! { deserialize_bytes deserialize_byte_buf => text }
    ask! { deserialize_unit => null }
    ask! { deserialize_seq => array }
    ask! { deserialize_map => object }

    fn deserialize_option<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'d>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        self.null(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'d>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'d>>(self, length: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.tuple(length, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'d>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.tuple(length, visitor)
    }

    fn deserialize_struct<V: Visitor<'d>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.object(visitor)
    }

    fn deserialize_enum<V: Visitor<'d>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let (name, content) = variant(self.0)?;
        visitor.visit_enum(Variant { name, content })
    }

    fn deserialize_ignored_any<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }
}

/// A text names a variant, and an object of one member names it and holds what it has.
fn variant(value: &Value) -> Result<(&str, Option<&Value>), ReadError> {
    match value {
        Value::String(name) => Ok((name, None)),
        Value::Object(members) => only(members)
            .map(|(name, content)| (name, Some(content)))
            .ok_or_else(|| ReadError::invalid_value(Unexpected::Map, &"map with a single key")),
        other => Err(unexpected(other, &"string or map")),
    }
}

fn only(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut members = members.iter();
    let (name, value) = members.next()?;
    members.next().is_none().then_some((name, value))
}

/// Reads the name of a member.
struct Name<'d>(&'d str);

impl<'d> Deserializer<'d> for Name<'d> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_newtype_struct<V: Visitor<'d>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'d>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_enum(Variant { name: self.0, content: None })
    }

    forward_to_deserialize_any! {
        <V: Visitor<'d>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq
        tuple tuple_struct map struct identifier ignored_any
    }
}

/// The items of an array.
struct Items<'d> {
    items: &'d [Value],
    next: usize,
}

impl<'d> SeqAccess<'d> for Items<'d> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'d>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let index = self.next;
        let Some(item) = self.items.get(index) else { return Ok(None) };
        self.next = index.saturating_add(1);
        seed.deserialize(Reader(item)).map(Some).map_err(|error| error.in_item(index))
    }

    fn size_hint(&self) -> Option<usize> {
        self.items.len().checked_sub(self.next)
    }
}

/// The members of an object.
struct Members<'d> {
    members: map::Iter<'d>,
    /// The member whose name was read last.
    current: Option<(&'d str, &'d Value)>,
}

impl<'d> MapAccess<'d> for Members<'d> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'d>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        let Some((name, value)) = self.members.next() else { return Ok(None) };
        self.current = Some((name, value));
        seed.deserialize(Name(name)).map(Some).map_err(|error| error.in_member(name))
    }

    fn next_value_seed<T: DeserializeSeed<'d>>(&mut self, seed: T) -> Result<T::Value, ReadError> {
        let Some((name, value)) = self.current.take() else { return Err(ReadError::custom("a member has no value")) };
        seed.deserialize(Reader(value)).map_err(|error| error.in_member(name))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.members.len())
    }
}

/// A variant of an enumeration, and what it holds.
struct Variant<'d> {
    name: &'d str,
    content: Option<&'d Value>,
}

impl<'d> Variant<'d> {
    fn content(&self, wanted: &'static str) -> Result<Reader<'d>, ReadError> {
        self.content.map(Reader).ok_or_else(|| ReadError::invalid_type(Unexpected::UnitVariant, &wanted))
    }
}

impl<'d> EnumAccess<'d> for Variant<'d> {
    type Error = ReadError;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'d>>(self, seed: T) -> Result<(T::Value, Self), ReadError> {
        Ok((seed.deserialize(Name(self.name))?, self))
    }
}

impl<'d> VariantAccess<'d> for Variant<'d> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        match self.content {
            None | Some(Value::Null) => Ok(()),
            Some(content) => Err(unexpected(content, &"unit")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'d>>(self, seed: T) -> Result<T::Value, ReadError> {
        seed.deserialize(self.content("newtype variant")?)
    }

    fn tuple_variant<V: Visitor<'d>>(self, length: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.content("tuple variant")?.tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'d>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, ReadError> {
        self.content("struct variant")?.object(visitor)
    }
}

#[cfg(test)]
mod tests;
