//! From a presented key to a verdict, in three steps.
//!
//! 1. [`ApiKeyChecker::parse`]: the text alone. What is mistyped or invented ends here, without a store read.
//! 2. [`ApiKeyChecker::lookup`]: the store. It proves the secret and yields facts, which may be kept.
//! 3. [`ApiKeyChecker::judge`]: the facts against the clock and the request. It is pure and runs on every use, so that
//!    a kept fact never outlives what it says.
//!
//! Until the secret is proven, a client learns `key_invalid` and nothing of the record (see [`Reason::disclosed`]):
//! somebody who has only an id cannot find out whether there is such a key or how it fares. After that the holder of
//! the key may learn why it was refused, except that it was revoked.

use std::net::IpAddr;

use super::{KeyForm, PresentedKey, Record, SecretDigest, store_key};
use crate::{
    host::{Host, UnixMillis},
    verdict::{CredentialClass, Denial, Evidence, Grant, Principal, Reason, Verdict},
};

/// What a check must know of the request that a key came with.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyContext<'r> {
    /// The client's address as the host reports it, without a port; none where the host cannot tell. A key that is
    /// restricted to addresses is refused from an unknown one, and from one that cannot be read.
    pub ip: Option<&'r str>,
}

/// What was authenticated: whoever presented this key has its secret, and this is its record. It says nothing about
/// whether the key is good now: [`ApiKeyChecker::judge`] does.
#[derive(Debug, Clone)]
pub struct KeyFacts {
    id: String,
    record: Record,
    /// Made once, since facts are judged more often than they are found.
    public: String,
}

impl KeyFacts {
    fn new(id: &str, record: Record) -> Result<Self, Denial> {
        let public =
            record.public_json(id).map_err(|error| denied(Reason::RecordUnreadable, id).noting(error.to_string()))?;
        Ok(Self { id: id.to_owned(), record, public })
    }

    /// The key's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whom the key speaks for.
    fn principal(&self) -> Principal {
        Principal {
            subject: Some(self.record.owner.clone()),
            organization: Some(self.record.organization.clone()),
            credential_id: Some(self.id.clone()),
            ..Principal::default()
        }
    }

    /// The key's record.
    #[must_use]
    pub const fn record(&self) -> &Record {
        &self.record
    }
}

/// Checks keys of one form.
#[derive(Debug, Clone)]
pub struct ApiKeyChecker {
    form: KeyForm,
}

impl ApiKeyChecker {
    /// A checker for keys of this form.
    #[must_use]
    pub const fn new(form: KeyForm) -> Self {
        Self { form }
    }

    /// The form of the keys.
    #[must_use]
    pub const fn form(&self) -> &KeyForm {
        &self.form
    }

    /// Takes a presented key to a verdict, with one store read at most. Scopes are left to the caller, who knows what
    /// the route needs and finds what the key has in [`Grant::scopes`].
    ///
    /// # Errors
    /// Those of the three steps.
    pub async fn check<H: Host>(&self, host: &H, presented: &str, context: &KeyContext<'_>) -> Verdict {
        let key = self.parse(presented)?;
        let facts = self.lookup(host, &key).await?;
        // The clock is read after the store: a key that expired while the store was slow has expired.
        self.judge(&facts, host.now(), context)
    }

    /// The first step: takes the key apart and checks its check.
    ///
    /// # Errors
    /// As [`KeyForm::parse`].
    pub fn parse<'k>(&self, presented: &'k str) -> Result<PresentedKey<'k>, Denial> {
        self.form.parse(presented)
    }

    /// The second step: reads the key's record and proves the secret against it.
    ///
    /// The secret is hashed and compared in constant time whether there is a record or not. What remains is the time of
    /// reading a record, which can tell that an id exists; ids are no secret.
    ///
    /// # Errors
    /// [`Reason::StoreUnavailable`] with the host's words, [`Reason::KeyUnknown`], [`Reason::KeySecretMismatch`], and
    /// those of [`Record::from_store`].
    pub async fn lookup<H: Host>(&self, host: &H, key: &PresentedKey<'_>) -> Result<KeyFacts, Denial> {
        let stored = host
            .read(&store_key(key.id))
            .await
            .map_err(|error| denied(Reason::StoreUnavailable, key.id).noting(error.to_string()))?;
        let record = stored.as_deref().map(Record::from_store).transpose();
        let expected =
            record.as_ref().ok().and_then(Option::as_ref).map_or(&SecretDigest::NONE, |record| &record.digest);
        let proven = *expected == SecretDigest::of(key.secret());
        match record {
            Err(denial) => Err(Denial { note: denial.note, ..denied(denial.reason, key.id) }),
            Ok(Some(record)) if proven => KeyFacts::new(key.id, record),
            Ok(Some(_)) => Err(denied(Reason::KeySecretMismatch, key.id)),
            Ok(None) => Err(denied(Reason::KeyUnknown, key.id)),
        }
    }

    /// The third step: whether the key is good now, for this request. Keys have no clock tolerance.
    ///
    /// # Errors
    /// The first that holds of: [`Reason::KeyRevoked`], [`Reason::KeyDisabled`], [`Reason::KeyNotYetValid`],
    /// [`Reason::KeyExpired`], [`Reason::KeySuperseded`], [`Reason::KeyEnvironmentMismatch`] of the record, and
    /// [`Reason::AddressNotAllowed`].
    pub fn judge(&self, facts: &KeyFacts, now: UnixMillis, context: &KeyContext<'_>) -> Verdict {
        let record = &facts.record;
        match self.objection(record, now.seconds(), context.ip) {
            Some(reason) => Err(Denial::new(reason).of(CredentialClass::ApiKey).about(facts.principal())),
            None => Ok(Grant {
                class: CredentialClass::ApiKey,
                principal: facts.principal(),
                scopes: record.scopes.clone(),
                expires: record.expires,
                evidence: Evidence::Record(facts.public.clone()),
            }),
        }
    }

    fn objection(&self, record: &Record, now: i64, ip: Option<&str>) -> Option<Reason> {
        // Revoked stands first: it is final, and it alone is kept from whoever holds the key.
        if record.revocation.is_some() {
            Some(Reason::KeyRevoked)
        } else if record.disabled {
            Some(Reason::KeyDisabled)
        } else if record.not_before.is_some_and(|start| now < start) {
            Some(Reason::KeyNotYetValid)
        } else if record.expires.is_some_and(|end| now >= end) {
            Some(Reason::KeyExpired)
        } else if record.rotation.as_ref().is_some_and(|rotation| rotation.is_over(now)) {
            Some(Reason::KeySuperseded)
        } else if record.environment != self.form.environment() {
            Some(Reason::KeyEnvironmentMismatch)
        } else if !address_allowed(record, ip) {
            Some(Reason::AddressNotAllowed)
        } else {
            None
        }
    }
}

fn address_allowed(record: &Record, ip: Option<&str>) -> bool {
    if record.allowed_cidrs.is_empty() {
        return true;
    }
    let address = ip.and_then(|ip| ip.parse::<IpAddr>().ok());
    address.is_some_and(|address| record.allowed_cidrs.iter().any(|range| range.contains(address)))
}

/// A denial of a key of which only the id is known: nobody has proven yet to hold its secret. The audit event names the
/// key all the same, for its owner will want to know who is trying.
fn denied(reason: Reason, id: &str) -> Denial {
    let principal = Principal { credential_id: Some(id.to_owned()), ..Principal::default() };
    Denial::new(reason).of(CredentialClass::ApiKey).about(principal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_key::{Environment, FormatVersion, Revocation, RevocationReason, Rotation};

    const ID: &str = "4fJ9aZ0kQ2mX7bTe";
    const NOW: i64 = 1_780_000_000;

    fn record() -> Record {
        Record {
            version: FormatVersion,
            digest: SecretDigest::of("any"),
            organization: "org_1".to_owned(),
            owner: "ada".to_owned(),
            revoker: "security".to_owned(),
            name: "nightly export".to_owned(),
            environment: Environment::Live,
            scopes: vec!["reports:read".to_owned()],
            created: NOW - 1000,
            not_before: None,
            expires: None,
            disabled: false,
            revocation: None,
            allowed_cidrs: vec![],
            rate_limit_class: None,
            rotation: None,
            imported: false,
            publishable: false,
            metadata: serde_json::Map::new(),
        }
    }

    fn judged_at(record: Record, millis: i64, ip: Option<&str>) -> Verdict {
        let checker = ApiKeyChecker::new(KeyForm::new("acme", Environment::Live, vec![]).expect("a form"));
        let facts = KeyFacts::new(ID, record).expect("facts");
        checker.judge(&facts, UnixMillis(millis), &KeyContext { ip })
    }

    fn reason(record: Record) -> Option<Reason> {
        let denial = judged_at(record, NOW * 1000, None).err()?;
        assert_eq!(
            (denial.class, denial.principal.credential_id.as_deref()),
            (Some(CredentialClass::ApiKey), Some(ID))
        );
        Some(denial.reason)
    }

    #[test]
    fn a_good_key_is_granted_what_its_record_says() {
        let grant = judged_at(Record { expires: Some(NOW + 1), ..record() }, NOW * 1000, None).expect("a grant");
        let Evidence::Record(evidence) = &grant.evidence else { panic!("{grant:?}") };
        assert!(evidence.contains("\"id\":\"4fJ9aZ0kQ2mX7bTe\"") && !evidence.contains("digest"), "{evidence}");
        assert_eq!(
            grant,
            Grant {
                class: CredentialClass::ApiKey,
                principal: Principal {
                    subject: Some("ada".to_owned()),
                    organization: Some("org_1".to_owned()),
                    credential_id: Some(ID.to_owned()),
                    ..Principal::default()
                },
                scopes: vec!["reports:read".to_owned()],
                expires: Some(NOW + 1),
                evidence: grant.evidence.clone(),
            }
        );
    }

    #[test]
    fn a_key_is_good_from_its_first_second_to_the_one_before_its_end() {
        let window = || Record { not_before: Some(NOW), expires: Some(NOW + 10), ..record() };
        let at = |millis: i64| judged_at(window(), millis, None).err().map(|denial| denial.reason);
        assert_eq!(at(NOW * 1000 - 1), Some(Reason::KeyNotYetValid));
        assert_eq!(at(NOW * 1000), None);
        assert_eq!(at((NOW + 10) * 1000 - 1), None);
        assert_eq!(at((NOW + 10) * 1000), Some(Reason::KeyExpired));
    }

    #[test]
    fn the_first_objection_in_the_order_of_the_contract_is_the_reason() {
        let mut record = Record {
            revocation: Some(Revocation { at: NOW + 99, by: "security".to_owned(), reason: RevocationReason::Unused }),
            disabled: true,
            not_before: Some(NOW + 1),
            expires: Some(NOW),
            rotation: Some(Rotation { replaced_by: Some("next".to_owned()), ..Rotation::default() }),
            environment: Environment::Test,
            allowed_cidrs: vec!["192.0.2.0/24".parse().expect("a range")],
            ..record()
        };
        assert_eq!(reason(record.clone()), Some(Reason::KeyRevoked));
        record.revocation = None;
        assert_eq!(reason(record.clone()), Some(Reason::KeyDisabled));
        record.disabled = false;
        assert_eq!(reason(record.clone()), Some(Reason::KeyNotYetValid));
        record.not_before = None;
        assert_eq!(reason(record.clone()), Some(Reason::KeyExpired));
        record.expires = None;
        assert_eq!(reason(record.clone()), Some(Reason::KeySuperseded));
        record.rotation = Some(Rotation { overlap_until: Some(NOW + 1), ..record.rotation.unwrap_or_default() });
        assert_eq!(reason(record.clone()), Some(Reason::KeyEnvironmentMismatch));
        record.environment = Environment::Live;
        assert_eq!(reason(record.clone()), Some(Reason::AddressNotAllowed));
        record.allowed_cidrs.clear();
        assert_eq!(reason(record), None);
    }

    #[test]
    fn a_restricted_key_is_refused_from_everywhere_else_and_from_nowhere() {
        let ranges = ["192.0.2.0/24", "2001:db8::/32"].map(|range| range.parse().expect(range));
        let allowed = |ip| judged_at(Record { allowed_cidrs: ranges.to_vec(), ..record() }, NOW * 1000, ip).is_ok();
        for ip in ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::7", "2001:DB8::7"] {
            assert!(allowed(Some(ip)), "{ip}");
        }
        for ip in
            ["192.0.3.7", "::ffff:192.0.3.7", "2001:db9::7", "", "192.0.2.7:443", "192.0.2.7, 10.0.0.1", "unknown"]
        {
            assert!(!allowed(Some(ip)), "{ip}");
        }
        assert!(!allowed(None));
    }
}
