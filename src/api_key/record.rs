//! What the store holds of a key (contract §5.2), as JSON under `key/<id>`.
//!
//! All times are whole seconds since the Unix epoch. Records are read strictly: a member that this version does not
//! know may be a restriction that a newer one means to be kept, so it is refused rather than skipped.

use std::fmt;

use serde::{Deserialize, Serialize, ser::Error as _};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Cidr, Environment};
use crate::{
    json,
    stored::{self, FormatVersion, is_scope_token, is_unnamed},
    verdict::{CredentialClass, Denial, Reason},
};

/// Where the store holds the record of the key with this id.
#[must_use]
pub fn store_key(id: &str) -> String {
    format!("key/{id}")
}

/// What the store holds of a key. [`Record::from_store`] is the way in: it also checks what the types alone do not say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// The version of this format.
    #[serde(rename = "v")]
    pub version: FormatVersion,
    /// The digest of the key's secret.
    pub digest: SecretDigest,
    /// The customer that the key belongs to.
    pub organization: String,
    /// Who answers for the key's use.
    pub owner: String,
    /// Who can be asked to revoke the key, when the owner cannot.
    pub revoker: String,
    /// What the key is for, in its owner's words.
    pub name: String,
    /// Where the key may be used. It must agree with the environment in the key's text.
    pub environment: Environment,
    /// What the key may do, as scope tokens (RFC 6749 §3.3).
    pub scopes: Vec<String>,
    /// When the key was issued.
    pub created: i64,
    /// The first second at which the key is good; none where it was good at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<i64>,
    /// The first second at which the key is no longer good; none where it is good until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// Whether the key is switched off for the time being.
    #[serde(default)]
    pub disabled: bool,
    /// The end of the key, for good. A record with a revocation is a tombstone, whatever else it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<Revocation>,
    /// The only addresses that may use the key; empty where all may.
    #[serde(default)]
    pub allowed_cidrs: Vec<Cidr>,
    /// The name of the rate limit that the key is under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit_class: Option<String>,
    /// The key's place in a rotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
    /// Whether the key came from elsewhere as a digest: it is of another form, and its digest is that of its whole text.
    #[serde(default, skip_serializing_if = "is_false")]
    pub imported: bool,
    /// Whether the key is meant to be seen, as one that stands in a page: a report that it was seen revokes nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub publishable: bool,
    /// Whatever else the owner wants kept. Nothing here decides anything.
    #[serde(default, deserialize_with = "json::members")]
    pub metadata: Map<String, Value>,
}

impl Record {
    /// The first second at which the key is no longer good by itself, in seconds since the Unix epoch: that of its end, or
    /// that of its overlap with the key that replaces it.
    #[must_use]
    pub fn ends(&self) -> Option<i64> {
        let overlap = self.rotation.as_ref().and_then(|rotation| rotation.overlap_until);
        self.expires.into_iter().chain(overlap).min()
    }

    /// Reads a record as the store holds it.
    ///
    /// # Errors
    /// [`Reason::KeyUnowned`] where the owner or the revoker is missing or empty (contract §5.2), and
    /// [`Reason::RecordUnreadable`] for all else that is not a record of this version. The notes name members and never
    /// quote what they hold.
    pub fn from_store(bytes: &[u8]) -> Result<Self, Denial> {
        let unreadable = |note: String| Denial::new(Reason::RecordUnreadable).of(CredentialClass::ApiKey).noting(note);
        let members = stored::record::members(bytes).map_err(unreadable)?;
        if let Some(name) = ["owner", "revoker"].into_iter().find(|name| is_unnamed(members.get(*name))) {
            let note = format!("the record names no {name}");
            return Err(Denial::new(Reason::KeyUnowned).of(CredentialClass::ApiKey).noting(note));
        }
        let record: Self = stored::record::of_members(members).map_err(unreadable)?;
        match record.flaw() {
            Some(flaw) => Err(unreadable(flaw.to_owned())),
            None => Ok(record),
        }
    }

    /// The record as the store shall hold it.
    ///
    /// # Errors
    /// None that is known: every record has a form in JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// The record as it may be shown: with the key's id, and without the digest.
    ///
    /// # Errors
    /// None that is known: every record has a form in JSON.
    pub fn public_json(&self, id: &str) -> Result<String, serde_json::Error> {
        let mut members = json::parse_object(self.to_json()?.as_bytes()).map_err(serde_json::Error::custom)?;
        members.remove("digest");
        members.insert("id".to_owned(), id.into());
        serde_json::to_string(&members)
    }

    /// What is wrong with a record whose members all have the right types.
    fn flaw(&self) -> Option<&'static str> {
        // Scopes are handed on in lists separated by spaces, where a scope with a space in it would be two.
        if !self.scopes.iter().all(|scope| is_scope_token(scope)) {
            Some("a scope of the record is no scope token (RFC 6749 §3.3)")
        } else if self.organization.trim().is_empty() {
            Some("the record names no organization")
        } else {
            None
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// The SHA-256 digest of a key's secret: of its 32 characters, without prefix, id and check. It is written
/// `sha-256:<64 small hexadecimal digits>`.
///
/// A plain hash is enough, since the secret is random and has some 190 bits: there is nothing to guess through.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// What no secret is known to have, to compare with where there is no record.
    pub(super) const NONE: Self = Self([0; 32]);

    pub(super) fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret).into())
    }

    pub(super) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// How a record's digest of this secret begins: enough to find the record by, and no more.
pub(crate) fn digest_hint(secret: &str) -> String {
    let [one, two, three, four, ..] = SecretDigest::of(secret).0;
    format!("sha-256:{}…", base16ct::lower::encode_string(&[one, two, three, four]))
}

/// In constant time.
impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretDigest {}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretDigest(hidden)")
    }
}

impl From<SecretDigest> for String {
    fn from(digest: SecretDigest) -> Self {
        format!("sha-256:{}", base16ct::lower::encode_string(&digest.0))
    }
}

impl TryFrom<String> for SecretDigest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.strip_prefix("sha-256:")
            .and_then(|digits| base16ct::lower::decode_vec(digits).ok())
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or("not `sha-256:` and 64 small hexadecimal digits")
    }
}

/// How a key ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// When it was revoked. The key is refused from then on and also before: nobody revokes for later.
    pub at: i64,
    /// Who revoked it.
    pub by: String,
    /// Why.
    pub reason: RevocationReason,
}

/// Why a key was revoked. The words are those of certificates (RFC 5280 §5.3.1), and one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    /// Somebody else has, or may have, the key.
    KeyCompromise,
    /// Another key took its place.
    Superseded,
    /// Its owner left, or the customer did.
    AffiliationChanged,
    /// What it was good for is no longer granted.
    PrivilegeWithdrawn,
    /// Nobody used it.
    Unused,
}

/// A key's place in a rotation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rotation {
    /// The id of the key that this one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// The id of the key that replaces this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    /// The first second at which this key is no longer good beside the one that replaces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap_until: Option<i64>,
}

impl Rotation {
    /// Whether the key has given way to another by now, in seconds since the Unix epoch: once its overlap is over, and
    /// at once where it was replaced without an overlap.
    #[must_use]
    pub fn is_over(&self, now: i64) -> bool {
        match self.overlap_until {
            Some(end) => now >= end,
            None => self.replaced_by.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    // Computed with Python: hashlib.sha256.
    const SECRET: &str = "Vw3sN8dL1yPqC5uGh6RjKtBxEoMzI0A7";
    const DIGEST: &str = "sha-256:12dc815627bb7a6ae6e71432efbda319c721f5070c20ea2628cdf10c3e45ef0e";

    fn least() -> Value {
        json!({
            "v": 1, "digest": DIGEST, "organization": "org_1", "owner": "ada", "revoker": "security",
            "name": "nightly export", "environment": "live", "scopes": ["reports:read"], "created": 1_760_000_000,
        })
    }

    fn with(member: &str, value: Value) -> Value {
        let mut record = least();
        record[member] = value;
        record
    }

    fn without(member: &str) -> Value {
        let mut record = least();
        record.as_object_mut().expect("an object").remove(member);
        record
    }

    fn read(record: &Value) -> Result<Record, Denial> {
        Record::from_store(record.to_string().as_bytes())
    }

    fn refused(record: &Value) -> (Reason, String) {
        let denial = read(record).expect_err("a refused record");
        assert_eq!(denial.class, Some(CredentialClass::ApiKey));
        (denial.reason, denial.note.expect("a note"))
    }

    #[test]
    fn the_least_record_is_good_for_everybody_until_revoked() {
        let record = read(&least()).expect("a record");
        assert_eq!(record.digest, SecretDigest::of(SECRET));
        assert!(!record.disabled && record.allowed_cidrs.is_empty() && record.metadata.is_empty());
        assert_eq!((record.not_before, record.expires, record.revocation, record.rotation), (None, None, None, None));
    }

    #[test]
    fn a_full_record_is_written_as_it_is_read() {
        let mut full = least();
        full["notBefore"] = 1_760_000_100.into();
        full["expires"] = 1_790_000_000.into();
        full["disabled"] = true.into();
        full["revocation"] = json!({ "at": 1_770_000_000, "by": "security", "reason": "key_compromise" });
        full["allowedCidrs"] = json!(["192.0.2.0/24", "2001:db8::/32"]);
        full["rateLimitClass"] = "bulk".into();
        full["rotation"] = json!({ "replaces": "a", "replacedBy": "b", "overlapUntil": 1_765_000_000 });
        full["metadata"] = json!({ "ticket": { "id": 7 }, "digest": "of something else" });
        let record = read(&full).expect("a record");
        let written: Value = serde_json::from_str(&record.to_json().expect("JSON")).expect("JSON");
        assert_eq!(written, full);
    }

    #[test]
    fn the_public_record_has_the_id_and_no_digest() {
        let text = read(&least()).expect("a record").public_json("4fJ9aZ0kQ2mX7bTe").expect("JSON");
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((&value["id"], &value["owner"]), (&json!("4fJ9aZ0kQ2mX7bTe"), &json!("ada")));
        assert!(!text.contains("digest") && !text.contains("12dc8156"), "{text}");
    }

    #[test]
    fn a_record_that_nobody_answers_for_is_refused_as_unowned() {
        for member in ["owner", "revoker"] {
            for record in
                [without(member), with(member, "".into()), with(member, " \t".into()), with(member, Value::Null)]
            {
                assert_eq!(refused(&record), (Reason::KeyUnowned, format!("the record names no {member}")));
            }
            assert_eq!(refused(&with(member, 7.into())).0, Reason::RecordUnreadable);
        }
    }

    #[test]
    fn what_is_no_record_of_this_version_is_unreadable() {
        for bytes in ["", "null", "[]", "{}", "{\"v\":1,\"v\":1}", "\u{feff}{}"] {
            let denial = Record::from_store(bytes.as_bytes()).expect_err(bytes);
            let expected = Reason::RecordUnreadable;
            assert_eq!(denial.reason, expected, "{bytes}");
        }
        for version in [Value::Null, 0.into(), 2.into(), json!(1.0), "1".into()] {
            assert_eq!(
                refused(&with("v", version)),
                (Reason::RecordUnreadable, "the record is not of version 1".to_owned())
            );
        }
        for member in ["digest", "organization", "name", "environment", "scopes", "created"] {
            let note = format!("the record is not complete: missing field `{member}`");
            assert_eq!(refused(&without(member)), (Reason::RecordUnreadable, note));
        }
        for (member, value, at) in [
            ("digest", json!(DIGEST.to_uppercase()), "digest"),
            ("digest", json!(&DIGEST[..70]), "digest"),
            ("digest", json!(SECRET), "digest"),
            ("environment", json!("Live"), "environment"),
            ("expires", json!("2030-01-01"), "expires"),
            ("expires", json!(1.5), "expires"),
            ("created", Value::Null, "created"),
            ("disabled", json!(0), "disabled"),
            ("allowedCidrs", json!(["10.0.0.0/8", "10.0.0.1/8"]), "allowedCidrs[1]"),
            ("revocation", json!({ "at": 1, "by": "x", "reason": "whim" }), "revocation.reason"),
            ("revocation", json!({ "at": 1, "by": "x", "reason": "unused", "undo": 2 }), "revocation.undo"),
            ("rotation", json!({ "overlap": 1 }), "rotation.overlap"),
            ("metadata", json!([]), "metadata"),
            ("allowedCountries", json!(["NO"]), "allowedCountries"),
            ("id", json!("4fJ9aZ0kQ2mX7bTe"), "id"),
        ] {
            let note = format!("the record does not follow its format at `{at}`");
            assert_eq!(refused(&with(member, value)), (Reason::RecordUnreadable, note));
        }
    }

    #[test]
    fn a_note_never_quotes_what_the_record_holds() {
        for member in
            ["digest", "environment", "expires", "disabled", "allowedCidrs", "revocation", "rotation", "metadata"]
        {
            let (_, note) = refused(&with(member, json!(SECRET)));
            assert!(!note.contains(SECRET), "{note}");
        }
    }

    #[test]
    fn a_scope_that_could_be_read_as_two_is_refused() {
        for scope in ["", "read write", "a\"b", "a\\b", "a\tb", "lésen"] {
            let (reason, note) = refused(&with("scopes", json!(["reports:read", scope])));
            assert_eq!(reason, Reason::RecordUnreadable);
            assert!(note.contains("scope token"), "{note}");
        }
        assert!(read(&with("scopes", json!([]))).is_ok());
        assert_eq!(refused(&with("organization", " ".into())).1, "the record names no organization");
    }

    #[test]
    fn a_digest_does_not_show_itself() {
        let record = read(&least()).expect("a record");
        assert!(!format!("{record:?}").contains("12dc"), "{record:?}");
    }

    #[test]
    fn an_overlap_ends_with_its_last_second_and_without_one_at_once() {
        let rotation = |replaced: bool, overlap_until| Rotation {
            replaces: None,
            replaced_by: replaced.then(|| "next".to_owned()),
            overlap_until,
        };
        assert!(!rotation(false, None).is_over(10));
        assert!(rotation(true, None).is_over(10));
        assert!(!rotation(true, Some(11)).is_over(10));
        assert!(rotation(true, Some(10)).is_over(10));
        // An end that somebody wrote down holds even where they forgot the successor.
        assert!(rotation(false, Some(10)).is_over(10));
    }
}
