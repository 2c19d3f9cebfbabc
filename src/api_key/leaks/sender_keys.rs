//! The keys that a sender signs its reports with: `{"public_keys":[{"key_identifier","key","is_current"}]}`, each key a
//! PEM of an EC public key (RFC 5480, RFC 7468).
//!
//! A key vouches for as long as its sender publishes it, current or not: the protocol lets a sender go over to the next
//! key before all reports of the one before have come.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use p256::{ecdsa::VerifyingKey, pkcs8::DecodePublicKey};
use serde_json::Value;

use super::signature::is_identifier;
use crate::{
    host::{Host, InboundAnswer, OutboundRequest, UnixMillis},
    json,
    verdict::{Denial, Reason},
};

/// How long a list is used without asking again, in seconds.
const MAX_AGE: i64 = 86_400;
/// How long it is used while its sender does not answer, in seconds.
const MAX_STALE: i64 = 7 * 86_400;
/// How long the sender is left alone after it was asked, in seconds, whatever came of it.
const COOLDOWN: i64 = 60;
/// How far, in seconds, a time may lie in the future: clocks are set.
const AHEAD: i64 = 60;
/// The longest list that is read, in bytes.
const LONGEST_LIST: usize = 256 * 1024;
/// The most keys of a list. A longer one is not read at all, as which of its keys it would lack could not be told.
const MOST_KEYS: usize = 64;
/// The longest PEM of a key, in bytes. One of P-256 has less than 200.
const LONGEST_KEY: usize = 1024;
/// The longest entity tag that is sent back, in bytes.
const LONGEST_ETAG: usize = 256;
/// How long the sender has to answer, in milliseconds.
const TIMEOUT: u32 = 3_000;
/// How long a report waits at a time for a list that another one fetches, in milliseconds, and how often: as long as the
/// sender has to answer.
const WAIT: u32 = 100;
const WAITS: usize = 32;

/// A list as it was published.
struct List {
    keys: Vec<(String, VerifyingKey)>,
    etag: Option<String>,
    /// When its sender was asked last and said that it holds, in seconds since the Unix epoch.
    asked: i64,
}

impl List {
    fn find(&self, identifier: &str) -> Option<VerifyingKey> {
        self.keys.iter().find(|(name, _)| name == identifier).map(|(_, key)| *key)
    }

    fn is_younger(&self, age: i64, now: i64) -> bool {
        (AHEAD.saturating_neg()..age).contains(&now.saturating_sub(self.asked))
    }
}

/// What became of the last question.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Another report waits for the answer.
    Waiting,
    Answered,
    Failed,
}

#[derive(Default)]
struct State {
    list: Option<Arc<List>>,
    last: Option<(UnixMillis, Asked)>,
}

impl State {
    fn may_ask(&self, now: UnixMillis) -> bool {
        // A clock that was set back does not keep the sender from being asked.
        let cooling = |at: UnixMillis| (0..COOLDOWN.saturating_mul(1000)).contains(&now.0.saturating_sub(at.0));
        !self.last.is_some_and(|(at, _)| cooling(at))
    }

    fn outcome(&self) -> Option<Asked> {
        self.last.map(|(_, outcome)| outcome)
    }
}

/// The keys of one sender.
pub(super) struct SenderKeys {
    url: String,
    state: Mutex<State>,
}

impl fmt::Debug for SenderKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SenderKeys").field("url", &self.url).finish_non_exhaustive()
    }
}

impl SenderKeys {
    pub(super) fn new(url: String) -> Self {
        Self { url, state: Mutex::default() }
    }

    /// The key of this name.
    ///
    /// # Errors
    /// [`Reason::ReportSignatureInvalid`] where the sender does not publish it, and [`Reason::ReportKeysUnavailable`]
    /// where that cannot be told: there is no list that is young enough, or the sender was asked for this name, or
    /// another unknown one, not a minute ago and did not answer.
    pub(super) async fn find<H: Host>(&self, host: &H, identifier: &str) -> Result<VerifyingKey, Denial> {
        let now = host.clock();
        let (list, ask, waiting) = {
            let mut state = self.state();
            let list = state.list.clone();
            let fresh = list.as_ref().filter(|list| list.is_younger(MAX_AGE, now.seconds()));
            if let Some(key) = fresh.and_then(|list| list.find(identifier)) {
                return Ok(key);
            }
            let ask = state.may_ask(now);
            let waiting = !ask && state.outcome() == Some(Asked::Waiting);
            if ask {
                state.last = Some((now, Asked::Waiting));
            }
            (list, ask, waiting)
        };
        let words = if ask {
            self.ask(host, now, list.as_deref()).await.err()
        } else {
            // One that can be used at once is.
            let usable = list.filter(|list| list.is_younger(MAX_STALE, now.seconds()));
            if let Some(key) = usable.and_then(|list| list.find(identifier)) {
                return Ok(key);
            }
            if waiting {
                self.wait(host).await;
            }
            None
        };
        let state = self.state();
        let usable = state.list.as_ref().filter(|list| list.is_younger(MAX_STALE, now.seconds()));
        match (usable.map(|list| list.find(identifier)), state.outcome()) {
            (Some(Some(key)), _) => Ok(key),
            (Some(None), Some(Asked::Answered)) => {
                Err(Denial::new(Reason::ReportSignatureInvalid).noting("the sender publishes no key of this name"))
            }
            _ => {
                let words = words.unwrap_or_else(|| "the sender was asked not long ago, and gave none".to_owned());
                Err(Denial::new(Reason::ReportKeysUnavailable).noting(words))
            }
        }
    }

    /// Waits for the list that another report fetches. A host without a timer does not wait, and the sender tries again.
    async fn wait<H: Host>(&self, host: &H) {
        for _ in 0..WAITS {
            if host.wait(WAIT).await.is_err() || self.state().outcome() != Some(Asked::Waiting) {
                return;
            }
        }
    }

    /// Asks the sender for its list, and keeps it.
    async fn ask<H: Host>(&self, host: &H, now: UnixMillis, known: Option<&List>) -> Result<(), String> {
        let fetched = self.fetch(host, now, known).await;
        let mut state = self.state();
        let (outcome, result) = match fetched {
            Ok(list) => {
                state.list = Some(Arc::new(list));
                (Asked::Answered, Ok(()))
            }
            Err(words) => (Asked::Failed, Err(words)),
        };
        state.last = Some((now, outcome));
        result
    }

    async fn fetch<H: Host>(&self, host: &H, now: UnixMillis, known: Option<&List>) -> Result<List, String> {
        let url = &self.url;
        // The protocol's own server refuses whoever does not say who it is.
        let mut headers =
            vec![("accept", "application/json".to_owned()), ("user-agent", format!("edgeward/{}", crate::VERSION))];
        let etag = known.and_then(|list| list.etag.clone());
        if let Some(etag) = &etag {
            headers.push(("if-none-match", etag.clone()));
        }
        let request = OutboundRequest {
            method: "GET",
            url: url.clone(),
            headers,
            body: None,
            longest_answer: LONGEST_LIST,
            timeout: TIMEOUT,
        };
        let answer = host.fetch(request).await.map_err(|error| format!("the keys at {url}: {error}"))?;
        let asked = now.seconds();
        match (answer.status, known) {
            (304, Some(known)) if etag.is_some() => Ok(List { keys: known.keys.clone(), etag, asked }),
            (200, _) => {
                let keys = read(&answer.body).map_err(|words| format!("the keys at {url}: {words}"))?;
                Ok(List { keys, etag: etag_of(&answer), asked })
            }
            (status, _) => Err(format!("the keys at {url}: status {status}")),
        }
    }

    /// Never held while the host is asked for anything.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn etag_of(answer: &InboundAnswer) -> Option<String> {
    let etag = answer.header("etag")?;
    let is_sendable = etag.len() <= LONGEST_ETAG && etag.bytes().all(|byte| matches!(byte, b'!'..=b'~'));
    is_sendable.then(|| etag.to_owned())
}

/// The keys of a list that can be used. One that cannot be, or whose name stands twice, stands in no other's way.
fn read(body: &[u8]) -> Result<Vec<(String, VerifyingKey)>, String> {
    if body.len() > LONGEST_LIST {
        return Err(format!("more than {LONGEST_LIST} bytes"));
    }
    let document = json::parse_object(body).map_err(|error| error.to_string())?;
    let Some(Value::Array(entries)) = document.get("public_keys") else {
        return Err("no array `public_keys`".to_owned());
    };
    if entries.len() > MOST_KEYS {
        return Err(format!("more than {MOST_KEYS} keys"));
    }
    let name_of = |entry: &Value| entry.get("key_identifier").and_then(Value::as_str).map(str::to_owned);
    let mut keys = Vec::with_capacity(entries.len());
    for entry in entries {
        let Some(name) = name_of(entry).filter(|name| is_identifier(name)) else { continue };
        let twice = entries.iter().filter(|other| name_of(other).as_deref() == Some(name.as_str())).nth(1).is_some();
        let pem = entry.get("key").and_then(Value::as_str).filter(|pem| pem.len() <= LONGEST_KEY);
        match pem.and_then(|pem| VerifyingKey::from_public_key_pem(pem.trim()).ok()) {
            Some(key) if !twice => keys.push((name, key)),
            _ => {}
        }
    }
    // A sender that publishes nothing usable would sign nothing: it has failed, and the list before holds for its time.
    if keys.is_empty() { Err("no usable key".to_owned()) } else { Ok(keys) }
}

#[cfg(test)]
mod tests {
    use p256::{
        ecdsa::SigningKey,
        pkcs8::{EncodePublicKey, LineEnding},
    };
    use serde_json::json;

    use super::*;

    fn pem(seed: u8) -> String {
        let key = SigningKey::from_slice(&[seed; 32]).expect("a key");
        p256::PublicKey::from(key.verifying_key()).to_public_key_pem(LineEnding::LF).expect("a PEM")
    }

    fn names(entries: &Value) -> Result<Vec<String>, String> {
        let keys = read(json!({ "public_keys": entries }).to_string().as_bytes())?;
        Ok(keys.into_iter().map(|(name, _)| name).collect())
    }

    #[test]
    fn a_key_that_cannot_be_used_stands_in_no_other_s_way() {
        let other_curve = "-----BEGIN PUBLIC KEY-----\n\
            MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEeb5mfvncu6xVoGKVzocLBwKb/NstzijZ\n\
            WfKBWxb4F5hIOtp3JqPEZV2k+/wOEQio/Re0SKaFVBmcR9CP+xDUuA==\n\
            -----END PUBLIC KEY-----\n";
        // Another letter in the middle of a coordinate.
        let mut no_point = pem(1);
        let place = 27 + 64 + 1 + 30;
        let other = if no_point.as_bytes()[place] == b'A' { "B" } else { "A" };
        no_point.replace_range(place..=place, other);
        let entries = json!([
            { "key_identifier": "good", "key": pem(1), "is_current": true, "more": {} },
            { "key_identifier": "before", "key": pem(2).replace('\n', "\r\n"), "is_current": false },
            { "key_identifier": "bare", "key": pem(3).trim() },
            { "key_identifier": "twice", "key": pem(4) },
            { "key_identifier": "twice", "key": pem(5) },
            { "key_identifier": "text", "key": "no key" },
            { "key_identifier": "number", "key": 1 },
            { "key_identifier": "curve", "key": other_curve },
            { "key_identifier": "point", "key": no_point },
            { "key_identifier": "private", "key": pem(6).replace("PUBLIC", "PRIVATE") },
            { "key_identifier": "long", "key": format!("{}{}", pem(7), " ".repeat(LONGEST_KEY)) },
            { "key_identifier": "", "key": pem(8) },
            { "key_identifier": 9, "key": pem(9) },
            { "key": pem(10) },
            "key", 1, null, [],
        ]);
        assert_eq!(names(&entries).expect("keys"), ["good", "before", "bare"]);
    }

    #[test]
    fn what_is_no_list_says_why() {
        for (body, words) in [
            ("", "not JSON"),
            ("[]", "not an object"),
            ("{}", "no array `public_keys`"),
            (r#"{"public_keys":{}}"#, "no array `public_keys`"),
            (r#"{"public_keys":[]}"#, "no usable key"),
            (r#"{"public_keys":[{}]}"#, "no usable key"),
            (r#"{"public_keys":[],"public_keys":[]}"#, "twice"),
        ] {
            assert!(read(body.as_bytes()).expect_err(body).contains(words), "{body}");
        }
        let of = |count: usize| {
            let entry = |index: usize| json!({ "key_identifier": format!("k{index}"), "key": pem(1) });
            json!((0..count).map(entry).collect::<Vec<_>>())
        };
        assert_eq!(names(&of(MOST_KEYS)).expect("keys").len(), 64);
        assert_eq!(names(&of(MOST_KEYS + 1)).expect_err("too many"), "more than 64 keys");
        assert!(read(&vec![b' '; LONGEST_LIST + 1]).expect_err("too long").contains("more than 262144 bytes"));
    }

    #[test]
    fn a_list_ages_by_the_clock_and_not_by_one_that_was_set_back() {
        let list = List { keys: Vec::new(), etag: None, asked: 1_000_000 };
        for (now, fresh, usable) in [
            (1_000_000, true, true),
            (999_940, true, true),
            (999_939, false, false),
            (1_000_000 + MAX_AGE - 1, true, true),
            (1_000_000 + MAX_AGE, false, true),
            (1_000_000 + MAX_STALE - 1, false, true),
            (1_000_000 + MAX_STALE, false, false),
            (i64::MIN, false, false),
            (i64::MAX, false, false),
        ] {
            assert_eq!((list.is_younger(MAX_AGE, now), list.is_younger(MAX_STALE, now)), (fresh, usable), "{now}");
        }
    }
}
