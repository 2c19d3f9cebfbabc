//! What the store would hold of an API key that somebody handed over, and why.

use serde::Serialize;

use crate::api_key::{Environment, digest_hint};

/// An example of a record: what the key itself tells, and in parentheses what only its issuer knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExampleRecord {
    /// The version of the format.
    pub v: u8,
    /// The beginning of the digest of this key's secret. The store holds the whole of it.
    pub digest: String,
    /// The customer that it belongs to.
    pub organization: &'static str,
    /// Who answers for it.
    pub owner: &'static str,
    /// Who can end it when the owner cannot.
    pub revoker: &'static str,
    /// What it is for.
    pub name: &'static str,
    /// Where it may be used.
    pub environment: &'static str,
    /// What it may do.
    pub scopes: [&'static str; 1],
    /// When it was issued.
    pub created: &'static str,
    /// When it ends.
    pub expires: &'static str,
    /// Whether it is of another form, and its digest that of its whole text.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub imported: bool,
}

/// A member of the record, and why it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RecordMember {
    /// The member.
    pub member: &'static str,
    /// Why the store holds it.
    pub why: &'static str,
    /// Where that is said.
    pub section: &'static str,
}

const fn member(member: &'static str, why: &'static str, section: &'static str) -> RecordMember {
    RecordMember { member, why, section }
}

/// The members of an example, in its order.
pub(super) fn members(imported: bool) -> Vec<RecordMember> {
    MEMBERS.iter().copied().filter(|member| imported || member.member != IMPORTED).collect()
}

const IMPORTED: &str = "imported";

const MEMBERS: &[RecordMember] = &[
    member(
        "v",
        "The version of the format. A record of a version that is not known is not guessed at.",
        "contract §5.2",
    ),
    member(
        "digest",
        "The SHA-256 of the secret, to compare with in constant time. Whoever reads the store learns no key from it: a secret of this length cannot be guessed.",
        "OWASP NHI2:2025",
    ),
    member("organization", "The customer whose data it reaches, which the origin is told.", "contract §5.2"),
    member(
        "owner",
        "Who answers for its use, and is asked first. Without one the key is refused.",
        "NIST CSF 2.0 PR.AA-01",
    ),
    member(
        "revoker",
        "Who can end it when the owner cannot or is gone. Without one the key is refused.",
        "OWASP NHI1:2025",
    ),
    member("name", "What it is for, so that somebody can tell whether it still is.", "NIST CSF 2.0 PR.AA-01"),
    member("environment", "Where it is good. It must agree with the environment in its text.", "OWASP NHI8:2025"),
    member("scopes", "What it may do, and no more than that.", "OWASP NHI5:2025"),
    member("created", "When it was issued, so that its age can be told.", "OWASP NHI7:2025"),
    member(
        "expires",
        "When it ends by itself. It may be left out, and then only a revocation ends it.",
        "OWASP NHI7:2025",
    ),
    member(
        IMPORTED,
        "That it came from elsewhere: it has no id and no check of its own, and its digest is that of its whole text.",
        "contract §5.1",
    ),
];

/// The example for a key with this secret, or for one of another form, of which the whole text is secret.
pub(super) fn example(secret: &str, environment: Environment, imported: bool) -> ExampleRecord {
    ExampleRecord {
        v: 1,
        digest: digest_hint(secret),
        organization: "(the customer)",
        owner: "(who answers for it)",
        revoker: "(who can end it)",
        name: "(what it is for)",
        environment: environment.as_str(),
        scopes: ["(what it may do)"],
        created: "(seconds since 1970)",
        expires: "(seconds since 1970)",
        imported,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_of_the_example_is_explained() {
        for imported in [false, true] {
            let text = serde_json::to_string(&example("secret", Environment::Live, imported)).expect("JSON");
            let members = members(imported);
            let places: Vec<_> = members.iter().map(|one| text.find(&format!("\"{}\":", one.member))).collect();
            assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{text}");
            let record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(record.as_object().expect("an object").len(), members.len());
        }
    }

    #[test]
    fn the_example_would_be_a_record_with_what_its_issuer_knows() {
        let mut record = serde_json::to_value(example("secret", Environment::Test, true)).expect("JSON");
        record["digest"] = format!("sha-256:{}", "0".repeat(64)).into();
        record["scopes"] = serde_json::json!(["reports:read"]);
        record["created"] = 1.into();
        record["expires"] = 2.into();
        crate::api_key::Record::from_store(record.to_string().as_bytes()).expect("a record");
    }
}
