//! The keys that a sender signs its reports with: fetched, kept for a day, and used for a week while the sender is away.
//!
//! A key vouches for as long as its sender publishes it, current or not: the protocol lets a sender go over to the next
//! key before all reports of the one before have come.
//!
//! A list stands in memory and in the store, where those find it who have none: what runs at the edge starts often and in
//! many places, and the protocol's own server answers each address a few dozen times an hour.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use p256::ecdsa::VerifyingKey;
use sha2::{Digest, Sha256};

use super::list::{LONGEST_LIST, List};
use crate::{
    host::{Host, OutboundRequest, UnixMillis},
    verdict::{Denial, Reason},
};

/// How long a list is used without asking again, in seconds.
const MAX_AGE: i64 = 86_400;
/// How long it is used while its sender does not answer, in seconds.
const MAX_STALE: u32 = 7 * 86_400;
/// How long the sender is left alone after it was asked, in seconds, whatever came of it.
const COOLDOWN: i64 = 60;
/// How long the sender has to answer, and how long the store has, in milliseconds.
const TIMEOUT: u32 = 3_000;
const STORE_TIMEOUT: u32 = 1_000;
/// How long a report waits at a time for a list that another one fetches, in milliseconds, and how often: somewhat longer
/// than the store and the sender have to answer.
const WAIT: u32 = 100;
const WAITS: usize = 42;

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
    /// Where the store holds its list.
    place: String,
    state: Mutex<State>,
}

impl fmt::Debug for SenderKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SenderKeys").field("url", &self.url).finish_non_exhaustive()
    }
}

impl SenderKeys {
    pub(super) fn new(url: String) -> Self {
        let digest = base16ct::lower::encode_string(&Sha256::digest(&url));
        Self { place: format!("leak-keys/{digest}"), url, state: Mutex::default() }
    }

    /// The key of this name.
    ///
    /// # Errors
    /// [`Reason::ReportSignatureInvalid`] where the sender does not publish it, and [`Reason::ReportKeysUnavailable`]
    /// where that cannot be told: there is no list that is young enough, or the sender was asked for this name, or
    /// another unknown one, not a minute ago and did not answer.
    pub(super) async fn find<H: Host>(&self, host: &H, identifier: &str) -> Result<VerifyingKey, Denial> {
        let now = host.clock();
        let is_usable = |list: &&Arc<List>| list.is_younger(MAX_STALE.into(), now.seconds());
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
            // It is asked for all reports.
            host.work_for_others(true);
            let asked = self.ask(host, now, list, identifier).await;
            host.work_for_others(false);
            asked.err()
        } else {
            if let Some(key) = list.as_ref().filter(is_usable).and_then(|list| list.find(identifier)) {
                return Ok(key);
            }
            if waiting {
                self.wait(host).await;
            }
            None
        };
        let state = self.state();
        match (state.list.as_ref().filter(is_usable).map(|list| list.find(identifier)), state.outcome()) {
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

    /// Takes the list that the store holds, if it is younger and good for this name; otherwise asks the sender.
    async fn ask<H: Host>(
        &self,
        host: &H,
        now: UnixMillis,
        known: Option<Arc<List>>,
        identifier: &str,
    ) -> Result<(), String> {
        let known = match self.stored(host, now).await {
            Some(stored) if known.as_ref().is_none_or(|known| known.written.asked < stored.written.asked) => {
                let stored = Arc::new(stored);
                let mut state = self.state();
                state.list = Some(Arc::clone(&stored));
                let names = stored.is_younger(MAX_AGE, now.seconds()) && stored.find(identifier).is_some();
                if names || stored.is_younger(COOLDOWN, now.seconds()) {
                    let asked = UnixMillis(stored.written.asked.saturating_mul(1000));
                    state.last = Some((asked, Asked::Answered));
                    return Ok(());
                }
                Some(stored)
            }
            _ => known,
        };
        let fetched = self.fetch(host, now, known.as_deref()).await.map(Arc::new);
        {
            let mut state = self.state();
            let outcome = if fetched.is_ok() { Asked::Answered } else { Asked::Failed };
            state.last = Some((now, outcome));
            if let Ok(list) = &fetched {
                state.list = Some(Arc::clone(list));
            }
        }
        let list = fetched?;
        if let Ok(written) = serde_json::to_vec(&list.written) {
            // A list that is not in the store is fetched again by others.
            let _ = host.write(&self.place, written, MAX_STALE).await;
        }
        Ok(())
    }

    /// The list that the store holds, if it can still be used. A store that fails has none.
    async fn stored<H: Host>(&self, host: &H, now: UnixMillis) -> Option<List> {
        let stored = host.read_within(&self.place, STORE_TIMEOUT).await.ok()??;
        List::from_store(&stored).filter(|list| list.is_younger(MAX_STALE.into(), now.seconds()))
    }

    async fn fetch<H: Host>(&self, host: &H, now: UnixMillis, known: Option<&List>) -> Result<List, String> {
        let url = &self.url;
        // The protocol's own server refuses whoever does not say who it is.
        let mut headers =
            vec![("accept", "application/json".to_owned()), ("user-agent", format!("edgeward/{}", crate::VERSION))];
        let tagged = known.and_then(|list| Some((list, list.written.etag.clone()?)));
        if let Some((_, etag)) = &tagged {
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
        // What it says may be as old as the question.
        match (answer.status, tagged) {
            (304, Some((known, _))) => Ok(known.confirmed(now.seconds())),
            (200, _) => List::of_answer(answer, now.seconds()).map_err(|words| format!("the keys at {url}: {words}")),
            (status, _) => Err(format!("the keys at {url}: status {status}")),
        }
    }

    /// Never held while the host is asked for anything.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::{Cell, RefCell},
        future::{Future, poll_fn},
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use p256::{
        ecdsa::SigningKey,
        pkcs8::{EncodePublicKey, LineEnding},
    };

    use super::*;
    use crate::{
        host::{HostError, InboundAnswer, NativeCheck},
        jose::Algorithm,
    };

    /// A host whose server answers when the test says so.
    #[derive(Default)]
    struct Slow {
        answers: Cell<bool>,
        asked: Cell<usize>,
        waited: Cell<usize>,
        now: Cell<i64>,
        written: RefCell<Vec<String>>,
    }

    impl Host for Slow {
        fn now(&self) -> UnixMillis {
            UnixMillis(self.now.get())
        }

        fn fill_random(&self, _: &mut [u8]) -> Result<(), HostError> {
            Err(HostError("no chance".to_owned()))
        }

        async fn read(&self, _: &str) -> Result<Option<Vec<u8>>, HostError> {
            Err(HostError("no store".to_owned()))
        }

        async fn write(&self, key: &str, _: Vec<u8>, _: u32) -> Result<(), HostError> {
            self.written.borrow_mut().push(key.to_owned());
            Err(HostError("no store".to_owned()))
        }

        async fn wait(&self, _: u32) -> Result<(), HostError> {
            self.waited.set(self.waited.get() + 1);
            let mut passed = false;
            poll_fn(|_| if std::mem::replace(&mut passed, true) { Poll::Ready(()) } else { Poll::Pending }).await;
            Ok(())
        }

        async fn fetch(&self, _: OutboundRequest) -> Result<InboundAnswer, HostError> {
            self.asked.set(self.asked.get() + 1);
            poll_fn(|_| if self.answers.get() { Poll::Ready(()) } else { Poll::Pending }).await;
            let key = SigningKey::from_slice(&[1; 32]).expect("a key");
            let pem = p256::PublicKey::from(key.verifying_key()).to_public_key_pem(LineEnding::LF).expect("a PEM");
            let list = serde_json::json!({ "public_keys": [{ "key_identifier": "k1", "key": pem }] });
            Ok(InboundAnswer { status: 200, headers: Vec::new(), body: list.to_string().into_bytes() })
        }

        fn has_native(&self, _: Algorithm) -> bool {
            false
        }

        async fn verify_signature(&self, _: NativeCheck<'_>) -> Result<bool, HostError> {
            Err(HostError("no signatures".to_owned()))
        }
    }

    #[test]
    fn reports_at_one_time_cost_one_question_and_wait_for_its_answer() {
        let (keys, host) = (SenderKeys::new("https://keys.example/".to_owned()), Slow::default());
        let mut context = Context::from_waker(Waker::noop());
        let (mut first, mut second) = (pin!(keys.find(&host, "k1")), pin!(keys.find(&host, "k1")));
        assert!(first.as_mut().poll(&mut context).is_pending());
        for _ in 0..5 {
            assert!(second.as_mut().poll(&mut context).is_pending());
        }
        host.answers.set(true);
        assert!(matches!(first.as_mut().poll(&mut context), Poll::Ready(Ok(_))));
        assert!(matches!(second.as_mut().poll(&mut context), Poll::Ready(Ok(_))));
        assert_eq!((host.asked.get(), host.written.borrow().len()), (1, 1));
    }

    #[test]
    fn a_question_whose_report_went_away_is_asked_again_in_time() {
        let (keys, host) = (SenderKeys::new("https://keys.example/".to_owned()), Slow::default());
        let mut context = Context::from_waker(Waker::noop());
        assert!(pin!(keys.find(&host, "k1")).poll(&mut context).is_pending());
        host.answers.set(true);
        let denial = pollster::block_on(poll_to_the_end(keys.find(&host, "k1"))).expect_err("nobody fetched");
        assert_eq!((denial.reason, host.waited.get()), (Reason::ReportKeysUnavailable, WAITS));
        host.now.set(COOLDOWN * 1000);
        assert!(pollster::block_on(keys.find(&host, "k1")).is_ok());
        assert_eq!(host.asked.get(), 2);
    }

    /// Polls again and again: the host of the test wakes nobody.
    async fn poll_to_the_end<T>(future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        poll_fn(|context| {
            context.waker().wake_by_ref();
            future.as_mut().poll(context)
        })
        .await
    }
}
