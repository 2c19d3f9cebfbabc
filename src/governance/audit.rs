//! One event for each decision, allow and deny, in the shape of the OCSF class Authentication (contract §7.5).
//!
//! An event names the credential by its id and never holds the credential, a path, a query or a header: any of them
//! could be one.

use serde::Serialize;

use super::event::{AnalyticsPoint, AuditEntry, Metadata, SourceEndpoint, Tally, User, cut};
use crate::{
    gate::Decision,
    verdict::{CredentialClass, Denial, Grant, LimitState, Principal, SenderBinding},
};

/// A decision, allow or deny.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Authentication<'e> {
    /// Always 3002.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 3002)))]
    class_uid: u16,
    /// The class in words.
    class_name: &'static str,
    /// Always 3.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 3)))]
    category_uid: u8,
    /// The category in words.
    category_name: &'static str,
    /// Always 1, a logon.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 1)))]
    activity_id: u8,
    /// The activity in words.
    activity_name: &'static str,
    /// Always 300201.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 300_201)))]
    type_uid: u32,
    /// 1, informational, of what was allowed; 2, low, of all else.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = [1, 2])))]
    severity_id: u8,
    /// When it was decided, in milliseconds since the Unix epoch.
    time: i64,
    /// 1 for what was allowed, 2 for what was denied, 99 where the check could not be carried out.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = [1, 2, 99])))]
    status_id: u8,
    /// The same as a word.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["Success", "Failure", "Undecided"])))]
    status: &'static str,
    /// `allowed`, or the reason code.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = "^[a-z][a-z0-9_]*$")))]
    status_code: &'static str,
    /// More for the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_detail: Option<&'e str>,
    /// What is known of the event itself.
    metadata: Metadata<'e>,
    /// Whom the credential speaks for.
    user: User<'e>,
    /// What was asked for access.
    service: Service,
    /// Where the request came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    src_endpoint: Option<SourceEndpoint<'e>>,
    /// The request.
    http_request: HttpRequest<'e>,
    /// What the class has no place for.
    unmapped: DecisionFacts<'e>,
}

/// What asks who comes.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Service {
    /// Its name.
    name: &'static str,
}

/// A request. Neither its URL nor its headers stand here: a credential could be in them.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct HttpRequest<'e> {
    /// Its method, where it is one that a policy can name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = "^[A-Z-]{0,32}$")))]
    pub(super) http_method: Option<&'e str>,
    /// Its id.
    pub(super) uid: &'e str,
}

/// What is known of a decision beside what the class has members for. What is not known is null.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct DecisionFacts<'e> {
    /// The class of the credential.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["m2m_token", "api_key", null])))]
    class: Option<&'static str>,
    /// The id of the API key, or the token's `jti`.
    credential_id: Option<&'e str>,
    /// The client id of an M2M token.
    client_id: Option<&'e str>,
    /// The pattern of the route, or the name of the gate's own endpoint.
    route: Option<&'e str>,
    /// The issuer of an M2M token.
    issuer: Option<&'e str>,
    /// The `kid` of the key that verified it.
    kid: Option<&'e str>,
    /// The algorithm that verified it.
    algorithm: Option<&'static str>,
    /// From where the key set came.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["store", "issuer", "snapshot", null])))]
    key_set_tier: Option<&'static str>,
    /// From where the facts came.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["isolate", "stale", "store", null])))]
    facts_tier: Option<&'static str>,
    /// How the token was bound to its sender.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["dpop", "mtls", "dpop+mtls", null])))]
    sender: Option<&'static str>,
    /// The limit that refused the request, or of which nobody could tell.
    limit: Option<LimitFacts<'e>>,
    /// How long the decision took, in milliseconds, by the host's clock.
    latency_ms: i64,
}

/// A limit of the policy, and how a request stood to it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct LimitFacts<'e> {
    /// The name of the rule; `refused` for the budget of refused credentials.
    rule: &'e str,
    /// How many requests it lets through in its period.
    limit: u32,
    /// The period, in seconds.
    period: u32,
    /// After how many seconds another try has a chance.
    retry_after: Option<u32>,
    /// Why nobody could tell.
    failure: Option<&'e str>,
}

/// The event of a decision.
#[must_use]
pub fn audit_event(decision: &Decision) -> AuditEntry {
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
    let class = class.map(CredentialClass::as_str);
    let verdict = match status.0 {
        1 => "allowed",
        2 => "denied",
        _ => "undecided",
    };
    let event = Authentication {
        class_uid: 3002,
        class_name: "Authentication",
        category_uid: 3,
        category_name: "Identity & Access Management",
        activity_id: 1,
        activity_name: "Logon",
        type_uid: 300_201,
        severity_id: if status.0 == 1 { 1 } else { 2 },
        time: decision.decided.0,
        status_id: status.0,
        status: status.1,
        status_code: reason,
        status_detail: note,
        metadata: Metadata::new(decision.request_id.clone(), None),
        user: User::of(who),
        service: Service { name: "Edgeward" },
        src_endpoint: SourceEndpoint::of(decision.address.as_deref()),
        http_request: HttpRequest { http_method: method(&decision.method), uid: &decision.request_id },
        unmapped: DecisionFacts {
            class,
            credential_id: who.credential_id.as_deref(),
            client_id: who.client_id.as_deref(),
            route: decision.route.as_deref(),
            issuer: who.issuer.as_deref(),
            kid: who.key_id.as_deref(),
            algorithm: who.algorithm,
            key_set_tier: who.key_set_tier,
            facts_tier: who.facts_tier,
            sender: who.sender.map(SenderBinding::as_str),
            limit: limit(decision),
            latency_ms: decision.decided.0.saturating_sub(decision.started.0),
        },
    };
    let tally = Tally { class, verdict, reason, tier: who.facts_tier };
    AuditEntry { point: Some(point(&event, &tally, who)), tally: Some(tally), ..AuditEntry::of(&event) }
}

/// The limit that refused the request, or of which nobody could tell.
fn limit(decision: &Decision) -> Option<LimitFacts<'_>> {
    let limit: &LimitState = match &decision.verdict {
        Ok(_) => decision.limits.iter().find(|limit| limit.failure.is_some())?,
        Err(denial) => denial.limit.as_deref()?,
    };
    Some(LimitFacts {
        rule: &limit.rule,
        limit: limit.limit,
        period: limit.period,
        retry_after: decision.verdict.as_ref().err().and_then(Denial::retry_after),
        failure: limit.failure.as_deref(),
    })
}

/// The same to count by. A token has a new id each time, so that it goes by its client.
fn point(event: &Authentication<'_>, tally: &Tally, who: &Principal) -> AnalyticsPoint {
    let facts = &event.unmapped;
    let of_client = || who.client_id.as_deref().or(who.subject.as_deref());
    let credential = if facts.class == Some("api_key") { facts.credential_id } else { of_client() };
    let organization = who.organization.as_deref();
    let text = |text: Option<&str>| cut(text.unwrap_or_default(), AnalyticsPoint::LONGEST_BLOB);
    AnalyticsPoint {
        indexes: [cut(organization.unwrap_or_default(), AnalyticsPoint::LONGEST_INDEX)],
        blobs: [
            text(Some(tally.verdict)),
            text(Some(tally.reason)),
            text(facts.class),
            text(facts.route),
            text(organization),
            text(credential),
            text(facts.issuer),
            text(facts.facts_tier),
            text(facts.key_set_tier),
            text(event.http_request.http_method),
        ],
        #[expect(clippy::cast_precision_loss, reason = "a latency; none that matters is as long as 2^53 milliseconds")]
        doubles: [1.0, facts.latency_ms as f64],
    }
}

/// The method, if it is one that a policy can name. Any text without separators is a legal one (RFC 9110 §9.1), a token
/// too, and it may be as long as its sender likes.
pub(super) fn method(method: &str) -> Option<&str> {
    let nameable = method.len() <= 32 && method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    nameable.then_some(method)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

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
            limits: Vec::new(),
            started: UnixMillis(i64::MIN),
            decided: UnixMillis(i64::MAX),
        }
    }

    #[test]
    fn what_is_not_known_is_left_out_where_the_schema_has_a_type_for_it() {
        let line = audit_event(&decision(Denial::new(Reason::KeyUnknown))).event;
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
        let line = audit_event(&decision(Denial::new(Reason::KeyRevoked).noting("a\nnote"))).event;
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
            let event: Value = serde_json::from_str(&audit_event(&decision).event).expect("JSON");
            assert_eq!(event["http_request"].get("http_method").is_some(), logged, "{sent}");
        }
    }

    #[test]
    fn a_check_that_could_not_be_carried_out_is_neither_success_nor_failure() {
        let line = audit_event(&decision(Denial::new(Reason::KeySetStale))).event;
        let event: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!((&event["status_id"], &event["status"]), (&json!(99), &json!("Undecided")));
    }

    #[test]
    fn a_decision_counts_by_texts_of_bounded_length() {
        let long = "\u{e9}".repeat(500);
        let who = Principal {
            subject: Some("ada".to_owned()),
            organization: Some(long.clone()),
            client_id: Some("client".to_owned()),
            credential_id: Some("id".to_owned()),
            ..Principal::default()
        };
        let denial = Denial::new(Reason::ScopeInsufficient).about(who);
        let of = |class| {
            let entry = audit_event(&Decision { route: Some("/v1/:id".into()), ..decision(denial.clone().of(class)) });
            assert_eq!(entry.bytes, entry.event.len());
            entry.point.expect("a point")
        };
        let point = of(CredentialClass::ApiKey);
        assert_eq!(point.indexes[0].len(), 96);
        assert_eq!(point.blobs[..4], ["denied", "scope_insufficient", "api_key", "/v1/:id"]);
        assert_eq!((point.blobs[4].len(), point.blobs[5].as_str(), point.blobs[9].as_str()), (256, "id", "GET"));
        // A token's id is another one each time.
        assert_eq!(of(CredentialClass::M2mToken).blobs[5], "client");
        // An organization whose name was cut may be another one.
        let way = |organization: &str| {
            let mut point = of(CredentialClass::M2mToken);
            organization.clone_into(&mut point.blobs[4]);
            point.way()
        };
        assert_eq!(way("o").as_deref(), Some("m2m_token\n/v1/:id\no\nclient\n"));
        assert_eq!((of(CredentialClass::M2mToken).way(), way("o\nclient")), (None, None));
    }
}
