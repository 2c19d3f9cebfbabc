//! A world in virtual time: an issuer, a store, and isolates that verify tokens.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    pin::pin,
    rc::{Rc, Weak},
    task::{Context, Poll, Waker},
};

use edgeward::{
    host::{Host, HostError, InboundAnswer, NativeCheck, OutboundRequest, UnixMillis},
    jose::Algorithm,
    key_source::KeySetStatus,
    m2m_token::{TokenFacts, TokenVerifier},
    policy::{read_token_policy, token_verifier},
    verdict::{Denial, Reason},
};
use serde_json::{Value, json};

use super::{
    issuer::{IssuerServer, JWKS, token},
    store::SharedStore,
    support::{AUDIENCE, ISSUER, NOW, edited},
    time::{Begun, Time},
};

/// Longer than any request may take, in milliseconds.
pub(crate) const FOR_EVER: i64 = 600_000;

/// What a request came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    /// The tier of the set that vouched, or the reason of the denial.
    pub(crate) verdict: Result<&'static str, Reason>,
    pub(crate) note: Option<String>,
    /// How long it waited, in milliseconds.
    pub(crate) took: i64,
    /// When it was over, in milliseconds since the Unix epoch.
    pub(crate) at: i64,
}

impl Answered {
    /// Holds that it was good, and returns how long it took.
    #[track_caller]
    pub(crate) fn good(&self) -> i64 {
        assert!(self.verdict.is_ok(), "{self:?}");
        self.took
    }

    /// Holds that it was refused for this, and returns how long it took.
    #[track_caller]
    pub(crate) fn refused(&self, reason: Reason) -> i64 {
        assert_eq!(self.verdict, Err(reason), "{self:?}");
        self.took
    }
}

/// What becomes of work that is to be done behind a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behind {
    Done,
    /// The host has nothing like `waitUntil`.
    Never,
}

/// What the runtime lends one isolate.
pub(crate) struct Runtime {
    me: Weak<Self>,
    time: Rc<Time>,
    issuer: Rc<IssuerServer>,
    store: Rc<SharedStore>,
    verifier: RefCell<Weak<TokenVerifier>>,
    /// How far its clock is off, in milliseconds.
    pub(crate) off: Cell<i64>,
    pub(crate) behind: Cell<Behind>,
    may_wait: Cell<bool>,
    /// How long a native check takes, in milliseconds; none where there is none.
    pub(crate) native: Cell<Option<i64>>,
    /// The keys that it may forget.
    pub(crate) forgotten: RefCell<Vec<u32>>,
    /// What is done behind requests.
    jobs: RefCell<Vec<Begun<()>>>,
    /// The keys with which it was asked to check a signature, by their numbers.
    checked: RefCell<Vec<u32>>,
    /// How often it was asked to do something behind one.
    pub(crate) called: Cell<usize>,
    /// When it asked the issuer for anything, in milliseconds since the Unix epoch.
    pub(crate) fetched: RefCell<Vec<i64>>,
    /// When the issuer did not answer, or with nothing that is of use.
    pub(crate) failed: RefCell<Vec<i64>>,
    chance: Cell<u64>,
}

impl Host for Runtime {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.time.now() + self.off.get())
    }

    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), HostError> {
        for byte in buffer {
            self.chance.set(self.chance.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
            *byte = self.chance.get().to_be_bytes()[0];
        }
        Ok(())
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        self.read_within(key, u32::MAX).await
    }

    async fn read_within(&self, key: &str, timeout: u32) -> Result<Option<Vec<u8>>, HostError> {
        self.store.read_within(key, timeout.into()).await
    }

    async fn write(&self, key: &str, value: Vec<u8>, seconds: u32) -> Result<(), HostError> {
        self.store.write(key, value, seconds).await
    }

    async fn wait(&self, milliseconds: u32) -> Result<(), HostError> {
        self.time.sleep(milliseconds.into()).await;
        Ok(())
    }

    fn may_wait(&self) -> bool {
        self.may_wait.get()
    }

    fn refresh_later(&self, key_set: u32) {
        self.called.set(self.called.get() + 1);
        let (me, verifier) = (self.me.upgrade(), self.verifier.borrow().upgrade());
        if let (Some(me), Some(verifier), Behind::Done) = (me, verifier, self.behind.get()) {
            let job = self.time.begin(async move { verifier.refresh(&*me, key_set).await });
            self.jobs.borrow_mut().push(job);
        }
    }

    fn forget_key(&self, key: u32) {
        self.forgotten.borrow_mut().push(key);
    }

    async fn fetch(&self, request: OutboundRequest) -> Result<InboundAnswer, HostError> {
        self.fetched.borrow_mut().push(self.time.now());
        let is_well = self.issuer.is_well();
        let answer = self.issuer.answer(request).await;
        if answer.is_err() || !is_well {
            self.failed.borrow_mut().push(self.time.now());
        }
        answer
    }

    fn has_native(&self, _: Algorithm) -> bool {
        self.native.get().is_some()
    }

    /// It takes its time and leaves the check to the core.
    async fn verify_signature(&self, check: NativeCheck<'_>) -> Result<bool, HostError> {
        self.checked.borrow_mut().push(check.key.id());
        self.time.sleep(self.native.get().unwrap_or_default()).await;
        Err(HostError("not here".to_owned()))
    }
}

/// An issuer, a store and the time in which they are.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) time: Rc<Time>,
    pub(crate) issuer: Rc<IssuerServer>,
    pub(crate) store: Rc<SharedStore>,
}

impl World {
    /// An issuer that publishes these keys, and an empty store.
    pub(crate) fn publishing(keys: &[u8]) -> Self {
        // Not on a whole second: nothing in the world is.
        let time = Time::starting_at(NOW * 1000 + 437);
        let (issuer, store) = (IssuerServer::new(&time), SharedStore::new(&time));
        issuer.publish(keys);
        Self { time, issuer, store }
    }

    /// Lets some seconds pass.
    pub(crate) fn pass(&self, seconds: i64) {
        self.time.pass(seconds * 1000);
    }

    /// Lets time pass until the only set of an isolate is of this age, in seconds.
    pub(crate) fn reach_age(&self, isolate: &Isolate, age: i64) {
        let second = isolate.status().fetched_at.expect("a set") + age;
        assert!(second * 1000 >= self.time.now(), "that is past");
        self.time.pass_until(second * 1000, || false);
    }

    /// Lets time pass until the only set of an isolate is all but of this age, in seconds.
    pub(crate) fn reach_just_before(&self, isolate: &Isolate, age: i64) {
        let second = isolate.status().fetched_at.expect("a set") + age;
        self.time.pass_until(second * 1000 - 1, || false);
    }

    /// An isolate with the usual policy.
    pub(crate) fn isolate(&self) -> Isolate {
        self.isolate_with(&json!({}), &BTreeMap::new())
    }

    /// An isolate whose policy's `keySet` says this.
    pub(crate) fn isolate_that(&self, key_set: &Value) -> Isolate {
        self.isolate_with(&json!({ "keySet": key_set }), &BTreeMap::new())
    }

    /// An isolate whose issuer's policy has these members, and snapshots beside it.
    pub(crate) fn isolate_with(&self, members: &Value, snapshots: &BTreeMap<String, Value>) -> Isolate {
        let usual = json!({ "issuer": ISSUER, "audience": AUDIENCE, "algorithms": ["EdDSA"], "jwksUri": JWKS });
        let policy = json!({ "issuers": [edited(&usual, members)] }).to_string();
        let policy = read_token_policy(&policy).expect("a policy");
        let verifier = token_verifier(policy.issuers, snapshots, policy.max_token_bytes).expect("a verifier");
        let verifier = Rc::new(verifier);
        let runtime = Rc::new_cyclic(|me| Runtime {
            me: me.clone(),
            time: Rc::clone(&self.time),
            issuer: Rc::clone(&self.issuer),
            store: Rc::clone(&self.store),
            verifier: RefCell::new(Rc::downgrade(&verifier)),
            off: Cell::new(0),
            behind: Cell::new(Behind::Done),
            may_wait: Cell::new(true),
            native: Cell::new(None),
            forgotten: RefCell::default(),
            jobs: RefCell::default(),
            checked: RefCell::default(),
            called: Cell::new(0),
            fetched: RefCell::default(),
            failed: RefCell::default(),
            chance: Cell::new(1),
        });
        Isolate { verifier, runtime }
    }
}

/// One isolate: a verifier, and what its runtime lends it.
pub(crate) struct Isolate {
    pub(crate) verifier: Rc<TokenVerifier>,
    pub(crate) runtime: Rc<Runtime>,
}

impl Isolate {
    /// Begins to verify a token.
    pub(crate) fn begin(&self, token: String) -> Begun<Answered> {
        let (verifier, runtime) = (Rc::clone(&self.verifier), Rc::clone(&self.runtime));
        let began = runtime.time.now();
        self.runtime.time.begin(async move {
            let verdict = verifier.verify(&*runtime, &token).await;
            let at = runtime.time.now();
            match verdict {
                Ok(grant) => {
                    let tier = grant.principal.key_set_tier.unwrap_or("none");
                    Answered { verdict: Ok(tier), note: None, took: at - began, at }
                }
                Err(Denial { reason, note, .. }) => Answered { verdict: Err(reason), note, took: at - began, at },
            }
        })
    }

    /// Verifies a token, however long that takes.
    #[track_caller]
    pub(crate) fn verify(&self, token: String) -> Answered {
        self.begin(token).wait(FOR_EVER)
    }

    /// Verifies a token that was signed with this key.
    #[track_caller]
    pub(crate) fn present(&self, key: u8) -> Answered {
        self.verify(token(key))
    }

    /// Begins to verify a token that was signed with this key.
    pub(crate) fn begin_key(&self, key: u8) -> Begun<Answered> {
        let begun = self.begin(token(key));
        self.runtime.time.settle();
        begun
    }

    /// Verifies a token without waiting for anything.
    pub(crate) fn present_now(&self, key: u8) -> Result<(), Reason> {
        self.runtime.may_wait.set(false);
        let token = token(key);
        let verdict = pin!(self.verifier.verify(&*self.runtime, &token)).poll_once();
        self.runtime.may_wait.set(true);
        verdict.map(|_| ()).map_err(|denial| denial.reason)
    }

    /// The facts of a token that was signed with this key.
    pub(crate) fn facts(&self, key: u8) -> TokenFacts {
        let (verifier, runtime) = (Rc::clone(&self.verifier), Rc::clone(&self.runtime));
        let begun = self.runtime.time.begin(async move { verifier.authenticate(&*runtime, &token(key)).await });
        begun.wait(FOR_EVER).expect("facts")
    }

    /// What facts come to now.
    pub(crate) fn judge(&self, facts: &TokenFacts) -> Result<(), Reason> {
        facts.judge(self.runtime.now()).map(|_| ()).map_err(|denial| denial.reason)
    }

    /// Runs what the clock runs.
    pub(crate) fn run_schedule(&self) {
        self.begin_schedule().wait(FOR_EVER);
    }

    pub(crate) fn begin_schedule(&self) -> Begun<()> {
        let (verifier, runtime) = (Rc::clone(&self.verifier), Rc::clone(&self.runtime));
        let begun = self.runtime.time.begin(async move { verifier.refresh_on_schedule(&*runtime).await });
        self.runtime.time.settle();
        begun
    }

    /// Ends all that is done behind requests, as a runtime does that loses patience.
    pub(crate) fn abandon_jobs(&self) {
        self.runtime.jobs.borrow_mut().drain(..).for_each(|job| job.abandon());
    }

    /// How often it asked the issuer for anything.
    pub(crate) fn times_fetched(&self) -> usize {
        self.runtime.fetched.borrow().len()
    }

    /// What it knows of its only set.
    pub(crate) fn status(&self) -> KeySetStatus {
        self.verifier.key_sets(self.runtime.now()).into_iter().next().expect("a set")
    }

    /// The number by which its runtime knows a key of its only set.
    pub(crate) fn key_number(&self, key: u8) -> u32 {
        let native = self.runtime.native.replace(Some(0));
        self.verifier.forget_facts();
        self.present(key).good();
        self.runtime.native.set(native);
        *self.runtime.checked.borrow().last().expect("a key")
    }
}

/// A future that is to be over at once.
trait PollOnce: Future {
    fn poll_once(self) -> Self::Output;
}

impl<F: Future + Unpin> PollOnce for F {
    fn poll_once(mut self) -> F::Output {
        match std::pin::Pin::new(&mut self).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("it waits"),
        }
    }
}
