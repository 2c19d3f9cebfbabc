//! What is unwise about a credential, whether or not it is refused: the practice of RFC 8725 and what follows it.

mod keys;
mod secrets;

pub(super) use secrets::tried as tried_secrets;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{KeyReport, TokenReport, key_lines::OWN_KEYS, segments::Segments, spans::LONGEST_POINTER};
use crate::{
    jose::Algorithm,
    m2m_token::{DEFAULT_MAX_TOKEN_BYTES, has_foreign_shape, is_foreign_media_type, normalize_media_type},
    policy::Severity,
};

/// A bearer token should live no longer than this, in seconds (RFC 6750 §5.3).
const LONG_LIFE: i64 = 3_600;

/// A time past this, in seconds, was written in milliseconds: it is in the year 5138.
const IN_MILLISECONDS: i64 = 100_000_000_000;

/// The most findings of one rule.
const MOST_PLACES: usize = 8;

/// How deep personal data are looked for.
const MOST_DEPTH: u8 = 8;

/// Where a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The header of a token.
    Header,
    /// The payload of a token.
    Payload,
    /// The keys that were handed over.
    Keys,
    /// The credential as a whole.
    Credential,
}

/// What is fixed about a [`CredentialRule`].
#[derive(Debug, Clone, Copy)]
pub struct CredentialRuleFacts {
    /// The stable code; it never changes its meaning.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The section that warns of it.
    pub section: &'static str,
    /// What is wrong.
    pub title: &'static str,
    /// What to do about it.
    pub advice: &'static str,
}

macro_rules! rules {
    ($( $(#[doc = $doc:literal])* $name:ident = $code:literal, $severity:ident, $section:literal, $advice:literal; )*) => {
        /// What is looked for in a credential. One variant for each rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum CredentialRule { $( $(#[doc = $doc])* $name, )* }

        impl CredentialRule {
            /// Every rule, in the order of their declaration.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )* ];

            /// What is fixed about this rule.
            #[must_use]
            pub const fn facts(self) -> &'static CredentialRuleFacts {
                match self { $( Self::$name => &CredentialRuleFacts {
                    code: $code, severity: Severity::$severity, section: $section, title: concat!($($doc),*), advice: $advice,
                }, )* }
            }
        }
    };
}

rules! {
    /// It says that it is not signed.
    AlgNone = "alg_none", High, "RFC 8725 §3.2",
        "Have the issuer sign it. Whatever takes such a token takes any.";
    /// It brings or names a key of its own. Who follows that lets the token choose who vouches for it.
    OwnKey = "own_key", High, "RFC 8725 §3.10",
        "Leave it out, and have verifiers find the key by the issuer and `kid`.";
    /// Its `kid` has characters that mean something to a file system, a database or a shell.
    KidCharacters = "kid_characters", High, "RFC 8725 §3.10",
        "Name keys by letters, digits, `-`, `_` and `.`, as by their thumbprint (RFC 7638).";
    /// It is signed with a secret that stands in lists of well-known ones: anybody can sign such tokens.
    SecretKnown = "secret_known", High, "RFC 8725 §3.5",
        "Replace the secret now, and refuse all that it signed. Better sign with a private key, as of `ES256`.";
    /// The secret is shorter than the hash, and can be guessed from one token.
    SecretShort = "secret_short", High, "RFC 7518 §3.2",
        "Draw a secret as long as the hash at least, at random. Better sign with a private key, as of `ES256`.";
    /// Secrets were handed over beside it: who holds them can sign such tokens.
    SecretHandedOver = "secret_handed_over", Medium, "RFC 8725 §3.5",
        "Show secrets to nobody who only checks tokens. Better sign with a private key, as of `ES256`.";
    /// A private key stands in the key set: whoever has read it can sign.
    KeyPrivate = "key_private", High, "RFC 7517 §9.2",
        "Replace the key now, and publish the public part of the new one alone.";
    /// Secrets and public keys stand in one set: what is signed with one kind can pass for the other.
    KeysMixed = "keys_mixed", High, "RFC 8725 §3.1",
        "Keep secrets in a set of their own that nobody fetches.";
    /// A key is too weak, or so large that checking with it is an attack.
    KeyWeak = "key_weak", High, "RFC 8725 §3.5",
        "Replace it: RSA has 2048 bits or more and the exponent 65537. Better take an elliptic curve, as of `ES256`.";
    /// A member is named as a secret is. Who can read a token can read all of it.
    SecretInPayload = "secret_in_payload", High, "RFC 7519 §12",
        "Leave it out: a token is signed, not encrypted, and ends up in logs.";
    /// It has no `exp`: it does not end by itself.
    ExpMissing = "exp_missing", High, "RFC 9068 §2.2",
        "Have the issuer put an end to it, an hour ahead or less.";
    /// It has no `aud`: every service that trusts the issuer may take it.
    AudMissing = "aud_missing", Medium, "RFC 8725 §3.9",
        "Have the issuer name the one API that it is for.";
    /// It has no `iss`: which keys may vouch for it is anybody's guess.
    IssMissing = "iss_missing", Medium, "RFC 8725 §3.8",
        "Have the issuer name itself.";
    /// It lives for more than an hour. It can hardly be called back before it ends.
    LifetimeLong = "lifetime_long", Medium, "RFC 6750 §5.3",
        "Have the issuer give it an hour at most: a client fetches a new one by itself.";
    /// A time is written in milliseconds: it lies thousands of years ahead.
    TimeInMilliseconds = "time_in_milliseconds", Medium, "RFC 7519 §2",
        "Write seconds since 1970.";
    /// Its header asks for compression, which can give away what is secret and fill the memory of who undoes it.
    Compressed = "compressed", Medium, "RFC 8725 §3.6",
        "Leave `zip` out.";
    /// Its header names extensions that a verifier must understand.
    CritPresent = "crit_present", Medium, "RFC 7515 §4.1.11",
        "Leave `crit` out: many libraries pass over it, and others refuse it.";
    /// Its payload may be unencoded: libraries disagree on what was signed.
    PayloadUnencoded = "payload_unencoded", Medium, "RFC 7797 §6",
        "Leave `b64` out.";
    /// It is encrypted with a password: how much work that is, the token says itself.
    PasswordBased = "password_based", Medium, "RFC 8725 §3.5",
        "Leave `p2c` out, and take a key instead of a password.";
    /// It is encrypted: whoever has the public key can make one, and what it says cannot be seen on the way.
    Encrypted = "encrypted", Medium, "RFC 7519 §11.2",
        "Have it signed, and leave it to TLS to keep it secret on the way.";
    /// It holds another token: libraries disagree on which of the two signatures counts.
    Nested = "nested", Medium, "RFC 8725 §3.3",
        "Have the issuer sign the claims themselves.";
    /// It is another kind of token, or has the claims of one: an ID token, a proof, a logout token.
    OtherKind = "other_kind", Medium, "RFC 8725 §3.12",
        "Send the access token to the API, and have the issuer keep the kinds apart by `typ`, `aud` and keys.";
    /// It ends before it begins: it is never good.
    LifetimeEmpty = "lifetime_empty", Medium, "RFC 7519 §4.1.4",
        "Have the issuer see to its clock, and to the units of its times.";
    /// Two keys of the set have one name: which of them is meant cannot be told.
    KidTwice = "kid_twice", Medium, "RFC 7517 §4.5",
        "Give each key a name of its own, as by its thumbprint (RFC 7638).";
    /// A key of the set cannot be read: a member is missing, or has another form than its type asks for.
    KeyMalformed = "key_malformed", Medium, "RFC 7517 §4",
        "Publish it again with all members of its type.";
    /// It is larger than verifiers look at by default, and larger than many servers take in a header.
    TokenLarge = "token_large", Medium, "contract §3.2",
        "Leave out what the API does not decide by.";
    /// Its scopes are good for everything.
    ScopeWildcard = "scope_wildcard", Medium, "RFC 9700 §2.3",
        "Name what the client does: `reports:read` rather than `*`.";
    /// Its issuer is named without TLS: whoever is on the way can put other keys in the place of its own.
    IssuerPlain = "issuer_plain", Medium, "RFC 8414 §2",
        "Name the issuer by `https`.";
    /// It tells of a person. Who can read a token can read all of it, and it ends up in logs.
    PersonalData = "personal_data", Low, "RFC 7519 §12",
        "Leave it out: a machine has no address, and an API can look people up.";
    /// It is for several audiences: each of them can use it at the others.
    AudMany = "aud_many", Low, "RFC 9700 §2.3",
        "Have a token for each API.";
    /// It has no `typ`: another kind of token of the same issuer could pass for it.
    TypMissing = "typ_missing", Low, "RFC 8725 §3.11",
        "Have the issuer write `at+jwt`, and name it in the policy.";
    /// Its `typ` says no more than that it is a JWT, which an ID token is too.
    TypVague = "typ_vague", Low, "RFC 8725 §3.11",
        "Have the issuer write `at+jwt`, and name it in the policy.";
    /// It has no `kid`: with a second key in the set it is refused, so that keys cannot be rotated.
    KidMissing = "kid_missing", Low, "RFC 7515 §4.1.4",
        "Have the issuer name its key.";
    /// It has no `iat`: how long it lives cannot be told.
    IatMissing = "iat_missing", Low, "RFC 9068 §2.2",
        "Have the issuer say when it was issued.";
    /// It has no `jti`: it cannot be denied alone.
    JtiMissing = "jti_missing", Low, "RFC 9068 §2.2",
        "Have the issuer give each token an id of its own.";
    /// Its `alg` is the name that leaves the curve open.
    AlgPolymorphic = "alg_polymorphic", Low, "RFC 9864 §2.2",
        "Name the algorithm in full: `Ed25519`.";
    /// It has no `sub`: whose call it is must be told from other claims.
    SubMissing = "sub_missing", Low, "RFC 9068 §2.2",
        "Have the issuer name the client as its subject.";
    /// A key of the set fits no algorithm that is known here.
    KeyUnknown = "key_unknown", Low, "RFC 7517 §5",
        "See whether it belongs into this set. Verifiers leave it aside.";
    /// A key of the set does not say for which algorithm it is: a token may choose among those that it fits.
    KeyAlgMissing = "key_alg_missing", Low, "RFC 8725 §3.1",
        "Write `alg`, and use each key with one algorithm.";
    /// A key of the set does not say that it is for signatures.
    KeyUseMissing = "key_use_missing", Low, "RFC 7517 §4.2",
        "Write `use` with `sig`.";
    /// A key of the set has no name, and is not the only one: no token can name it.
    KeyKidMissing = "key_kid_missing", Low, "RFC 7517 §4.5",
        "Give it a name, as by its thumbprint (RFC 7638).";
    /// It stands until somebody ends it: nothing in it says when that is.
    Standing = "standing_credential", Low, "contract §5.2",
        "See its record: `expires` ends it, `owner` and `revoker` answer for it, `disabled`, `revocation` and `rotation` say how it fares, `scopes` and `allowedCidrs` what it may do. A token ends by itself.";
    /// Its check is the plain one: anybody can make up a key that reaches the store.
    CheckPlain = "check_plain", Low, "contract §5.1",
        "Seal keys, so that what was made up is refused without asking the store.";
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CredentialFinding {
    /// The code of the rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub title: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    /// The section that warns of it.
    pub section: &'static str,
    /// Where it is.
    pub place: Place,
    /// The JSON pointer of the member there (RFC 6901), where it is about one.
    pub pointer: Option<String>,
}

/// The worst first.
#[derive(Default)]
struct Findings(Vec<CredentialFinding>);

impl Findings {
    fn put(&mut self, rule: CredentialRule, place: Place, pointer: Option<String>) {
        let facts = rule.facts();
        if self.0.iter().filter(|finding| finding.rule == facts.code).count() >= MOST_PLACES {
            return;
        }
        let rank = self.0.partition_point(|before| before.severity >= facts.severity);
        self.0.insert(
            rank,
            CredentialFinding {
                rule: facts.code,
                severity: facts.severity,
                title: facts.title.trim_ascii(),
                advice: facts.advice,
                section: facts.section,
                place,
                pointer,
            },
        );
    }

    fn member(&mut self, rule: CredentialRule, place: Place, name: &str) {
        self.put(rule, place, Some(format!("/{name}")));
    }
}

/// What is unwise about an API key.
pub(super) fn of_key(key: &KeyReport) -> Vec<CredentialFinding> {
    let mut findings = Findings::default();
    if key.id.is_some() {
        findings.put(CredentialRule::Standing, Place::Credential, None);
    }
    if key.check_holds == Some(true) {
        findings.put(CredentialRule::CheckPlain, Place::Credential, None);
    }
    findings.0
}

/// What is unwise about a key set, where there is nothing else to look at.
pub(super) fn of_keys_alone(handed: Option<&Value>) -> Vec<CredentialFinding> {
    let mut findings = Findings::default();
    keys::of_keys(handed, None, &mut findings);
    findings.0
}

/// What is unwise about a token, as far as it can be read. `handed` are the keys that were handed over with it.
pub(super) fn of_token(
    credential: &str,
    read: &Segments,
    report: &TokenReport,
    handed: Option<&Value>,
) -> Vec<CredentialFinding> {
    let mut findings = Findings::default();
    if credential.len() > DEFAULT_MAX_TOKEN_BYTES {
        findings.put(CredentialRule::TokenLarge, Place::Credential, None);
    }
    // What cannot be read lacks nothing.
    if report.header.text.is_some() && !read.header.members.is_empty() {
        of_header(&read.header.members, &mut findings);
    }
    if report.payload.text.is_some() && !read.payload.members.is_empty() {
        of_payload(&read.payload.members, report, &mut findings);
    }
    if report.secret_found.is_some() {
        findings.put(CredentialRule::SecretKnown, Place::Credential, None);
    }
    keys::of_keys(handed, report.mathematics.algorithm.and_then(Algorithm::from_name), &mut findings);
    findings.0
}

fn of_header(header: &Map<String, Value>, findings: &mut Findings) {
    use CredentialRule as Rule;
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    let place = Place::Header;
    match text("alg") {
        Some(name) if name.trim().eq_ignore_ascii_case("none") || name.is_empty() => {
            findings.member(Rule::AlgNone, place, "alg");
        }
        Some("EdDSA") => findings.member(Rule::AlgPolymorphic, place, "alg"),
        _ => {}
    }
    for name in OWN_KEYS.into_iter().filter(|name| header.contains_key(*name)) {
        findings.member(Rule::OwnKey, place, name);
    }
    match text("kid") {
        Some(kid) if is_risky(kid) => findings.member(Rule::KidCharacters, place, "kid"),
        Some(_) => {}
        None => findings.put(Rule::KidMissing, place, None),
    }
    match text("typ").map(normalize_media_type).as_deref() {
        None => findings.put(Rule::TypMissing, place, None),
        Some("jwt") => findings.member(Rule::TypVague, place, "typ"),
        Some(kind) if is_foreign_media_type(kind) => findings.member(Rule::OtherKind, place, "typ"),
        Some(_) => {}
    }
    if text("cty").map(normalize_media_type).as_deref() == Some("jwt") {
        findings.member(Rule::Nested, place, "cty");
    }
    for (name, rule) in [
        ("zip", Rule::Compressed),
        ("crit", Rule::CritPresent),
        ("b64", Rule::PayloadUnencoded),
        ("p2c", Rule::PasswordBased),
        ("enc", Rule::Encrypted),
    ] {
        if header.contains_key(name) {
            findings.member(rule, place, name);
        }
    }
}

/// Whether a name means something to a file system, a database or a shell. A slash within is base64's too.
fn is_risky(kid: &str) -> bool {
    kid.starts_with(['/', '~', '|'])
        || kid.contains("..")
        || kid.contains("--")
        || kid.contains("://")
        || kid.contains(|character: char| {
            character.is_control()
                || matches!(character, '\\' | '\'' | '"' | ';' | '`' | '$' | '<' | '>' | '|' | '%' | '*')
        })
}

fn of_payload(payload: &Map<String, Value>, report: &TokenReport, findings: &mut Findings) {
    use CredentialRule as Rule;
    let place = Place::Payload;
    for (name, rule) in [
        ("exp", Rule::ExpMissing),
        ("aud", Rule::AudMissing),
        ("iss", Rule::IssMissing),
        ("iat", Rule::IatMissing),
        ("jti", Rule::JtiMissing),
        ("sub", Rule::SubMissing),
    ] {
        if !payload.contains_key(name) {
            findings.put(rule, place, None);
        }
    }
    if payload.get("aud").and_then(Value::as_array).is_some_and(|many| many.len() > 1) {
        findings.member(Rule::AudMany, place, "aud");
    }
    if payload.get("iss").and_then(Value::as_str).is_some_and(|issuer| issuer.starts_with("http://")) {
        findings.member(Rule::IssuerPlain, place, "iss");
    }
    for time in report.times.iter().filter(|time| time.at > IN_MILLISECONDS) {
        findings.member(Rule::TimeInMilliseconds, place, time.claim);
    }
    if report.lifetime.seconds.is_some_and(|seconds| seconds > LONG_LIFE) {
        findings.member(Rule::LifetimeLong, place, "exp");
    }
    if report.lifetime.seconds.is_some_and(|seconds| seconds <= 0) {
        findings.member(Rule::LifetimeEmpty, place, "exp");
    }
    if has_foreign_shape(payload) {
        findings.put(Rule::OtherKind, place, None);
    }
    for name in ["scope", "scp", "permissions"] {
        if payload.get(name).is_some_and(has_wildcard) {
            findings.member(Rule::ScopeWildcard, place, name);
        }
    }
    of_members(payload, "", 0, findings);
}

fn has_wildcard(scopes: &Value) -> bool {
    let is_wildcard =
        |scope: &str| scope == "*" || scope.ends_with(":*") || scope.ends_with(".*") || scope.ends_with("/*");
    match scopes {
        Value::String(line) => line.split(' ').any(is_wildcard),
        Value::Array(many) => many.iter().filter_map(Value::as_str).any(is_wildcard),
        _ => false,
    }
}

/// The claims that tell of a person (`OpenID` Connect Core §5.1).
const PERSONAL: [&str; 9] =
    ["email", "phone_number", "birthdate", "address", "given_name", "family_name", "picture", "gender", "ssn"];

/// What secrets are called.
const SECRET: [&str; 8] =
    ["password", "passwd", "secret", "client_secret", "api_key", "apikey", "private_key", "access_token"];

fn of_members(members: &Map<String, Value>, above: &str, depth: u8, findings: &mut Findings) {
    for (name, value) in members {
        // Of what is named at such length nothing is told: each name within would repeat it.
        if above.len().saturating_add(name.len()) > LONGEST_POINTER {
            continue;
        }
        let pointer = || format!("{above}/{}", name.replace('~', "~0").replace('/', "~1"));
        let plain = name.to_ascii_lowercase();
        if SECRET.contains(&plain.as_str()) && (value.is_string() || value.is_number()) {
            findings.put(CredentialRule::SecretInPayload, Place::Payload, Some(pointer()));
        } else if PERSONAL.contains(&plain.as_str()) || value.as_str().is_some_and(looks_like_email) {
            findings.put(CredentialRule::PersonalData, Place::Payload, Some(pointer()));
        }
        if let (Value::Object(within), true) = (value, depth < MOST_DEPTH) {
            of_members(within, &pointer(), depth.saturating_add(1), findings);
        }
    }
}

/// Whether a text could be somebody's address. `client@clients` is none: what comes after the sign is no domain.
fn looks_like_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let is_plain = |text: &str| !text.is_empty() && !text.contains([' ', '/', ':', '@']);
    text.len() <= 254
        && is_plain(local)
        && is_plain(domain)
        && domain.split_once('.').is_some_and(|(name, rest)| !name.is_empty() && rest.len() > 1)
}

#[cfg(test)]
mod tests;
