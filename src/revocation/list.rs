//! The deny list: credentials that are refused before they end, tokens by what they say and never by their bytes, API
//! keys by their ids.
//!
//! One signed statement has many spellings (ECDSA signatures can be negated, an issuer signs the same claims twice), so a
//! list of token bytes is one that an attacker walks around. Entries name a `jti`, a client, a subject, an
//! organization or an API key. The first three mean something only together with their issuer; organizations are often
//! the deployment's own, and may be named for every issuer at once, and for API keys with that.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error as _};

use super::{Denied, DenyEntry};
use crate::verdict::{Denial, Principal, Reason};

/// The most entries that a list may have. A list is kept in the memory of each isolate.
pub const LONGEST_DENY_LIST: usize = 65_536;

/// Where and how long an entry holds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hold {
    issuer: Option<String>,
    until: Option<i64>,
}

impl Hold {
    /// `policy_issuer` is the issuer as the policy names it.
    fn is_about_tokens_of(&self, who: &Principal, policy_issuer: &str) -> bool {
        let here = self.issuer.as_deref();
        here.is_none() || here == who.issuer.as_deref() || here == Some(policy_issuer)
    }
}

type Held = BTreeMap<String, Vec<Hold>>;

/// A deny list, ready to be asked. In JSON it is an array of entries.
#[derive(Debug, Clone, Default)]
pub struct DenyList {
    tokens: Held,
    clients: Held,
    subjects: Held,
    organizations: Held,
    keys: Held,
    length: usize,
}

impl DenyList {
    /// A list of these entries.
    ///
    /// # Errors
    /// Where there are more than [`LONGEST_DENY_LIST`], or one is wrong; in words for the author of the list.
    pub fn new(entries: Vec<DenyEntry>) -> Result<Self, String> {
        if entries.len() > LONGEST_DENY_LIST {
            return Err(format!("{} entries, at most {LONGEST_DENY_LIST}", entries.len()));
        }
        let mut list = Self { length: entries.len(), ..Self::default() };
        for entry in entries {
            if let Some(fault) = entry.fault() {
                return Err(fault.to_owned());
            }
            let (held, text) = match entry.denied {
                Denied::Token(text) => (&mut list.tokens, text),
                Denied::Client(text) => (&mut list.clients, text),
                Denied::Subject(text) => (&mut list.subjects, text),
                Denied::Organization(text) => (&mut list.organizations, text),
                Denied::Key(text) => (&mut list.keys, text),
            };
            held.entry(text).or_default().push(Hold { issuer: entry.issuer, until: entry.until });
        }
        Ok(list)
    }

    /// How many entries it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether it denies nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Holds a token's principal against the list. `policy_issuer` is the issuer as the policy names it, which for a
    /// template is the template.
    ///
    /// # Errors
    /// [`Reason::TokenRevoked`], with what the entry named as note.
    pub(super) fn hold_token(&self, who: &Principal, policy_issuer: &str, now: i64) -> Result<(), Denial> {
        if self.is_empty() {
            return Ok(());
        }
        let denies =
            |hold: &Hold| hold.until.is_none_or(|until| now <= until) && hold.is_about_tokens_of(who, policy_issuer);
        for (name, holds) in self.naming(who) {
            if holds.iter().any(denies) {
                return Err(Denial::new(Reason::TokenRevoked).noting(format!("the deny list names the {name}")));
            }
        }
        Ok(())
    }

    /// The last second at which a token's principal is denied, for an explanation: none where it is not on the list, or no
    /// time ends that.
    pub(super) fn token_denied_until(&self, who: &Principal, policy_issuer: &str) -> Option<i64> {
        let holds = self.naming(who).flat_map(|(_, holds)| holds);
        let ends = holds.filter(|hold| hold.is_about_tokens_of(who, policy_issuer)).map(|hold| hold.until);
        ends.reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other))).flatten()
    }

    /// What stands under each of the names of a token's principal.
    fn naming<'l>(&'l self, who: &'l Principal) -> impl Iterator<Item = (&'static str, &'l [Hold])> {
        let asked = [
            ("jti", &self.tokens, &who.credential_id),
            ("client", &self.clients, &who.client_id),
            ("subject", &self.subjects, &who.subject),
            ("organization", &self.organizations, &who.organization),
        ];
        asked.into_iter().filter_map(|(name, held, text)| Some((name, held.get(text.as_ref()?)?.as_slice())))
    }

    /// Holds an API key against the list, by its id and its organization.
    ///
    /// # Errors
    /// [`Reason::KeyRevoked`], with what the entry named as note.
    pub(super) fn hold_key(&self, id: &str, organization: Option<&str>, now: i64) -> Result<(), Denial> {
        // What names an issuer is about the tokens of that issuer.
        let denies = |hold: &Hold| hold.issuer.is_none() && hold.until.is_none_or(|until| now <= until);
        let asked = [("key", &self.keys, Some(id)), ("organization", &self.organizations, organization)];
        for (name, held, text) in asked {
            let holds = text.and_then(|text| held.get(text));
            if holds.is_some_and(|holds| holds.iter().any(denies)) {
                return Err(Denial::new(Reason::KeyRevoked).noting(format!("the deny list names the {name}")));
            }
        }
        Ok(())
    }

    /// A list that denies what either of two denies.
    pub(super) fn together(&self, other: &Self) -> Self {
        let mut both = self.clone();
        let of_other = [&other.tokens, &other.clients, &other.subjects, &other.organizations, &other.keys];
        let of_both =
            [&mut both.tokens, &mut both.clients, &mut both.subjects, &mut both.organizations, &mut both.keys];
        for (target, source) in of_both.into_iter().zip(of_other) {
            for (text, holds) in source {
                let target = target.entry(text.clone()).or_default();
                for hold in holds {
                    if !target.contains(hold) {
                        target.push(hold.clone());
                        both.length = both.length.saturating_add(1);
                    }
                }
            }
        }
        both
    }
}

impl<'de> Deserialize<'de> for DenyList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn list(entries: Value) -> Result<DenyList, String> {
        serde_json::from_value(entries).map_err(|error| error.to_string())
    }

    fn who() -> Principal {
        Principal {
            subject: Some("s".into()),
            organization: Some("o".into()),
            client_id: Some("c".into()),
            credential_id: Some("t".into()),
            issuer: Some("https://login.example/one".into()),
            ..Principal::default()
        }
    }

    fn denies(entry: impl Into<Value>, now: i64) -> bool {
        let list = list(Value::Array(vec![entry.into()])).expect("a list");
        match list.hold_token(&who(), "https://login.example/{tenant}", now) {
            Ok(()) => false,
            Err(denial) => {
                assert_eq!(denial.reason, Reason::TokenRevoked);
                true
            }
        }
    }

    #[test]
    fn each_name_is_denied_with_its_issuer_and_no_other_is() {
        for (name, text) in [("jti", "t"), ("client", "c"), ("subject", "s"), ("organization", "o")] {
            for issuer in ["https://login.example/one", "https://login.example/{tenant}"] {
                assert!(denies(json!({ name: text, "issuer": issuer }), 0), "{name} of {issuer}");
            }
            for issuer in ["https://login.example/two", "https://login.example/one/", "https://LOGIN.example/one"] {
                assert!(!denies(json!({ name: text, "issuer": issuer }), 0), "{name} of {issuer}");
            }
            for other in ["x", "T", "tt", " t", "O"] {
                assert!(!denies(json!({ name: other, "issuer": "https://login.example/one" }), 0), "{name} {other}");
            }
            // One kind of name does not stand for another.
            for kind in ["jti", "client", "subject", "organization"].iter().filter(|kind| **kind != name) {
                assert!(!denies(json!({ *kind: text, "issuer": "https://login.example/one" }), 0), "{kind} {text}");
            }
        }
        assert!(denies(json!({ "organization": "o" }), 0));
    }

    #[test]
    fn the_last_end_of_what_names_a_token_is_told() {
        let until = |more: Value| {
            let entries = json!([{ "organization": "o", "until": 7 }, { "client": "x", "issuer": "x" }, more]);
            list(entries).expect("a list").token_denied_until(&who(), "i")
        };
        assert_eq!(until(json!({ "jti": "t", "issuer": "i", "until": 9 })), Some(9));
        assert_eq!(until(json!({ "organization": "o" })), None);
        assert_eq!(until(json!({ "organization": "o", "issuer": "x" })), Some(7));
        assert_eq!(DenyList::default().token_denied_until(&who(), "i"), None);
    }

    #[test]
    fn an_entry_holds_until_its_last_second() {
        assert!(denies(json!({ "organization": "o", "until": 100 }), 100));
        assert!(!denies(json!({ "organization": "o", "until": 100 }), 101));
        let twice = json!([{ "organization": "o", "until": 100 }, { "organization": "o", "until": 200 }]);
        let list = list(twice).expect("a list");
        assert!(list.hold_token(&who(), "", 150).is_err());
    }

    #[test]
    fn a_key_is_denied_by_its_id_and_by_its_organization() {
        let reason = |entry: Value, now: i64| {
            let held = list(json!([entry])).expect("a list").hold_key("k", Some("o"), now);
            held.map_err(|denial| {
                assert_eq!(denial.reason, Reason::KeyRevoked);
                denial.note.expect("a note")
            })
        };
        let named = |what: &str| Err(format!("the deny list names the {what}"));
        assert_eq!(reason(json!({ "key": "k" }), 0), named("key"));
        assert_eq!(reason(json!({ "organization": "o" }), 0), named("organization"));
        assert_eq!(reason(json!({ "key": "k", "until": 100 }), 100), named("key"));
        for entry in [
            json!({ "key": "k", "until": 100 }),
            json!({ "key": "K" }),
            json!({ "organization": "k" }),
            json!({ "organization": "o", "issuer": "i" }),
            json!({ "jti": "k", "issuer": "i" }),
            json!({ "key": "o" }),
        ] {
            assert_eq!(reason(entry.clone(), 101), Ok(()), "{entry}");
        }
        let of_nobody = list(json!([{ "organization": "o" }])).expect("a list").hold_key("k", None, 0);
        assert_eq!(of_nobody, Ok(()));
        // A token is no key, whatever its `jti`.
        assert!(!denies(json!({ "key": "t" }), 0));
    }

    #[test]
    fn two_lists_together_deny_what_either_denies() {
        let one = list(json!([{ "key": "k" }, { "organization": "x" }])).expect("a list");
        let other = list(json!([{ "key": "k" }, { "jti": "t", "issuer": "https://login.example/one" }]));
        let both = one.together(&other.expect("a list"));
        assert_eq!(both.len(), 3);
        assert!(both.hold_key("k", None, 0).is_err() && both.hold_key("j", Some("x"), 0).is_err());
        assert!(both.hold_token(&who(), "", 0).is_err());
    }

    #[test]
    fn an_absent_claim_matches_nothing() {
        let entries = json!([
            { "jti": "t", "issuer": "i" }, { "client": "c", "issuer": "i" }, { "subject": "s", "issuer": "i" },
            { "organization": "o" },
        ]);
        let nobody = Principal { issuer: Some("i".into()), ..Principal::default() };
        assert_eq!(list(entries).expect("a list").hold_token(&nobody, "i", 0), Ok(()));
    }

    #[test]
    fn what_could_deny_too_little_is_refused() {
        for entry in [
            json!({}),
            json!({ "jti": "t" }),
            json!({ "client": "c" }),
            json!({ "subject": "s" }),
            json!({ "issuer": "i" }),
            json!({ "jti": "t", "client": "c", "issuer": "i" }),
            json!({ "organization": "" }),
            json!({ "organization": "o", "issuer": "" }),
            json!({ "organization": 1 }),
            json!({ "organization": "o", "until": -1 }),
            json!({ "organization": "o", "until": 1_780_000_000_000_i64 }),
            json!({ "organization": "o", "until": "1780000000" }),
            json!({ "organization": "o", "token": "t" }),
            json!({ "organization": "o".repeat(2049) }),
            json!({ "key": "k", "issuer": "i" }),
            json!({ "key": "k", "organization": "o" }),
            json!({ "key": "" }),
        ] {
            assert!(list(json!([entry.clone()])).is_err(), "{entry}");
        }
        assert!(list(json!({})).is_err());
        let many = |count| {
            DenyList::new(vec![
                DenyEntry { denied: Denied::Organization("o".into()), issuer: None, until: None };
                count
            ])
        };
        assert_eq!(many(LONGEST_DENY_LIST).map(|list| list.len()), Ok(LONGEST_DENY_LIST));
        assert!(many(LONGEST_DENY_LIST + 1).is_err());
    }
}
