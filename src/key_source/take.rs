//! Taking a snapshot of an issuer's keys, for a deployment to bring along.

use serde::Serialize;

use super::{
    Discovery, Snapshot,
    fetch::{self, DiscoveryError, Fetched},
};
use crate::{
    endpoint::fault_of_url,
    host::Host,
    jose::{Algorithm, KeySet, PORTABLE},
};

/// How long a server has to answer, in milliseconds.
const TIMEOUT: u32 = 10_000;

/// A snapshot that was taken.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Taken {
    /// The snapshot, as it is written to a file.
    pub snapshot: serde_json::Value,
    /// The issuer, where its metadata led to the keys.
    pub issuer: Option<String>,
    /// How many keys are usable with one algorithm or another.
    pub keys: usize,
    /// The keys that are of no use, each with why.
    pub refused: Vec<String>,
}

/// Fetches the keys of an issuer by its metadata (`OpenID` Connect Discovery 1.0, else RFC 8414), or those at the URL of
/// a key set. They are good for `max_age` seconds.
///
/// # Errors
/// In words, with what each place answered.
pub async fn take_snapshot<H: Host>(host: &H, target: &str, max_age: u32) -> Result<Taken, String> {
    if let Some(fault) = fault_of_url(target) {
        return Err(format!("`{target}`: {fault}"));
    }
    let mut tried = Vec::new();
    let mut issuer = None;
    let mut source = target.to_owned();
    for discovery in [Discovery::OpenIdConfiguration, Discovery::OauthAuthorizationServer] {
        let Some(url) = discovery.url(target) else { continue };
        match fetch::discover(host, &url, target, TIMEOUT).await {
            Ok(uri) => {
                (issuer, source) = (Some(target.to_owned()), uri);
                break;
            }
            // There are metadata, and they are not of whom was asked for: looking elsewhere would hide it.
            Err(DiscoveryError::OtherIssuer(words)) => return Err(words),
            Err(DiscoveryError::Failed(words)) => tried.push(words),
        }
    }
    // An answer may be as old as the question.
    let asked = host.clock().seconds();
    let keys = match fetch::key_set(host, &source, None, TIMEOUT).await {
        Ok(Fetched::Keys(keys, _)) => keys,
        Ok(Fetched::Same(_)) => return Err(format!("{source}: status 304")),
        Err(words) => {
            tried.push(words);
            return Err(tried.join("; "));
        }
    };
    let set = Snapshot::of_keys(keys.clone());
    let asymmetric: Vec<_> = Algorithm::ALL.iter().copied().filter(|one| !one.family().is_symmetric()).collect();
    let prepared =
        KeySet::prepare(set.key_set(), &asymmetric, PORTABLE).map_err(|error| format!("{source}: {error}"))?;
    let refused = prepared.refused().iter().map(|refused| {
        let name = refused.kid.as_deref().map_or_else(|| format!("key {}", refused.index), |kid| format!("`{kid}`"));
        format!("{name}: {}", refused.why)
    });
    Ok(Taken {
        snapshot: Snapshot::new(keys, Some(source), Some(asked), Some(max_age.into())).to_json(),
        issuer,
        keys: prepared.keys().len(),
        refused: refused.collect(),
    })
}
