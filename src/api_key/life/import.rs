//! Keys that were issued elsewhere, of which only the digest is known here.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use super::{KeyLife, LifeError, NewKey, written};
use crate::{
    api_key::{FormatVersion, Record, SecretDigest, id_of, issue::validate, store_key},
    host::Host,
    json,
};

/// A key to import.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// The SHA-256 of the whole text of the key, as `sha-256:<64 small hexadecimal digits>`.
    pub digest: SecretDigest,
    /// All else, as of a new key.
    pub key: NewKey,
}

/// A `digest` beside the members of a new key. (A flattened type would let unknown members pass.)
impl<'de> Deserialize<'de> for ImportRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = json::members(deserializer)?;
        let digest = members.remove("digest").ok_or_else(|| D::Error::missing_field("digest"))?;
        // The reader's own words would quote the digest.
        let digest = json::read(&digest)
            .map_err(|_| D::Error::custom("`digest` is `sha-256:` and 64 small hexadecimal digits"))?;
        let key = json::read(&Value::Object(members)).map_err(D::Error::custom)?;
        Ok(Self { digest, key })
    }
}

impl KeyLife {
    /// Stores the record of a foreign key, under an id that is made of its digest. The key works from then on as one of
    /// our own does, but for its form: it has no check, and no report that it leaked revokes it.
    ///
    /// # Errors
    /// [`LifeError::Request`] where the policy takes no foreign keys, [`LifeError::State`] where this one was imported
    /// before, and those of writing.
    pub async fn import<H: Host>(&self, host: &H, request: ImportRequest) -> Result<(String, Record), LifeError> {
        if !self.foreign.are_taken() {
            return Err(LifeError::Request("the policy takes no foreign keys: it has no `foreignKeys`".to_owned()));
        }
        let now = host.now().seconds();
        let new = request.key.into_request(now)?;
        validate(&new, now)?;
        let record = Record {
            version: FormatVersion,
            digest: request.digest,
            organization: new.organization,
            owner: new.owner,
            revoker: new.revoker,
            name: new.name,
            environment: self.form.environment(),
            scopes: new.scopes,
            created: now,
            not_before: new.not_before,
            expires: new.expires,
            disabled: false,
            revocation: None,
            allowed_cidrs: new.allowed_cidrs,
            rate_limit_class: new.rate_limit_class,
            rotation: None,
            imported: true,
            publishable: new.publishable,
            metadata: new.metadata,
        };
        let id = id_of(&request.digest);
        let json = written(&record)?;
        match host.swap(&store_key(&id), None, Some(json.as_bytes())).await {
            Ok(true) => Ok((id, record)),
            Ok(false) => Err(LifeError::State(format!("the key was imported before, as {id}"))),
            Err(error) => Err(LifeError::Store(error)),
        }
    }
}
