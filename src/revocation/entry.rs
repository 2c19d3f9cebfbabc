//! One entry of a deny list: whom it denies, and until when.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The longest text of an entry, in bytes.
const LONGEST_TEXT: usize = 2048;

/// The last second of the year 9999. What lies after it was not written in seconds.
const LAST_SECOND: i64 = 253_402_300_799;

/// Whom an entry denies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denied {
    /// One token, by its `jti`.
    Token(String),
    /// Every token of a client.
    Client(String),
    /// Every token of a subject.
    Subject(String),
    /// Every token of an organization; without an issuer, every API key of it as well.
    Organization(String),
    /// One API key, by its id.
    Key(String),
}

impl Denied {
    /// The name of the member that holds it, and the text.
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Token(text) => ("jti", text),
            Self::Client(text) => ("client", text),
            Self::Subject(text) => ("subject", text),
            Self::Organization(text) => ("organization", text),
            Self::Key(text) => ("key", text),
        }
    }
}

/// One entry of a deny list. In JSON: `{ "jti" | "client" | "subject" | "organization" | "key": "…", "issuer": "…",
/// "until": … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DenyEntry {
    /// Whom it denies.
    pub denied: Denied,
    /// The issuer, as it stands in `iss` or in the policy; a template of the policy stands for all its tenants. Only an
    /// organization can be denied without one, and an API key has none.
    pub issuer: Option<String>,
    /// The last second, since the Unix epoch, at which the entry denies anything. An entry may be dropped afterwards, so
    /// it lies past the end of every token that the entry is to deny. Without it the entry stays.
    pub until: Option<i64>,
}

/// An entry as it stands in JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Raw {
    jti: Option<String>,
    client: Option<String>,
    subject: Option<String>,
    organization: Option<String>,
    key: Option<String>,
    issuer: Option<String>,
    until: Option<i64>,
}

impl DenyEntry {
    /// An entry for an API key.
    #[must_use]
    pub fn of_key(id: impl Into<String>) -> Self {
        Self { denied: Denied::Key(id.into()), issuer: None, until: None }
    }

    /// Whether it denies nothing any more at this second.
    #[must_use]
    pub fn is_over(&self, now: i64) -> bool {
        self.until.is_some_and(|until| now > until)
    }

    /// What is wrong with the entry, in words for its author.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let (_, text) = self.denied.parts();
        let issuer = self.issuer.as_deref();
        if text.is_empty() || issuer.is_some_and(str::is_empty) {
            return Some("the empty text names nobody");
        }
        if text.len() > LONGEST_TEXT || issuer.is_some_and(|issuer| issuer.len() > LONGEST_TEXT) {
            return Some("the text is too long");
        }
        if issuer.is_some() && matches!(self.denied, Denied::Key(_)) {
            return Some("an API key has no issuer");
        }
        if issuer.is_none() && !matches!(self.denied, Denied::Organization(_) | Denied::Key(_)) {
            return Some("name the issuer: what a `jti`, a client or a subject stands for is its issuer's word");
        }
        if self.until.is_some_and(|until| !(0..=LAST_SECOND).contains(&until)) {
            return Some("`until` is a time in seconds since the Unix epoch");
        }
        None
    }
}

impl TryFrom<Raw> for DenyEntry {
    type Error = &'static str;

    fn try_from(raw: Raw) -> Result<Self, Self::Error> {
        let mut named = [
            raw.jti.map(Denied::Token),
            raw.client.map(Denied::Client),
            raw.subject.map(Denied::Subject),
            raw.organization.map(Denied::Organization),
            raw.key.map(Denied::Key),
        ]
        .into_iter()
        .flatten();
        let (Some(denied), None) = (named.next(), named.next()) else {
            return Err("an entry names one of `jti`, `client`, `subject`, `organization` and `key`");
        };
        let entry = Self { denied, issuer: raw.issuer, until: raw.until };
        entry.fault().map_or(Ok(entry), Err)
    }
}

impl<'de> Deserialize<'de> for DenyEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(Raw::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Serialize for DenyEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, text) = self.denied.parts();
        let issuer = self.issuer.as_ref().map(|issuer| ("issuer", issuer.as_str().into()));
        let until = self.until.map(|until| ("until", until.into()));
        let members: [Option<(&str, serde_json::Value)>; 3] = [Some((name, text.into())), issuer, until];
        serializer.collect_map(members.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_reads_back_what_it_wrote() {
        let entries = json!([
            { "jti": "t", "issuer": "i", "until": 5 }, { "client": "c", "issuer": "i" },
            { "subject": "s", "issuer": "i" }, { "organization": "o" }, { "key": "k", "until": 0 },
        ]);
        let read: Vec<DenyEntry> = serde_json::from_value(entries.clone()).expect("entries");
        assert_eq!(serde_json::to_value(read).expect("JSON"), entries);
    }
}
