//! Looking into a credential: what is in it, what the verifier says of it step by step, under which key its signature
//! holds, and what is unwise about it.
//!
//! It is for people: the page, the command line, and whoever debugs a client. What is decided is decided by the
//! verifier itself, whose [`crate::verdict::Trail`] is read here; nothing of it is decided a second time. A signature
//! that holds says nothing of whether its key is to be trusted: the two are told apart, always. Neither the signature
//! nor a secret is repeated.

pub(crate) mod alone;
mod api_key;
pub(crate) mod deployed;
mod forgeries;
mod key_lines;
mod key_record;
mod ladder;
mod lifecycle;
mod lint;
mod segments;
mod spans;
mod times;
mod token;

pub use api_key::KeyReport;
pub use forgeries::{Attack, AttackFacts, Forgery, forgeries};
pub use key_lines::{KeyLine, KeyOrigin, Mathematics, Trust};
pub use key_record::{ExampleRecord, RecordMember};
pub use ladder::StepReport;
pub use lifecycle::{LIFECYCLE, LifecycleLine};
pub use lint::{CredentialFinding, CredentialRule, CredentialRuleFacts, Place};
pub use segments::{Broken, BrokenKind, Part};
pub use spans::{MOST_SPANS, MemberSpan};
pub use times::{ClockEdge, Lifetime, Time};
pub use token::TokenReport;

use serde::Serialize;
use serde_json::Value;

use crate::{
    api_key::describe,
    host::UnixMillis,
    json::JsonText,
    policy::PolicyError,
    verdict::{CredentialClass, Denial, Verdict, verdict_document},
};
use deployed::Deployed;

/// Whom a token names as its issuer, whatever that is worth.
pub(crate) fn claimed_issuer(token: &str) -> Option<String> {
    segments::read(token).issuer().map(str::to_owned)
}

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
    /// What the policy says of it at this time, as the verifier hands it out. None without a policy, and of an API key
    /// that only its store can tell of.
    pub verdict: Option<JsonText<String>>,
    /// What is unwise about it, the worst first.
    pub lint: Vec<CredentialFinding>,
}

/// A reason, with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// What a credential is held against.
#[derive(Debug, Clone, Copy, Default)]
pub struct Against<'a> {
    /// A policy as JSON text: of a verifier of M2M tokens, or of a whole gate.
    pub policy: Option<&'a str>,
    /// A key set or a snapshot that was handed over. It stands in for keys that the policy has elsewhere.
    pub keys: Option<&'a Value>,
}

/// Looks into a credential, to the letter: white space around it is a part of it.
///
/// # Errors
/// [`PolicyError`] with every fault of the policy.
pub fn inspect(credential: &str, against: Against<'_>, now: UnixMillis) -> Result<Report, PolicyError> {
    let read = segments::read(credential);
    let deployed = match against.policy {
        Some(policy) => Some(Deployed::read(policy, against.keys, read.issuer())?),
        None => None,
    };
    if api_key::is_key(credential, deployed.as_ref()) {
        let (key, verdict) = api_key::report(credential, deployed.as_ref());
        let lint = lint::of_key(&key);
        return Ok(Report {
            class: Some(CredentialClass::ApiKey),
            token: None,
            key: Some(key),
            verdict: verdict.as_ref().map(document),
            lint,
        });
    }
    if !is_token(credential, deployed.as_ref()) {
        // A key set can be looked at by itself.
        let lint = lint::of_keys_alone(against.keys);
        return Ok(Report { class: None, token: None, key: None, verdict: None, lint });
    }
    let (token, verdict) = token::report(credential, &read, deployed.as_ref(), against.keys, now);
    Ok(Report {
        class: Some(CredentialClass::M2mToken),
        lint: lint::of_token(credential, &read, &token, against.keys),
        token: Some(token),
        key: None,
        verdict: verdict.as_ref().map(document),
    })
}

/// Whether a text is meant to be a token.
fn is_token(credential: &str, deployed: Option<&Deployed>) -> bool {
    // A key with a full stop behind it, or white space and more, is no token: what would be read of it is the secret in
    // another spelling.
    let is_letter = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
    let holds_key = credential.split(|character| !is_letter(character)).any(|letters| describe(letters).is_some());
    (credential.contains('.') && !holds_key) || deployed.is_some_and(|deployed| deployed.takes(credential))
}

fn document(verdict: &Verdict) -> JsonText<String> {
    JsonText::known(verdict_document(verdict))
}

#[cfg(test)]
mod tests;
