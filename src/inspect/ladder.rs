//! The steps of a verification and what became of each, read from the trail that the verifier left.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Fault,
    alone::{Alone, at_once},
    deployed::Deployed,
    key_lines::read_set,
};
use crate::{
    host::UnixMillis,
    jose::{Algorithm, CompactJws, Header},
    json,
    m2m_token::{Claims, Issuer, IssuerRules, LONGEST_TOKEN_BYTES, OptionalClaims, SenderContext, TokenVerifier},
    verdict::{Denial, Reason, Step, StepOutcome, Trail, Verdict},
};

/// One step, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// The stable name of the step.
    pub step: &'static str,
    /// What became of it.
    pub outcome: StepOutcome,
    /// What has to be so.
    pub title: &'static str,
    /// The section of the standard that asks for it.
    pub section: &'static str,
    /// The reason code with which it failed.
    pub code: Option<&'static str>,
    /// That reason in words.
    pub reason: Option<&'static str>,
    /// More, where there is more to say.
    pub note: Option<String>,
}

impl StepReport {
    fn of(step: Step, outcome: StepOutcome) -> Self {
        let facts = step.facts();
        Self {
            step: facts.name,
            outcome,
            title: facts.title,
            section: facts.section,
            code: None,
            reason: None,
            note: None,
        }
    }

    /// The step at which it ended, with the reason.
    pub(super) fn failing(mut self, denial: &Denial) -> Self {
        let facts = denial.reason.facts();
        self.outcome = StepOutcome::Failed;
        (self.code, self.reason, self.section) = (Some(facts.code), Some(facts.title), facts.section);
        self.note.clone_from(&denial.note);
        self
    }

    fn noting(mut self, note: &str) -> Self {
        self.note = Some(note.to_owned());
        self
    }
}

/// What came of a verification.
pub(super) struct Trial {
    pub(super) steps: Vec<StepReport>,
    /// The verifier's verdict, where there is a policy.
    pub(super) verdict: Option<Verdict>,
    /// Why the verifier itself refuses it, and at which step, whatever the steps say where there are no keys.
    pub(super) refusal: Option<(Fault, Option<&'static str>)>,
}

impl Trial {
    pub(super) fn has_passed(&self, step: Step) -> bool {
        self.steps.iter().any(|one| one.step == step.facts().name && one.outcome == StepOutcome::Passed)
    }
}

/// The verdict at this time, and the trail to it.
pub(super) fn verify(verifier: &TokenVerifier, credential: &str, now: UnixMillis) -> (Verdict, Trail) {
    let trail = Trail::default();
    let (host, nobody) = (Alone::at(now), SenderContext::default());
    let verdict = at_once(verifier.verify_along(&host, credential, &nobody, &trail));
    (verdict.unwrap_or_else(|| Err(Reason::HostFailed.into())), trail)
}

/// Every step, by the trail and how it ended.
fn steps(trail: &Trail, end: Option<&Denial>) -> Vec<StepReport> {
    let outcome = |step| trail.outcome(step, end.is_none());
    let report = |step: &Step| {
        let report = StepReport::of(*step, outcome(*step));
        match end {
            Some(denial) if report.outcome == StepOutcome::Failed => report.failing(denial),
            _ => report,
        }
    };
    Step::ALL.iter().map(report).collect()
}

/// What the policy says.
pub(super) fn by_policy(credential: &str, deployed: &Deployed, now: UnixMillis) -> Trial {
    let (verdict, trail) = verify(&deployed.verifier, credential, now);
    Trial {
        steps: steps(&trail, verdict.as_ref().err()),
        refusal: refusal(&trail, verdict.as_ref().err()),
        verdict: Some(verdict),
    }
}

fn refusal(trail: &Trail, end: Option<&Denial>) -> Option<(Fault, Option<&'static str>)> {
    end.map(|denial| (Fault::from(denial), trail.last().map(|step| step.facts().name)))
}

const NO_KEYS: &str = "no keys were given";

/// What the verifier says where nobody says whom to trust: the token is taken at its word as to who issued it, for whom
/// and with which algorithm, and these steps count as not asked. `handed` are keys to try.
pub(super) fn without_policy(credential: &str, handed: Option<&Value>, now: UnixMillis) -> Trial {
    let mut payload = None;
    let mut issuers = Vec::new();
    let mut objection = None;
    if let Ok(jws) = CompactJws::parse(credential, LONGEST_TOKEN_BYTES)
        && let Ok(header) = Header::parse(&jws.header)
        && let Some(algorithm) = Algorithm::from_name(&header.algorithm)
        && let Ok(members) = json::parse_object(&jws.payload)
    {
        let rules = own_word(&members, algorithm);
        let set = handed.map(|keys| read_set(keys, &[algorithm]));
        issuers.push(match set {
            Some(Ok((keys, good_until))) => Issuer::new(rules, keys, good_until),
            Some(Err(words)) => {
                objection = Some(words);
                Issuer::without_keys(rules)
            }
            None => Issuer::without_keys(rules),
        });
        payload = Some(members);
    }
    let verifier = TokenVerifier::new(issuers, LONGEST_TOKEN_BYTES);
    let (verdict, trail) = verify(&verifier, credential, now);
    let mut end = verdict.err();
    let mut refusal = refusal(&trail, end.as_ref());
    let unchecked = handed.is_none() && trail.last() == Some(Step::Key);
    if unchecked && let Some((fault, _)) = &mut refusal {
        fault.note = Some(NO_KEYS.to_owned());
    }
    if unchecked && let Some(payload) = &payload {
        end = verifier.suppose(payload, now, &trail).err();
    }
    if let (Some(words), Some(denial), Some(Step::Key)) = (objection, &mut end, trail.last()) {
        denial.note = Some(words);
    }
    let mut steps = steps(&trail, end.as_ref());
    for report in &mut steps {
        let note = match report.step {
            "key" | "signature" if unchecked => NO_KEYS,
            "sender" if report.code.is_some() => "it is bound to its sender, who proves it with each request",
            "issuer" | "algorithm" | "audience" | "revocation" if report.outcome == StepOutcome::Passed => {
                "without a policy nobody says which are trusted"
            }
            _ => continue,
        };
        let step = Step::ALL.iter().find(|step| step.facts().name == report.step);
        if let Some(step) = step {
            *report = StepReport::of(*step, StepOutcome::NotAsked).noting(note);
        }
    }
    Trial { steps, verdict: None, refusal }
}

/// The rules by which the token would be its own judge.
fn own_word(payload: &Map<String, Value>, algorithm: Algorithm) -> IssuerRules {
    // Claims of a wrong type are refused in their step.
    let (issuer, audience) = match Claims::read(payload) {
        Ok(claims) => (claims.issuer, claims.audience),
        Err(_) => (payload.get("iss").and_then(Value::as_str).map(str::to_owned), Vec::new()),
    };
    let optional = OptionalClaims { issuer: issuer.is_none(), audience: audience.is_empty(), expires: false };
    let rules = IssuerRules::new(issuer.unwrap_or_default(), audience, vec![algorithm]);
    IssuerRules { optional, organization_claim: None, ..rules }
}
