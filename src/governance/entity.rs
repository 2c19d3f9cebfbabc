//! One event for each step in the life of a key, or of a client's record, in the shape of the OCSF class Entity Management: who did what to which
//! key (contract §7.5). It stands beside the event of the decision that let them.

use serde::Serialize;

use super::event::{AuditEntry, Metadata, SourceEndpoint, User};
use crate::{
    api_key::{Record, RevocationReason},
    gate::Decision,
    host::UnixMillis,
    m2m_client::ClientRecord,
    verdict::{CredentialClass, Denial, Principal},
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
    /// The id of the key or client, where there is one.
    pub id: Option<&'e str>,
    /// What its record says now, where it was changed.
    pub record: Option<EntityFacts<'e>>,
    /// More about it.
    pub comment: Option<&'e str>,
    /// Why it was not done.
    pub denial: Option<&'e Denial>,
    /// The decision that let somebody do it.
    pub decision: &'e Decision,
    /// When it was done.
    pub at: UnixMillis,
}

/// What a record says of a key or of a client, as far as an event tells it.
#[derive(Debug, Clone, Copy)]
pub struct EntityFacts<'e> {
    name: &'e str,
    owner: Option<&'e str>,
    revoker: Option<&'e str>,
    organization: Option<&'e str>,
    scopes: &'e [String],
    expires: Option<i64>,
    revocation_reason: Option<RevocationReason>,
}

impl<'e> From<&'e Record> for EntityFacts<'e> {
    fn from(record: &'e Record) -> Self {
        Self {
            name: &record.name,
            owner: Some(&record.owner),
            revoker: Some(&record.revoker),
            organization: Some(&record.organization),
            scopes: &record.scopes,
            expires: record.expires,
            revocation_reason: record.revocation.as_ref().map(|ended| ended.reason),
        }
    }
}

impl<'e> From<&'e ClientRecord> for EntityFacts<'e> {
    fn from(record: &'e ClientRecord) -> Self {
        Self {
            name: &record.name,
            owner: record.owner.as_deref(),
            revoker: record.revoker.as_deref(),
            organization: record.organization.as_deref(),
            scopes: &record.scopes,
            expires: None,
            revocation_reason: None,
        }
    }
}

/// What an administrator did, or a holder with their key.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct EntityManagement<'e> {
    /// Always 3004.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 3004)))]
    class_uid: u16,
    /// The class in words.
    class_name: &'static str,
    /// Always 3.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 3)))]
    category_uid: u8,
    /// The category in words.
    category_name: &'static str,
    /// 1 create, 2 read, 3 update, 8 enable, 9 disable, 99 revoke.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = [1, 2, 3, 8, 9, 99])))]
    activity_id: u8,
    /// The activity in words.
    activity_name: &'static str,
    /// 300400 and the activity.
    #[cfg_attr(feature = "schema", schemars(extend("minimum" = 300_401, "maximum" = 300_499)))]
    type_uid: u32,
    /// 1, informational, where somebody looked; 2, low, where something was changed.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = [1, 2])))]
    severity_id: u8,
    /// When it was done, in milliseconds since the Unix epoch.
    time: i64,
    /// 1 for what was done, 2 for what was refused, 99 where nobody can tell.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = [1, 2, 99])))]
    status_id: u8,
    /// The same as a word.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["Success", "Failure", "Undecided"])))]
    status: &'static str,
    /// `done`, or the reason code.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = "^[a-z][a-z0-9_]*$")))]
    status_code: &'static str,
    /// More for the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_detail: Option<&'e str>,
    /// More about what was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'e str>,
    /// What is known of the event itself.
    metadata: Metadata<'e>,
    /// Who did it.
    actor: Actor<'e>,
    /// What it was done to.
    entity: Entity<'e>,
    /// Where the request came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    src_endpoint: Option<SourceEndpoint<'e>>,
    /// What the class has no place for.
    unmapped: ChangeFacts<'e>,
}

/// Who did something.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Actor<'e> {
    /// Whom their credential speaks for.
    user: User<'e>,
}

/// What something was done to.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Entity<'e> {
    /// Always 99: what kind it is, `type` says.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 99)))]
    type_id: u8,
    /// What kind of thing it is: `API key`, or another thing that administrators look after.
    r#type: &'e str,
    /// Its id; `all` where it is no single one, and `unknown` where what was asked for has not the form of an id.
    uid: &'e str,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'e str>,
}

/// What is known of a change beside what the class has members for. What is not known, or does not apply, is null.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct ChangeFacts<'e> {
    /// The class of the credential that it was done with.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["m2m_token", "api_key", null])))]
    class: Option<&'static str>,
    /// The client that did it.
    client_id: Option<&'e str>,
    /// Its issuer.
    issuer: Option<&'e str>,
    /// The name of the endpoint.
    route: Option<&'e str>,
    /// Who answers for the key's use now.
    owner: Option<&'e str>,
    /// Who can be asked to revoke it now.
    revoker: Option<&'e str>,
    /// The customer that it belongs to.
    organization: Option<&'e str>,
    /// What it may do now.
    scopes: Option<&'e [String]>,
    /// When it ends, in seconds since the Unix epoch.
    expires: Option<i64>,
    /// Why it was revoked.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    revocation_reason: Option<RevocationReason>,
}

/// The event of a change.
#[must_use]
pub fn entity_event(change: &EntityChange<'_>) -> AuditEntry {
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
    let (record, request_id) = (change.record, &change.decision.request_id);
    AuditEntry::of(&EntityManagement {
        class_uid: 3004,
        class_name: "Entity Management",
        category_uid: 3,
        category_name: "Identity & Access Management",
        activity_id: activity,
        activity_name,
        type_uid: 300_400_u32.saturating_add(u32::from(activity)),
        severity_id: if change.activity == Activity::Read { 1 } else { 2 },
        time: change.at.0,
        status_id: status.0,
        status: status.1,
        status_code: reason,
        status_detail: change.denial.and_then(|denial| denial.told.as_deref().or(denial.note.as_deref())),
        comment: change.comment,
        metadata: Metadata::new(request_id.clone(), Some(request_id)),
        actor: Actor { user: User::of(who) },
        entity: Entity {
            type_id: 99,
            r#type: change.kind,
            uid: change.id.unwrap_or("all"),
            name: record.map(|record| record.name),
        },
        src_endpoint: SourceEndpoint::of(change.decision.address.as_deref()),
        unmapped: ChangeFacts {
            class: class.map(CredentialClass::as_str),
            client_id: who.client_id.as_deref(),
            issuer: who.issuer.as_deref(),
            route: change.decision.route.as_deref(),
            owner: record.and_then(|record| record.owner),
            revoker: record.and_then(|record| record.revoker),
            organization: record.and_then(|record| record.organization),
            scopes: record.map(|record| record.scopes),
            expires: record.and_then(|record| record.expires),
            revocation_reason: record.and_then(|record| record.revocation_reason),
        },
    })
}
