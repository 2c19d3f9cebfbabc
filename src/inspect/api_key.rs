//! The report of an API key. Its secret is in none of it.

use serde::Serialize;

use super::{
    ExampleRecord, RecordMember, StepReport,
    deployed::Deployed,
    key_record::{example, members},
};
use crate::{
    api_key::{KeyParts, KeySpans, SECRET_LENGTH, describe, store_key},
    verdict::{CredentialClass, Denial, Reason, StepOutcome, Verdict},
};

/// What there is to say of an API key.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyReport {
    /// The prefix.
    pub prefix: Option<String>,
    /// The environment.
    pub environment: Option<&'static str>,
    /// The id, which is no secret.
    pub id: Option<String>,
    /// Where each part stands, in characters from the start; none for a key of another form.
    pub spans: Option<KeySpans>,
    /// Where the secret stands, in characters from the start.
    pub secret_at: Option<(usize, usize)>,
    /// Whether the check is the unsealed one. A sealed check cannot be judged without the seal.
    pub check_holds: Option<bool>,
    /// Whether it is a key of another form that the policy takes: all of it is secret, and it has no check.
    pub foreign: bool,
    /// The name under which the store has its record.
    pub stored_as: Option<String>,
    /// What of the secret stands in that record.
    pub stored: &'static str,
    /// What the store would hold for this key, as an example; none of what is no key.
    pub record: Option<ExampleRecord>,
    /// The members of that record, and why each is there.
    pub sections: Vec<RecordMember>,
    /// How hard the secret is to guess where it was drawn at random, in whole bits; none for a key of another form.
    pub entropy_bits: Option<usize>,
    /// How the check is computed; none for a key of another form.
    pub check_words: Option<&'static str>,
    /// The checker's steps, in its order.
    pub steps: Vec<StepReport>,
}

const STORED: &str = "The record holds the SHA-256 digest of the secret, and never the secret.";

/// The bits of a letter of base62, by a thousand.
const MILLIBITS: usize = 5_954;

const PLAIN_CHECK: &str = "The CRC-32 of all before it, written in base62 with six letters, as for any key without a seal. It finds what was mistyped; anybody can compute it.";

const OTHER_CHECK: &str = "Not the CRC-32 of what stands before it. Where keys are sealed it is made of an HMAC-SHA-256 under the seal: its first 8 bytes as a number modulo 62^6, in base62. Without the seal nobody can tell.";

/// Whether a text is meant to be an API key.
pub(super) fn is_key(credential: &str, deployed: Option<&Deployed>) -> bool {
    let checker = deployed.and_then(|deployed| deployed.checker.as_ref());
    checker.is_some_and(|checker| checker.takes(credential)) || describe(credential).is_some()
}

/// The steps, each with its name, what has to be so, and where that is said.
const FORM: (&str, &str, &str) =
    ("form", "It is a prefix, an environment, an id, a secret and a check.", "contract §5.1");
const PREFIX: (&str, &str, &str) = ("prefix", "Its prefix is that of the policy's keys.", "contract §5.1");
const CHECK: (&str, &str, &str) = ("check", "Its check is that of what stands before it.", "contract §5.1");
const ENVIRONMENT: (&str, &str, &str) = ("environment", "It is of the environment that this is.", "contract §5.1");
const OF_THE_STORE: [(&str, &str, &str); 5] = [
    ("record", "The store has a record of its id, with an owner and a revoker.", "contract §5.2"),
    ("secret", "The digest of its secret is that of the record.", "contract §5.2"),
    ("standing", "It is neither revoked nor disabled, has begun, and has not ended.", "contract §5.2"),
    ("address", "It comes from an address that its record allows.", "contract §5.2"),
    ("revocation", "It is on no deny list.", "contract §6.3"),
];

fn step((step, title, section): (&'static str, &'static str, &'static str), outcome: StepOutcome) -> StepReport {
    StepReport { step, outcome, title, section, code: None, reason: None, note: None }
}

/// The report, and the verdict where the text alone decides it.
pub(super) fn report(credential: &str, deployed: Option<&Deployed>) -> (KeyReport, Option<Verdict>) {
    let parts = describe(credential);
    let checker = deployed.and_then(|deployed| deployed.checker.as_ref());
    let foreign = checker.is_some_and(|checker| checker.foreign_keys().look_like(credential));
    let outcome = match (deployed, checker) {
        (None, _) => None,
        (Some(_), None) => Some(Err(Denial::new(Reason::CredentialUnrecognized)
            .of(CredentialClass::ApiKey)
            .noting("the policy takes no API keys"))),
        (Some(_), Some(checker)) => Some(checker.parse(credential).map(|key| (key.id.into_owned(), key.environment))),
    };
    let holds = parts.as_ref().map(|parts| parts.unsealed_check_holds);
    // Whether the keys are sealed is no matter of the policy, and without the seal nobody can tell.
    let untold = matches!(&outcome, Some(Err(denial)) if denial.reason == Reason::KeyCheckMismatch);
    let denial = outcome.as_ref().and_then(|outcome| outcome.as_ref().err()).filter(|_| !untold).cloned();
    let key = outcome.as_ref().and_then(|outcome| outcome.as_ref().ok());
    let told = key.map(|(id, _)| id.clone());
    let id = parts.as_ref().map(|parts| parts.id.to_owned()).or(told);
    let record = match &parts {
        Some(parts) => {
            credential.get(parts.spans.secret.clone()).map(|secret| example(secret, parts.environment, false))
        }
        None => key.filter(|_| foreign).map(|(_, environment)| example(credential, *environment, true)),
    };
    let report = KeyReport {
        prefix: parts.as_ref().map(|parts| parts.prefix.to_owned()),
        environment: parts.as_ref().map(|parts| parts.environment.as_str()),
        spans: parts.as_ref().map(|parts| parts.spans.clone()),
        secret_at: parts.as_ref().map(|parts| (parts.spans.secret.start, parts.spans.secret.end)),
        check_holds: holds,
        foreign,
        stored_as: id.as_deref().map(store_key),
        id,
        stored: STORED,
        sections: record.as_ref().map(|_| members(foreign)).unwrap_or_default(),
        record,
        entropy_bits: parts.as_ref().map(|_| SECRET_LENGTH.saturating_mul(MILLIBITS) / 1000),
        check_words: holds.map(|holds| if holds { PLAIN_CHECK } else { OTHER_CHECK }),
        steps: ladder(parts.as_ref(), foreign, deployed, denial.as_ref()),
    };
    (report, denial.map(Err))
}

fn ladder(
    parts: Option<&KeyParts<'_>>,
    foreign: bool,
    deployed: Option<&Deployed>,
    denial: Option<&Denial>,
) -> Vec<StepReport> {
    use StepOutcome::{NotAsked, NotReached, Passed};
    let (prefix, environment) = if deployed.is_some() { (Passed, Passed) } else { (NotAsked, NotAsked) };
    let mut steps = vec![step(FORM, Passed)];
    if !foreign {
        let check = if parts.is_some_and(|parts| parts.unsealed_check_holds) { Passed } else { NotAsked };
        // Whatever the check says, the environment stands in the key.
        steps.extend([step(PREFIX, prefix), step(CHECK, check), step(ENVIRONMENT, environment)]);
        if let Some(report) = steps.iter_mut().find(|report| report.step == CHECK.0) {
            report.note = Some(
                match check {
                    Passed => "the plain check, which anybody can compute",
                    _ => "not the plain check: mistyped, invented, or sealed, and only the seal can tell",
                }
                .to_owned(),
            );
        }
    }
    let checker = deployed.and_then(|deployed| deployed.checker.as_ref());
    let of_another = parts.zip(checker).is_some_and(|(parts, checker)| checker.form().prefix() != parts.prefix);
    let other_place =
        parts.zip(checker).is_some_and(|(parts, checker)| checker.form().environment() != parts.environment);
    let failed = match denial.map(|denial| denial.reason) {
        Some(Reason::KeyEnvironmentMismatch) => Some(ENVIRONMENT.0),
        Some(Reason::CredentialUnrecognized) => Some(PREFIX.0),
        Some(Reason::KeyMalformed) if of_another => Some(PREFIX.0),
        Some(_) => Some(FORM.0),
        None => None,
    };
    if other_place
        && failed.is_none()
        && let Some(report) = steps.iter_mut().find(|report| report.step == ENVIRONMENT.0)
    {
        report.outcome = NotReached;
        report.note = Some("it is of the other environment, where its check holds".to_owned());
    }
    let end = failed.and_then(|name| steps.iter().position(|report| report.step == name));
    if let (Some(end), Some(denial)) = (end, denial) {
        steps = steps
            .into_iter()
            .enumerate()
            .map(|(place, report)| match place.cmp(&end) {
                std::cmp::Ordering::Less => report,
                std::cmp::Ordering::Equal => report.failing(denial),
                std::cmp::Ordering::Greater => StepReport { outcome: NotReached, note: None, ..report },
            })
            .collect();
    }
    let rest = if end.is_some() { NotReached } else { NotAsked };
    steps.extend(OF_THE_STORE.map(|facts| step(facts, rest)));
    if let Some(record) = steps.iter_mut().find(|report| report.step == "record" && rest == NotAsked) {
        record.note = Some("the store is not asked here".to_owned());
    }
    steps
}
