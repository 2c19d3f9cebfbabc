//! What a gate would make of a request: for people who write a policy, and ask what it does before anybody else does.
//!
//! Nothing is decided a second time: the request takes the way of [`super::Gate::check`] through the same [`Decider`], and
//! what is said of it to an origin or to a client is made where a gate makes it. But nobody is asked: what production would
//! ask a store or a server for is said to be missing, and no verdict is made up in its place. Nothing is counted or noted.

mod request;
mod routes;

pub use request::RequestToPreview;
pub use routes::{Example, PreviewedRoute, Scopes};

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Answer, GateRequest, assemble::Lent, assertion::ASSERTION, credential::Presented, decider::Decider, forward,
};
use crate::{
    host::UnixMillis,
    inspect::{
        alone::{Alone, at_once},
        claimed_issuer,
        deployed::{keys_for, stand_in, words},
    },
    json::JsonText,
    policy::{Faults, PolicyError, reading_of_policy},
    verdict::{CredentialClass, Denial, Reason, Verdict, verdict_document},
};

/// The id of the request, where in production a random one stands.
const REQUEST_ID: &str = "00000000000000000000000000000000";

/// What stands in the place of an assertion.
const UNSIGNED: &str = "(signed where the gate is deployed)";

const OWN: &str = "This is the gate's own endpoint: no route is looked for, and nothing is forwarded.";
const PREFLIGHT: &str =
    "This is a preflight: a browser sends it without a credential, and the gate answers it without a decision.";
const ASKED: &str = "The policy is for a proxy that asks the gate: the proxy forwards the request itself, with these headers, and gives a \
                     refusal to its client in its own way.";
const NO_REAL_ID: &str = "The id of the request is an example: each has a random one.";
const NOT_SIGNED: &str = "The assertion for the origin is signed where the gate is deployed, and left out here.";
const NOT_COUNTED: &str = "Limits are not counted here.";
const SEALED: &str =
    "The check of the key is not the plain one: it is mistyped, invented or sealed, and only the seal can tell.";
const SUPPOSED: &str =
    "The record that was handed over has no digest of the secret: it is supposed that the secret is right.";
const OF_ANOTHER: &str = "The record that was handed over is that of another key.";

/// What stands in for what is elsewhere.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a> {
    /// A key set or a snapshot, for an issuer whose keys the policy has elsewhere.
    pub keys: Option<&'a Value>,
    /// The record of the key, as the store holds it, or as it is shown.
    pub record: Option<&'a Map<String, Value>>,
}

/// What a gate would make of a request. Neither a signature nor a secret is in it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// All routes of the policy, in their order.
    pub routes: Vec<PreviewedRoute>,
    /// The place of the one that takes the request.
    pub route: Option<usize>,
    /// The credential that was found.
    pub credential: Option<Found>,
    /// The verdict of production, as it hands it out; none where it cannot be told here, and where nothing is decided.
    pub verdict: Option<JsonText<String>>,
    /// What follows from it.
    pub outcome: Option<PreviewedOutcome>,
    /// Why the keys that were handed over cannot stand in for those of the policy.
    pub keys_objection: Option<String>,
    /// What production would ask and a preview cannot: `store`, `introspection`, `key_set`, or `seal`.
    pub waits_for: Option<&'static str>,
    /// What of this is an example or left out, in words.
    pub notes: Vec<&'static str>,
}

/// The credential of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Its class.
    pub class: CredentialClass,
    /// The header that it came in, in lower case.
    pub from: String,
}

/// What the gate would do with the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "action")]
pub enum PreviewedOutcome {
    /// It would forward it.
    Forward {
        /// The headers to set.
        set: Vec<(String, String)>,
        /// The headers to take out before, in lower case.
        removed: Vec<String>,
    },
    /// It would answer by itself.
    Respond(Answer),
}

/// Says what a gate of this policy (JSON text) would make of a request at this time.
///
/// # Errors
/// [`PolicyError`] with every fault of the policy, and for a policy without routes, which is that of a verifier.
pub fn preview(
    policy: &str,
    request: RequestToPreview,
    given: Given<'_>,
    now: UnixMillis,
) -> Result<Preview, PolicyError> {
    let issuer = request.texts().find_map(claimed_issuer);
    let (previewed, keys_objection) = match assemble(policy, given.keys, issuer.as_deref()) {
        Ok(previewed) => (previewed, None),
        // What is wrong may be wrong with the keys alone.
        Err(error) if given.keys.is_some() => (assemble(policy, None, None)?, Some(words(&error))),
        Err(error) => return Err(error),
    };
    let (decider, beside) = previewed;
    let request = request.for_gate(&decider);
    Ok(Preview { keys_objection, ..decider.preview(&beside, &request, given.record, now) })
}

/// What the policy has beside what decides.
struct Beside {
    signs: bool,
    /// Whether proxies ask about requests, and forward them.
    asked: bool,
    limited: bool,
}

/// The deciding half of the gate of a policy. `handed` are keys that stand in for those of this issuer.
fn assemble(text: &str, handed: Option<&Value>, issuer: Option<&str>) -> Result<(Decider, Beside), PolicyError> {
    reading_of_policy(text).judged(|mut policy| {
        let handed = keys_for(&policy.issuers, handed, issuer);
        let beside = stand_in(&mut policy, handed);
        let mut faults = Faults::default();
        if policy.routes.is_empty() {
            faults.hint(
                "/routes",
                "there is no route: this is the policy of a verifier, or of a gate that denies everything",
                "write a route as in `{ \"methods\": [\"GET\"], \"path\": \"/v1/*\", \"classes\": [\"m2m_token\"] }`",
            );
        }
        let had = Beside {
            signs: policy.assertion.is_some(),
            asked: policy.forward_auth.is_some(),
            limited: policy.limits.is_some(),
        };
        // Secrets and private keys are lent where the policy is deployed.
        let lent = Lent { beside: &beside, seals: Vec::new(), deny_signer: None, signs_assertions: had.signs };
        let decider = Decider::new(&mut policy, lent, &mut faults);
        faults.or((decider, had))
    })
}

impl Decider {
    fn preview(
        &self,
        beside: &Beside,
        request: &GateRequest,
        record: Option<&Map<String, Value>>,
        now: UnixMillis,
    ) -> Preview {
        let Beside { signs, asked, limited } = *beside;
        let presented = self.find_credential(request).ok();
        let credential = presented.map(|presented| Found { class: presented.class, from: presented.header.to_owned() });
        let is_own = self.endpoint(request).is_some() || self.document(request.target().0, signs).is_some();
        let preflight = self.cors.as_ref().filter(|_| !asked).and_then(|cors| cors.preflight(request));
        let undecided = |outcome: Option<Answer>, why: &'static str| Preview {
            routes: self.previewed_routes(None, |_, _| why),
            route: None,
            credential: credential.clone(),
            verdict: None,
            outcome: outcome.map(PreviewedOutcome::Respond),
            keys_objection: None,
            waits_for: None,
            notes: vec![why],
        };
        if preflight.is_some() {
            return undecided(preflight, PREFLIGHT);
        }
        // What a proxy asks about is never for the gate itself.
        if is_own && !asked {
            return undecided(None, OWN);
        }
        let mut notes = Vec::new();
        let record = presented.zip(record).and_then(|(presented, record)| self.stored(presented, record, &mut notes));
        let route = if asked { self.judge_original(request) } else { Ok(()) }.and_then(|()| self.route(request));
        let host = Alone { now, record: record.as_deref() };
        let verdict = at_once(self.decide(&host, request, &route)).unwrap_or_else(|| Err(Reason::HostFailed.into()));
        let waits_for = verdict.as_ref().err().and_then(waits_for);
        if waits_for == Some("seal") {
            notes.push(SEALED);
        }
        let (verdict, outcome) = if waits_for.is_some() {
            (None, None)
        } else {
            let (verdict, outcome) = self.conclude(request, verdict, asked, signs, &mut notes);
            (Some(JsonText::known(verdict_document(&verdict))), Some(outcome))
        };
        if limited {
            notes.push(NOT_COUNTED);
        }
        if asked {
            notes.push(ASKED);
        }
        let chosen = route.as_ref().ok().map(|chosen| chosen.place);
        Preview {
            routes: self.previewed_routes(chosen, |place, one| routes::why(&route, place, one, request)),
            route: chosen,
            credential,
            verdict,
            outcome,
            keys_objection: None,
            waits_for,
            notes,
        }
    }

    /// What follows from a verdict that could be told.
    fn conclude(
        &self,
        request: &GateRequest,
        mut verdict: Verdict,
        asked: bool,
        signs: bool,
        notes: &mut Vec<&'static str>,
    ) -> (Verdict, PreviewedOutcome) {
        notes.push(NO_REAL_ID);
        let outcome = match &mut verdict {
            Ok(grant) => {
                let mut identity = forward::identity(grant, REQUEST_ID);
                if signs {
                    identity.push((ASSERTION.to_owned(), UNSIGNED.to_owned()));
                    notes.push(NOT_SIGNED);
                }
                if asked {
                    PreviewedOutcome::Forward { set: identity, removed: Vec::new() }
                } else {
                    let forward = self.forward(request, identity, REQUEST_ID);
                    PreviewedOutcome::Forward { set: forward.set, removed: forward.remove }
                }
            }
            Err(denial) => {
                self.pointing_to_metadata(denial);
                PreviewedOutcome::Respond(self.finish(request, Answer::denial(denial, REQUEST_ID)))
            }
        };
        (verdict, outcome)
    }

    /// What the store would hold of the key that was presented, by the record that was handed over.
    fn stored(
        &self,
        presented: Presented<'_>,
        record: &Map<String, Value>,
        notes: &mut Vec<&'static str>,
    ) -> Option<Vec<u8>> {
        if presented.class != CredentialClass::ApiKey {
            return None;
        }
        let supposed = if record.contains_key("id") {
            // What is no key is refused before a record is looked up.
            let key = self.keys.as_ref()?.parse(presented.text).ok()?;
            let supposed = key.suppose_record(record);
            notes.push(if supposed.is_some() { SUPPOSED } else { OF_ANOTHER });
            Some(supposed?)
        } else {
            None
        };
        serde_json::to_vec(supposed.as_ref().unwrap_or(record)).ok()
    }
}

/// What is missing where a request was refused for want of it.
fn waits_for(denial: &Denial) -> Option<&'static str> {
    match denial.reason {
        Reason::StoreUnavailable | Reason::DenySnapshotUnavailable => Some("store"),
        Reason::IntrospectionUnavailable => Some("introspection"),
        Reason::KeySetUnavailable => Some("key_set"),
        // Whether keys are sealed is no matter of the policy.
        Reason::KeyCheckMismatch => Some("seal"),
        _ => None,
    }
}
