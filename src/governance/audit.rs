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
const OCSF_VERSION: &str = "1.4.0";

/// The event as one line of JSON.
#[must_use]
pub fn audit_event(decision: &Decision) -> String {
    let (status, reason, class, who, note) = match &decision.verdict {
        Ok(Grant { class, principal, .. }) => ((1, "Success"), "allowed", Some(*class), principal, None),
        Err(Denial { class, reason, principal, note, .. }) => {
            // OCSF 99, Other: neither success nor failure, for a check that could not be carried out.
            let status = if reason.is_undecided() { (99, "Undecided") } else { (2, "Failure") };
            (status, reason.code(), *class, principal.as_ref(), note.as_deref())
        }
    };
    json!({
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
        "src_endpoint": { "ip": decision.address },
        "http_request": { "http_method": decision.method, "uid": decision.request_id },
        "unmapped": {
            "class": class,
            "credential_id": who.credential_id,
            "client_id": who.client_id,
            "route": decision.route,
            "issuer": who.issuer,
            "kid": who.key_id,
            "algorithm": who.algorithm,
            "latency_ms": decision.decided.0.saturating_sub(decision.started.0),
        },
    })
    .to_string()
}

fn user(who: &Principal) -> Value {
    json!({ "uid": who.subject, "type_id": 4, "type": "Service", "org": { "uid": who.organization } })
}
