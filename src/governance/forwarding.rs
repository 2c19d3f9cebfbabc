//! One event for each allowed request that the origin did not answer, in the shape of the OCSF class HTTP Activity. It
//! stands beside the event of the decision, which has the same request id.

use serde::Serialize;

use super::{
    audit::{HttpRequest, method},
    event::{AuditEntry, Metadata, SourceEndpoint},
};
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

/// An allowed request that the origin did not answer.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct HttpActivity<'e> {
    /// Always 4002.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 4002)))]
    class_uid: u16,
    /// The class in words.
    class_name: &'static str,
    /// Always 4.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 4)))]
    category_uid: u8,
    /// The category in words.
    category_name: &'static str,
    /// The method, by its number in the class; 99 for every other one.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = [1, 2, 3, 4, 5, 6, 7, 8, 99])))]
    activity_id: u8,
    /// The method, or `Other`.
    activity_name: &'e str,
    /// 400200 and the activity.
    type_uid: u32,
    /// Always 3, medium.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 3)))]
    severity_id: u8,
    /// When it was answered, in milliseconds since the Unix epoch.
    time: i64,
    /// Always 2.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 2)))]
    status_id: u8,
    /// The same as a word.
    status: &'static str,
    /// The reason code.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = "^[a-z][a-z0-9_]*$")))]
    status_code: &'static str,
    /// More for the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_detail: Option<&'e str>,
    /// What is known of the event itself.
    metadata: Metadata<'e>,
    /// Where the request came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    src_endpoint: Option<SourceEndpoint<'e>>,
    /// Where it was to go.
    dst_endpoint: DestinationEndpoint<'e>,
    /// The request.
    http_request: HttpRequest<'e>,
    /// What the client was answered.
    http_response: HttpResponse,
    /// What the class has no place for.
    unmapped: ForwardingFacts<'e>,
}

/// Where a request was to go.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct DestinationEndpoint<'e> {
    /// The origin as the policy names it, or `origin` for one that was lent.
    name: &'e str,
}

/// An answer.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct HttpResponse {
    /// The status.
    code: u16,
}

/// What is known of a forwarding beside what the class has members for.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct ForwardingFacts<'e> {
    /// The pattern of the route.
    route: Option<&'e str>,
}

/// The event of a request that the origin did not answer.
#[must_use]
pub fn forwarding_event(failed: &FailedForwarding<'_>) -> AuditEntry {
    let method = method(failed.method);
    let activity_id = match method {
        Some("CONNECT") => 1,
        Some("DELETE") => 2,
        Some("GET") => 3,
        Some("HEAD") => 4,
        Some("OPTIONS") => 5,
        Some("POST") => 6,
        Some("PUT") => 7,
        Some("TRACE") => 8,
        _ => 99,
    };
    let facts = failed.reason.facts();
    AuditEntry::of(&HttpActivity {
        class_uid: 4002,
        class_name: "HTTP Activity",
        category_uid: 4,
        category_name: "Network Activity",
        activity_id,
        activity_name: method.unwrap_or("Other"),
        type_uid: 400_200_u32.saturating_add(activity_id.into()),
        severity_id: 3,
        time: failed.at.0,
        status_id: 2,
        status: "Failure",
        status_code: facts.code,
        status_detail: failed.note,
        // The decision about the request has the id as its own.
        metadata: Metadata::new(format!("{}-origin", failed.request_id), Some(failed.request_id)),
        src_endpoint: SourceEndpoint::of(failed.address),
        dst_endpoint: DestinationEndpoint { name: failed.origin.unwrap_or("origin") },
        http_request: HttpRequest { http_method: method, uid: failed.request_id },
        http_response: HttpResponse { code: facts.status },
        unmapped: ForwardingFacts { route: failed.route },
    })
}
