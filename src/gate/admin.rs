//! What administrators do, over HTTP: the life of keys ([`KeyLife`](crate::api_key::KeyLife)) and of the records of clients
//! ([`ClientLife`]), one request for each step of either.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Answer, Gate, GateRequest,
    administrator::{Administrators, Admitted},
    endpoint::AdminCall,
    guard::Answered,
    handle::respond,
};
use crate::{
    api_key::{ApiKeyChecker, Done, Operation, Record, RevocationReason, RevokeRequest, is_id, read_body},
    governance::{Activity, EntityChange, EntityFacts, audit_event, entity_event},
    host::{BodyError, Host},
    m2m_client::{ClientDone, ClientLife, ClientOperation, ClientRecord},
    verdict::{CredentialClass, Denial, Evidence, Grant, Reason},
};

/// The longest body that an administrator sends, in bytes.
const LONGEST_BODY: usize = 64 * 1024;

/// What an event has in the place of an id that has not the form of one. Who takes one for the other sends a whole key.
const NO_ID: &str = "unknown";

/// Why a key is ended by whoever holds it, who need not say.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct WhyEnded {
    reason: Option<RevocationReason>,
}

/// What was done for an administrator.
struct Carried {
    answer: Answer,
    /// The id of the key or client that was changed or made.
    id: Option<String>,
    /// Its record as it is now.
    record: Option<Changed>,
    /// More about it, for the audit event.
    comment: Option<String>,
}

/// The record that was changed or made.
enum Changed {
    /// Of a key.
    Key(Box<Record>),
    /// Of a client.
    Client(Box<ClientRecord>),
}

impl Changed {
    fn facts(&self) -> EntityFacts<'_> {
        match self {
            Self::Key(record) => record.as_ref().into(),
            Self::Client(record) => record.as_ref().into(),
        }
    }
}

impl Carried {
    fn of(done: Done) -> Self {
        let status = if done.made { 201 } else { 200 };
        let answer = Answer { status, ..Answer::json(done.document) };
        let record = done.record.map(|record| Changed::Key(Box::new(record)));
        Self { answer, id: done.id, record, comment: done.comment }
    }

    fn of_client(done: ClientDone) -> Self {
        let status = if done.made { 201 } else { 200 };
        let answer = Answer { status, ..Answer::json(done.document) };
        let record = done.record.map(|record| Changed::Client(Box::new(record)));
        Self { answer, id: done.id, record, comment: done.comment }
    }

    const fn looked(answer: Answer) -> Self {
        Self { answer, id: None, record: None, comment: None }
    }
}

impl Gate {
    /// Answers an administrator.
    pub(super) async fn administer<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        call: AdminCall<'_>,
        administrators: &Administrators,
        keys: &ApiKeyChecker,
    ) -> Answered {
        let started = host.now();
        let route = format!("{}/{}", self.decider.prefix, call.route());
        let admitted = match self.admit(host, request, administrators, call.access()).await {
            Ok(admitted) => admitted,
            Err(denial) => {
                let decision = self.decided(host, request, started, Some(route), Err(denial.clone()));
                return respond(Answer::denial(&denial, &decision.request_id), &decision);
            }
        };
        let mut decision = self.decided(host, request, started, Some(route), Ok(admitted.grant.clone()));
        decision.bootstrap = admitted.bootstrap;
        let mut audit = vec![audit_event(&decision)];
        let done = self.carry_out(host, request, call, &admitted, keys).await;
        let (activity, kind, id) = subject(call);
        audit.push(entity_event(&EntityChange {
            activity,
            kind,
            id: done.as_ref().ok().and_then(|done| done.id.as_deref()).or(id),
            record: done.as_ref().ok().and_then(|done| done.record.as_ref()).map(Changed::facts),
            comment: done.as_ref().ok().and_then(|done| done.comment.as_deref()),
            denial: done.as_ref().err(),
            decision: &decision,
            at: host.now(),
        }));
        let answer = match done {
            Ok(done) => done.answer.with_request_id(&decision.request_id),
            Err(denial) => Answer::denial(&denial, &decision.request_id),
        };
        Answered { answer, audit }
    }

    async fn carry_out<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        call: AdminCall<'_>,
        who: &Admitted,
        keys: &ApiKeyChecker,
    ) -> Result<Carried, Denial> {
        match call {
            AdminCall::Keys(operation) => {
                let body = if operation.only_looks() { query(request)? } else { read_bytes(host).await? };
                let done = keys.life().carry_out(host, operation, &body, Some(&who.name())).await?;
                if !operation.only_looks() {
                    // What this instance knew of keys is of before.
                    keys.forget_all();
                }
                let mut carried = Carried::of(done);
                if let Operation::Revoke(id) = operation
                    && let Some(words) = self.publish_ends(host, [id]).await?
                {
                    carried.comment = noted(carried.comment.as_deref(), Some(&words));
                }
                Ok(carried)
            }
            AdminCall::Clients(operation) => {
                let body = if operation.only_looks() { query(request)? } else { read_bytes(host).await? };
                let done = ClientLife.carry_out(host, operation, &body, Some(&who.name())).await?;
                Ok(Carried::of_client(done))
            }
            AdminCall::Inventory => Ok(Carried::looked(self.inventory(host, request).await?)),
            AdminCall::Review => Ok(Carried::looked(self.review(host, request).await?)),
            AdminCall::Health => Ok(Carried::looked(self.health_in_full(host))),
            AdminCall::Metrics => Ok(Carried::looked(self.metrics(host))),
            AdminCall::DenyList | AdminCall::Deny | AdminCall::Undeny => {
                let body = if call == AdminCall::DenyList { Vec::new() } else { read_bytes(host).await? };
                Ok(Carried::looked(self.change_deny_list(host, call, &body).await?))
            }
        }
    }

    /// Ends the key of a request for whoever holds it.
    pub(super) async fn revoke_held<H: Host>(&self, host: &H, request: &GateRequest, keys: &ApiKeyChecker) -> Answered {
        let started = host.now();
        let ended = self.end_key(host, request, keys).await;
        let route = Some(format!("{}/revoke", self.decider.prefix));
        let (verdict, ended) = match ended {
            Ok((grant, record, listed)) => (Ok(grant), Some((record, listed))),
            Err(denial) => (Err(denial), None),
        };
        let decision = self.decided(host, request, started, route, verdict);
        let mut audit = vec![audit_event(&decision)];
        // A key that the signed list does not name yet is ended in the store all the same, and on record as such.
        let unlisted = ended.as_ref().and_then(|(_, listed)| listed.as_ref().err());
        let answer = match unlisted.or(decision.verdict.as_ref().err()) {
            None => Answer::json("{\"revoked\":true}".to_owned()).with_request_id(&decision.request_id),
            Some(denial) => Answer::denial(denial, &decision.request_id),
        };
        if let Some((record, listed)) = &ended {
            keys.forget_all();
            let comment = noted(Some("by whoever holds the key"), listed.as_ref().ok().and_then(Option::as_deref));
            audit.push(entity_event(&EntityChange {
                activity: Activity::Revoke,
                kind: "API key",
                id: decision.verdict.as_ref().ok().and_then(|grant| grant.principal.credential_id.as_deref()),
                record: Some(record.into()),
                comment: comment.as_deref(),
                denial: unlisted,
                decision: &decision,
                at: host.now(),
            }));
        }
        Answered { answer, audit }
    }

    async fn end_key<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        keys: &ApiKeyChecker,
    ) -> Result<(Grant, Record, Result<Option<String>, Denial>), Denial> {
        let presented = self.decider.find_credential(request)?;
        if presented.class != CredentialClass::ApiKey {
            return Err(Denial::new(Reason::ClassNotAccepted).of(presented.class));
        }
        let WhyEnded { reason } = read_body(&read_bytes(host).await?)?;
        let why = RevokeRequest { by: "holder".to_owned(), reason: reason.unwrap_or(RevocationReason::KeyCompromise) };
        let held = keys.life().revoke_held(host, presented.text, &why).await?;
        // Also where it was revoked before: the call that did so may have failed after that.
        let listed = self.publish_ends(host, [held.id.as_str()]).await;
        if !held.ended {
            listed?;
            return Err(Denial::new(Reason::KeyRevoked).of(CredentialClass::ApiKey).about(held.principal));
        }
        let grant = Grant {
            class: CredentialClass::ApiKey,
            principal: held.principal,
            scopes: Vec::new(),
            expires: held.record.expires,
            evidence: Evidence::Record("{}".to_owned()),
        };
        Ok((grant, held.record, listed))
    }
}

/// What is to be said of one step, in one line.
fn noted(first: Option<&str>, second: Option<&str>) -> Option<String> {
    let words: Vec<&str> = first.into_iter().chain(second).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// What is done, and to what.
fn subject(call: AdminCall<'_>) -> (Activity, &'static str, Option<&str>) {
    let operation = match call {
        AdminCall::Keys(operation) => operation,
        AdminCall::Clients(operation) => return client_subject(operation),
        AdminCall::Inventory => return (Activity::Read, "Inventory", None),
        AdminCall::Review => return (Activity::Read, "Review", None),
        AdminCall::Health => return (Activity::Read, "Health", None),
        AdminCall::Metrics => return (Activity::Read, "Metrics", None),
        AdminCall::DenyList => return (Activity::Read, "Deny list", None),
        AdminCall::Deny | AdminCall::Undeny => return (Activity::Update, "Deny list", None),
    };
    let activity = match operation {
        Operation::List | Operation::Show(_) => Activity::Read,
        Operation::Issue | Operation::Import | Operation::Rotate(_) => Activity::Create,
        Operation::Update(_) => Activity::Update,
        Operation::Disable(_) => Activity::Disable,
        Operation::Enable(_) => Activity::Enable,
        Operation::Revoke(_) => Activity::Revoke,
    };
    let id = match operation.id() {
        Some(id) if !is_id(id) => Some(NO_ID),
        id => id,
    };
    (activity, "API key", id)
}

/// The same for what is done with clients.
fn client_subject(operation: ClientOperation<'_>) -> (Activity, &'static str, Option<&str>) {
    let activity = match operation {
        ClientOperation::List | ClientOperation::Show(_) => Activity::Read,
        ClientOperation::Add | ClientOperation::Import => Activity::Create,
        ClientOperation::Update(_) | ClientOperation::AddSecret(_) => Activity::Update,
        ClientOperation::RevokeSecret(_) | ClientOperation::Remove(_) => Activity::Revoke,
    };
    let id = match operation.id() {
        Some(id) if !is_id(id) => Some(NO_ID),
        id => id,
    };
    (activity, "M2M client", id)
}

pub(super) async fn read_bytes<H: Host>(host: &H) -> Result<Vec<u8>, Denial> {
    host.body(LONGEST_BODY).await.map_err(|error| match error {
        BodyError::TooLong => Denial::new(Reason::BodyTooLarge),
        BodyError::Failed(error) => {
            Denial::new(Reason::BodyInvalid).telling("the body did not come in full").noting(error.to_string())
        }
    })
}

/// The parameters of the query as the members of a body. Numbers are written as such.
pub(super) fn query(request: &GateRequest) -> Result<Vec<u8>, Denial> {
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(request.target().1.unwrap_or_default().as_bytes()) {
        let value = match value.parse::<u32>() {
            Ok(number) if name == "limit" => Value::from(number),
            _ => Value::from(value.as_ref()),
        };
        if members.insert(name.into_owned(), value).is_some() {
            return Err(Denial::new(Reason::BodyInvalid).telling("a parameter of the query stands twice"));
        }
    }
    Ok(Value::Object(members).to_string().into_bytes())
}
