//! The report of a token, put together.

use serde::Serialize;
use serde_json::Value;

use super::{
    ClockEdge, Fault, KeyLine, Lifetime, Mathematics, Part, StepReport, Time, Trust,
    deployed::Deployed,
    key_lines::{look_through, trust},
    ladder,
    lint::tried_secrets,
    segments::Segments,
    times,
};
use crate::{
    host::UnixMillis,
    jose::{Algorithm, CompactJws, Header},
    json,
    m2m_token::{Claims, LONGEST_TOKEN_BYTES},
    verdict::{Denial, Reason, Step, Verdict},
};

/// What there is to say of a token.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenReport {
    /// The header.
    pub header: Part,
    /// The payload.
    pub payload: Part,
    /// The length of the signature, in bytes.
    pub signature_bytes: Option<usize>,
    /// The verifier's steps, in its order.
    pub steps: Vec<StepReport>,
    /// Whether the signature holds, whoever the key may be of.
    pub mathematics: Mathematics,
    /// Whether anybody vouches for the key.
    pub trust: Trust,
    /// Every key that was at hand.
    pub keys: Vec<KeyLine>,
    /// Why keys that were handed over cannot stand in for those of the policy.
    pub keys_objection: Option<String>,
    /// The registered times, those that can be read.
    pub times: Vec<Time>,
    /// When it begins and ends.
    pub lifetime: Lifetime,
    /// The moments at which the verdict of the policy changes.
    pub clock_edges: Vec<ClockEdge>,
    /// How many well-known secrets were tried on the signature; none where the algorithm is none of HMAC.
    pub secrets_tried: Option<usize>,
    /// The place in their list, from 0, of the one that signed it.
    pub secret_found: Option<usize>,
}

pub(super) fn report(
    credential: &str,
    read: &Segments,
    deployed: Option<&Deployed>,
    handed: Option<&Value>,
    now: UnixMillis,
) -> (TokenReport, Option<Verdict>) {
    let trial = match deployed {
        Some(deployed) => ladder::by_policy(credential, deployed, now),
        None => ladder::without_policy(credential, handed, now),
    };
    let jws = CompactJws::parse(credential, LONGEST_TOKEN_BYTES).ok();
    let header = jws.as_ref().map(|jws| Header::parse(&jws.header));
    let header_fault = header.as_ref().and_then(|header| header.as_ref().err()).map(Fault::from);
    let header = header.and_then(Result::ok);
    let payload_fault = jws.as_ref().and_then(|jws| payload_fault(&jws.payload));
    let found = look_through(jws.as_ref(), header.as_ref(), deployed, handed);
    let held = trial.has_passed(Step::Key) && trial.has_passed(Step::Signature);
    let algorithm = header.as_ref().and_then(|header| Algorithm::from_name(&header.algorithm));
    let tried = jws.as_ref().zip(algorithm).map(|(jws, algorithm)| tried_secrets(jws, algorithm));
    let (secrets_tried, secret_found) = tried.unwrap_or_default();
    let trust = trust(&found, deployed, held, read);
    let times = times::times(&read.payload.members, now);
    let lifetime = times::lifetime(&times);
    let report = TokenReport {
        header: read.header.part(header_fault),
        payload: read.payload.part(payload_fault),
        signature_bytes: jws.as_ref().map(|jws| jws.signature.len()),
        steps: trial.steps,
        mathematics: found.mathematics,
        trust,
        keys: found.keys,
        keys_objection: deployed.and_then(|deployed| deployed.objection.clone()),
        clock_edges: deployed.map(|deployed| times::edges(credential, deployed, &lifetime, now)).unwrap_or_default(),
        times,
        lifetime,
        secrets_tried,
        secret_found,
    };
    (report, trial.verdict)
}

/// What the verifier says against a payload, whoever signed it.
fn payload_fault(bytes: &[u8]) -> Option<Fault> {
    match json::parse_object(bytes) {
        Ok(members) => Claims::read(&members).as_ref().err().map(Fault::from),
        Err(error) => Some((&Denial::new(Reason::PayloadInvalid).noting(error.to_string())).into()),
    }
}
