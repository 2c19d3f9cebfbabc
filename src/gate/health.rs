//! How the gate is, in the shape of the health check format for HTTP APIs (draft-inadarei-api-health-check-06).

use std::sync::atomic::Ordering;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Answer, Gate, cors::Cors};
use crate::{
    api_key::RevocationBound,
    facts::CacheSize,
    host::{Host, SinkCounts},
    key_source::KeySetStatus,
    revocation::DenySnapshotStatus,
};

const MEDIA_TYPE: &str = "application/health+json";

/// What the core was compiled for.
pub(super) fn build_target() -> String {
    match std::env::consts::OS {
        "" => std::env::consts::ARCH.to_owned(),
        system => format!("{}-{system}", std::env::consts::ARCH),
    }
}

/// How something is; the worst of all parts is how the gate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// As it should be.
    Pass,
    /// It works, and somebody should look.
    Warn,
    /// It cannot tell of any credential, or of those of one class.
    Fail,
}

/// The bound that is in force from a revocation to the last use.
pub(super) struct Bound {
    pub(super) seconds: i64,
    pub(super) formula: &'static str,
    pub(super) terms: RevocationBound,
}

/// A key set that is fetched, and how old it is in seconds.
pub(super) struct KeySetAge {
    pub(super) status: KeySetStatus,
    pub(super) age: Option<i64>,
}

/// All that is known of this instance.
pub(super) struct InstanceState {
    pub(super) key_sets: Vec<KeySetAge>,
    pub(super) caches: Vec<(&'static str, CacheSize)>,
    pub(super) bound: Option<Bound>,
    pub(super) deny: Option<DenySnapshotStatus>,
    pub(super) sinks: Vec<SinkCounts>,
    pub(super) age: Option<i64>,
    pub(super) restarts: u32,
    pub(super) preflights: Option<u64>,
}

impl Gate {
    /// Says how often the core was started anew, after a failure of its own, before this gate was made: the host counts,
    /// and the health of the gate shows it.
    pub fn set_restarts(&self, restarts: u32) {
        self.restarts.store(restarts, Ordering::Relaxed);
    }

    pub(super) fn state<H: Host>(&self, host: &H) -> InstanceState {
        let now = host.clock();
        let deny = self.deny_snapshot(now);
        let (keys, tokens) = (self.decider.keys.as_ref(), self.decider.tokens.as_ref());
        let age = |status: &KeySetStatus| now.seconds().checked_sub(status.fetched_at?);
        let of_tokens = tokens
            .map(|tokens| [("m2m_token_facts", tokens.cache_size()), ("introspection_answers", tokens.answers_size())]);
        InstanceState {
            key_sets: self.key_sets(now).into_iter().map(|status| KeySetAge { age: age(&status), status }).collect(),
            caches: of_tokens
                .into_iter()
                .flatten()
                .chain(keys.map(|keys| ("api_key_facts", keys.cache_size())))
                .collect(),
            bound: keys.map(|keys| {
                // In strict mode the age of the signed list is the bound, whatever the store does.
                let terms = keys.caching().bound();
                let strict = deny.as_ref().map(|list| list.max_age);
                Bound {
                    seconds: strict.unwrap_or(i64::from(terms.seconds)),
                    formula: if strict.is_some() { "denySnapshot.maxAge" } else { RevocationBound::FORMULA },
                    terms,
                }
            }),
            deny,
            sinks: host.surroundings().sinks,
            age: self.records.age(now),
            restarts: self.restarts.load(Ordering::Relaxed),
            preflights: self.decider.cors.as_ref().map(Cors::preflights),
        }
    }

    /// How the gate is, as anybody may know it: whether it works, which version it is, and how late a revocation may take
    /// hold (contract §6.2). Whose tokens it takes, how full it is and what failed, is for administrators.
    pub(super) fn health<H: Host>(&self, host: &H) -> Answer {
        let state = self.state(host);
        answer(&state, &outline(&state))
    }

    /// All of it.
    pub(super) fn health_in_full<H: Host>(&self, host: &H) -> Answer {
        let state = self.state(host);
        let mut document = outline(&state);
        if let Value::Object(members) = &mut document {
            members.insert("build".into(), json!({ "version": crate::VERSION, "target": build_target() }));
            members.insert("policyDigest".into(), self.policy_digest.as_str().into());
            members.insert("restarts".into(), state.restarts.into());
            members.insert("preflights".into(), state.preflights.into());
            members.insert("checks".into(), checks(&state));
            if let Some(keys) = &self.decider.keys
                && let Some(Value::Object(of_keys)) = members.get_mut("apiKeys")
            {
                of_keys.insert("cache".into(), json!(keys.cache_size()));
                of_keys.insert("usageInterval".into(), json!(keys.notes().interval()));
            }
        }
        answer(&state, &document)
    }
}

fn outline(state: &InstanceState) -> Value {
    json!({
        "status": state.status(),
        "version": crate::VERSION,
        "releaseId": crate::VERSION,
        "serviceId": "edgeward",
        "apiKeys": state.bound.as_ref().map(|bound| json!({
            "revocationBound": { "seconds": bound.seconds, "formula": bound.formula, "terms": bound.terms },
        })),
        // Why reading or publishing failed is for administrators.
        "denySnapshot": state.deny.as_ref().map(|list| {
            json!({ "phase": list.phase, "issuedAt": list.issued_at, "maxAge": list.max_age })
        }),
    })
}

fn answer(state: &InstanceState, document: &Value) -> Answer {
    let status = if state.status() == Status::Fail { 503 } else { 200 };
    Answer { status, ..Answer::of(MEDIA_TYPE, document.to_string()) }
}

impl InstanceState {
    /// The worst of all parts. One issuer that fails among several is no failure of the gate.
    pub(super) fn status(&self) -> Status {
        let mut sets = self.key_sets.iter().map(|set| of_key_set(&set.status)).collect::<Vec<_>>();
        if sets.iter().any(|status| *status != Status::Fail) || self.bound.is_some() {
            for status in &mut sets {
                *status = (*status).min(Status::Warn);
            }
        }
        let sinks = self.sinks.iter().map(of_sink);
        sets.into_iter().chain(self.deny.as_ref().map(of_deny_list)).chain(sinks).max().unwrap_or(Status::Pass)
    }
}

/// A set that nobody asked for lately is no trouble: the next token has it fetched.
fn of_key_set(set: &KeySetStatus) -> Status {
    match (set.phase, &set.failure) {
        (_, None) => Status::Pass,
        ("over" | "none", Some(_)) => Status::Fail,
        _ => Status::Warn,
    }
}

/// Without a list that counts every check is put off. One that was not read yet is read by the first of them.
fn of_deny_list(list: &DenySnapshotStatus) -> Status {
    let failed = list.failure.is_some();
    match list.phase {
        "fresh" if list.publish_failure.is_none() => Status::Pass,
        "aging" if !failed && list.publish_failure.is_none() => Status::Pass,
        "ahead" => Status::Fail,
        "over" | "none" if failed => Status::Fail,
        _ => Status::Warn,
    }
}

/// What is lost of the record stays lost.
const fn of_sink(sink: &SinkCounts) -> Status {
    if sink.dropped > 0 || sink.failed > 0 { Status::Warn } else { Status::Pass }
}

fn checks(state: &InstanceState) -> Value {
    let key_sets: Vec<Value> = state
        .key_sets
        .iter()
        .map(|KeySetAge { status: set, age }| {
            json!({
                "componentId": set.issuer, "componentType": "component", "observedValue": age, "observedUnit": "s",
                "status": of_key_set(set), "source": set.source, "phase": set.phase, "tier": set.tier,
                "keys": set.keys, "fetchedAt": set.fetched_at, "ends": set.ends, "output": set.failure,
            })
        })
        .collect();
    let caches: Vec<Value> = state
        .caches
        .iter()
        .map(|(name, size)| {
            json!({
                "componentId": name, "componentType": "component", "observedValue": size.entries,
                "observedUnit": "entries", "bytes": size.bytes, "status": Status::Pass,
            })
        })
        .collect();
    let sinks: Vec<Value> = state
        .sinks
        .iter()
        .map(|sink| {
            json!({
                "componentId": sink.name, "componentType": "component", "observedValue": sink.dropped,
                "observedUnit": "events", "sent": sink.sent, "failed": sink.failed, "waiting": sink.waiting,
                "status": of_sink(sink),
            })
        })
        .collect();
    let mut checks = json!({ "keySet:age": key_sets, "cache:entries": caches, "audit:dropped": sinks });
    if let Value::Object(members) = &mut checks {
        if let Some(list) = &state.deny {
            let list = json!({
                "componentType": "component", "observedValue": list.entries, "observedUnit": "entries",
                "status": of_deny_list(list), "phase": list.phase, "issuedAt": list.issued_at, "ends": list.ends,
                "output": list.failure, "publishFailure": list.publish_failure,
            });
            members.insert("denySnapshot:entries".into(), json!([list]));
        }
        if let Some(age) = state.age {
            let age =
                json!({ "componentType": "system", "observedValue": age, "observedUnit": "s", "status": Status::Pass });
            members.insert("uptime".into(), json!([age]));
        }
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(phase: &'static str, failure: Option<&str>) -> KeySetAge {
        let status = KeySetStatus {
            issuer: "https://issuer.example".to_owned(),
            source: "https://issuer.example/jwks".to_owned(),
            phase,
            tier: None,
            fetched_at: None,
            ends: None,
            keys: 0,
            failure: failure.map(str::to_owned),
        };
        KeySetAge { status, age: None }
    }

    fn state(key_sets: Vec<KeySetAge>) -> InstanceState {
        InstanceState {
            key_sets,
            caches: Vec::new(),
            bound: None,
            deny: None,
            sinks: Vec::new(),
            age: None,
            restarts: 0,
            preflights: None,
        }
    }

    #[test]
    fn a_gate_that_no_key_vouches_for_any_more_fails_and_one_that_nobody_asked_does_not() {
        let down = Some("500");
        assert_eq!(state(vec![]).status(), Status::Pass);
        assert_eq!(state(vec![set("none", None), set("over", None), set("stale", None)]).status(), Status::Pass);
        assert_eq!(state(vec![set("ifError", down)]).status(), Status::Warn);
        assert_eq!(state(vec![set("over", down)]).status(), Status::Fail);
        assert_eq!(state(vec![set("over", down), set("fresh", None)]).status(), Status::Warn);
        let bound = Some(Bound { seconds: 0, formula: "", terms: crate::api_key::KeyCaching::NONE.bound() });
        assert_eq!(InstanceState { bound, ..state(vec![set("none", down)]) }.status(), Status::Warn);
    }

    #[test]
    fn a_deny_list_that_cannot_be_had_fails_and_lost_events_are_a_warning() {
        let list = |phase, failure: Option<&str>| DenySnapshotStatus {
            phase,
            issued_at: None,
            ends: None,
            max_age: 60,
            entries: 0,
            failure: failure.map(str::to_owned),
            publish_failure: None,
        };
        for (phase, failure, status) in [
            ("fresh", None, Status::Pass),
            ("aging", None, Status::Pass),
            ("aging", Some("x"), Status::Warn),
            ("none", None, Status::Warn),
            ("none", Some("x"), Status::Fail),
            ("over", None, Status::Warn),
            ("over", Some("x"), Status::Fail),
            ("ahead", None, Status::Fail),
        ] {
            let state = InstanceState { deny: Some(list(phase, failure)), ..state(vec![]) };
            assert_eq!(state.status(), status, "{phase} {failure:?}");
            assert_eq!(answer(&state, &json!({})).status, if status == Status::Fail { 503 } else { 200 });
        }
        let full = SinkCounts { name: "queue".to_owned(), dropped: 1, ..SinkCounts::default() };
        assert_eq!(InstanceState { sinks: vec![full], ..state(vec![]) }.status(), Status::Warn);
    }
}
