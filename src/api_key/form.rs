//! The form of a key (contract §5.1): `<prefix>_<env>_<id>_<secret><check>`.
//!
//! - prefix: 2 to 12 characters of `[a-z0-9]`, the same for all keys of one product;
//! - env: `live` or `test`;
//! - id: 16 base62 characters, no secret: it stands in logs, records and reports;
//! - secret: 32 base62 characters, some 190 bits;
//! - check: 6 base62 characters over all that stands before them.
//!
//! The base62 alphabet is `0-9A-Za-z`, in this order: `0` is 0, `A` is 10, `a` is 36. A number is written with its most
//! significant digit first and filled up with `0` to the fixed width.
//!
//! Without seals the check is the CRC-32 (IEEE 802.3, as in zlib). It catches every mistyped character and spares the
//! store those reads, but anybody can compute it. With seals the check is HMAC-SHA-256 under the seal: the first 8 of
//! the MAC's 32 bytes, read as a big-endian number, modulo 62^6. New keys get the check of the first seal, and every
//! seal is accepted, so that seals rotate without breaking keys. A sealed form does not accept the CRC-32: whoever
//! turns seals on reissues the keys from before.

use std::{borrow::Cow, fmt, ops::Range, ops::RangeInclusive};

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

use super::{Record, SecretDigest};
use crate::{
    stored::{BASE, letter},
    verdict::{CredentialClass, Denial, Principal, Reason},
};

/// How long a prefix may be, in characters.
pub const PREFIX_LENGTHS: RangeInclusive<usize> = 2..=12;
/// The length of a key's id, in characters.
pub const ID_LENGTH: usize = 16;
/// The length of a key's secret, in characters.
pub const SECRET_LENGTH: usize = 32;
/// The length of a key's check, in characters.
pub const CHECK_LENGTH: usize = 6;
/// The shortest seal, in bytes: the length of the hash (RFC 2104 §3).
pub const MIN_SEAL_BYTES: usize = 32;

/// The same, as wide as the numbers that checks are made of.
const RADIX: u64 = BASE as u64;
/// How many different checks there are: 62^6, some 13 times as many as there are values of a CRC-32.
const CHECKS: u64 = 56_800_235_584;

/// Where a key is meant to be used. A key of one environment is worth nothing in the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// The real thing.
    Live,
    /// Trying things out.
    Test,
}

impl Environment {
    /// The environment as it stands in keys and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Live, Self::Test].into_iter().find(|environment| environment.as_str() == name)
    }
}

/// A form that cannot be used: a mistake of whoever configures it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormError {
    /// The prefix is not 2 to 12 characters of `[a-z0-9]`.
    Prefix,
    /// A seal is shorter than [`MIN_SEAL_BYTES`].
    SealTooShort {
        /// Its length, in bytes.
        bytes: usize,
    },
}

impl fmt::Display for FormError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix => formatter.write_str("the prefix of a key is 2 to 12 characters of a-z and 0-9"),
            Self::SealTooShort { bytes } => {
                write!(formatter, "a seal has at least {MIN_SEAL_BYTES} bytes, and this one has {bytes}")
            }
        }
    }
}

impl std::error::Error for FormError {}

/// A secret that keys are sealed with, so that nobody else can write a key that reaches the store.
///
/// It is held as the state of an HMAC that has taken the secret in, which halves the work of a check. The secret's own
/// bytes are wiped once they are taken in, and neither can be read back or printed.
#[derive(Clone)]
pub struct Seal {
    keyed: Hmac<Sha256>,
}

impl Seal {
    /// Takes a secret of at least [`MIN_SEAL_BYTES`], which should come from a random source, and wipes it.
    ///
    /// # Errors
    /// [`FormError::SealTooShort`].
    pub fn new(mut secret: Vec<u8>) -> Result<Self, FormError> {
        let bytes = secret.len();
        let keyed = if bytes < MIN_SEAL_BYTES { None } else { Hmac::new_from_slice(&secret).ok() };
        secret.zeroize();
        keyed.map(|keyed| Self { keyed }).ok_or(FormError::SealTooShort { bytes })
    }

    fn check(&self, covered: &str) -> [u8; CHECK_LENGTH] {
        let mac = self.keyed.clone().chain_update(covered).finalize().into_bytes();
        let head = mac.iter().take(8).fold(0, |number: u64, byte| (number << 8) | u64::from(*byte));
        base62(head % CHECKS)
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Seal(hidden)")
    }
}

/// The form of the keys that one gate issues and accepts.
#[derive(Debug, Clone)]
pub struct KeyForm {
    prefix: String,
    environment: Environment,
    seals: Vec<Seal>,
}

impl KeyForm {
    /// A form. The first seal is the current one, those after it are previous ones; without any, the check is a CRC-32.
    ///
    /// # Errors
    /// [`FormError::Prefix`].
    pub fn new(prefix: impl Into<String>, environment: Environment, seals: Vec<Seal>) -> Result<Self, FormError> {
        let prefix = prefix.into();
        if is_prefix(&prefix) { Ok(Self { prefix, environment, seals }) } else { Err(FormError::Prefix) }
    }

    /// The prefix of all keys of this form.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The environment of all keys of this form.
    #[must_use]
    pub const fn environment(&self) -> Environment {
        self.environment
    }

    /// Whether keys are sealed: then nobody else can write one whose check holds.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        !self.seals.is_empty()
    }

    /// Whether a credential is meant to be a key of this form, well-formed or not: this tells the classes apart.
    #[must_use]
    pub fn looks_like(&self, credential: &str) -> bool {
        credential.strip_prefix(self.prefix.as_str()).is_some_and(|rest| rest.starts_with('_'))
    }

    /// Takes a key apart. When this answers with a key, its form and check are right; whether there is such a key is
    /// still open.
    ///
    /// # Errors
    /// [`Reason::KeyMalformed`], [`Reason::KeyCheckMismatch`], and [`Reason::KeyEnvironmentMismatch`] for a key of the
    /// other environment whose check is good. Where the environments have different seals, the check of the other
    /// environment's keys is never good here.
    pub fn parse<'k>(&self, presented: &'k str) -> Result<PresentedKey<'k>, Denial> {
        let key = self.parse_of_any_environment(presented)?;
        if key.environment != self.environment {
            let (theirs, ours) = (key.environment.as_str(), self.environment.as_str());
            let note = format!("key {}: a {theirs} key, presented where {ours} keys are taken", key.id);
            let who = Principal { credential_id: Some(key.id.into_owned()), ..Principal::default() };
            return Err(Denial::new(Reason::KeyEnvironmentMismatch)
                .of(CredentialClass::ApiKey)
                .noting(note)
                .about(who));
        }
        Ok(key)
    }

    /// As [`KeyForm::parse`], for a key that was seen somewhere and is not presented: one of the other environment has
    /// leaked as well as one of this.
    ///
    /// # Errors
    /// [`Reason::KeyMalformed`] and [`Reason::KeyCheckMismatch`].
    pub(super) fn parse_of_any_environment<'k>(&self, text: &'k str) -> Result<PresentedKey<'k>, Denial> {
        let denied = |reason| Denial::new(reason).of(CredentialClass::ApiKey);
        let parts =
            split(text).filter(|parts| parts.prefix == self.prefix).ok_or_else(|| denied(Reason::KeyMalformed))?;
        if !self.check_holds(&parts) {
            return Err(denied(Reason::KeyCheckMismatch));
        }
        Ok(PresentedKey {
            id: Cow::Borrowed(parts.id),
            environment: parts.environment,
            secret: parts.secret,
            foreign: false,
        })
    }

    /// The text of the key with this id and secret.
    pub(super) fn compose(&self, id: &str, secret: &str) -> Zeroizing<String> {
        let environment = self.environment.as_str();
        let fields = [self.prefix.as_str(), environment, id, secret];
        // The room is taken at once: a string that grows leaves copies of the secret behind.
        let room = fields.iter().fold(CHECK_LENGTH, |sum, field| sum.saturating_add(field.len()).saturating_add(1));
        let mut key = Zeroizing::new(String::with_capacity(room));
        for (place, field) in fields.iter().enumerate() {
            if place > 0 {
                key.push('_');
            }
            key.push_str(field);
        }
        let check = self.seals.first().map_or_else(|| unsealed_check(&key), |seal| seal.check(&key));
        key.extend(check.iter().copied().map(char::from));
        key
    }

    fn check_holds(&self, parts: &Parts<'_>) -> bool {
        if self.seals.is_empty() {
            return unsealed_check(parts.covered) == parts.check.as_bytes();
        }
        // Every seal is tried, whatever the ones before it said, so that the time tells nothing about them.
        let holds = self.seals.iter().fold(Choice::from(0), |holds, seal| {
            holds | seal.check(parts.covered).as_slice().ct_eq(parts.check.as_bytes())
        });
        holds.into()
    }
}

/// A key as it was presented: well-formed, with a good check where its form has one, and not yet looked up.
#[derive(Clone)]
pub struct PresentedKey<'k> {
    /// The key's id.
    pub id: Cow<'k, str>,
    /// The key's environment.
    pub environment: Environment,
    secret: &'k str,
    foreign: bool,
}

impl<'k> PresentedKey<'k> {
    /// A key of another form, of which the whole text is secret.
    pub(super) const fn foreign(id: String, environment: Environment, text: &'k str) -> Self {
        Self { id: Cow::Owned(id), environment, secret: text, foreign: true }
    }

    /// Whether the key is of another form than the policy's own.
    #[must_use]
    pub const fn is_foreign(&self) -> bool {
        self.foreign
    }

    /// Whether this is the key of a record: of its form, and with its secret. In constant time, and the same work where
    /// there is no record.
    pub(super) fn is_of(&self, record: Option<&Record>) -> bool {
        let record = record.filter(|record| record.imported == self.foreign);
        *record.map_or(&SecretDigest::NONE, |record| &record.digest) == SecretDigest::of(self.secret)
    }

    /// What the store would hold of this key, where a record that was shown (see [`Record::public_json`]) is its own: what
    /// is shown has the id of its key, and no digest that the secret could be proven by. None for that of another key.
    pub(crate) fn suppose_record(&self, shown: &Map<String, Value>) -> Option<Map<String, Value>> {
        let mut record = shown.clone();
        let id = record.remove("id")?;
        record.insert("digest".to_owned(), String::from(SecretDigest::of(self.secret)).into());
        (id.as_str() == Some(self.id.as_ref())).then_some(record)
    }
}

impl fmt::Debug for PresentedKey<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PresentedKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What can be seen of a key without a store: for a page that explains it. Nothing of its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyParts<'k> {
    /// The prefix.
    pub prefix: &'k str,
    /// The environment.
    pub environment: Environment,
    /// The id.
    pub id: &'k str,
    /// Where each part stands.
    pub spans: KeySpans,
    /// Whether the check is the CRC-32. When it is not, the key is mistyped, invented, or sealed.
    pub unsealed_check_holds: bool,
}

/// Where the parts of a key stand in its text, as half-open ranges. The text is ASCII, so bytes and characters agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeySpans {
    /// The prefix.
    pub prefix: Range<usize>,
    /// The environment.
    pub environment: Range<usize>,
    /// The id.
    pub id: Range<usize>,
    /// The secret.
    pub secret: Range<usize>,
    /// The check.
    pub check: Range<usize>,
}

/// Describes a well-formed key of any prefix; nothing else.
#[must_use]
pub fn describe(text: &str) -> Option<KeyParts<'_>> {
    let parts = split(text)?;
    let mut at: usize = 0;
    let mut span = |field: &str, separator: usize| {
        let start = at;
        let end = start.saturating_add(field.len());
        at = end.saturating_add(separator);
        start..end
    };
    let spans = KeySpans {
        prefix: span(parts.prefix, 1),
        environment: span(parts.environment.as_str(), 1),
        id: span(parts.id, 1),
        secret: span(parts.secret, 0),
        check: span(parts.check, 0),
    };
    Some(KeyParts {
        prefix: parts.prefix,
        environment: parts.environment,
        id: parts.id,
        spans,
        unsealed_check_holds: unsealed_check(parts.covered) == parts.check.as_bytes(),
    })
}

/// The parts of a well-formed key.
struct Parts<'k> {
    prefix: &'k str,
    environment: Environment,
    id: &'k str,
    secret: &'k str,
    check: &'k str,
    /// All that stands before the check.
    covered: &'k str,
}

fn split(text: &str) -> Option<Parts<'_>> {
    let (prefix, rest) = text.split_once('_')?;
    let (environment, rest) = rest.split_once('_')?;
    let (id, rest) = rest.split_once('_')?;
    let (secret, check) = rest.split_at_checked(SECRET_LENGTH)?;
    let well_formed = is_prefix(prefix) && is_base62(id, ID_LENGTH) && is_base62(secret, SECRET_LENGTH);
    if !well_formed || !is_base62(check, CHECK_LENGTH) {
        return None;
    }
    let environment = Environment::from_name(environment)?;
    let covered = text.strip_suffix(check)?;
    Some(Parts { prefix, environment, id, secret, check, covered })
}

fn is_prefix(text: &str) -> bool {
    PREFIX_LENGTHS.contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'))
}

/// Whether a text has the form of the id of a key.
pub(crate) fn is_id(text: &str) -> bool {
    is_base62(text, ID_LENGTH)
}

fn is_base62(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn unsealed_check(covered: &str) -> [u8; CHECK_LENGTH] {
    base62(u64::from(crc32(covered.as_bytes())))
}

/// CRC-32 as Ethernet, gzip and GitHub's tokens have it, bit by bit: a key is short, and no table is looked into at places
/// that its secret tells.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1));
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

/// A number below 62^6 in base62.
fn base62(mut number: u64) -> [u8; CHECK_LENGTH] {
    let mut text = [b'0'; CHECK_LENGTH];
    for place in text.iter_mut().rev() {
        // The remainder always fits, so the other arm of this is never taken.
        *place = u8::try_from(number % RADIX).map_or(b'0', letter);
        number /= RADIX;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unsealed_check_is_that_of_a_well_known_library() {
        for length in 0..300_usize {
            let bytes: Vec<u8> = (0..251).cycle().step_by(31).take(length).collect();
            assert_eq!(crc32(&bytes), crc32fast::hash(&bytes), "{length}");
        }
    }

    // Computed with Python: zlib.crc32, and hmac with hashlib.sha256.
    const COVERED: &str = "acme_live_4fJ9aZ0kQ2mX7bTe_Vw3sN8dL1yPqC5uGh6RjKtBxEoMzI0A7";
    const UNSEALED: &str = "3Rc3Nv";
    const SEALED: &str = "r55Azp";
    const SEALED_BEFORE: &str = "4T8YmN";
    const OTHER_ENVIRONMENT: &str = "acme_test_4fJ9aZ0kQ2mX7bTe_Vw3sN8dL1yPqC5uGh6RjKtBxEoMzI0A701ILTU";

    fn current() -> Seal {
        Seal::new((0..32).collect()).expect("32 bytes")
    }

    fn previous() -> Seal {
        Seal::new(b"previous seal of exactly 40 characters!!".to_vec()).expect("40 bytes")
    }

    fn form(seals: Vec<Seal>) -> KeyForm {
        KeyForm::new("acme", Environment::Live, seals).expect("a good prefix")
    }

    fn refused(form: &KeyForm, text: &str) -> Reason {
        let denial = form.parse(text).expect_err(text);
        assert_eq!(denial.class, Some(CredentialClass::ApiKey));
        denial.reason
    }

    #[test]
    fn the_unsealed_check_is_the_crc_32_in_six_base62_characters() {
        let text = format!("{COVERED}{UNSEALED}");
        let form = form(vec![]);
        let key = form.parse(&text).expect("a good check");
        assert_eq!(
            (key.id.as_ref(), key.secret, key.environment),
            (&COVERED[10..26], &COVERED[27..], Environment::Live)
        );
        assert_eq!(*form.compose(&COVERED[10..26], &COVERED[27..]), text);
        // A CRC-32 below 62^3 keeps the width.
        assert!(form.parse("acme_live_4fJ9aZ0kQ2mX7bTe_Vw3sN8dL1yPqC5uGh6RjKtBx00008139000QJL").is_ok());
    }

    #[test]
    fn the_sealed_check_is_the_head_of_an_hmac_in_six_base62_characters() {
        let sealed = form(vec![current(), previous()]);
        assert_eq!(*sealed.compose(&COVERED[10..26], &COVERED[27..]), format!("{COVERED}{SEALED}"));
        for check in [SEALED, SEALED_BEFORE] {
            assert!(sealed.parse(&format!("{COVERED}{check}")).is_ok(), "{check}");
        }
        assert_eq!(refused(&form(vec![current()]), &format!("{COVERED}{SEALED_BEFORE}")), Reason::KeyCheckMismatch);
    }

    #[test]
    fn a_check_that_anybody_can_compute_is_worth_nothing_once_keys_are_sealed() {
        assert_eq!(refused(&form(vec![current()]), &format!("{COVERED}{UNSEALED}")), Reason::KeyCheckMismatch);
        assert_eq!(refused(&form(vec![]), &format!("{COVERED}{SEALED}")), Reason::KeyCheckMismatch);
    }

    #[test]
    fn base62_counts_digits_then_capitals_then_small_letters() {
        let alphabet: String = (0..BASE).map(|value| char::from(letter(value))).collect();
        assert_eq!(alphabet, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
        assert_eq!(&base62(0), b"000000");
        assert_eq!(&base62(62), b"000010");
        assert_eq!(&base62(u64::from(u32::MAX)), b"4gfFC3");
        assert_eq!(&base62(CHECKS - 1), b"zzzzzz");
        assert_eq!(CHECKS, 62_u64.pow(6));
    }

    #[test]
    fn what_is_not_of_the_form_is_malformed() {
        let form = form(vec![]);
        let good = format!("{COVERED}{UNSEALED}");
        for text in [
            "",
            "_",
            "acme",
            "acme_",
            "acme_live_",
            "acme_live__",
            &good[..good.len() - 1],
            &format!("{good}0"),
            &format!(" {good}"),
            &format!("{good}\n"),
            &good.replacen("acme", "acma", 1),
            &good.replacen("acme", "ACME", 1),
            &good.replacen("live", "prod", 1),
            &good.replacen("live", "Live", 1),
            &good.replacen('_', "-", 1),
            &good.replacen("Vw3", "V_3", 1),
            &good.replacen("Vw3", "V-3", 1),
            // One character of two bytes in the place of two of one byte each.
            &good.replacen("Vw3", "Vé", 1),
            &good.replacen(UNSEALED, "é0000", 1),
        ] {
            assert_eq!(refused(&form, text), Reason::KeyMalformed, "{text:?}");
        }
    }

    #[test]
    fn a_good_key_of_the_other_environment_is_told_apart_from_a_bad_one() {
        let form = form(vec![]);
        let denial = form.parse(OTHER_ENVIRONMENT).expect_err("another environment");
        assert_eq!(denial.reason, Reason::KeyEnvironmentMismatch);
        assert_eq!(
            denial.note.as_deref(),
            Some("key 4fJ9aZ0kQ2mX7bTe: a test key, presented where live keys are taken")
        );
        assert_eq!(
            refused(&form, &format!("{COVERED}{UNSEALED}").replacen("live", "test", 1)),
            Reason::KeyCheckMismatch
        );
    }

    #[test]
    fn a_key_is_recognised_by_its_prefix_alone() {
        let form = form(vec![]);
        assert!(form.looks_like("acme_"));
        assert!(form.looks_like("acme_live_mistyped"));
        for text in ["", "acme", "acmes_live_", "Acme_live_", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"] {
            assert!(!form.looks_like(text), "{text:?}");
        }
    }

    #[test]
    fn a_form_that_cannot_be_used_says_why() {
        for prefix in ["", "a", "thirteenchars", "Acme", "ac_me", "ac-me", "añb"] {
            assert_eq!(KeyForm::new(prefix, Environment::Live, vec![]).expect_err(prefix), FormError::Prefix);
        }
        for prefix in ["ab", "0a", "twelve123456"] {
            assert_eq!(KeyForm::new(prefix, Environment::Live, vec![]).expect(prefix).prefix(), prefix);
        }
        assert_eq!(Seal::new(vec![7; 31]).expect_err("31 bytes"), FormError::SealTooShort { bytes: 31 });
        assert_eq!(
            FormError::SealTooShort { bytes: 31 }.to_string(),
            "a seal has at least 32 bytes, and this one has 31"
        );
    }

    #[test]
    fn nothing_secret_shows_itself_in_debug() {
        let form = form(vec![Seal::new(b"a seal that nobody may ever see!!".to_vec()).expect("33 bytes")]);
        assert_eq!(format!("{form:?}"), "KeyForm { prefix: \"acme\", environment: Live, seals: [Seal(hidden)] }");
        let text = format!("{COVERED}{UNSEALED}");
        let key = self::form(vec![]);
        let key = key.parse(&text).expect("a good key");
        assert_eq!(format!("{key:?}"), "PresentedKey { id: \"4fJ9aZ0kQ2mX7bTe\", .. }");
    }

    #[test]
    fn a_page_can_describe_any_well_formed_key_without_its_secret() {
        let text = format!("{COVERED}{UNSEALED}");
        let parts = describe(&text).expect("well-formed");
        assert_eq!((parts.prefix, parts.environment, parts.id), ("acme", Environment::Live, "4fJ9aZ0kQ2mX7bTe"));
        assert!(parts.unsealed_check_holds);
        let spans = &parts.spans;
        assert_eq!(&text[spans.prefix.clone()], "acme");
        assert_eq!(&text[spans.environment.clone()], "live");
        assert_eq!(&text[spans.id.clone()], parts.id);
        assert_eq!(&text[spans.secret.clone()], &COVERED[27..]);
        assert_eq!(&text[spans.check.clone()], UNSEALED);
        let json = serde_json::to_string(&parts).expect("JSON");
        assert!(
            json.contains(r#""unsealedCheckHolds":true"#) && json.contains(r#""secret":{"start":27,"end":59}"#),
            "{json}"
        );
        assert!(!json.contains(&COVERED[27..]) && !format!("{parts:?}").contains(&COVERED[27..]));
        assert!(!describe(&format!("{COVERED}{SEALED}")).expect("well-formed").unsealed_check_holds);
        assert_eq!(describe("acme_live_x"), None);
    }
}
