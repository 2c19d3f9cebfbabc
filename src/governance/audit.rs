//! One event for each decision, allow and deny, in the shape of the OCSF class Authentication (contract §7.5).
//!
//! An event names the credential by its id and never holds the credential, a path, a query or a header: any of them
//! could be one.

use serde_json::{Value, json};

use crate::{
    gate::Decision,
    verdict::{Denial, Grant, Principal},
};

/// The version of the Open Cybersecurity Schema Framework that the event follows.
pub(super) const OCSF_VERSION: &str = "1.4.0";

/// The event as one line of JSON.
#[must_use]
pub fn audit_event(decision: &Decision) -> String {
    let (status, reason, class, who, note) = match &decision.verdict {
        Ok(Grant { class, principal, .. }) => {
            // The bootstrap secret is of neither class.
            let class = (!decision.bootstrap).then_some(*class);
            ((1, "Success"), "allowed", class, principal, None)
        }
        Err(Denial { class, reason, principal, note, .. }) => {
            // OCSF 99, Other: neither success nor failure, for a check that could not be carried out.
            let status = if reason.is_undecided() { (99, "Undecided") } else { (2, "Failure") };
            (status, reason.code(), *class, principal.as_ref(), note.as_deref())
        }
    };
    let event = json!({
        "class_uid": 3002,
        "class_name": "Authentication",
        "category_uid": 3,
        "category_name": "Identity & Access Management",
        "activity_id": 1,
        "activity_name": "Logon",
        "type_uid": 300_201,
        "severity_id": if status.0 == 1 { 1 } else { 2 },
        "time": decision.decided.0,
        "status_id": status.0,
        "status": status.1,
        "status_code": reason,
        "status_detail": note,
        "metadata": {
            "version": OCSF_VERSION,
            "uid": decision.request_id,
            "product": { "name": "Edgeward", "vendor_name": "Edgeward", "version": crate::VERSION },
        },
        "user": user(who),
        "service": { "name": "Edgeward" },
        "src_endpoint": { "ip": decision.address },
        "http_request": { "http_method": method(&decision.method), "uid": decision.request_id },
        "unmapped": {
            "class": class,
            "credential_id": who.credential_id,
            "client_id": who.client_id,
            "route": decision.route,
            "issuer": who.issuer,
            "kid": who.key_id,
            "algorithm": who.algorithm,
            "key_set_tier": who.key_set_tier,
            "facts_tier": who.facts_tier,
            "latency_ms": decision.decided.0.saturating_sub(decision.started.0),
        },
    });
    prune_event(event).to_string()
}

/// An event without what is not known, but for what has no schema.
pub(super) fn prune_event(mut event: Value) -> Value {
    if let Some(members) = event.as_object_mut() {
        members.iter_mut().filter(|(name, _)| *name != "unmapped").for_each(|(_, value)| prune(value));
        members.retain(|_, value| !is_empty(value));
    }
    event
}

/// The method, if it is one that a policy can name. Any text without separators is a legal one (RFC 9110 §9.1), a token
/// too, and it may be as long as its sender likes.
pub(super) fn method(method: &str) -> Option<&str> {
    let nameable = method.len() <= 32 && method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    nameable.then_some(method)
}

/// A user has one name at least.
pub(super) fn user(who: &Principal) -> Value {
    let name = who.subject.is_none().then_some("unknown");
    json!({
        "uid": who.subject, "name": name, "type_id": 4, "type": "Service", "org": { "uid": who.organization },
    })
}

/// Takes out what is not known: a member of the schema has its type or is left out. What is unmapped has no schema, and
/// there a null tells a reader that the member exists.
pub(super) fn prune(value: &mut Value) {
    if let Value::Object(members) = value {
        members.values_mut().for_each(prune);
        members.retain(|_, member| !is_empty(member));
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{host::UnixMillis, verdict::Reason};

    fn decision(denial: Denial) -> Decision {
        Decision {
            verdict: Err(denial),
            route: None,
            method: "GET".to_owned(),
            address: None,
            request_id: "r-1".to_owned(),
            bootstrap: false,
            started: UnixMillis(i64::MIN),
            decided: UnixMillis(i64::MAX),
        }
    }

    #[test]
    fn what_is_not_known_is_left_out_where_the_schema_has_a_type_for_it() {
        let line = audit_event(&decision(Denial::new(Reason::KeyUnknown)));
        let event: Value = serde_json::from_str(&line).expect("JSON");
        for member in ["src_endpoint", "status_detail"] {
            assert_eq!(event.get(member), None, "{event}");
        }
        assert_eq!(event["user"], json!({ "name": "unknown", "type_id": 4, "type": "Service" }));
        // OCSF 1.4.0, Authentication: at least one of `service` and `dst_endpoint`.
        assert_eq!(event["service"]["name"], "Edgeward");
        assert_eq!(event["unmapped"]["issuer"], Value::Null);
        assert_eq!(event["unmapped"]["latency_ms"], i64::MAX);
    }

    #[test]
    fn the_operator_reads_the_true_reason_and_the_note() {
        let line = audit_event(&decision(Denial::new(Reason::KeyRevoked).noting("a\nnote")));
        assert!(!line.contains('\n'), "{line}");
        let event: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!((&event["status_code"], &event["status_detail"]), (&json!("key_revoked"), &json!("a\nnote")));
        assert_eq!((&event["status_id"], &event["severity_id"]), (&json!(2), &json!(2)));
    }

    #[test]
    fn a_method_that_could_be_a_credential_is_left_out() {
        for (sent, logged) in [("VERSION-CONTROL", true), ("", true), ("get", false), ("eyJhbGciOiJ9.e30.AA", false)] {
            let mut decision = decision(Denial::new(Reason::RouteUnknown));
            decision.method = sent.to_owned();
            let event: Value = serde_json::from_str(&audit_event(&decision)).expect("JSON");
            assert_eq!(event["http_request"].get("http_method").is_some(), logged, "{sent}");
        }
    }

    #[test]
    fn a_check_that_could_not_be_carried_out_is_neither_success_nor_failure() {
        let line = audit_event(&decision(Denial::new(Reason::KeySetStale)));
        let event: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!((&event["status_id"], &event["status"]), (&json!(99), &json!("Undecided")));
    }
}
