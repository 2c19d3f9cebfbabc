//! One event for each allowed request that the origin did not answer, in the shape of the OCSF class HTTP Activity. It
//! stands beside the event of the decision, which has the same request id.

use serde_json::json;

use super::audit::{OCSF_VERSION, method, prune_event};
use crate::{host::UnixMillis, verdict::Reason};

/// An allowed request that the origin did not answer.
#[derive(Debug, Clone, Copy)]
pub struct FailedForwarding<'f> {
    /// What the client was told.
    pub reason: Reason,
    /// More about the cause, in one word of the host's or in words of the gate's.
    pub note: Option<&'f str>,
    /// The method of the request.
    pub method: &'f str,
    /// The client's address, where the host vouches for it.
    pub address: Option<&'f str>,
    /// The pattern of its route.
    pub route: Option<&'f str>,
    /// The origin, as the policy names it.
    pub origin: Option<&'f str>,
    /// The id of the request.
    pub request_id: &'f str,
    /// When it was answered.
    pub at: UnixMillis,
}

/// The event as one line of JSON.
#[must_use]
pub fn forwarding_event(failed: &FailedForwarding<'_>) -> String {
    let method = method(failed.method);
    let activity = match method {
        Some("CONNECT") => 1,
        Some("DELETE") => 2,
        Some("GET") => 3,
        Some("HEAD") => 4,
        Some("OPTIONS") => 5,
        Some("POST") => 6,
        Some("PUT") => 7,
        Some("TRACE") => 8,
        _ => 99_u32,
    };
    let facts = failed.reason.facts();
    let event = json!({
        "class_uid": 4002,
        "class_name": "HTTP Activity",
        "category_uid": 4,
        "category_name": "Network Activity",
        "activity_id": activity,
        "activity_name": method.unwrap_or("Other"),
        "type_uid": 400_200_u32.saturating_add(activity),
        "severity_id": 3,
        "time": failed.at.0,
        "status_id": 2,
        "status": "Failure",
        "status_code": facts.code,
        "status_detail": failed.note,
        "metadata": {
            "version": OCSF_VERSION,
            // The decision about the request has the id as its own.
            "uid": format!("{}-origin", failed.request_id),
            "correlation_uid": failed.request_id,
            "product": { "name": "Edgeward", "vendor_name": "Edgeward", "version": crate::VERSION },
        },
        "src_endpoint": { "ip": failed.address },
        "dst_endpoint": { "name": failed.origin.unwrap_or("origin") },
        "http_request": { "http_method": method, "uid": failed.request_id },
        "http_response": { "code": facts.status },
        "unmapped": { "route": failed.route },
    });
    prune_event(event).to_string()
}
