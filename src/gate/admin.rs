//! What administrators do, over HTTP: the life of keys ([`KeyLife`]), one request for each step of it.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, value::RawValue};

use super::{
    Answer, Gate, GateRequest, Outcome,
    administrator::{Administrators, Admitted},
    endpoint::AdminCall,
};
use crate::{
    api_key::{
        ApiKeyChecker, ImportRequest, Issued, KeyChange, KeyLife, LONGEST_PAGE, NewKey, Record, RevocationReason,
        RevokeRequest, RotateRequest,
    },
    governance::{Activity, EntityChange, audit_event, entity_event},
    host::{BodyError, Host},
    json,
    verdict::{CredentialClass, Denial, Evidence, Grant, Reason},
};

/// The longest body that an administrator sends, in bytes.
const LONGEST_BODY: usize = 64 * 1024;

/// What was done, and to what.
struct Done {
    answer: Answer,
    /// The id of the key.
    id: Option<String>,
    /// Its record as it is now.
    record: Option<Record>,
    /// Another key that it concerns, in words for the audit event.
    comment: Option<String>,
}

impl Done {
    fn looked(answer: Answer) -> Self {
        Self { answer, id: None, record: None, comment: None }
    }

    fn changed(answer: Answer, id: &str, record: Record) -> Self {
        Self { answer, id: Some(id.to_owned()), record: Some(record), comment: None }
    }
}

/// A reason to revoke a key, as an administrator sends it. Who does it is who was authenticated.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhyRevoked {
    reason: RevocationReason,
}

/// The same of whoever holds the key, who need not say why.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct WhyEnded {
    reason: Option<RevocationReason>,
}

/// A key that was made: the one time that it is shown.
#[derive(Serialize)]
struct Shown<'k> {
    id: &'k str,
    key: &'k str,
    record: Box<RawValue>,
}

impl Gate {
    /// Answers an administrator.
    pub(super) async fn administer<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        call: &AdminCall<'_>,
        administrators: &Administrators,
        keys: &ApiKeyChecker,
    ) -> Outcome {
        let started = host.now();
        let route = format!("{}/{}", self.prefix, call.route());
        let admitted = self.admit(host, request, administrators, call.access()).await;
        let (verdict, admitted) = match admitted {
            Ok(admitted) => (Ok(admitted.grant.clone()), Some(admitted)),
            Err(denial) => (Err(denial), None),
        };
        let mut decision = self.decided(host, request, started, Some(route), verdict);
        decision.bootstrap = admitted.as_ref().is_some_and(|admitted| admitted.bootstrap);
        let mut audit = vec![audit_event(&decision)];
        let done = match (&decision.verdict, &admitted) {
            (Ok(_), Some(admitted)) => self.carry_out(host, request, call, admitted, keys).await,
            (Err(denial), _) => {
                return Outcome::Respond { answer: Answer::denial(denial, &decision.request_id), audit };
            }
            (Ok(_), None) => Err(Reason::HostFailed.into()),
        };
        let done = done.map_err(|denial| denial.of(CredentialClass::ApiKey));
        audit.push(entity_event(&EntityChange {
            activity: activity(call),
            id: done.as_ref().ok().and_then(|done| done.id.as_deref()).or_else(|| call.id()),
            record: done.as_ref().ok().and_then(|done| done.record.as_ref()),
            comment: done.as_ref().ok().and_then(|done| done.comment.as_deref()),
            denial: done.as_ref().err(),
            decision: &decision,
            at: host.now(),
        }));
        let answer = match done {
            Ok(done) => done.answer.with_request_id(&decision.request_id),
            Err(denial) => Answer::denial(&denial, &decision.request_id),
        };
        Outcome::Respond { answer, audit }
    }

    async fn carry_out<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        call: &AdminCall<'_>,
        who: &Admitted,
        keys: &ApiKeyChecker,
    ) -> Result<Done, Denial> {
        let life = keys.life();
        let done = match call {
            AdminCall::List => {
                let page = Page::read(request)?;
                let page = life.list(host, page.cursor.as_deref(), page.limit).await?;
                return Ok(Done::looked(json_answer(200, &page)));
            }
            AdminCall::Show(id) => return Ok(Done::looked(json_answer(200, &life.show(host, id).await?))),
            AdminCall::Issue => {
                let new: NewKey = read_body(host).await?;
                made(life.issue(host, new).await?)?
            }
            AdminCall::Import => {
                let import: ImportRequest = read_body(host).await?;
                let (id, record) = life.import(host, import).await?;
                let answer = json_answer(201, &Stored { id: &id, record: public(&record, &id)? });
                Done::changed(answer, &id, record)
            }
            AdminCall::Update(id) => {
                let change: KeyChange = read_body(host).await?;
                changed(id, life.update(host, id, &change).await?)?
            }
            AdminCall::Rotate(id) => {
                let rotation: RotateRequest = read_body(host).await?;
                let done = made(life.rotate(host, id, &rotation).await?)?;
                Done { comment: Some(format!("in the place of {id}")), ..done }
            }
            AdminCall::Disable(id) => {
                let Nothing {} = read_body(host).await?;
                changed(id, life.disable(host, id).await?)?
            }
            AdminCall::Enable(id) => {
                let Nothing {} = read_body(host).await?;
                changed(id, life.enable(host, id).await?)?
            }
            AdminCall::RevokeKey(id) => {
                let WhyRevoked { reason } = read_body(host).await?;
                let (record, first) = self.revoke(host, &life, id, &RevokeRequest { by: who.name(), reason }).await?;
                let done = changed(id, record)?;
                Done { comment: (!first).then(|| "it was revoked before".to_owned()), ..done }
            }
        };
        // What this instance knew of keys is of before.
        keys.forget_all();
        Ok(done)
    }

    /// Revokes a key, in the store and wherever else the gate looks.
    async fn revoke<H: Host>(
        &self,
        host: &H,
        life: &KeyLife,
        id: &str,
        request: &RevokeRequest,
    ) -> Result<(Record, bool), Denial> {
        Ok(life.revoke(host, id, request).await?)
    }

    /// Ends the key of a request for whoever holds it.
    pub(super) async fn revoke_held<H: Host>(&self, host: &H, request: &GateRequest, keys: &ApiKeyChecker) -> Outcome {
        let started = host.now();
        let ended = self.end_key(host, request, keys).await;
        let route = Some(format!("{}/revoke", self.prefix));
        let (verdict, record) = match ended {
            Ok((grant, record)) => (Ok(grant), Some(record)),
            Err(denial) => (Err(denial), None),
        };
        let decision = self.decided(host, request, started, route, verdict);
        let mut audit = vec![audit_event(&decision)];
        let answer = match &decision.verdict {
            Ok(_) => Answer::json("{\"revoked\":true}".to_owned()).with_request_id(&decision.request_id),
            Err(denial) => Answer::denial(denial, &decision.request_id),
        };
        if let Some(record) = &record {
            keys.forget_all();
            audit.push(entity_event(&EntityChange {
                activity: Activity::Revoke,
                id: decision.verdict.as_ref().ok().and_then(|grant| grant.principal.credential_id.as_deref()),
                record: Some(record),
                comment: Some("by whoever holds the key"),
                denial: None,
                decision: &decision,
                at: host.now(),
            }));
        }
        Outcome::Respond { answer, audit }
    }

    async fn end_key<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        keys: &ApiKeyChecker,
    ) -> Result<(Grant, Record), Denial> {
        let presented = self.find_credential(request)?;
        if presented.class != CredentialClass::ApiKey {
            return Err(Denial::new(Reason::ClassNotAccepted).of(presented.class));
        }
        let WhyEnded { reason } = read_body(host).await?;
        let why = RevokeRequest { by: "holder".to_owned(), reason: reason.unwrap_or(RevocationReason::KeyCompromise) };
        let held = keys.life().revoke_held(host, presented.text, &why).await?;
        if !held.ended {
            return Err(Denial::new(Reason::KeyRevoked).of(CredentialClass::ApiKey).about(held.principal));
        }
        let grant = Grant {
            class: CredentialClass::ApiKey,
            principal: held.principal,
            scopes: Vec::new(),
            expires: held.record.expires,
            evidence: Evidence::Record("{}".to_owned()),
        };
        Ok((grant, held.record))
    }
}

const fn activity(call: &AdminCall<'_>) -> Activity {
    match call {
        AdminCall::List | AdminCall::Show(_) => Activity::Read,
        AdminCall::Issue | AdminCall::Import | AdminCall::Rotate(_) => Activity::Create,
        AdminCall::Update(_) => Activity::Update,
        AdminCall::Disable(_) => Activity::Disable,
        AdminCall::Enable(_) => Activity::Enable,
        AdminCall::RevokeKey(_) => Activity::Revoke,
    }
}

/// A body that says nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// A record, by its key's id.
#[derive(Serialize)]
struct Stored<'k> {
    id: &'k str,
    record: Box<RawValue>,
}

fn public(record: &Record, id: &str) -> Result<Box<RawValue>, Denial> {
    let json = record.public_json(id).and_then(RawValue::from_string);
    json.map_err(|error| Denial::new(Reason::HostFailed).noting(error.to_string()))
}

fn made(issued: Issued) -> Result<Done, Denial> {
    let record = public(&issued.record, &issued.id)?;
    let answer = json_answer(201, &Shown { id: &issued.id, key: issued.key.reveal(), record });
    Ok(Done::changed(answer, &issued.id, issued.record))
}

fn changed(id: &str, record: Record) -> Result<Done, Denial> {
    let answer = json_answer(200, &Stored { id, record: public(&record, id)? });
    Ok(Done::changed(answer, id, record))
}

/// What is written here has a form in JSON: strings, numbers, and records that were read before.
fn json_answer(status: u16, document: &impl Serialize) -> Answer {
    Answer { status, ..Answer::json(serde_json::to_string(document).unwrap_or_default()) }
}

/// The body of a request, read strictly. None at all stands for an object without members.
async fn read_body<H: Host, T: DeserializeOwned>(host: &H) -> Result<T, Denial> {
    let invalid = |words: String| Denial::new(Reason::BodyInvalid).telling(words);
    let bytes = host.body(LONGEST_BODY).await.map_err(|error| match error {
        BodyError::TooLong => Denial::new(Reason::BodyTooLarge),
        BodyError::Failed(error) => invalid("the body did not come in full".to_owned()).noting(error.to_string()),
    })?;
    let members = if bytes.is_empty() {
        Map::new()
    } else {
        json::parse_object(&bytes).map_err(|error| invalid(format!("the body is {error}")))?
    };
    serde_path_to_error::deserialize(Value::Object(members)).map_err(|error| {
        let path = error.path().to_string();
        let words = error.into_inner().to_string();
        invalid(if path == "." { words } else { format!("`{path}`: {words}") })
    })
}

/// Which page of a list is asked for.
struct Page {
    cursor: Option<String>,
    limit: u32,
}

impl Page {
    fn read(request: &GateRequest) -> Result<Self, Denial> {
        let mut page = Self { cursor: None, limit: LONGEST_PAGE };
        let query = request.target().1.unwrap_or_default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let limit = value.parse().ok().filter(|limit| (1..=LONGEST_PAGE).contains(limit));
            match (name.as_ref(), limit) {
                ("cursor", _) if page.cursor.is_none() && value.len() <= 2048 => page.cursor = Some(value.into_owned()),
                ("limit", Some(limit)) => page.limit = limit,
                _ => {
                    let words = "the query takes `cursor`, as the page before gave it, and `limit`, from 1 to 100";
                    return Err(Denial::new(Reason::BodyInvalid).telling(words));
                }
            }
        }
        Ok(page)
    }
}
