//! When a token begins and ends, and when what is said of it changes.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{deployed::Deployed, ladder::verify};
use crate::{
    host::UnixMillis,
    json,
    m2m_token::Claims,
    verdict::{Denial, Reason},
};

/// A registered time of the payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Time {
    /// The claim.
    pub claim: &'static str,
    /// Seconds since the Unix epoch.
    pub at: i64,
    /// Whether it lies in the past.
    pub past: bool,
}

/// The life of a token. Times are seconds since the Unix epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lifetime {
    /// `iat`.
    pub issued: Option<i64>,
    /// `nbf`.
    pub not_before: Option<i64>,
    /// `exp`.
    pub expires: Option<i64>,
    /// From `iat`, or else from `nbf`, to `exp`, in seconds.
    pub seconds: Option<i64>,
}

/// A moment at which the verdict changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClockEdge {
    /// The first second of what comes after it, since the Unix epoch.
    pub at: i64,
    /// The reason code before it; none where it is allowed.
    pub before: Option<&'static str>,
    /// The reason code from then on; none where it is allowed.
    pub after: Option<&'static str>,
}

/// The registered times, those that can be read. Fractions are rounded as the verifier does.
pub(super) fn times(members: &Map<String, Value>, now: UnixMillis) -> Vec<Time> {
    // One that is malformed does not keep the others from being told.
    let read = |name: &'static str| {
        let alone = json::object([(name.to_owned(), members.get(name)?.clone())]);
        let claims = Claims::read(&alone).ok()?;
        claims.issued_at.or(claims.not_before).or(claims.expires)
    };
    let time = |claim| read(claim).map(|at| Time { claim, at, past: at <= now.seconds() });
    ["iat", "nbf", "exp"].into_iter().filter_map(time).collect()
}

pub(super) fn lifetime(times: &[Time]) -> Lifetime {
    let at = |claim| times.iter().find(|time| time.claim == claim).map(|time| time.at);
    let (issued, not_before, expires) = (at("iat"), at("nbf"), at("exp"));
    let seconds = expires.zip(issued.or(not_before)).map(|(end, start)| end.saturating_sub(start));
    Lifetime { issued, not_before, expires, seconds }
}

/// The moments at which the policy's verdict changes, each found by asking the verifier on either side of it.
pub(super) fn edges(credential: &str, deployed: &Deployed, lifetime: &Lifetime, now: UnixMillis) -> Vec<ClockEdge> {
    let Some(issuer) = deployed.issuer() else { return Vec::new() };
    let rules = issuer.rules();
    let early = |time: Option<i64>| time.map(|time| time.saturating_sub(rules.clock_tolerance));
    let longest = lifetime.issued.zip(rules.max_token_age).map(|(issued, age)| issued.saturating_add(age));
    let keys = issuer.good_until().map(|last| last.saturating_add(1));
    let known = [lifetime.expires, early(lifetime.not_before), early(lifetime.issued), longest, keys];
    let mut moments = Vec::new();
    known.into_iter().flatten().for_each(|moment| put(&mut moments, moment));
    let denial = |second: i64| {
        let (verdict, _) = verify(&deployed.verifier, credential, UnixMillis(second.saturating_mul(1000)));
        verdict.err()
    };
    // An entry of the deny list may end; the denial says whom it names.
    let until = |denial: Denial| match denial.reason {
        Reason::TokenRevoked => deployed.verifier.revocation().token_denied_until(&denial.principal, &rules.issuer),
        _ => None,
    };
    let asked = moments.iter().map(|moment| moment.saturating_sub(1)).chain([now.seconds()]);
    let ends = asked.chain(moments.iter().copied()).filter_map(denial).find_map(until);
    if let Some(last) = ends {
        put(&mut moments, last.saturating_add(1));
    }
    let code = |second: i64| denial(second).map(|denial| denial.reason.code());
    let edge = |at: i64| {
        let (before, after) = (code(at.saturating_sub(1)), code(at));
        (before != after).then_some(ClockEdge { at, before, after })
    };
    moments.into_iter().filter_map(edge).collect()
}

/// Puts a moment down in its place, unless it stands there.
fn put(moments: &mut Vec<i64>, moment: i64) {
    if let Err(place) = moments.binary_search(&moment) {
        moments.insert(place, moment);
    }
}
