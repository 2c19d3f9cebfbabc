//! JSON text that stands within another document as it was written.

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

/// The name by which `serde_json` knows a text that it shall write as it stands: what its own `RawValue` writes itself as.
/// A test holds that it does. Nothing makes a `RawValue` of a text that was read before but reading it again, and that
/// brings along all words about what `serde` finds in the place of another type.
const NAME: &str = "$serde_json::private::RawValue";

/// A text that is known to be JSON. To `serde_json` it is written as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonText<T>(T);

impl<T: AsRef<str>> JsonText<T> {
    /// A text that was read as JSON before, or written as such.
    pub(crate) const fn known(text: T) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn get(&self) -> &str {
        self.0.as_ref()
    }
}

impl<T: AsRef<str>> Serialize for JsonText<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = serializer.serialize_struct(NAME, 1)?;
        text.serialize_field(NAME, self.get())?;
        text.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_written_as_it_stands() {
        let text = " {\"b\": 1.50e1,\n\"a\":[\"\\u0041\"]} ";
        assert_eq!(serde_json::to_string(&[JsonText::known(text)]).expect("JSON"), format!("[{text}]"));
        let read = serde_json::to_value([JsonText::known(text)]).expect("JSON");
        assert_eq!(read, json!([{ "b": 15.0, "a": ["A"] }]));
    }
}
