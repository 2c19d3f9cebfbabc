//! A deny list that somebody signed: a JWS in the compact form (RFC 7515 §7.1), whose payload says when it was signed.
//!
//! Only keys of the policy vouch for one, and only under its own `typ`: a token that the same key signed is none
//! (RFC 8725 §3.11).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DenyEntry, LONGEST_DENY_LIST};
use crate::{
    host::Host,
    jose::{Algorithm, CompactJws, Header, KeySet, PORTABLE, VerificationKey, verify_signature},
    json,
    verdict::{Denial, Reason},
};

/// The `typ` of a signed deny list.
pub const MEDIA_TYPE: &str = "edgeward-deny+jwt";

/// The largest signed deny list that is read or written, in bytes: the longest list fits, with some 90 bytes of JSON for
/// each entry.
pub const LONGEST_DENY_SNAPSHOT: usize = 8 * 1024 * 1024;

/// The last second of the year 9999. What lies after it was not written in seconds.
const LAST_SECOND: i64 = 253_402_300_799;

/// What is wrong with a text that should be a signed deny list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DenySnapshotError {
    /// It is longer than [`LONGEST_DENY_SNAPSHOT`]; the bytes.
    TooLong(usize),
    /// It is no JWS, or none that a key of the policy vouches for.
    Signature(Denial),
    /// It is a JWS of another type.
    OtherType,
    /// Its payload is not that of a deny list; the words say what is wrong with it.
    Payload(String),
}

impl fmt::Display for DenySnapshotError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(bytes) => {
                write!(formatter, "the signed deny list has {bytes} bytes, at most {LONGEST_DENY_SNAPSHOT}")
            }
            Self::Signature(denial) => {
                write!(formatter, "the signed deny list is not to be trusted: {}", denial.reason.code())?;
                denial.note.as_ref().map_or(Ok(()), |note| write!(formatter, ", {note}"))
            }
            Self::OtherType => write!(formatter, "a JWS of another `typ` than `{MEDIA_TYPE}`"),
            Self::Payload(words) => write!(formatter, "the payload of the signed deny list: {words}"),
        }
    }
}

impl std::error::Error for DenySnapshotError {}

impl From<Denial> for DenySnapshotError {
    fn from(denial: Denial) -> Self {
        Self::Signature(denial)
    }
}

/// What a signed deny list says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenySnapshot {
    /// When it was signed, in seconds since the Unix epoch (RFC 7519 §4.1.6).
    #[serde(rename = "iat")]
    pub issued_at: i64,
    /// The entries.
    pub entries: Vec<DenyEntry>,
}

impl DenySnapshot {
    fn from_payload(payload: &[u8]) -> Result<Self, DenySnapshotError> {
        let wrong = DenySnapshotError::Payload;
        let members = json::parse_object(payload).map_err(|error| wrong(error.to_string()))?;
        let read: Self = json::read(&Value::Object(members)).map_err(|error| wrong(error.to_string()))?;
        if !(0..=LAST_SECOND).contains(&read.issued_at) {
            return Err(wrong("`iat` is a time in seconds since the Unix epoch".to_owned()));
        }
        if read.entries.len() > LONGEST_DENY_LIST {
            return Err(wrong(format!("{} entries, at most {LONGEST_DENY_LIST}", read.entries.len())));
        }
        Ok(read)
    }
}

/// The keys that a policy lets vouch for deny lists.
#[derive(Debug)]
pub struct DenyKeys(KeySet);

impl DenyKeys {
    /// The keys of a public key set (RFC 7517 §5), every one of which must be of use.
    ///
    /// # Errors
    /// What is wrong with the set, in words for the author of the policy.
    pub fn from_jwks(jwks: &Value) -> Result<Self, String> {
        let set = jwks.as_object().ok_or("not a JSON Web Key Set (an object with an array `keys`)")?;
        let asymmetric = Algorithm::ALL.iter().copied().filter(|algorithm| !algorithm.family().is_symmetric());
        let allowed: Vec<Algorithm> = asymmetric.collect();
        let keys = KeySet::prepare(set, &allowed, PORTABLE).map_err(|error| error.to_string())?;
        match keys.refused().first() {
            // A key that was put aside could be the one that the lists are signed with.
            Some(refused) => Err(format!("key {}: {}", refused.index, refused.why)),
            None => Ok(Self(keys)),
        }
    }

    /// The key that a header with this `kid` and `alg` names.
    pub(super) fn select(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<&VerificationKey, Denial> {
        self.0.select(kid, algorithm).map(AsRef::as_ref)
    }

    /// Reads a signed deny list that one of the keys vouches for. Of when it was signed nothing is judged here.
    ///
    /// # Errors
    /// [`DenySnapshotError`], the first thing that is wrong.
    pub async fn verify<H: Host>(&self, host: &H, text: &[u8]) -> Result<DenySnapshot, DenySnapshotError> {
        if text.len() > LONGEST_DENY_SNAPSHOT {
            return Err(DenySnapshotError::TooLong(text.len()));
        }
        let text = std::str::from_utf8(text).map_err(|_| Denial::new(Reason::TokenMalformed).noting("not text"))?;
        let jws = CompactJws::parse(text, LONGEST_DENY_SNAPSHOT)?;
        let header = Header::parse(&jws.header)?;
        if !header.is_of_type(MEDIA_TYPE) {
            return Err(DenySnapshotError::OtherType);
        }
        let algorithm = Algorithm::from_name(&header.algorithm).filter(|named| !named.family().is_symmetric());
        let algorithm = algorithm.ok_or_else(|| Denial::new(Reason::AlgorithmNotAllowed))?;
        let key = self.select(header.key_id.as_deref(), algorithm)?;
        verify_signature(host, key, algorithm, jws.signing_input.as_bytes(), &jws.signature).await?;
        DenySnapshot::from_payload(&jws.payload)
    }
}
