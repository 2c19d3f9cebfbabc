//! One change of one record.

use super::{ClientError, ClientLife, ClientRecord, client_key};
use crate::{host::Host, stored::ATTEMPTS};

impl ClientLife {
    /// Changes a record as it was written last. A change that changes nothing is not written.
    pub(super) async fn edit<H: Host>(
        &self,
        host: &H,
        id: &str,
        mut change: impl FnMut(&mut ClientRecord) -> Result<(), ClientError>,
    ) -> Result<ClientRecord, ClientError> {
        let name = client_key(admissible(id)?);
        for _ in 0..ATTEMPTS {
            let stored = host.read_latest(&name).await.map_err(ClientError::Store)?.ok_or(ClientError::NotFound)?;
            let before = read(&stored)?;
            let mut record = before.clone();
            change(&mut record)?;
            if record == before {
                return Ok(record);
            }
            let json = written(&record)?;
            if host.swap(&name, Some(&stored), Some(json.as_bytes())).await.map_err(ClientError::Store)? {
                return Ok(record);
            }
        }
        Err(ClientError::Contended)
    }
}

/// An id, as it can stand in the name of a record.
pub(super) fn admissible(id: &str) -> Result<&str, ClientError> {
    let fits = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits { Ok(id) } else { Err(ClientError::NotFound) }
}

pub(super) fn read(stored: &[u8]) -> Result<ClientRecord, ClientError> {
    ClientRecord::from_store(stored).map_err(ClientError::Unreadable)
}

/// A record as the store shall hold it, which can be read back.
pub(super) fn written(record: &ClientRecord) -> Result<String, ClientError> {
    if let Some(flaw) = record.flaw() {
        return Err(ClientError::Request(flaw.to_owned()));
    }
    let json = record.to_json().map_err(|error| ClientError::Request(error.to_string()))?;
    ClientRecord::from_store(json.as_bytes()).map_err(ClientError::Request)?;
    Ok(json)
}
