//! Clients as a listing of their issuer has them, again and again.

use super::{
    ClientError, ClientLife, ClientRecord, NewClient, NewSecret,
    change::forget_ended,
    edit,
    request::{expect_few, past},
};
use crate::{
    host::Host,
    m2m_client::{ClientSecret, Ended, client_key, client_record_id},
    stored::{ATTEMPTS, distinct},
};

/// By whom a secret was ended that a listing names no more.
const LISTING: &str = "import";

/// What became of a client that was imported.
#[derive(Debug, Clone)]
pub(super) struct Imported {
    /// Its id.
    pub(super) id: String,
    /// Its record as it is now.
    pub(super) record: ClientRecord,
    /// Whether it was put on record by this.
    pub(super) made: bool,
    /// Whether it had been removed before.
    pub(super) back: bool,
}

impl ClientLife {
    /// Puts a client on record as its issuer lists it; one that is on record already is brought up to date. The client is
    /// known by its issuer and its id there. What the listing does not say stays: who answers for the client above all.
    /// Where it names secrets, it names all of them: one that is missing was ended, and one that was noted as ended and is
    /// named is good again. One alone of which it says nothing, not even an id, is whichever the client has. A client that
    /// was removed and is listed is back.
    ///
    /// # Errors
    /// [`ClientError::Request`], and those of a change.
    pub(super) async fn import<H: Host>(&self, host: &H, new: NewClient) -> Result<Imported, ClientError> {
        let unnamed = |secret: &NewSecret| secret.id.is_none();
        if new.secrets.as_ref().is_some_and(|secrets| secrets.iter().any(unnamed) && !is_whichever(secrets)) {
            // The next import could not tell which of them it is.
            return Err(ClientError::Request("a secret of an import has an `id`".to_owned()));
        }
        expect_few(new.secrets.as_deref())?;
        let now = host.now().seconds();
        let id = client_record_id(&new.issuer, &new.client_id);
        let name = client_key(&id);
        for _ in 0..ATTEMPTS {
            let stored = host.read_latest(&name).await.map_err(ClientError::Store)?;
            let (record, made, back) = match &stored {
                None => (new.clone().into_record(now)?, true, false),
                Some(stored) => {
                    let before = edit::read(stored)?;
                    let record = brought_up_to_date(before.clone(), &new, now)?;
                    if record == before {
                        return Ok(Imported { id, record, made: false, back: false });
                    }
                    (record, false, before.removal.is_some())
                }
            };
            let json = edit::written(&record)?;
            if host.swap(&name, stored.as_deref(), Some(json.as_bytes())).await.map_err(ClientError::Store)? {
                return Ok(Imported { id, record, made, back });
            }
        }
        Err(ClientError::Contended)
    }
}

fn brought_up_to_date(mut record: ClientRecord, new: &NewClient, now: i64) -> Result<ClientRecord, ClientError> {
    record.removal = None;
    if let Some(name) = &new.name {
        record.name.clone_from(name);
    }
    for (to, from) in [
        (&mut record.organization, &new.organization),
        (&mut record.owner, &new.owner),
        (&mut record.revoker, &new.revoker),
    ] {
        if from.is_some() {
            to.clone_from(from);
        }
    }
    if let Some(scopes) = &new.scopes {
        record.scopes = distinct(scopes.clone()).map_err(ClientError::Request)?;
    }
    if let Some(created) = past(new.created, now)? {
        record.created = Some(created);
    }
    if let Some(metadata) = &new.metadata {
        record.metadata.clone_from(metadata);
    }
    if let Some(secrets) = &new.secrets {
        take_secrets(&mut record, secrets, now);
    }
    Ok(record)
}

/// Whether a listing says no more than that there is one secret. It stands for itself after each rotation.
fn is_whichever(listed: &[NewSecret]) -> bool {
    matches!(listed, [only] if *only == NewSecret::default())
}

/// All secrets as a listing names them.
fn take_secrets(record: &mut ClientRecord, listed: &[NewSecret], now: i64) {
    if is_whichever(listed) {
        // Which one it is was noted by hand, or is not known.
        if record.secrets.iter().all(|secret| secret.is_over(now)) {
            let secret = NewSecret::default().into_secret(&record.secrets, now);
            record.secrets.push(secret);
            forget_ended(record, now);
        }
        return;
    }
    let mut seen = Vec::new();
    for new in listed {
        let place = new.id.as_ref().and_then(|id| record.secrets.iter().position(|secret| secret.id == *id));
        let secret = new.clone().into_secret(&record.secrets, now);
        seen.push(secret.id.clone());
        match place.and_then(|place| record.secrets.get_mut(place)) {
            Some(known) => learn(known, secret),
            None => record.secrets.push(secret),
        }
    }
    for secret in &mut record.secrets {
        if !seen.contains(&secret.id) {
            secret.revoked.get_or_insert_with(|| Ended { at: now, by: LISTING.to_owned() });
        }
    }
    forget_ended(record, now);
}

/// What a listing says of a secret that is on record.
fn learn(known: &mut ClientSecret, listed: ClientSecret) {
    known.revoked = None;
    if listed.hint.is_some() {
        known.hint = listed.hint;
    }
    if listed.created.is_some() {
        known.created = listed.created;
    }
    if listed.expires.is_some() {
        known.expires = listed.expires;
    }
    // An older listing does not take back what a newer one knew.
    if let Some(used) = listed.last_used {
        known.last_used = Some(known.last_used.flatten().max(used));
    }
}
