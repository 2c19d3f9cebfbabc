//! Noting that a key was seen where others could read it, in the notes of its use.

use super::super::{Exposure, KeyLife, Record, Usage, record::store_key, usage::usage_key};
use crate::{
    host::{Host, HostError},
    verdict::Principal,
};

/// How often one and the same exposure is noted, in seconds: a client that goes on costs one write a day.
const INTERVAL: i64 = 86_400;

/// How often a note is tried again that others wrote meanwhile.
const ATTEMPTS: usize = 4;

/// What counts for more, where a key was seen twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// A report: it says where everybody can read the key.
    Report,
    /// A request that was seen on its way: it takes the place of no other note that is younger than a day, and of no
    /// report's.
    Request,
}

/// Notes an exposure, unless it is noted already.
///
/// # Errors
/// The host's; and where others wrote the same notes again and again.
pub(super) async fn note<H: Host>(host: &H, id: &str, place: &str, weight: Weight) -> Result<(), HostError> {
    let key = usage_key(id);
    for _ in 0..ATTEMPTS {
        let stored = host.read_latest(&key).await?;
        let mut usage = Usage::from_store(stored.as_deref());
        let at = host.clock().seconds();
        if usage.exposed.as_ref().is_some_and(|known| stands(known, place, weight, at)) {
            return Ok(());
        }
        usage.exposed = Some(Exposure { at, place: place.to_owned() });
        let json = usage.to_json().map_err(|error| HostError(error.to_string()))?;
        if host.swap(&key, stored.as_deref(), Some(json.as_bytes())).await? {
            return Ok(());
        }
    }
    Err(HostError("others wrote the notes of the key's use again and again".to_owned()))
}

/// Whether what is known already says as much.
fn stands(known: &Exposure, place: &str, weight: Weight, now: i64) -> bool {
    let is_recent = (0..INTERVAL).contains(&now.saturating_sub(known.at));
    match weight {
        Weight::Report => is_recent && known.place == place,
        Weight::Request => is_recent || !["plain_http", "query"].contains(&known.place.as_str()),
    }
}

/// Notes of a key that came in a request others could read (contract §5.4) that it is exposed, and says whose it is.
/// `place` is `plain_http` or `query`. One whose secret is not proven is named by its id alone, and nothing is noted of it:
/// whoever knows an id could have it marked.
///
/// None where the text is no key of this form with a good check. The request is refused in any case: a store that fails
/// loses the note, and the owner's name from the audit event.
pub async fn note_exposed_key<H: Host>(host: &H, life: &KeyLife, text: &str, place: &'static str) -> Option<Principal> {
    let key = life.recognize(text)?;
    let named = Principal { credential_id: Some(key.id.clone().into_owned()), ..Principal::default() };
    let stored = host.read(&store_key(&key.id)).await.ok().flatten();
    let record = stored.and_then(|stored| Record::from_store(&stored).ok());
    let proven = key.is_of(record.as_ref());
    let Some(record) = record.filter(|_| proven) else { return Some(named) };
    // The denial stands, noted or not.
    let _ = note(host, &key.id, place, Weight::Request).await;
    Some(Principal { subject: Some(record.owner), organization: Some(record.organization), ..named })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_written_once_a_day_and_a_report_s_is_not_overwritten() {
        let known = |place: &str| Exposure { at: 1_000_000, place: place.to_owned() };
        for (place, new, weight, age, expected) in [
            ("plain_http", "plain_http", Weight::Request, INTERVAL - 1, true),
            ("plain_http", "query", Weight::Request, 0, true),
            ("plain_http", "plain_http", Weight::Request, INTERVAL, false),
            ("query", "plain_http", Weight::Request, INTERVAL, false),
            ("commit", "plain_http", Weight::Request, INTERVAL * 30, true),
            ("commit", "commit", Weight::Report, INTERVAL - 1, true),
            ("commit", "commit", Weight::Report, INTERVAL, false),
            ("commit", "gist_content", Weight::Report, 0, false),
            ("plain_http", "commit", Weight::Report, 0, false),
            // Noted in the future: the clock was set back.
            ("plain_http", "plain_http", Weight::Request, -1, false),
        ] {
            let stands = stands(&known(place), new, weight, 1_000_000 + age);
            assert_eq!(stands, expected, "{place} {new} {weight:?} {age}");
        }
    }
}
