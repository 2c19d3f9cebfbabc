//! What servers answered not long ago. Facts are kept, never verdicts: each use holds them against the clock, the policy
//! and the deny list again.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Map, Value};

use crate::{
    facts::{CacheSize, CredentialDigest, DigestKey},
    host::Host,
    json::{self, JsonError},
};

/// The most answers that are kept for one issuer.
pub const MOST_ANSWERS: usize = 4096;

/// The most bytes of answers, as they were written, that are kept for one issuer: a server chooses how long they are.
pub const MOST_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// What a server says of an active token.
#[derive(Debug)]
pub(super) struct Answer {
    /// The members of the answer.
    pub(super) members: Map<String, Value>,
    /// The answer as it was written.
    pub(super) written: Arc<str>,
}

impl Answer {
    /// Reads an answer.
    ///
    /// # Errors
    /// Where it is no JSON object that every reader reads alike.
    pub(super) fn read(written: Arc<str>) -> Result<Self, JsonError> {
        Ok(Self { members: json::parse_object(written.as_bytes())?, written })
    }
}

/// Answers by the keyed digest of the token. The key is chance, drawn once: nobody outside can tell where in the trees a
/// token stands, and the digests are of no use to whoever sees them.
pub(super) struct AnswerCache {
    key: DigestKey,
    most: usize,
    most_bytes: usize,
    kept: Mutex<Kept>,
}

/// The key and the answers are shown to nobody.
impl fmt::Debug for AnswerCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AnswerCache").field("most", &self.most).finish_non_exhaustive()
    }
}

/// One answer, which is good from the second of the question up to and not including its end.
struct Entry {
    /// None for a token that is not active. As text alone, whose size is known; read again at each use.
    answer: Option<Arc<str>>,
    asked: i64,
    end: i64,
}

impl Entry {
    fn bytes(&self) -> usize {
        self.answer.as_ref().map_or(0, |text| text.len())
    }
}

/// Trees, since senders choose what is put into them.
#[derive(Default)]
struct Kept {
    answers: BTreeMap<CredentialDigest, Entry>,
    ends: BTreeSet<(i64, CredentialDigest)>,
    bytes: usize,
}

impl Default for AnswerCache {
    fn default() -> Self {
        Self::bounded(MOST_ANSWERS, MOST_ANSWER_BYTES)
    }
}

impl AnswerCache {
    fn bounded(most: usize, most_bytes: usize) -> Self {
        Self { key: DigestKey::default(), most, most_bytes, kept: Mutex::default() }
    }

    /// What stands for this token. None on a host without random bytes: nothing is kept there.
    pub(super) fn digest<H: Host>(&self, host: &H, token: &str) -> Option<CredentialDigest> {
        self.key.digest(host, token)
    }

    /// How full it is.
    pub(super) fn size(&self) -> CacheSize {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        CacheSize { entries: kept.answers.len(), bytes: kept.bytes }
    }

    /// The answer about a token, if there is one that may still be used at this second.
    #[expect(clippy::option_option, reason = "no answer, and the answer that a token is not active")]
    pub(super) fn find(&self, token: &CredentialDigest, now: i64) -> Option<Option<Answer>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = kept.answers.get(token)?;
        // A clock that was set back says nothing of how old an answer is.
        if !(entry.asked..entry.end).contains(&now) {
            kept.forget(token);
            return None;
        }
        let Some(written) = entry.answer.clone() else { return Some(None) };
        drop(kept);
        // It was read before it was kept.
        Some(Some(Answer::read(written).ok()?))
    }

    /// Keeps an answer to a question of this second for so many seconds, and no longer than its own `exp`. Where there
    /// is no room, those that end soonest make room.
    pub(super) fn keep(&self, token: CredentialDigest, answer: Option<&Answer>, asked: i64, seconds: i64) {
        let mut end = asked.saturating_add(seconds);
        if let Some(expires) = answer.and_then(|answer| answer.members.get("exp")?.as_f64()) {
            // Judged again at each use; here it only spares room.
            #[expect(clippy::cast_possible_truncation, reason = "a float that is too large saturates")]
            let expires = expires as i64;
            end = end.min(expires);
        }
        let entry = Entry { answer: answer.map(|answer| Arc::clone(&answer.written)), asked, end };
        if end <= asked || entry.bytes() > self.most_bytes {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Of two questions at once the older one may be answered last: what was revoked in between stays revoked.
        if kept.answers.get(&token).is_some_and(|known| {
            known.asked > asked || (known.asked == asked && known.answer.is_none() && entry.answer.is_some())
        }) {
            return;
        }
        kept.forget(&token);
        while kept.answers.len() >= self.most || kept.bytes.saturating_add(entry.bytes()) > self.most_bytes {
            let Some((_, soonest)) = kept.ends.first().copied() else { return };
            kept.forget(&soonest);
        }
        kept.bytes = kept.bytes.saturating_add(entry.bytes());
        kept.ends.insert((end, token));
        kept.answers.insert(token, entry);
    }
}

impl Kept {
    fn forget(&mut self, token: &CredentialDigest) {
        if let Some(entry) = self.answers.remove(token) {
            self.bytes = self.bytes.saturating_sub(entry.bytes());
            self.ends.remove(&(entry.end, *token));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::host::{HostError, NativeCheck, UnixMillis};

    /// A host of which only the random bytes are asked.
    struct Chance(Option<u8>);

    impl Host for Chance {
        fn now(&self) -> UnixMillis {
            UnixMillis(0)
        }

        fn fill_random(&self, buffer: &mut [u8]) -> Result<(), HostError> {
            buffer.fill(self.0.ok_or_else(|| HostError("no random bytes here".to_owned()))?);
            Ok(())
        }

        async fn read(&self, _: &str) -> Result<Option<Vec<u8>>, HostError> {
            Ok(None)
        }

        fn has_native(&self, _: crate::jose::Algorithm) -> bool {
            false
        }

        async fn verify_signature(&self, _: NativeCheck<'_>) -> Result<bool, HostError> {
            Ok(false)
        }
    }

    const T: CredentialDigest = 1;

    fn answer(members: &Value) -> Answer {
        Answer::read(members.to_string().into()).expect("an answer")
    }

    fn empty() -> Answer {
        answer(&json!({}))
    }

    #[test]
    fn an_answer_is_kept_for_its_time_and_not_beyond_its_end() {
        let cache = AnswerCache::default();
        cache.keep(T, Some(&empty()), 100, 30);
        assert!(cache.find(&T, 100).is_some() && cache.find(&T, 129).is_some());
        assert!(cache.find(&T, 130).is_none() && cache.find(&T, 129).is_none(), "and it is forgotten then");
        cache.keep(T, Some(&answer(&json!({ "exp": 110.9 }))), 100, 30);
        assert!(cache.find(&T, 109).is_some() && cache.find(&T, 110).is_none());
        cache.keep(T, Some(&answer(&json!({ "exp": 9_007_199_254_740_991_i64 }))), 100, 30);
        assert!(cache.find(&T, 129).is_some());
        for (expires, seconds) in [(json!(100), 30), (json!(-9_007_199_254_740_991_i64), 30), (json!(200), 0)] {
            let cache = AnswerCache::default();
            cache.keep(T, Some(&answer(&json!({ "exp": expires }))), 100, seconds);
            assert!(cache.find(&T, 100).is_none(), "{expires}");
        }
    }

    #[test]
    fn a_token_stands_under_a_digest_that_nobody_else_can_make() {
        let (cache, other) = (AnswerCache::default(), AnswerCache::default());
        let digest = cache.digest(&Chance(Some(7)), "t").expect("a digest");
        // The key is drawn once.
        assert_eq!(cache.digest(&Chance(Some(8)), "t"), Some(digest));
        assert_eq!(cache.digest(&Chance(None), "t"), Some(digest));
        assert_ne!(cache.digest(&Chance(Some(7)), "t "), Some(digest));
        assert_ne!(other.digest(&Chance(Some(9)), "t"), Some(digest));
        assert_eq!(AnswerCache::default().digest(&Chance(None), "t"), None);
        assert!(!format!("{cache:?}").contains('7'), "{cache:?}");
    }

    #[test]
    fn an_answer_about_one_token_is_none_about_another() {
        let cache = AnswerCache::default();
        cache.keep(T, None, 100, 5);
        assert!(matches!(cache.find(&T, 104), Some(None)));
        assert!(cache.find(&2, 104).is_none());
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_answer_older_than_it_may_be() {
        let cache = AnswerCache::default();
        cache.keep(T, Some(&empty()), 100, 30);
        assert!(cache.find(&T, 99).is_none());
        assert!(cache.find(&T, 100).is_none(), "it was forgotten");
    }

    #[test]
    fn an_answer_that_was_overtaken_is_not_kept() {
        let cache = AnswerCache::default();
        let is_active = |now| cache.find(&T, now).map(|answer| answer.is_some());
        cache.keep(T, None, 101, 5);
        cache.keep(T, Some(&empty()), 100, 30);
        assert_eq!(is_active(101), Some(false), "the question of the second before");
        cache.keep(T, Some(&empty()), 101, 30);
        assert_eq!(is_active(101), Some(false), "in one second, the stricter one");
        cache.keep(T, Some(&empty()), 102, 30);
        assert_eq!(is_active(102), Some(true), "a later question");
        cache.keep(T, None, 102, 5);
        assert_eq!(is_active(102), Some(false));
    }

    #[test]
    fn the_answers_that_end_soonest_make_room() {
        let cache = AnswerCache::bounded(3, MOST_ANSWER_BYTES);
        let [a, b, c, d] = [1, 2, 3, 4];
        for (token, seconds) in [(a, 30), (b, 10), (c, 20), (d, 30)] {
            cache.keep(token, Some(&empty()), 0, seconds);
        }
        assert!(cache.find(&b, 0).is_none());
        assert!([a, c, d].iter().all(|token| cache.find(token, 0).is_some()));
        for number in 0..100 {
            cache.keep(a, Some(&empty()), number, 30);
        }
        let kept = cache.kept.lock().expect("whole");
        assert_eq!((kept.answers.len(), kept.ends.len(), kept.bytes), (3, 3, 6));
    }

    #[test]
    fn the_bytes_are_bounded_whatever_a_server_writes() {
        let long = |length: usize| answer(&json!({ "x": "x".repeat(length - 8) }));
        let cache = AnswerCache::bounded(10, 100);
        let [a, b, c] = [1, 2, 3];
        cache.keep(a, Some(&long(40)), 0, 30);
        cache.keep(b, Some(&long(40)), 0, 20);
        cache.keep(c, Some(&long(101)), 0, 30);
        assert!(cache.find(&a, 0).is_some() && cache.find(&b, 0).is_some() && cache.find(&c, 0).is_none());
        cache.keep(c, Some(&long(60)), 0, 30);
        assert!(cache.find(&a, 0).is_some() && cache.find(&b, 0).is_none() && cache.find(&c, 0).is_some());
        cache.keep(c, Some(&long(20)), 1, 30);
        assert_eq!(cache.kept.lock().expect("whole").bytes, 60);
        assert!(cache.find(&a, 40).is_none() && cache.find(&c, 40).is_none());
        assert_eq!(cache.kept.lock().expect("whole").bytes, 0);
    }
}
