//! Looking into a credential: what is in it, and what the core says of it, step by step as far as it can be read.
//!
//! It is for people: the page, and whoever debugs a client. It uses the verifier's own steps and never stands in for
//! it: a signature that holds says nothing of whether its key is to be trusted.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    api_key,
    host::UnixMillis,
    jose::{Algorithm, CompactJws, Header, KeySet, PORTABLE, RefusedKey, base64url},
    json,
    key_source::Snapshot,
    m2m_token::{Claims, LONGEST_TOKEN_BYTES},
    verdict::{CredentialClass, Denial, Reason},
};

/// What there is to say of a credential.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The class that its form tells, if any.
    pub class: Option<CredentialClass>,
    /// What stands in a token.
    pub token: Option<TokenReport>,
    /// What stands in an API key, without its secret.
    pub key: Option<KeyReport>,
}

/// What stands in a token.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenReport {
    /// What is wrong with its outline, if anything.
    pub form: Option<Fault>,
    /// The header.
    pub header: Part,
    /// The payload.
    pub payload: Part,
    /// The length of the signature, in bytes.
    pub signature_bytes: Option<usize>,
    /// Whether the signature holds under one of the keys that were given.
    pub mathematics: Mathematics,
    /// The registered times, those that can be read.
    pub times: Vec<Time>,
}

/// A segment of a token, decoded as far as it goes.
#[derive(Debug, Clone, Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// The decoded text, what is no UTF-8 replaced.
    pub text: Option<String>,
    /// What the verifier says against it.
    pub fault: Option<Fault>,
}

/// A reason, with its words.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    /// The stable code.
    pub code: &'static str,
    /// The reason in words.
    pub title: &'static str,
    /// The section of the standard behind it.
    pub section: &'static str,
    /// More, where there is more to say.
    pub note: Option<String>,
}

impl From<&Denial> for Fault {
    fn from(denial: &Denial) -> Self {
        let facts = denial.reason.facts();
        Self { code: facts.code, title: facts.title, section: facts.section, note: denial.note.clone() }
    }
}

/// The verdict on the mathematics alone.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mathematics {
    /// Whether the signature holds; none where it was not checked.
    pub holds: Option<bool>,
    /// The `kid` of the key that was tried.
    pub kid: Option<String>,
    /// The algorithm.
    pub algorithm: Option<&'static str>,
    /// Why it does not hold, or was not checked.
    pub fault: Option<Fault>,
    /// The keys of the set that are of no use.
    pub refused_keys: Vec<String>,
}

/// A registered time of the payload.
#[derive(Debug, Clone, Serialize)]
pub struct Time {
    /// The claim.
    pub claim: &'static str,
    /// Seconds since the Unix epoch.
    pub at: i64,
    /// Whether it lies in the past.
    pub past: bool,
}

/// What stands in an API key.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyReport {
    /// The prefix.
    pub prefix: String,
    /// The environment.
    pub environment: &'static str,
    /// The id, which is no secret.
    pub id: String,
    /// Where the secret stands, in bytes from the start.
    pub secret_at: (usize, usize),
    /// Whether the check is the unsealed one. A sealed check cannot be judged without the seal.
    pub check_holds: bool,
}

/// Looks into a credential. `keys` is a key set or a snapshot whose keys are tried.
#[must_use]
pub fn inspect(credential: &str, keys: Option<&Value>, now: UnixMillis) -> Report {
    let credential = credential.trim();
    if let Some(parts) = api_key::describe(credential) {
        let key = KeyReport {
            prefix: parts.prefix.to_owned(),
            environment: parts.environment.as_str(),
            id: parts.id.to_owned(),
            secret_at: (parts.spans.secret.start, parts.spans.secret.end),
            check_holds: parts.unsealed_check_holds,
        };
        return Report { class: Some(CredentialClass::ApiKey), token: None, key: Some(key) };
    }
    let class = credential.contains('.').then_some(CredentialClass::M2mToken);
    Report { class, token: class.map(|_| token(credential, keys, now)), key: None }
}

fn token(credential: &str, keys: Option<&Value>, now: UnixMillis) -> TokenReport {
    let jws = CompactJws::parse(credential, LONGEST_TOKEN_BYTES);
    let (mut header, mut payload) = readable(credential);
    let mut claims = Map::new();
    let mut mathematics =
        Mathematics { holds: None, kid: None, algorithm: None, fault: None, refused_keys: Vec::new() };

    if let Ok(jws) = &jws {
        let parsed = Header::parse(&jws.header);
        header.fault = parsed.as_ref().err().map(Fault::from);
        match json::parse_object(&jws.payload) {
            Ok(members) => claims = members,
            Err(error) => payload.fault = Some((&Denial::new(Reason::PayloadInvalid).noting(error.to_string())).into()),
        }
        if payload.fault.is_none() {
            payload.fault = Claims::read(&claims).as_ref().err().map(Fault::from);
        }
        if let Ok(parsed) = &parsed {
            check(jws, parsed, keys, &mut mathematics);
        }
    } else if let Some(text) = &payload.text {
        claims = json::parse_object(text.as_bytes()).unwrap_or_default();
    }
    TokenReport {
        form: jws.as_ref().err().map(Fault::from),
        header,
        payload,
        signature_bytes: jws.as_ref().ok().map(|jws| jws.signature.len()),
        mathematics,
        times: times(&claims, now),
    }
}

/// The header and the payload for reading only, whatever is wrong with the outline: nothing that is decided rests on
/// them. Of an encrypted token only the header can be read (RFC 7516 §7.1).
fn readable(credential: &str) -> (Part, Part) {
    let mut segments = if credential.starts_with('{') { "" } else { credential }.split('.');
    let (header, payload) = (segments.next().and_then(lenient), segments.next().and_then(lenient));
    let payload = if segments.count() == 3 { None } else { payload };
    (Part { text: header, fault: None }, Part { text: payload, fault: None })
}

/// Decodes a segment up to the first character that is no base64 of any kind.
fn lenient(segment: &str) -> Option<String> {
    let mut digits: String = segment
        .chars()
        .filter(|digit| !digit.is_ascii_whitespace())
        .map(|digit| match digit {
            '+' => '-',
            '/' => '_',
            other => other,
        })
        .take_while(|digit| digit.is_ascii_alphanumeric() || matches!(digit, '-' | '_'))
        .collect();
    let whole_bytes = digits.len().saturating_mul(6) / 8;
    // Zero bits up to the next whole block, so that what is left over decodes.
    let missing = digits.len().next_multiple_of(4).saturating_sub(digits.len());
    digits.extend(std::iter::repeat_n('A', missing));
    let mut bytes = base64url::decode(&digits).ok()?;
    bytes.truncate(whole_bytes);
    (!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

fn check(jws: &CompactJws<'_>, header: &Header, keys: Option<&Value>, mathematics: &mut Mathematics) {
    let outcome = (|| {
        let algorithm = Algorithm::from_name(&header.algorithm).ok_or(Reason::AlgorithmNotAllowed)?;
        mathematics.algorithm = Some(algorithm.name());
        let Some(keys) = keys else { return Ok(()) };
        let unknown = |words: String| Denial::new(Reason::SigningKeyUnknown).noting(words);
        let snapshot = Snapshot::from_json(keys).map_err(|error| unknown(error.to_string()))?;
        let set =
            KeySet::prepare(snapshot.key_set(), &[algorithm], PORTABLE).map_err(|error| unknown(error.to_string()))?;
        mathematics.refused_keys = set.refused().iter().map(describe_refused).collect();
        let key = set.select(header.key_id.as_deref(), algorithm)?;
        mathematics.kid = key.kid().map(str::to_owned);
        let holds = key.verify(algorithm, jws.signing_input.as_bytes(), &jws.signature);
        mathematics.holds = Some(holds);
        if holds { Ok(()) } else { Err(Denial::new(Reason::SignatureInvalid)) }
    })();
    mathematics.fault = outcome.as_ref().err().map(Fault::from);
}

fn describe_refused(refused: &RefusedKey) -> String {
    match &refused.kid {
        Some(kid) => format!("{kid}: {}", refused.why),
        None => format!("key {} of the set: {}", refused.index, refused.why),
    }
}

fn times(claims: &Map<String, Value>, now: UnixMillis) -> Vec<Time> {
    ["iat", "nbf", "exp"]
        .into_iter()
        .filter_map(|claim| {
            let at = claims.get(claim)?.as_i64()?;
            Some(Time { claim, at, past: at <= now.seconds() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use base64ct::{Base64UrlUnpadded, Encoding};
    use serde_json::json;

    use super::*;

    /// RFC 8037, appendix A.4 (the payload is no JSON there, so the mathematics is all that holds).
    const RFC8037: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    fn key_set() -> Value {
        json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] })
    }

    fn token_report(text: &str, keys: Option<&Value>) -> TokenReport {
        inspect(text, keys, UnixMillis(1_000_000)).token.expect("a token")
    }

    #[test]
    fn a_signature_that_holds_is_told_from_a_payload_that_does_not() {
        let report = token_report(RFC8037, Some(&key_set()));
        assert_eq!(report.mathematics.holds, Some(true));
        assert_eq!(report.payload.text.as_deref(), Some("Example of Ed25519 signing"));
        assert_eq!(report.payload.fault.map(|fault| fault.code), Some("payload_invalid"));
    }

    #[test]
    fn without_keys_nothing_is_said_of_the_signature() {
        assert_eq!(token_report(RFC8037, None).mathematics.holds, None);
    }

    #[test]
    fn a_changed_token_does_not_hold() {
        let changed = RFC8037.replacen("RXhhbXBsZSBv", "RXhhbXBsZSBw", 1);
        let report = token_report(&changed, Some(&key_set()));
        assert_eq!(report.mathematics.holds, Some(false));
        assert_eq!(report.mathematics.fault.map(|fault| fault.code), Some("signature_invalid"));
    }

    #[test]
    fn as_much_as_possible_is_read_of_a_broken_token() {
        let report = token_report("eyJhbGciOiJub25lIn0=.eyJleHAiOjF9", None);
        assert_eq!(report.form.map(|fault| fault.code), Some("token_malformed"));
        assert_eq!(report.header.text.as_deref(), Some(r#"{"alg":"none"}"#));
        assert_eq!(report.payload.text.as_deref(), Some(r#"{"exp":1}"#));
    }

    #[test]
    fn a_segment_is_read_up_to_the_character_that_breaks_it() {
        for (segment, text) in [
            ("eyJleHAiOjF9", Some(r#"{"exp":1}"#)),
            ("eyJleHAi!OjF9", Some(r#"{"exp""#)),
            ("eyJleHAiOjF9A", Some(r#"{"exp":1}"#)),
            (" eyJl\nHAi", Some("{\"e\u{1c}\u{8}")),
            ("Pz8_Pz8/", Some("??????")),
            ("AR", Some("\u{1}")),
            ("A", None),
            ("!", None),
            ("", None),
        ] {
            assert_eq!(lenient(segment).as_deref(), text, "{segment:?}");
        }
    }

    #[test]
    fn times_are_read_of_a_broken_token_too() {
        let report = token_report("eyJhbGciOiJFUzI1NiJ9.eyJleHAiOjF9.A!", None);
        assert_eq!(report.form.map(|fault| fault.code), Some("token_malformed"));
        assert_eq!(report.times.first().map(|time| (time.claim, time.at)), Some(("exp", 1)));
    }

    #[test]
    fn what_is_encrypted_or_no_compact_form_is_not_taken_for_a_payload() {
        let report = token_report("eyJhbGciOiJkaXIifQ.e30.e30.e30.e30", None);
        assert_eq!(report.header.text.as_deref(), Some(r#"{"alg":"dir"}"#));
        assert_eq!(report.payload.text, None);
        let report = token_report(r#"{"payload":"e30","note":"a.b"}"#, None);
        assert_eq!((report.header.text, report.payload.text), (None, None));
        assert_eq!(report.form.map(|fault| fault.code), Some("token_form_unsupported"));
    }

    #[test]
    fn an_algorithm_that_no_key_could_serve_is_named_without_keys() {
        let report = token_report("eyJhbGciOiJub25lIn0.e30.", None);
        assert_eq!(report.mathematics.holds, None);
        assert_eq!(report.mathematics.fault.map(|fault| fault.code), Some("algorithm_not_allowed"));
        let report = token_report("eyJhbGciOiJFUzI1NiJ9.e30.AA", None);
        assert_eq!((report.mathematics.algorithm, report.mathematics.fault.is_none()), (Some("ES256"), true));
    }

    #[test]
    fn times_are_held_against_the_clock() {
        let payload = Base64UrlUnpadded::encode_string(br#"{"iat":999,"exp":1001,"nbf":"x"}"#);
        let report = token_report(&format!("eyJhbGciOiJFUzI1NiJ9.{payload}.AA"), None);
        let times: Vec<_> = report.times.iter().map(|time| (time.claim, time.at, time.past)).collect();
        assert_eq!(times, [("iat", 999, true), ("exp", 1001, false)]);
        assert_eq!(report.payload.fault.and_then(|fault| fault.note).as_deref(), Some("`nbf`"));
    }

    #[test]
    fn what_is_neither_is_said_to_be_neither() {
        assert!(inspect("hello", None, UnixMillis(0)).class.is_none());
    }
}
