//! What the store holds of a client, as JSON under `client/<id>`.
//!
//! All times are whole seconds since the Unix epoch. Records are read strictly: a member that this version does not know may
//! be one that a newer one means to be kept, so it is refused rather than skipped.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{
    json,
    stored::{self, BASE, FormatVersion, is_scope_token, letter, present},
};

/// The most secrets that are held of one client, ended ones among them.
pub const MOST_SECRETS: usize = 64;

/// The longest id of a secret, in bytes: that of every issuer known here fits, and most secrets do not.
pub const LONGEST_SECRET_ID: usize = 40;

/// The longest hint of a secret, in characters: some letters of it, and never all.
pub const LONGEST_HINT: usize = 12;

/// The longest issuer and the longest id of a client, in bytes.
const LONGEST_NAME: usize = 512;

/// The length of an id, in characters.
const ID_LENGTH: usize = 16;

/// Where the store holds the record of the client with this id.
#[must_use]
pub fn client_key(id: &str) -> String {
    format!("client/{id}")
}

/// The id under which the client stands that an issuer calls so: letters of a digest of both names, so that whoever knows them
/// finds the record, and a client that is imported twice is one.
#[must_use]
pub fn client_record_id(issuer: &str, client_id: &str) -> String {
    let digest = Sha256::new()
        .chain_update("edgeward client id\n")
        .chain_update(u64::try_from(issuer.len()).unwrap_or(u64::MAX).to_be_bytes())
        .chain_update(issuer)
        .chain_update(client_id)
        .finalize();
    // 62 does not divide 256, and a little bias does no harm to what is no secret.
    digest.iter().take(ID_LENGTH).map(|byte| char::from(letter(byte.checked_rem(BASE).unwrap_or(0)))).collect()
}

/// What the store holds of a client. [`ClientRecord::from_store`] is the way in: it also checks what the types alone do not
/// say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientRecord {
    /// The version of this format.
    #[serde(rename = "v")]
    pub version: FormatVersion,
    /// Whose client it is: the issuer, as its tokens name it in `iss`.
    pub issuer: String,
    /// What its issuer calls it: `client_id` (RFC 6749 §2.2).
    pub client_id: String,
    /// What it is for, in somebody's words.
    pub name: String,
    /// The customer that it belongs to; none where that is nobody's, or not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Who answers for its use. The listing of an issuer names nobody, so that it may be missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Who can be asked to end it, when the owner cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoker: Option<String>,
    /// What it may ask tokens for, as scope tokens (RFC 6749 §3.3).
    #[serde(default)]
    pub scopes: Vec<String>,
    /// When it was made at its issuer, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<i64>,
    /// When it was put on record here.
    pub noted: i64,
    /// That it is of no more interest. A record with a removal is a tombstone, whatever else it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<Ended>,
    /// What is known of its secrets, in the order in which that came.
    #[serde(default)]
    pub secrets: Vec<ClientSecret>,
    /// Whatever else somebody wants kept. Nothing here decides anything.
    #[serde(default, deserialize_with = "json::members")]
    pub metadata: Map<String, Value>,
}

/// What is known of one secret: that it exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientSecret {
    /// What its issuer calls it, or what it is called here. It is not the secret.
    pub id: String,
    /// Some letters of it, by which a person tells it from others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// When it was made, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<i64>,
    /// When it was put on record here: it is at least as old as that.
    pub noted: i64,
    /// The first second at which it is no longer good; none where it is good until somebody ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// That it was ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Ended>,
    /// When it was used last, as its issuer says: null where it never was, and none where the issuer does not say.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Option<i64>>,
}

impl ClientSecret {
    /// Since when it exists at the latest, in seconds since the Unix epoch: when it was made, or, where nobody knows, when it
    /// was put on record.
    #[must_use]
    pub fn since(&self) -> i64 {
        self.created.unwrap_or(self.noted)
    }

    /// Whether it is of no more use at a time in seconds since the Unix epoch.
    #[must_use]
    pub fn is_over(&self, now: i64) -> bool {
        self.revoked.is_some() || self.expires.is_some_and(|end| now >= end)
    }
}

/// That something was ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// When that was put on record.
    pub at: i64,
    /// By whom, or by what.
    pub by: String,
}

impl ClientRecord {
    /// Reads a record as the store holds it.
    ///
    /// # Errors
    /// Words that name members and never quote what they hold.
    pub fn from_store(bytes: &[u8]) -> Result<Self, String> {
        let record: Self = stored::record::of_members(stored::record::members(bytes)?)?;
        match record.flaw() {
            Some(flaw) => Err(flaw.to_owned()),
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

    /// The record as it is shown: with its id. There is nothing in it to leave out.
    ///
    /// # Errors
    /// None that is known: every record has a form in JSON.
    pub fn public_json(&self, id: &str) -> Result<String, serde_json::Error> {
        let mut value = serde_json::to_value(self)?;
        if let Value::Object(members) = &mut value {
            members.insert("id".to_owned(), id.into());
        }
        serde_json::to_string(&value)
    }

    /// What is wrong with a record whose members all have the right types.
    pub(super) fn flaw(&self) -> Option<&'static str> {
        let named = |name: &Option<String>| name.as_ref().is_none_or(|name| !name.trim().is_empty());
        let mut ids = std::collections::BTreeSet::new();
        if !is_name(&self.issuer) {
            Some("`issuer` has 1 to 512 visible ASCII characters")
        } else if !is_name(&self.client_id) {
            Some("`clientId` has 1 to 512 visible ASCII characters")
        } else if self.name.trim().is_empty() {
            Some("`name` is empty")
        } else if ![&self.organization, &self.owner, &self.revoker].into_iter().all(named) {
            Some("`organization`, `owner` or `revoker` is there and empty")
        } else if !self.scopes.iter().all(|scope| is_scope_token(scope)) {
            Some("a scope is no scope token (RFC 6749 §3.3)")
        } else if self.secrets.len() > MOST_SECRETS {
            Some("there are more than 64 secrets")
        } else if !self.secrets.iter().all(|secret| is_secret_id(&secret.id)) {
            Some(
                "the id of a secret has 1 to 40 of `A`–`Z`, `a`–`z`, `0`–`9`, `_`, `.`, `:` and `-`, and begins with a letter or a digit",
            )
        } else if !self.secrets.iter().all(|secret| secret.hint.as_deref().is_none_or(is_hint)) {
            Some("the hint of a secret has 1 to 12 visible characters: some of the secret's, and never all")
        } else if !self.secrets.iter().all(|secret| ids.insert(secret.id.as_str())) {
            Some("two secrets have one id")
        } else {
            None
        }
    }
}

/// As much as the identifiers of OAuth are: `VSCHAR` (RFC 6749 appendix A), and no blanks.
fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'!'..=b'~'))
}

/// It stands in commands, where what begins with a dash is an option.
pub(super) fn is_secret_id(text: &str) -> bool {
    (1..=LONGEST_SECRET_ID).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte))
}

pub(super) fn is_hint(text: &str) -> bool {
    let visible = |character: char| !character.is_control() && !character.is_whitespace();
    (1..=LONGEST_HINT).contains(&text.chars().count()) && text.chars().all(visible)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn least() -> Value {
        json!({ "v": 1, "issuer": "https://login.example/", "clientId": "abc", "name": "export", "noted": 1_760_000_000 })
    }

    fn with(member: &str, value: Value) -> Value {
        let mut record = least();
        record[member] = value;
        record
    }

    fn read(record: &Value) -> Result<ClientRecord, String> {
        ClientRecord::from_store(record.to_string().as_bytes())
    }

    #[test]
    fn the_least_record_names_nobody_and_has_no_secrets() {
        let record = read(&least()).expect("a record");
        assert!(record.owner.is_none() && record.secrets.is_empty() && record.removal.is_none());
        assert_eq!(read(&serde_json::from_str(&record.to_json().expect("JSON")).expect("JSON")), Ok(record));
    }

    #[test]
    fn a_secret_that_was_never_used_is_not_one_of_which_nobody_knows() {
        let secret = |last_used: Value| {
            let mut secret = json!({ "id": "s-1", "noted": 5 });
            if last_used != json!("left out") {
                secret["lastUsed"] = last_used;
            }
            let record = read(&with("secrets", json!([secret]))).expect("a record");
            let written: Value = serde_json::from_str(&record.to_json().expect("JSON")).expect("JSON");
            (record.secrets[0].last_used, written["secrets"][0].get("lastUsed").cloned())
        };
        assert_eq!(secret(json!("left out")), (None, None));
        assert_eq!(secret(json!(null)), (Some(None), Some(json!(null))));
        assert_eq!(secret(json!(7)), (Some(Some(7)), Some(json!(7))));
    }

    #[test]
    fn what_is_not_understood_is_refused_and_not_quoted() {
        let secrets = |secret: Value| with("secrets", json!([secret]));
        let many: Vec<_> = (0..65).map(|number| json!({ "id": format!("s{number}"), "noted": 1 })).collect();
        for (record, words) in [
            (with("v", json!(2)), "not of version 1"),
            (with("digest", json!("hush")), "does not follow its format at"),
            (with("issuer", json!("")), "`issuer` has"),
            (with("clientId", json!("a b")), "`clientId` has"),
            (with("name", json!(" ")), "`name` is empty"),
            (with("owner", json!("")), "there and empty"),
            (with("scopes", json!(["a b"])), "no scope token"),
            (secrets(json!({ "id": "s", "noted": 1, "secret": "hush" })), "does not follow its format at `secrets[0]"),
            (secrets(json!({ "id": "-rf", "noted": 1 })), "the id of a secret"),
            (secrets(json!({ "id": "a".repeat(41), "noted": 1 })), "the id of a secret"),
            (secrets(json!({ "id": "s", "noted": 1, "hint": "a".repeat(13) })), "the hint of a secret"),
            (with("secrets", json!([{ "id": "s", "noted": 1 }, { "id": "s", "noted": 1 }])), "two secrets have one id"),
            (with("secrets", json!(many)), "more than 64"),
        ] {
            let refusal = read(&record).expect_err("a fault");
            assert!(refusal.contains(words) && !refusal.contains("hush"), "{refusal}");
        }
    }

    #[test]
    fn an_id_is_made_of_both_names_and_of_where_one_ends() {
        // Computed with Python: hashlib.sha256(b"edgeward client id\n" + len.to_bytes(8, "big") + issuer + client).
        let id = client_record_id("https://login.example/", "abc");
        assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
        assert_eq!(id, "y5McnWS8tSdA7qhJ");
        assert_ne!(id, client_record_id("https://login.example/a", "bc"));
    }
}
