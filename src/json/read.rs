//! Types out of a document that was parsed before: one reader for all of them, which knows where it is once something is
//! wrong. What is read costs code for each type and each reader, so there is one reader, of one layer.
//!
//! Structs are read from objects alone (`serde` would take an array of their members' values, too), and from those that
//! have no member but theirs, whether or not the type says so. They are handed their members one by one in the order in
//! which they declare them, as formats do that do not name them: for that, `serde` makes half of the code that it makes
//! for names in any order. A member that is missing is read all the same, out of nothing: an option takes that, and
//! whatever else does not is missing, or takes its default.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, EnumAccess, Error as _, Expected, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor},
    forward_to_deserialize_any,
};
use serde_json::{Map, Value, map};

use super::read_error::ReadError;

/// Reads a type out of a document that may have no members but those of the type.
///
/// # Errors
/// What the type cannot take first, and where it stands.
pub(crate) fn read<'d, T: Deserialize<'d>>(document: &'d Value) -> Result<T, ReadError> {
    T::deserialize(Reader { value: Some(document), open: false })
}

/// Reads a type out of a document that may say more than the type knows.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_open<'d, T: Deserialize<'d>>(document: &'d Value) -> Result<T, ReadError> {
    T::deserialize(Reader { value: Some(document), open: true })
}

/// Reads one value.
#[derive(Clone, Copy)]
struct Reader<'d> {
    /// None for a member that is missing.
    value: Option<&'d Value>,
    /// Whether structs may have members that their types do not know.
    open: bool,
}

impl<'d> Reader<'d> {
    const fn at(self, value: Option<&'d Value>) -> Self {
        Self { value, ..self }
    }

    fn boolean<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            Some(Value::Bool(value)) => visitor.visit_bool(*value),
            _ => Err(self.unexpected(&visitor)),
        }
    }

    fn number<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let Some(Value::Number(number)) = self.value else { return Err(self.unexpected(&visitor)) };
        if let Some(number) = number.as_u64() {
            visitor.visit_u64(number)
        } else if let Some(number) = number.as_i64() {
            visitor.visit_i64(number)
        } else {
            visitor.visit_f64(number.as_f64().unwrap_or_default())
        }
    }

    fn text<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            Some(Value::String(text)) => visitor.visit_borrowed_str(text),
            _ => Err(self.unexpected(&visitor)),
        }
    }

    fn null<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            Some(Value::Null) => visitor.visit_unit(),
            _ => Err(self.unexpected(&visitor)),
        }
    }

    fn array<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let Some(Value::Array(items)) = self.value else { return Err(self.unexpected(&visitor)) };
        visitor.visit_seq(Items { of: self, all: items, next: 0 })
    }

    /// An array of as many items as the type has.
    fn tuple<V: Visitor<'d>>(self, length: usize, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            Some(Value::Array(items)) if items.len() != length => Err(ReadError::invalid_length(items.len(), &visitor)),
            _ => self.array(visitor),
        }
    }

    fn map<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let Some(Value::Object(members)) = self.value else { return Err(self.unexpected(&visitor)) };
        visitor.visit_map(Members { of: self, left: members.iter(), current: None })
    }

    /// A struct of these members.
    fn object<V: Visitor<'d>>(self, names: &'static [&'static str], visitor: V) -> Result<V::Value, ReadError> {
        let members = self.members(names, &visitor)?;
        visitor.visit_seq(Fields { of: self, members, names }).map_err(|error| error.of_struct(names))
    }

    fn members(
        self,
        names: &'static [&'static str],
        wanted: &dyn Expected,
    ) -> Result<&'d Map<String, Value>, ReadError> {
        let Some(Value::Object(members)) = self.value else { return Err(self.unexpected(wanted)) };
        match members.keys().find(|name| !self.open && !names.contains(&name.as_str())) {
            Some(name) => Err(ReadError::unknown_field(name, names).in_member(name)),
            None => Ok(members),
        }
    }

    /// A text names a variant, and an object of one member names it and holds what it has.
    fn variant(self) -> Result<(&'d str, Option<&'d Value>), ReadError> {
        match self.value {
            Some(Value::String(name)) => Ok((name, None)),
            Some(Value::Object(members)) => only(members)
                .map(|(name, content)| (name, Some(content)))
                .ok_or_else(|| ReadError::invalid_value(Unexpected::Map, &"map with a single key")),
            _ => Err(self.unexpected(&"string or map")),
        }
    }

    #[cold]
    fn unexpected(self, expected: &dyn Expected) -> ReadError {
        // Nobody reads words about a member that is missing: it is an error of its struct.
        self.value.map_or_else(|| ReadError::new(String::new()), |value| unexpected(value, expected))
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
        match self.value {
            None => Err(self.unexpected(&visitor)),
            Some(Value::Null) => visitor.visit_unit(),
            Some(Value::Bool(value)) => visitor.visit_bool(*value),
            Some(Value::Number(_)) => self.number(visitor),
            Some(Value::String(text)) => visitor.visit_borrowed_str(text),
            Some(Value::Array(_)) => self.array(visitor),
            Some(Value::Object(_)) => self.map(visitor),
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
    ask! { deserialize_map => map }

    fn deserialize_option<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.value {
            None | Some(Value::Null) => visitor.visit_none(),
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
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.object(names, visitor)
    }

    fn deserialize_enum<V: Visitor<'d>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let (name, content) = self.variant()?;
        visitor.visit_enum(Variant { of: self, name, content })
    }

    fn deserialize_ignored_any<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
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
        let of = Reader { value: None, open: false };
        visitor.visit_enum(Variant { of, name: self.0, content: None })
    }

    forward_to_deserialize_any! {
        <V: Visitor<'d>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq
        tuple tuple_struct map struct identifier ignored_any
    }
}

/// The items of an array.
struct Items<'d> {
    of: Reader<'d>,
    all: &'d [Value],
    next: usize,
}

impl<'d> SeqAccess<'d> for Items<'d> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'d>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let index = self.next;
        let Some(item) = self.all.get(index) else { return Ok(None) };
        self.next = index.saturating_add(1);
        seed.deserialize(self.of.at(Some(item))).map(Some).map_err(|error| error.in_item(index))
    }

    fn size_hint(&self) -> Option<usize> {
        self.all.len().checked_sub(self.next)
    }
}

/// The members of an object.
struct Members<'d> {
    of: Reader<'d>,
    left: map::Iter<'d>,
    /// The member whose name was read last.
    current: Option<(&'d str, &'d Value)>,
}

impl<'d> MapAccess<'d> for Members<'d> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'d>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        let Some((name, value)) = self.left.next() else { return Ok(None) };
        self.current = Some((name, value));
        seed.deserialize(Name(name)).map(Some).map_err(|error| error.in_member(name))
    }

    fn next_value_seed<T: DeserializeSeed<'d>>(&mut self, seed: T) -> Result<T::Value, ReadError> {
        let Some((name, value)) = self.current.take() else { return Err(ReadError::custom("a member has no value")) };
        seed.deserialize(self.of.at(Some(value))).map_err(|error| error.in_member(name))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}

/// The members of a struct, in the order in which it declares them.
struct Fields<'d> {
    of: Reader<'d>,
    members: &'d Map<String, Value>,
    /// Those that are not read yet.
    names: &'static [&'static str],
}

impl<'d> Fields<'d> {
    fn next(&mut self) -> Option<(&'static str, Reader<'d>)> {
        let (name, rest) = self.names.split_first()?;
        self.names = rest;
        Some((name, self.of.at(self.members.get(*name))))
    }
}

impl<'d> SeqAccess<'d> for Fields<'d> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'d>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let Some((name, reader)) = self.next() else { return Ok(None) };
        match seed.deserialize(reader) {
            Ok(value) => Ok(Some(value)),
            Err(_) if reader.value.is_none() => Ok(None),
            Err(error) => Err(error.in_member(name)),
        }
    }
}

/// A variant of an enumeration, and what it holds.
struct Variant<'d> {
    of: Reader<'d>,
    name: &'d str,
    content: Option<&'d Value>,
}

impl<'d> Variant<'d> {
    fn content(&self, wanted: &'static str) -> Result<Reader<'d>, ReadError> {
        match self.content {
            Some(_) => Ok(self.of.at(self.content)),
            None => Err(ReadError::invalid_type(Unexpected::UnitVariant, &wanted)),
        }
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

    fn struct_variant<V: Visitor<'d>>(self, names: &'static [&'static str], visitor: V) -> Result<V::Value, ReadError> {
        self.content("struct variant")?.object(names, visitor)
    }
}

#[cfg(test)]
mod tests;
