//! What is unwise about keys that were handed over, each by itself and all of them as a set.

use serde_json::{Map, Value};

use super::{CredentialRule as Rule, Findings, Place, is_risky, secrets};
use crate::jose::{Algorithm, KeyError, KeyFamily, KeySet, PORTABLE};

/// What is in no set that is read: of more keys nothing is told.
const MOST_KEYS: usize = 64;

/// Looks at a key set or a snapshot. `algorithm` is that of the token that it was handed over with.
pub(super) fn of_keys(handed: Option<&Value>, algorithm: Option<Algorithm>, findings: &mut Findings) {
    let entries = handed.and_then(|keys| keys.get("keys")).and_then(Value::as_array);
    let entries = entries.map(Vec::as_slice).unwrap_or_default();
    let entries = entries.get(..MOST_KEYS).unwrap_or(entries);
    let is_secret = |entry: &Value| entry.get("kty").is_some_and(|kty| kty == "oct");
    let secrets = entries.iter().filter(|entry| is_secret(entry)).count();
    if secrets > 0 && secrets < entries.len() {
        findings.put(Rule::KeysMixed, Place::Keys, Some("/keys".to_owned()));
    }
    for (index, entry) in entries.iter().enumerate() {
        let mut find = |rule, member: &str| findings.put(rule, Place::Keys, Some(format!("/keys/{index}{member}")));
        let Some(jwk) = entry.as_object() else {
            find(Rule::KeyMalformed, "");
            continue;
        };
        if is_secret(entry) {
            of_secret(entry, algorithm, &mut find);
        } else {
            match objection(entry) {
                Some(KeyError::Secret) => find(Rule::KeyPrivate, ""),
                Some(KeyError::Weak(_)) => find(Rule::KeyWeak, ""),
                Some(KeyError::Malformed(_)) => find(Rule::KeyMalformed, ""),
                Some(KeyError::OtherFamily) => find(Rule::KeyUnknown, ""),
                // Keys for something else may stand in a set.
                Some(KeyError::OtherUse) | None => {}
            }
        }
        of_members(jwk, entries, index, &mut find);
    }
}

/// What is wrong with a key, whatever it is for.
fn objection(entry: &Value) -> Option<KeyError> {
    let alone = Map::from_iter([("keys".to_owned(), Value::Array(vec![entry.clone()]))]);
    let set = KeySet::survey(&alone, Algorithm::ALL, PORTABLE).ok()?;
    set.refused().first().map(|refused| refused.why)
}

/// What is wrong with a shared secret. None of it is repeated.
fn of_secret(entry: &Value, algorithm: Option<Algorithm>, find: &mut impl FnMut(Rule, &str)) {
    find(Rule::SecretHandedOver, "");
    let Some(secret) = secrets::of_jwk(entry) else { return find(Rule::KeyMalformed, "") };
    let named = entry.get("alg").and_then(Value::as_str).and_then(Algorithm::from_name);
    let least = |algorithm: Algorithm| match algorithm.family() {
        KeyFamily::Symmetric { least } => Some(least),
        _ => None,
    };
    let shortest = algorithm.and_then(least).or_else(|| named.and_then(least)).or_else(|| least(Algorithm::Hs256));
    if shortest.is_some_and(|shortest| secret.len() < shortest) {
        find(Rule::SecretShort, "");
    }
    if secrets::place_of(&secret).is_some() {
        find(Rule::SecretKnown, "");
    }
}

/// What a key says of itself, and what it leaves out.
fn of_members(jwk: &Map<String, Value>, all: &[Value], index: usize, find: &mut impl FnMut(Rule, &str)) {
    if jwk.get("use").is_some_and(|purpose| purpose == "enc") {
        return;
    }
    match jwk.get("alg").and_then(Value::as_str) {
        None => find(Rule::KeyAlgMissing, ""),
        Some("EdDSA") => find(Rule::AlgPolymorphic, "/alg"),
        Some(_) => {}
    }
    if !jwk.contains_key("use") && !jwk.contains_key("key_ops") {
        find(Rule::KeyUseMissing, "");
    }
    match jwk.get("kid").and_then(Value::as_str) {
        None if all.len() > 1 => find(Rule::KeyKidMissing, ""),
        None => {}
        Some(kid) => {
            if is_risky(kid) {
                find(Rule::KidCharacters, "/kid");
            }
            let is_same = |other: &Value| other.get("kid").is_some_and(|name| name == kid);
            if all.iter().take(index).any(is_same) {
                find(Rule::KidTwice, "/kid");
            }
        }
    }
}
