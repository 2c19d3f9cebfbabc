//! One event for each step in the life of a key, in the shape of the OCSF class Entity Management: who did what to which
//! key (contract §7.5). It stands beside the event of the decision that let them.

use serde_json::json;

use super::audit::{OCSF_VERSION, prune_event, user};
use crate::{
    api_key::Record,
    gate::Decision,
    host::UnixMillis,
    verdict::{Denial, Principal},
};

/// What was done, by the activities of the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// A key was made or imported.
    Create,
    /// Keys were looked at.
    Read,
    /// A record was changed.
    Update,
    /// A key was switched on.
    Enable,
    /// A key was switched off.
    Disable,
    /// A key was ended. The class has no word for that but deletion, and the record stays.
    Revoke,
}

impl Activity {
    const fn facts(self) -> (u8, &'static str) {
        match self {
            Self::Create => (1, "Create"),
            Self::Read => (2, "Read"),
            Self::Update => (3, "Update"),
            Self::Enable => (8, "Enable"),
            Self::Disable => (9, "Disable"),
            Self::Revoke => (99, "Revoke"),
        }
    }
}

/// A step in the life of a key.
#[derive(Debug, Clone, Copy)]
pub struct EntityChange<'e> {
    /// What was done, or was to be.
    pub activity: Activity,
    /// What it was done to: `API key`, or another thing that administrators look after.
    pub kind: &'static str,
    /// The id of the key, where there is one.
    pub id: Option<&'e str>,
    /// Its record as it is now, where it was changed.
    pub record: Option<&'e Record>,
    /// More about it.
    pub comment: Option<&'e str>,
    /// Why it was not done.
    pub denial: Option<&'e Denial>,
    /// The decision that let somebody do it.
    pub decision: &'e Decision,
    /// When it was done.
    pub at: UnixMillis,
}

/// The event as one line of JSON.
#[must_use]
pub fn entity_event(change: &EntityChange<'_>) -> String {
    let (activity, activity_name) = change.activity.facts();
    let nobody = Principal::default();
    let (who, class) = match &change.decision.verdict {
        Ok(grant) => (&grant.principal, (!change.decision.bootstrap).then_some(grant.class)),
        Err(_) => (&nobody, None),
    };
    let (status, reason) = match change.denial {
        None => ((1, "Success"), "done"),
        Some(denial) if denial.reason.is_undecided() => ((99, "Undecided"), denial.reason.code()),
        Some(denial) => ((2, "Failure"), denial.reason.code()),
    };
    let record = change.record;
    let event = json!({
        "class_uid": 3004,
        "class_name": "Entity Management",
        "category_uid": 3,
        "category_name": "Identity & Access Management",
        "activity_id": activity,
        "activity_name": activity_name,
        "type_uid": 300_400_u32.saturating_add(u32::from(activity)),
        "severity_id": if change.activity == Activity::Read { 1 } else { 2 },
        "time": change.at.0,
        "status_id": status.0,
        "status": status.1,
        "status_code": reason,
        "status_detail": change.denial.and_then(|denial| denial.told.as_deref().or(denial.note.as_deref())),
        "comment": change.comment,
        "metadata": {
            "version": OCSF_VERSION,
            "uid": change.decision.request_id,
            "correlation_uid": change.decision.request_id,
            "product": { "name": "Edgeward", "vendor_name": "Edgeward", "version": crate::VERSION },
        },
        "actor": { "user": user(who) },
        "entity": { "type_id": 99, "type": change.kind, "uid": change.id.unwrap_or("all"), "name": record.map(|record| &record.name) },
        "src_endpoint": { "ip": change.decision.address },
        "unmapped": {
            "class": class,
            "client_id": who.client_id,
            "issuer": who.issuer,
            "route": change.decision.route,
            "owner": record.map(|record| &record.owner),
            "revoker": record.map(|record| &record.revoker),
            "organization": record.map(|record| &record.organization),
            "scopes": record.map(|record| &record.scopes),
            "expires": record.and_then(|record| record.expires),
            "revocation_reason": record.and_then(|record| record.revocation.as_ref()).map(|ended| ended.reason),
        },
    });
    prune_event(event).to_string()
}
