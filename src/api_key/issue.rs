//! Issuing a key (contract §5.3): the one time that its text exists here.

use std::fmt;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{Cidr, FormatVersion, ID_LENGTH, KeyForm, Record, SECRET_LENGTH, SecretDigest, store_key};
use crate::{
    host::{Host, HostError},
    stored::{BASE, letter},
};

/// How many random bytes are asked for at a time: enough for a secret in one go, nearly always.
const POOL_BYTES: usize = 64;
/// How often. A sound source needs a second pool once in a great many keys, and a third never.
const MAX_POOLS: usize = 16;
/// The largest multiple of 62 that fits in a byte. A byte below it falls on each letter with the same probability; one
/// above it is thrown away, since it would favour the first letters.
const UNBIASED_BELOW: u8 = BASE * (u8::MAX / BASE);

/// What a new key shall be. Times are in seconds since the Unix epoch.
#[derive(Debug, Clone, Default)]
pub struct IssueRequest {
    /// The customer that the key belongs to.
    pub organization: String,
    /// Who answers for the key's use.
    pub owner: String,
    /// Who can be asked to revoke the key, when the owner cannot.
    pub revoker: String,
    /// What the key is for, in its owner's words.
    pub name: String,
    /// What the key may do, as scope tokens (RFC 6749 §3.3).
    pub scopes: Vec<String>,
    /// The first second at which the key is good; none for at once.
    pub not_before: Option<i64>,
    /// The first second at which the key is no longer good; none for a key that is good until revoked.
    pub expires: Option<i64>,
    /// The only addresses that may use the key; empty for all.
    pub allowed_cidrs: Vec<Cidr>,
    /// The name of the rate limit that the key is under.
    pub rate_limit_class: Option<String>,
    /// Whether the key is meant to be seen, as one that stands in a page.
    pub publishable: bool,
    /// Whatever else the owner wants kept.
    pub metadata: Map<String, Value>,
}

/// A new key. Nothing is stored yet: the caller writes [`Record::to_json`] under [`Issued::store_key`].
#[derive(Debug)]
pub struct Issued {
    /// The key's id.
    pub id: String,
    /// The key, to be shown once.
    pub key: IssuedKey,
    /// Its record.
    pub record: Record,
}

impl Issued {
    /// Where the store shall hold the record.
    #[must_use]
    pub fn store_key(&self) -> String {
        store_key(&self.id)
    }
}

/// The text of a new key. It does not show itself unless asked, and is wiped when it goes.
pub struct IssuedKey(Zeroizing<String>);

impl IssuedKey {
    /// The key itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IssuedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IssuedKey(hidden)")
    }
}

/// Why no key was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum IssueError {
    /// A field that somebody must answer for is empty; this is its name in the record.
    FieldEmpty(&'static str),
    /// The key would have expired already.
    ExpiresInThePast,
    /// The key would expire before it is good.
    ExpiresBeforeStart,
    /// The record could not be read back, for this reason.
    Unstorable(String),
    /// The host has no usable source of random bytes.
    Random(HostError),
}

impl fmt::Display for IssueError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FieldEmpty(name) => write!(formatter, "`{name}` is empty"),
            Self::ExpiresInThePast => formatter.write_str("`expires` is not after now"),
            Self::ExpiresBeforeStart => formatter.write_str("`expires` is not after `notBefore`"),
            Self::Unstorable(why) => write!(formatter, "the key's record cannot be stored: {why}"),
            Self::Random(error) => write!(formatter, "no random bytes: {error}"),
        }
    }
}

impl std::error::Error for IssueError {}

/// Makes a new key and its record, as of the host's clock.
///
/// # Errors
/// See [`IssueError`]. A record that the check could not read back is never handed out.
pub fn issue<H: Host>(form: &KeyForm, host: &H, request: IssueRequest) -> Result<Issued, IssueError> {
    let now = host.now().seconds();
    validate(&request, now)?;
    let fill = |pool: &mut [u8]| host.fill_random(pool);
    let id = draw(fill, ID_LENGTH)?.to_string();
    let secret = draw(fill, SECRET_LENGTH)?;
    let record = Record {
        version: FormatVersion,
        digest: SecretDigest::of(&secret),
        organization: request.organization,
        owner: request.owner,
        revoker: request.revoker,
        name: request.name,
        environment: form.environment(),
        scopes: request.scopes,
        created: now,
        not_before: request.not_before,
        expires: request.expires,
        disabled: false,
        revocation: None,
        allowed_cidrs: request.allowed_cidrs,
        rate_limit_class: request.rate_limit_class,
        rotation: None,
        imported: false,
        publishable: request.publishable,
        metadata: request.metadata,
    };
    // Reading it back finds what the types allow and the reader refuses: scopes with spaces, metadata too deep.
    let json = record.to_json().map_err(|error| IssueError::Unstorable(error.to_string()))?;
    Record::from_store(json.as_bytes())
        .map_err(|denial| IssueError::Unstorable(denial.note.unwrap_or_else(|| denial.reason.code().to_owned())))?;
    Ok(Issued { key: IssuedKey(form.compose(&id, &secret)), id, record })
}

pub(super) fn validate(request: &IssueRequest, now: i64) -> Result<(), IssueError> {
    let required = [
        ("organization", &request.organization),
        ("owner", &request.owner),
        ("revoker", &request.revoker),
        ("name", &request.name),
    ];
    if let Some((name, _)) = required.into_iter().find(|(_, value)| value.trim().is_empty()) {
        return Err(IssueError::FieldEmpty(name));
    }
    match (request.not_before, request.expires) {
        (_, Some(end)) if end <= now => Err(IssueError::ExpiresInThePast),
        (Some(start), Some(end)) if end <= start => Err(IssueError::ExpiresBeforeStart),
        _ => Ok(()),
    }
}

/// So many base62 characters, each drawn with the same probability.
fn draw(fill: impl Fn(&mut [u8]) -> Result<(), HostError>, length: usize) -> Result<Zeroizing<String>, IssueError> {
    let mut text = Zeroizing::new(String::with_capacity(length));
    let mut pool = Zeroizing::new([0; POOL_BYTES]);
    for _ in 0..MAX_POOLS {
        fill(pool.as_mut_slice()).map_err(IssueError::Random)?;
        // A source that leaves the buffer as it was would make one and the same key for everybody.
        if pool.iter().all(|byte| Some(byte) == pool.first()) {
            break;
        }
        let missing = length.saturating_sub(text.len());
        let letters = pool.iter().filter(|byte| **byte < UNBIASED_BELOW).take(missing);
        text.extend(letters.map(|byte| char::from(letter(*byte))));
        if text.len() == length {
            return Ok(text);
        }
    }
    Err(IssueError::Random(HostError("the source of random bytes is stuck".to_owned())))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A source that hands out these bytes over and over.
    fn cycling(bytes: &[u8]) -> impl Fn(&mut [u8]) -> Result<(), HostError> {
        let at = Cell::new(0);
        move |pool| {
            for byte in pool {
                *byte = bytes[at.get() % bytes.len()];
                at.set(at.get() + 1);
            }
            Ok(())
        }
    }

    fn request() -> IssueRequest {
        IssueRequest {
            organization: "org_1".to_owned(),
            owner: "ada".to_owned(),
            revoker: "security".to_owned(),
            name: "nightly export".to_owned(),
            ..IssueRequest::default()
        }
    }

    #[test]
    fn every_letter_is_drawn_as_often_as_every_other() {
        assert_eq!(UNBIASED_BELOW, 248);
        let all: Vec<u8> = (0..=u8::MAX).collect();
        let text = draw(cycling(&all), 248).expect("letters");
        for letter in (0..BASE).map(|value| char::from(letter(value))) {
            assert_eq!(text.matches(letter).count(), 4, "{letter}");
        }
    }

    #[test]
    fn bytes_that_would_favour_a_letter_are_thrown_away() {
        assert_eq!(*draw(cycling(&[255, 248, 0, 61, 62]), 6).expect("letters"), "0z00z0");
    }

    #[test]
    fn a_source_that_fails_or_is_stuck_makes_no_key() {
        let failed = HostError("no entropy".to_owned());
        assert_eq!(draw(|_| Err(failed.clone()), 16), Err(IssueError::Random(failed.clone())));
        let stuck = Err(IssueError::Random(HostError("the source of random bytes is stuck".to_owned())));
        assert_eq!(draw(|_| Ok(()), 16), stuck);
        assert_eq!(draw(cycling(&[255]), 16), stuck);
        assert_eq!(draw(cycling(&[255, 254]), 16), stuck);
    }

    #[test]
    fn a_request_that_leaves_somebody_out_names_the_field() {
        type Empty = fn(&mut IssueRequest) -> &mut String;
        let fields: [(&str, Empty); 4] = [
            ("organization", |request| &mut request.organization),
            ("owner", |request| &mut request.owner),
            ("revoker", |request| &mut request.revoker),
            ("name", |request| &mut request.name),
        ];
        for (name, field) in fields {
            for nothing in ["", " \n"] {
                let mut request = request();
                nothing.clone_into(field(&mut request));
                assert_eq!(validate(&request, 0), Err(IssueError::FieldEmpty(name)));
            }
        }
        assert_eq!(IssueError::FieldEmpty("owner").to_string(), "`owner` is empty");
    }

    #[test]
    fn a_key_that_would_never_be_good_is_not_issued() {
        let at = |not_before, expires| validate(&IssueRequest { not_before, expires, ..request() }, 100);
        assert_eq!(at(None, Some(100)), Err(IssueError::ExpiresInThePast));
        assert_eq!(at(None, Some(101)), Ok(()));
        assert_eq!(at(Some(200), Some(200)), Err(IssueError::ExpiresBeforeStart));
        assert_eq!(at(Some(200), Some(201)), Ok(()));
        assert_eq!(at(Some(50), None), Ok(()));
    }
}
