//! One event for each leaked key that a report names, in the shape of the OCSF class Detection Finding (contract §5.4).
//!
//! An event names the key by its id and never holds the token. Where the key was found is a stranger's text, of which
//! [`crate::api_key::LeakFinding`] has left what can be shown.

use serde::Serialize;

use super::event::{AuditEntry, Metadata, User};
use crate::{
    api_key::{LeakAction, LeakFinding, LeakLabel, LeakedKey},
    host::UnixMillis,
};

/// The report that a finding stood in.
#[derive(Debug, Clone, Copy)]
pub struct LeakReport<'r> {
    /// The SHA-256 of the report. A report that is sent again has the same, and so have its findings.
    pub digest: &'r str,
    /// The id of the request that brought it.
    pub request_id: &'r str,
    /// The sender's address, where the host vouches for it.
    pub address: Option<&'r str>,
    /// When it was dealt with.
    pub time: UnixMillis,
}

/// What an operator reads of an action: the severity (OCSF: 1 informational, 2 low, 4 high, 5 critical), the status (1 new,
/// 3 suppressed, 4 resolved), and words.
const fn reading(action: LeakAction) -> ((u8, &'static str), (u8, &'static str), &'static str) {
    let (high, critical) = ((4, "High"), (5, "Critical"));
    let (new, suppressed, resolved) = ((1, "New"), (3, "Suppressed"), (4, "Resolved"));
    match action {
        LeakAction::Revoked => (high, resolved, "An API key was found where others can read it, and was revoked"),
        LeakAction::AlreadyRevoked => {
            ((1, "Informational"), resolved, "A revoked API key was found where others can read it")
        }
        LeakAction::ImportedMarked => {
            (critical, new, "An imported API key was found where others can read it, and still works")
        }
        LeakAction::PublishableMarked => {
            ((1, "Informational"), suppressed, "A publishable API key was found where others can read it")
        }
        LeakAction::SecretMismatch | LeakAction::NotOurs => {
            ((2, "Low"), suppressed, "A text with the id of an API key and another secret was found")
        }
        LeakAction::Failed => {
            (critical, new, "An API key may have been found where others can read it, and is not known to be revoked")
        }
    }
}

/// A key that was found where others can read it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct DetectionFinding<'e> {
    /// Always 2004.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 2004)))]
    class_uid: u16,
    /// The class in words.
    class_name: &'static str,
    /// Always 2.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 2)))]
    category_uid: u8,
    /// The category in words.
    category_name: &'static str,
    /// Always 1, a new finding.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 1)))]
    activity_id: u8,
    /// The activity in words.
    activity_name: &'static str,
    /// Always 200401.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 200_401)))]
    type_uid: u32,
    /// 1 informational, 2 low, 4 high, 5 critical: what still works is worst.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = [1, 2, 4, 5])))]
    severity_id: u8,
    /// The same as a word.
    severity: &'static str,
    /// 1 new, 3 suppressed, 4 resolved.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = [1, 3, 4])))]
    status_id: u8,
    /// The same as a word.
    status: &'static str,
    /// What was done.
    status_code: &'static str,
    /// More for the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_detail: Option<&'e str>,
    /// When it was dealt with, in milliseconds since the Unix epoch.
    time: i64,
    /// What is the matter, in a sentence.
    message: &'static str,
    /// The finding.
    finding_info: FindingInfo<'e>,
    /// The key that it is about.
    resources: [Resource<'e>; 1],
    /// What is known of the event itself.
    metadata: Metadata<'e>,
    /// What the class has no place for.
    unmapped: LeakFacts<'e>,
}

/// What was found.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct FindingInfo<'e> {
    /// The digest of the report and the place in it: the same where the report is sent again.
    uid: String,
    /// What is the matter, in a sentence.
    title: &'static str,
    /// What kind of finding it is.
    types: [&'static str; 1],
    /// Where the key was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    src_url: Option<&'e str>,
}

/// The key that a finding is about.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Resource<'e> {
    /// Its id.
    uid: &'e str,
    /// Always `API key`.
    r#type: &'static str,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<User<'e>>,
}

/// What is known of a leak beside what the class has members for. What is not known is null.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct LeakFacts<'e> {
    /// Always `api_key`.
    #[cfg_attr(feature = "schema", schemars(extend("const" = "api_key")))]
    class: &'static str,
    /// The id of the key.
    credential_id: &'e str,
    /// Who answers for it.
    owner: Option<&'e str>,
    /// The customer that it belongs to.
    organization: Option<&'e str>,
    /// What was done.
    action: &'static str,
    /// What the sender is told of it.
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("enum" = ["true_positive", "false_positive"])))]
    label: LeakLabel,
    /// The kind of place that it was found in, in the sender's words.
    source: Option<&'e str>,
    /// Where it was found.
    url: Option<&'e str>,
    /// The sender's address, where the host vouches for it.
    reporter: Option<&'e str>,
    /// The id of the request that brought the report.
    request_id: &'e str,
}

/// The event of a finding; none where it is about no key of ours. `index` is its place in the report.
#[must_use]
pub fn leak_event(report: &LeakReport<'_>, index: usize, finding: &LeakFinding) -> Option<AuditEntry> {
    let LeakedKey { id, owner, organization } = finding.key.as_ref()?;
    let (owner, organization) = (owner.as_deref(), organization.as_deref());
    let (severity, status, title) = reading(finding.action);
    let url = Some(finding.url.as_str()).filter(|url| !url.is_empty());
    Some(AuditEntry::of(&DetectionFinding {
        class_uid: 2004,
        class_name: "Detection Finding",
        category_uid: 2,
        category_name: "Findings",
        activity_id: 1,
        activity_name: "Create",
        type_uid: 200_401,
        severity_id: severity.0,
        severity: severity.1,
        status_id: status.0,
        status: status.1,
        status_code: finding.action.as_str(),
        status_detail: finding.note.as_deref(),
        time: report.time.0,
        message: title,
        finding_info: FindingInfo {
            uid: format!("{}-{index}", report.digest),
            title,
            types: ["Leaked credential"],
            src_url: url,
        },
        resources: [Resource {
            uid: id,
            r#type: "API key",
            owner: owner.map(|owner| User::named(Some(owner), organization)),
        }],
        metadata: Metadata::new(format!("{}-{index}", report.request_id), Some(report.request_id)),
        unmapped: LeakFacts {
            class: "api_key",
            credential_id: id,
            owner,
            organization,
            action: finding.action.as_str(),
            label: finding.label,
            source: Some(finding.source.as_str()).filter(|source| !source.is_empty()),
            url,
            reporter: report.address,
            request_id: report.request_id,
        },
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api_key::LeakLabel;

    fn finding(action: LeakAction) -> LeakFinding {
        LeakFinding {
            token_hash: "0".repeat(64),
            token_type: "acme_key".to_owned(),
            label: LeakLabel::TruePositive,
            action,
            key: Some(LeakedKey {
                id: "4fJ9aZ0kQ2mX7bTe".to_owned(),
                owner: Some("ada".to_owned()),
                organization: Some("org-9".to_owned()),
            }),
            url: "https://git.example/a#L3".to_owned(),
            source: "commit".to_owned(),
            note: None,
        }
    }

    fn event(finding: &LeakFinding) -> Option<Value> {
        let report = LeakReport { digest: "d1", request_id: "r1", address: None, time: UnixMillis(1_780_000_000_000) };
        let line = leak_event(&report, 7, finding)?.event;
        assert!(!line.contains('\n'), "{line}");
        Some(serde_json::from_str(&line).expect("JSON"))
    }

    #[test]
    fn a_finding_says_which_key_whose_it_is_where_it_was_and_what_was_done() {
        let event = event(&finding(LeakAction::Revoked)).expect("an event");
        assert_eq!((&event["class_uid"], &event["type_uid"]), (&json!(2004), &json!(200_401)));
        assert_eq!((&event["severity_id"], &event["status_id"]), (&json!(4), &json!(4)));
        assert_eq!(event["finding_info"]["uid"], "d1-7");
        assert_eq!(event["finding_info"]["src_url"], "https://git.example/a#L3");
        let owner = json!({ "uid": "ada", "type_id": 4, "type": "Service", "org": { "uid": "org-9" } });
        assert_eq!(event["resources"], json!([{ "uid": "4fJ9aZ0kQ2mX7bTe", "type": "API key", "owner": owner }]));
        let unmapped = json!({
            "class": "api_key", "credential_id": "4fJ9aZ0kQ2mX7bTe", "owner": "ada", "organization": "org-9",
            "action": "revoked", "label": "true_positive", "source": "commit", "url": "https://git.example/a#L3",
            "reporter": null, "request_id": "r1",
        });
        assert_eq!(event["unmapped"], unmapped);
    }

    #[test]
    fn what_still_works_is_worst_and_what_is_not_known_is_left_out() {
        for (action, severity, status) in [
            (LeakAction::Revoked, 4, 4),
            (LeakAction::AlreadyRevoked, 1, 4),
            (LeakAction::ImportedMarked, 5, 1),
            (LeakAction::PublishableMarked, 1, 3),
            (LeakAction::SecretMismatch, 2, 3),
            (LeakAction::Failed, 5, 1),
        ] {
            let event = event(&finding(action)).expect("an event");
            assert_eq!((&event["severity_id"], &event["status_id"]), (&json!(severity), &json!(status)), "{action:?}");
            assert_eq!(event["status_code"], action.as_str());
        }
        let mut failed = finding(LeakAction::Failed);
        failed.key = Some(LeakedKey { id: "i".to_owned(), owner: None, organization: None });
        (failed.url, failed.source) = (String::new(), String::new());
        let event = event(&failed).expect("an event");
        assert_eq!(event["resources"], json!([{ "uid": "i", "type": "API key" }]));
        assert_eq!(event["finding_info"].get("src_url"), None);
        assert_eq!(event["unmapped"]["owner"], Value::Null);
        failed.key = None;
        assert_eq!(self::event(&failed), None);
    }
}
