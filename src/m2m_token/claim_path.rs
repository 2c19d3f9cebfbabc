//! Where a claim stands in a payload.

use std::fmt;

use serde_json::{Map, Value};

use super::claims::malformed;
use crate::verdict::Denial;

/// The longest path that a policy may name, in bytes.
const LONGEST_PATH: usize = 512;

/// A claim by its place. What does not begin with a slash is the name of one member of the payload, as it stands:
/// `org_id`, `https://example.com/org_id`. What begins with a slash is a JSON pointer (RFC 6901) through nested objects:
/// `/realm_access/org`, where `~1` stands for a slash in a name and `~0` for a tilde. Thus every claim can be named, and
/// no text names two; `org_id` and `/org_id` are one path. Arrays are not walked: a place in an array has no name that an
/// issuer keeps.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimPath {
    /// The member of the payload.
    first: String,
    /// The members of the objects within it.
    rest: Vec<String>,
}

impl ClaimPath {
    /// The member of the payload that has this name, whatever characters are in it.
    #[must_use]
    pub fn member(name: &str) -> Self {
        Self { first: name.to_owned(), rest: Vec::new() }
    }

    /// Reads a path.
    ///
    /// # Errors
    /// What is wrong with it, in words for the author of the policy.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("a claim has a name");
        }
        if text.len() > LONGEST_PATH {
            return Err("the path is too long");
        }
        let Some(pointer) = text.strip_prefix('/') else { return Ok(Self::member(text)) };
        let mut steps = pointer.split('/').map(unescape).collect::<Result<Vec<_>, _>>()?.into_iter();
        let first = steps.next().ok_or("a claim has a name")?;
        Ok(Self { first, rest: steps.collect() })
    }

    /// Whether this is the member of the payload that has this name.
    #[must_use]
    pub fn is_member(&self, name: &str) -> bool {
        self.rest.is_empty() && self.first == name
    }

    /// The claim, or none where it is absent.
    ///
    /// # Errors
    /// [`crate::verdict::Reason::ClaimMalformed`] where something on the way is no object.
    pub fn find<'p>(&self, payload: &'p Map<String, Value>) -> Result<Option<&'p Value>, Denial> {
        let mut found = payload.get(&self.first);
        for step in &self.rest {
            found = match found {
                None => return Ok(None),
                Some(Value::Object(members)) => members.get(step),
                Some(_) => return Err(malformed(self)),
            };
        }
        Ok(found)
    }

    /// The claim as the name of somebody. The empty string names nobody, and is taken for an absent claim.
    ///
    /// # Errors
    /// [`crate::verdict::Reason::ClaimMalformed`] where it is no string.
    pub fn name(&self, payload: &Map<String, Value>) -> Result<Option<String>, Denial> {
        match self.find(payload)? {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(_) => Err(malformed(self)),
        }
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rest.is_empty() && !self.first.is_empty() && !self.first.starts_with('/') {
            return formatter.write_str(&self.first);
        }
        for step in std::iter::once(&self.first).chain(&self.rest) {
            write!(formatter, "/{}", step.replace('~', "~0").replace('/', "~1"))?;
        }
        Ok(())
    }
}

/// RFC 6901 §4: `~1` before `~0`, and no other tilde.
fn unescape(step: &str) -> Result<String, &'static str> {
    let stray = step.split('~').skip(1).any(|after| !after.starts_with(['0', '1']));
    if stray {
        return Err("in a JSON pointer a tilde stands for `~0`, and a slash in a name for `~1`");
    }
    Ok(step.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::verdict::Reason;

    fn find(path: &str, payload: &Value) -> Result<Option<Value>, Reason> {
        let path = ClaimPath::parse(path).expect(path);
        path.find(payload.as_object().expect("an object")).map(Option::<&Value>::cloned).map_err(|denial| denial.reason)
    }

    #[test]
    fn every_claim_can_be_named_and_no_text_names_two() {
        let payload = json!({
            "org_id": 1, "https://example.com/org_id": 2, "/slash": 3, "a~b": 4, "": 5, "a.b": 6,
            "realm_access": { "org": 7, "x/y": 8, "": 9 }, "https:": { "": { "example.com": { "org_id": 10 } } },
        });
        for (path, expected) in [
            ("org_id", 1),
            ("/org_id", 1),
            ("https://example.com/org_id", 2),
            ("/https:~1~1example.com~1org_id", 2),
            ("/~1slash", 3),
            ("a~b", 4),
            ("/a~0b", 4),
            ("/", 5),
            ("a.b", 6),
            ("/realm_access/org", 7),
            ("/realm_access/x~1y", 8),
            ("/realm_access/", 9),
            ("/https://example.com/org_id", 10),
        ] {
            assert_eq!(find(path, &payload), Ok(Some(json!(expected))), "{path}");
            let parsed = ClaimPath::parse(path).expect(path);
            assert_eq!(ClaimPath::parse(&parsed.to_string()), Ok(parsed), "{path}");
        }
        assert_eq!(ClaimPath::parse("/org_id"), ClaimPath::parse("org_id"));
        // `~01` is a tilde and a one, never a slash.
        assert_eq!(ClaimPath::parse("/a~01"), Ok(ClaimPath::member("a~1")));
    }

    #[test]
    fn what_is_absent_is_none_and_what_is_in_the_way_is_malformed() {
        let payload = json!({ "a": { "b": "c" }, "list": ["x"], "none": null });
        assert_eq!(find("/a/x", &payload), Ok(None));
        assert_eq!(find("/x/y/z", &payload), Ok(None));
        for path in ["/a/b/c", "/list/0", "/none/x"] {
            assert_eq!(find(path, &payload), Err(Reason::ClaimMalformed), "{path}");
        }
    }

    #[test]
    fn a_name_is_a_string_that_is_not_empty() {
        let payload = json!({ "a": "x", "b": "", "c": 1, "d": null, "e": ["x"] });
        let name = |path| ClaimPath::member(path).name(payload.as_object().expect("an object"));
        assert_eq!(name("a"), Ok(Some("x".to_owned())));
        assert_eq!(name("b"), Ok(None));
        assert_eq!(name("z"), Ok(None));
        for path in ["c", "d", "e"] {
            let denial = name(path).expect_err(path);
            assert_eq!((denial.reason, denial.note), (Reason::ClaimMalformed, Some(format!("`{path}`"))));
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", "/a~", "/a~2", "/~", "/a/b~x/c", &"x".repeat(513)] {
            assert!(ClaimPath::parse(text).is_err(), "{text}");
        }
    }
}
