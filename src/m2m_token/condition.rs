//! What an issuer's tokens must say beside the registered claims, so that a token which the same keys sign for another
//! purpose (for a person, for a session) is not taken for a machine's.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Number, Value};

use super::ClaimPath;
use crate::{
    json,
    verdict::{Denial, Reason},
};

/// What a claim, or a member of the header, must be.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Condition {
    /// True: it has a value, which is neither null nor the empty string. False: it has none.
    Present(bool),
    /// It is this value.
    Equals(Scalar),
    /// It is one of these values.
    OneOf(Vec<Scalar>),
    /// It is a string that begins with this one and goes on.
    Prefix(String),
    /// It is a string that ends with this one and has something before it.
    Suffix(String),
    /// It is the same non-empty string as this other claim, named by its path.
    SameAs(String),
}

/// A value that claims are compared with: a string, a number or a boolean. Numbers are compared as JavaScript compares
/// them, so that `1` and `1.0` are one.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(untagged))]
pub enum Scalar {
    /// A string.
    Text(String),
    /// A boolean.
    Flag(bool),
    /// A number.
    Number(Number),
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match json::value(deserializer)? {
            Value::String(text) => Ok(Self::Text(text)),
            Value::Bool(flag) => Ok(Self::Flag(flag)),
            Value::Number(number) => Ok(Self::Number(number)),
            _ => Err(D::Error::custom("expected a string, a number or a boolean")),
        }
    }
}

impl Scalar {
    fn is(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text(expected), Value::String(found)) => expected == found,
            (Self::Flag(expected), Value::Bool(found)) => expected == found,
            (Self::Number(expected), Value::Number(found)) => expected.as_f64() == found.as_f64(),
            _ => false,
        }
    }
}

impl Condition {
    /// A condition to be this string.
    #[must_use]
    pub fn equals(text: &str) -> Self {
        Self::Equals(Scalar::Text(text.to_owned()))
    }

    /// What is wrong with the condition itself, in words for the author of the policy.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        match self {
            Self::OneOf(values) if values.is_empty() => Some("no value could fulfil it: name at least one"),
            Self::Prefix(text) | Self::Suffix(text) if text.is_empty() => Some("every string fulfils it"),
            Self::SameAs(other) => ClaimPath::parse(other).err(),
            _ => None,
        }
    }

    /// Holds a claim against the condition.
    ///
    /// # Errors
    /// [`Reason::ClaimMissing`] where the condition needs a value and there is none, [`Reason::ClaimMismatch`] where the
    /// value is another, and [`Reason::ClaimMalformed`] where the way to it is no object.
    pub fn hold(&self, path: &ClaimPath, payload: &Map<String, Value>) -> Result<(), Denial> {
        let value = path.find(payload)?.filter(|value| has_content(value));
        let denied = |reason| Err(Denial::new(reason).noting(format!("`{path}`")));
        let value = match (self, value) {
            (Self::Present(false), None) => return Ok(()),
            (_, None) => return denied(Reason::ClaimMissing),
            (_, Some(value)) => value,
        };
        let holds = match self {
            Self::Present(expected) => *expected,
            Self::Equals(expected) => expected.is(value),
            Self::OneOf(accepted) => accepted.iter().any(|expected| expected.is(value)),
            Self::Prefix(text) => {
                value.as_str().is_some_and(|found| found.len() > text.len() && found.starts_with(text))
            }
            Self::Suffix(text) => value.as_str().is_some_and(|found| found.len() > text.len() && found.ends_with(text)),
            Self::SameAs(other) => {
                let other = ClaimPath::parse(other).map_err(|_| Denial::new(Reason::ClaimMismatch))?;
                value.is_string() && other.find(payload)? == Some(value)
            }
        };
        if holds { Ok(()) } else { denied(Reason::ClaimMismatch) }
    }
}

fn has_content(value: &Value) -> bool {
    !value.is_null() && value.as_str() != Some("")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hold(condition: Value, claim: impl Into<Value>) -> Result<(), Reason> {
        let condition: Condition = serde_json::from_value(condition).expect("a condition");
        let payload = json!({ "x": claim.into(), "y": "other" });
        condition.hold(&ClaimPath::member("x"), payload.as_object().expect("an object")).map_err(|denial| denial.reason)
    }

    #[test]
    fn a_value_that_is_null_or_empty_is_no_value() {
        for claim in [json!("a"), json!(0), json!(false), json!([]), json!({})] {
            assert_eq!(hold(json!({ "present": true }), claim.clone()), Ok(()), "{claim}");
            assert_eq!(hold(json!({ "present": false }), claim.clone()), Err(Reason::ClaimMismatch), "{claim}");
        }
        for claim in [json!(null), json!("")] {
            assert_eq!(hold(json!({ "present": true }), claim.clone()), Err(Reason::ClaimMissing), "{claim}");
            assert_eq!(hold(json!({ "present": false }), claim.clone()), Ok(()), "{claim}");
            assert_eq!(hold(json!({ "equals": "a" }), claim.clone()), Err(Reason::ClaimMissing), "{claim}");
        }
    }

    #[test]
    fn values_are_compared_with_their_types() {
        for (expected, claim) in [(json!("1"), json!("1")), (json!(true), json!(true)), (json!(2), json!(2.0))] {
            assert_eq!(hold(json!({ "equals": expected }), claim.clone()), Ok(()), "{claim}");
            assert_eq!(hold(json!({ "oneOf": ["z", expected] }), claim.clone()), Ok(()), "{claim}");
        }
        for (expected, claim) in [
            (json!("1"), json!(1)),
            (json!(1), json!("1")),
            (json!(true), json!("true")),
            (json!(true), json!(1)),
            (json!("a"), json!(["a"])),
            (json!("a"), json!("A")),
        ] {
            assert_eq!(hold(json!({ "equals": expected }), claim.clone()), Err(Reason::ClaimMismatch), "{claim}");
            assert_eq!(hold(json!({ "oneOf": [expected] }), claim.clone()), Err(Reason::ClaimMismatch), "{claim}");
        }
    }

    #[test]
    fn an_affix_is_a_part_of_a_longer_string() {
        assert_eq!(hold(json!({ "prefix": "mch_" }), json!("mch_1")), Ok(()));
        assert_eq!(hold(json!({ "suffix": "@clients" }), json!("a@clients")), Ok(()));
        for claim in [json!("mch_"), json!("@clients"), json!("x mch_1 x"), json!(["mch_1"]), json!("é")] {
            assert_eq!(hold(json!({ "prefix": "mch_" }), claim.clone()), Err(Reason::ClaimMismatch), "{claim}");
            assert_eq!(hold(json!({ "suffix": "@clients" }), claim.clone()), Err(Reason::ClaimMismatch), "{claim}");
        }
    }

    #[test]
    fn two_claims_are_the_same_string() {
        assert_eq!(hold(json!({ "sameAs": "y" }), json!("other")), Ok(()));
        assert_eq!(hold(json!({ "sameAs": "y" }), json!("another")), Err(Reason::ClaimMismatch));
        assert_eq!(hold(json!({ "sameAs": "z" }), json!("other")), Err(Reason::ClaimMismatch));
        // A claim is the same as itself, and still no string.
        assert_eq!(hold(json!({ "sameAs": "x" }), json!(1)), Err(Reason::ClaimMismatch));
    }

    #[test]
    fn a_condition_that_says_nothing_or_too_much_is_a_fault() {
        for condition in
            [json!({ "oneOf": [] }), json!({ "prefix": "" }), json!({ "suffix": "" }), json!({ "sameAs": "" })]
        {
            let condition: Condition = serde_json::from_value(condition).expect("a condition");
            assert!(condition.fault().is_some(), "{condition:?}");
        }
        for text in
            [r#"{"present":1}"#, r#"{"equals":null}"#, r#"{"equals":[]}"#, r#"{"is":"x"}"#, "{}", r#""present""#]
        {
            assert!(serde_json::from_str::<Condition>(text).is_err(), "{text}");
        }
    }
}
