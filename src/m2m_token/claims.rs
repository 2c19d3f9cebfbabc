//! The claims of an access token, with their types checked (RFC 7519 §4.1, RFC 9068 §2.2).

use std::fmt;

use serde_json::{Map, Value};

use super::ClaimPath;
use crate::{
    stored::is_scope_token,
    verdict::{Denial, Reason},
};

/// The claims that verification needs. Times are seconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// `iss`.
    pub issuer: Option<String>,
    /// `sub`.
    pub subject: Option<String>,
    /// `aud`, one or many.
    pub audience: Vec<String>,
    /// `exp`, rounded down.
    pub expires: Option<i64>,
    /// `nbf`, rounded up.
    pub not_before: Option<i64>,
    /// `iat`, rounded up.
    pub issued_at: Option<i64>,
    /// `jti`.
    pub token_id: Option<String>,
}

impl Claims {
    /// Takes the registered claims out of a payload.
    ///
    /// # Errors
    /// [`Reason::ClaimMalformed`] with the claim's name as note.
    pub fn read(payload: &Map<String, Value>) -> Result<Self, Denial> {
        Ok(Self {
            issuer: text(payload, "iss")?,
            subject: text(payload, "sub")?,
            audience: audience(payload)?,
            expires: numeric_date(payload, "exp", f64::floor)?,
            not_before: numeric_date(payload, "nbf", f64::ceil)?,
            issued_at: numeric_date(payload, "iat", f64::ceil)?,
            token_id: text(payload, "jti")?,
        })
    }
}

pub(super) fn malformed(name: impl fmt::Display) -> Denial {
    Denial::new(Reason::ClaimMalformed).noting(format!("`{name}`"))
}

/// A claim that is a string, or absent.
pub(super) fn text(payload: &Map<String, Value>, name: &str) -> Result<Option<String>, Denial> {
    match payload.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(malformed(name)),
    }
}

/// `aud` is a string or an array of strings (RFC 7519 §4.1.3).
fn audience(payload: &Map<String, Value>) -> Result<Vec<String>, Denial> {
    match payload.get("aud") {
        None => Ok(Vec::new()),
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        Some(Value::Array(many)) => {
            many.iter().map(|one| one.as_str().map(str::to_owned).ok_or_else(|| malformed("aud"))).collect()
        }
        Some(_) => Err(malformed("aud")),
    }
}

/// The scopes, from the one claim that the issuer's policy declares and never from a union: a union would let a claim
/// that means something else widen what a token may do. It is a string of scopes with single spaces between, or an array.
/// Each must be a scope token (RFC 6749 §3.3); an array item with a space in it would become two scopes for the next
/// reader.
pub(super) fn scopes(payload: &Map<String, Value>, claim: &ClaimPath) -> Result<Vec<String>, Denial> {
    let scopes: Vec<&str> = match claim.find(payload)? {
        None => Vec::new(),
        Some(Value::String(line)) if line.is_empty() => Vec::new(),
        Some(Value::String(line)) => line.split(' ').collect(),
        Some(Value::Array(many)) => {
            many.iter().map(Value::as_str).collect::<Option<_>>().ok_or_else(|| malformed(claim))?
        }
        Some(_) => return Err(malformed(claim)),
    };
    if !scopes.iter().all(|scope| is_scope_token(scope)) {
        return Err(malformed(claim));
    }
    Ok(scopes.into_iter().map(str::to_owned).collect())
}

/// The years that a date can stand for without overflow in any arithmetic done with it: 2^53 seconds.
const NUMERIC_DATE_BOUND: f64 = 9_007_199_254_740_991.0;

/// A NumericDate: a JSON number, with a fraction or without (RFC 7519 §2). A string is none, whatever it holds.
fn numeric_date(payload: &Map<String, Value>, name: &str, round: fn(f64) -> f64) -> Result<Option<i64>, Denial> {
    let Some(value) = payload.get(name) else { return Ok(None) };
    if let Some(whole) = value.as_i64() {
        return Ok(Some(whole));
    }
    match value.as_f64() {
        // Rounded and bounded, so that the cast is exact.
        #[expect(clippy::cast_possible_truncation, reason = "the value is whole and within 2^53")]
        Some(number) if number.abs() <= NUMERIC_DATE_BOUND => Ok(Some(round(number) as i64)),
        _ => Err(malformed(name)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(payload: &Value) -> Result<Claims, Denial> {
        Claims::read(payload.as_object().expect("an object"))
    }

    #[test]
    fn times_are_numbers_and_fractions_round_against_the_bearer() {
        let claims = read(&json!({ "exp": 10.9, "nbf": 10.1, "iat": 10 })).expect("well-typed");
        assert_eq!((claims.expires, claims.not_before, claims.issued_at), (Some(10), Some(11), Some(10)));
        for wrong in [json!("10"), json!(null), json!([10]), json!(true), json!({})] {
            for name in ["exp", "nbf", "iat"] {
                let denial = read(&json!({ name: wrong })).expect_err("a wrong type");
                assert_eq!((denial.reason, denial.note), (Reason::ClaimMalformed, Some(format!("`{name}`"))));
            }
        }
    }

    #[test]
    fn names_are_strings() {
        for name in ["iss", "sub", "jti"] {
            assert_eq!(read(&json!({ name: 1 })).expect_err("a number").reason, Reason::ClaimMalformed);
            assert_eq!(read(&json!({ name: ["x"] })).expect_err("an array").reason, Reason::ClaimMalformed);
        }
    }

    #[test]
    fn an_audience_is_one_string_or_many() {
        assert_eq!(read(&json!({ "aud": "a" })).expect("one").audience, ["a"]);
        assert_eq!(read(&json!({ "aud": ["a", "b"] })).expect("many").audience, ["a", "b"]);
        for wrong in [json!(1), json!(["a", 1]), json!({}), json!(null)] {
            assert_eq!(read(&json!({ "aud": wrong })).expect_err("a wrong type").reason, Reason::ClaimMalformed);
        }
    }

    #[test]
    fn scopes_come_from_the_declared_claim_alone() {
        let payload = json!({ "scope": "a b", "scp": ["c"], "permissions": ["d"], "access": { "roles": ["e"] } });
        let payload = payload.as_object().expect("an object");
        let scopes = |path| scopes(payload, &ClaimPath::parse(path).expect("a path"));
        assert_eq!(scopes("scope"), Ok(vec!["a".into(), "b".into()]));
        assert_eq!(scopes("scp"), Ok(vec!["c".into()]));
        assert_eq!(scopes("permissions"), Ok(vec!["d".into()]));
        assert_eq!(scopes("/access/roles"), Ok(vec!["e".into()]));
        assert_eq!(scopes("other"), Ok(vec![]));
    }

    #[test]
    fn a_scope_cannot_smuggle_another() {
        for wrong in [
            json!("a  b"),
            json!(" a"),
            json!(["a b"]),
            json!([""]),
            json!(["a\"b"]),
            json!([1]),
            json!(1),
            json!("a\tb"),
        ] {
            let payload = json!({ "scope": wrong });
            let denial =
                scopes(payload.as_object().expect("an object"), &ClaimPath::member("scope")).expect_err("malformed");
            assert_eq!(denial.reason, Reason::ClaimMalformed);
        }
    }
}
