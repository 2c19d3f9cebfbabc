//! A list of keys as its sender publishes it: `{"public_keys":[{"key_identifier","key","is_current"}]}`, each key a PEM of
//! an EC public key (RFC 5480, RFC 7468).

use p256::{ecdsa::VerifyingKey, pkcs8::DecodePublicKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::signature::is_identifier;
use crate::{host::InboundAnswer, json};

/// How far, in seconds, a time may lie in the future: clocks are set.
const AHEAD: i64 = 60;
/// The longest list that is read, in bytes.
pub(super) const LONGEST_LIST: usize = 256 * 1024;
/// The most keys of a list. A longer one is not read at all, as which of its keys it would lack could not be told.
const MOST_KEYS: usize = 64;
/// The longest PEM of a key, in bytes. One of P-256 has less than 200.
const LONGEST_KEY: usize = 1024;
/// The longest entity tag that is sent back, in bytes.
const LONGEST_ETAG: usize = 256;

/// A list, and when it was had.
pub(super) struct List {
    keys: Vec<(String, VerifyingKey)>,
    /// The list and its times, as the store holds them.
    pub(super) written: Written,
}

/// A list as the store holds it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    /// When its sender was asked last and said that it holds, in seconds since the Unix epoch.
    pub(super) asked: i64,
    /// The entity tag that the sender gave it.
    pub(super) etag: Option<String>,
    /// The sender's own words.
    list: String,
}

impl List {
    /// A list that its sender answered with.
    ///
    /// # Errors
    /// Why it cannot be used, in words.
    pub(super) fn of_answer(answer: InboundAnswer, asked: i64) -> Result<Self, String> {
        let etag = answer.header("etag").filter(|etag| is_sendable(etag)).map(str::to_owned);
        let keys = read(&answer.body)?;
        let list = String::from_utf8(answer.body).map_err(|_| "no UTF-8".to_owned())?;
        Ok(Self { keys, written: Written { asked, etag, list } })
    }

    /// The same list, of which its sender said that it still holds.
    pub(super) fn confirmed(&self, asked: i64) -> Self {
        Self { keys: self.keys.clone(), written: Written { asked, ..self.written.clone() } }
    }

    /// A list that the store holds. None where it cannot be used: its sender is asked then.
    pub(super) fn from_store(bytes: &[u8]) -> Option<Self> {
        let written: Written = json::read(&json::parse(bytes).ok()?).ok()?;
        let keys = read(written.list.as_bytes()).ok()?;
        let etag = written.etag.filter(|etag| is_sendable(etag));
        Some(Self { keys, written: Written { etag, ..written } })
    }

    pub(super) fn find(&self, identifier: &str) -> Option<VerifyingKey> {
        self.keys.iter().find(|(name, _)| name == identifier).map(|(_, key)| *key)
    }

    /// Whether its sender was asked less than so many seconds ago. One that comes from the future has no age.
    pub(super) fn is_younger(&self, age: i64, now: i64) -> bool {
        (AHEAD.saturating_neg()..age).contains(&now.saturating_sub(self.written.asked))
    }
}

fn is_sendable(etag: &str) -> bool {
    etag.len() <= LONGEST_ETAG && etag.bytes().all(|byte| matches!(byte, b'!'..=b'~'))
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

    const MAX_AGE: i64 = 86_400;
    const MAX_STALE: i64 = 7 * 86_400;

    #[test]
    fn a_list_ages_by_the_clock_and_not_by_one_that_was_set_back() {
        let written = Written { asked: 1_000_000, etag: None, list: String::new() };
        let list = List { keys: Vec::new(), written };
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

    #[test]
    fn what_the_store_holds_is_read_as_strictly_as_what_the_sender_sends() {
        let body = json!({ "public_keys": [{ "key_identifier": "k1", "key": pem(1) }] }).to_string();
        let answer = |etag: &str| InboundAnswer {
            status: 200,
            headers: vec![("etag".to_owned(), etag.to_owned())],
            body: body.clone().into_bytes(),
        };
        let list = List::of_answer(answer("\"v1\""), 7).expect("a list").confirmed(9);
        let written = serde_json::to_vec(&list.written).expect("JSON");
        let again = List::from_store(&written).expect("a list");
        assert_eq!((again.written.asked, again.written.etag.as_deref()), (9, Some("\"v1\"")));
        assert!(again.find("k1").is_some() && again.find("k2").is_none());
        for etag in ["a\u{e9}", "a b", &"a".repeat(LONGEST_ETAG + 1)] {
            assert_eq!(List::of_answer(answer(etag), 7).expect("a list").written.etag, None);
        }
        for bad in ["", "{}", r#"{"asked":1,"etag":null,"list":"{}"}"#, r#"{"asked":1,"etag":null,"list":1}"#] {
            assert!(List::from_store(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
