//! Reading a document whose faults are told all at once.
//!
//! The reader of a type stops at the first thing that it cannot take. So each is put down and mended in a copy, which is
//! read on: what comes of that copy is looked at for more faults, and never handed out.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{PolicyError, PolicyFault, mending::Mending, wrong::Wrong};
use crate::json::{self, JsonError};

/// The most faults that are told of one document.
pub(super) const MOST_FAULTS: usize = 50;

/// How often a copy is mended at most: some faults take several steps.
const MOST_STEPS: usize = 400;

/// What came of reading a document.
pub(crate) struct Reading<T> {
    /// The document as far as it could be read, with what is wrong taken out.
    value: Option<T>,
    faults: Vec<PolicyFault>,
    mending: Mending,
}

impl<T: DeserializeOwned> Reading<T> {
    /// Reads strict JSON.
    pub(crate) fn of_text(text: &str) -> Self {
        match json::parse(text.as_bytes()) {
            Ok(document) => Self::of(document),
            Err(error) => Self { value: None, faults: vec![fault_of_text(error)], mending: Mending::new(Value::Null) },
        }
    }

    /// Reads what was parsed strictly before.
    pub(super) fn of(document: Value) -> Self {
        let mut reading = Self { value: None, faults: Vec::new(), mending: Mending::new(document) };
        for _ in 0..MOST_STEPS {
            let wrong = match attempt::<T>(reading.mending.document()) {
                Ok(value) => {
                    reading.value = Some(value);
                    break;
                }
                Err(wrong) => wrong,
            };
            if !reading.mending.is_own_doing(&wrong) {
                let pointer = reading.mending.original(&wrong.pointer);
                reading.faults.push(PolicyFault { pointer, reason: wrong.words(), hint: Some(wrong.hint()) });
            }
            if reading.faults.len() >= MOST_FAULTS {
                reading.faults.push(PolicyFault {
                    pointer: String::new(),
                    reason: format!("more may be wrong: the first {MOST_FAULTS} faults are told"),
                    hint: Some("mend these, and read it again".to_owned()),
                });
                break;
            }
            if !reading.mending.mend(&wrong, |document| attempt::<T>(document).err()) {
                break;
            }
        }
        reading
    }

    /// The same, with what the document itself says of the value.
    pub(super) fn noting(mut self, note: impl FnOnce(&mut T, &Value)) -> Self {
        if let Some(value) = &mut self.value {
            note(value, self.mending.document());
        }
        self
    }

    /// The value, if nothing was wrong.
    pub(crate) fn whole(self) -> Result<T, PolicyError> {
        self.judged(Ok)
    }

    /// What a judge makes of the value, if nothing was wrong. Where something was, the judge is asked all the same for the
    /// faults that it finds, and what it makes is dropped.
    pub(crate) fn judged<G>(self, judge: impl FnOnce(T) -> Result<G, PolicyError>) -> Result<G, PolicyError> {
        let Self { value, mut faults, mending } = self;
        match value {
            Some(value) if faults.is_empty() => judge(value),
            Some(value) => {
                let PolicyError(found) = judge(value).err().unwrap_or_else(|| PolicyError(Vec::new()));
                for fault in found {
                    let pointer = mending.original(&fault.pointer);
                    let fault = PolicyFault { pointer, ..fault };
                    if !mending.has_caused(&fault) {
                        faults.push(fault);
                    }
                }
                Err(PolicyError(faults))
            }
            None => Err(PolicyError(faults)),
        }
    }
}

fn attempt<T: DeserializeOwned>(document: &Value) -> Result<T, Wrong> {
    json::read(document).map_err(|error| Wrong::of(&error))
}

fn fault_of_text(error: JsonError) -> PolicyFault {
    let hint = match error {
        JsonError::Syntax => "one JSON document, without comments and without a comma after the last member",
        JsonError::Duplicate => "leave one of the two out: readers do not agree on which of them counts",
        JsonError::TooDeep => "no policy nests as deep as that",
        JsonError::Number => "write a whole number that is not longer than 15 digits",
        JsonError::NotAnObject => "write an object: `{ … }`",
    };
    PolicyFault { pointer: String::new(), reason: error.to_string(), hint: Some(hint.to_owned()) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[expect(dead_code, reason = "what is read is what is looked at")]
    struct Document {
        name: String,
        kind: Kind,
        #[serde(default)]
        parts: Vec<Part>,
        #[serde(default)]
        by_name: BTreeMap<String, u16>,
        limit: Option<u16>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Small,
        Large,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "what is read is what is looked at")]
    struct Part {
        size: u16,
        kinds: Option<Vec<Kind>>,
    }

    fn places(document: &Value) -> Vec<String> {
        let Err(PolicyError(faults)) = Reading::<Document>::of(document.clone()).whole() else { return Vec::new() };
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn every_fault_is_told_at_the_place_where_it_stands() {
        assert_eq!(places(&json!({ "name": "n", "kind": "small" })), [""; 0]);
        let wrong = json!({
            "name": 1,
            "kind": "smal",
            "prats": [{ "size": "big" }, 7, { "size": 2, "kinds": ["tiny", "small", "huge"] }, { "colour": 1 }],
            "byName": { "a/b": -1, "c": 1, "d": 65_536 },
            "limit": {},
            "nonsense": true,
        });
        let mut found = places(&wrong);
        found.sort();
        assert_eq!(
            found,
            [
                "/byName/a~1b",
                "/byName/d",
                "/kind",
                "/limit",
                "/name",
                "/nonsense",
                "/prats",
                "/prats/0/size",
                "/prats/1",
                "/prats/2/kinds/0",
                "/prats/2/kinds/2",
                "/prats/3",
                "/prats/3/colour",
            ]
        );
    }

    #[test]
    fn what_is_missing_is_told_once_and_what_was_taken_out_is_not_missing() {
        assert_eq!(places(&json!({})), ["", ""]);
        assert_eq!(places(&json!({ "name": [], "kind": [] })), ["/name", "/kind"]);
        assert_eq!(
            places(&json!({ "name": "n", "kind": "large", "parts": [{}, { "size": [] }] })),
            ["/parts/0", "/parts/1/size"]
        );
        for no_object in [json!([]), json!(null), json!("x")] {
            assert_eq!(places(&no_object), [""], "{no_object}");
        }
    }

    #[test]
    fn a_value_with_a_fault_is_judged_and_never_handed_out() {
        let judge = |document: Document| {
            let fault = |pointer: &str, reason: &str| PolicyFault {
                pointer: pointer.to_owned(),
                reason: reason.to_owned(),
                hint: None,
            };
            if document.parts.is_empty() {
                return Ok(document);
            }
            Err(PolicyError(vec![
                fault("/parts/0/size", "too large"),
                fault("/parts/1/size", "too large"),
                fault("/name", "the empty name"),
                fault("/kind", "does not go with `limit`"),
            ]))
        };
        // The element before is gone, and the name stands for what was no name.
        let wrong = json!({ "name": 1, "kind": "small", "limit": -1, "parts": ["x", { "size": 1 }, { "size": 2 }] });
        let Err(PolicyError(faults)) = Reading::<Document>::of(wrong).judged(judge) else { panic!("a fault") };
        let found: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(found, ["/name", "/parts/0", "/limit", "/parts/1/size", "/parts/2/size"]);
        let wrong = json!({ "name": "n", "kind": "small", "limits": 1 });
        assert!(Reading::<Document>::of(wrong).judged(judge).is_err());
    }

    #[test]
    fn there_is_an_end_to_the_faults_that_are_told() {
        let many: Vec<_> = (0..1000).map(|_| json!({ "size": "x" })).collect();
        assert_eq!(places(&json!({ "name": "n", "kind": "small", "parts": many })).len(), MOST_FAULTS + 1);
    }
}
