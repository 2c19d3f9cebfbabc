//! A host in simulated time, whose store lies when it is told to.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    rc::{Rc, Weak},
};

use edgeward::{
    gate::{Gate, GateRequest, Resources},
    host::{DENY_SNAPSHOT, Host, HostError, InboundAnswer, NativeCheck, OutboundRequest, USAGE_NOTES, UnixMillis},
    jose::Algorithm,
    policy::read_policy,
    revocation::{DENY_SNAPSHOT_KEY, DenyEntry, DenySigner},
    verdict::Verdict,
};
use serde_json::{Value, json};

use crate::{
    support::{NOW, Signer, issuer, key, public, with},
    time::{Begun, Time},
};

pub(crate) const MAX_AGE: i64 = 60;

/// How a read of the signed deny list is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Serves {
    /// With what was written last.
    Truth,
    /// With this, or with nothing.
    This(Option<Vec<u8>>),
    /// Not at all.
    Error,
    /// With the truth, after so many milliseconds.
    Late(i64),
}

type Values = BTreeMap<String, Vec<u8>>;

/// The store that hosts share.
#[derive(Default)]
pub(crate) struct SharedStore {
    pub(crate) values: RefCell<Values>,
    pub(crate) swaps: Cell<usize>,
}

/// What the runtime lends one isolate.
pub(crate) struct Runtime {
    me: Weak<Self>,
    pub(crate) time: Rc<Time>,
    pub(crate) store: Rc<SharedStore>,
    gate: RefCell<Weak<Gate>>,
    pub(crate) serves: RefCell<Serves>,
    /// As `serves`, for who asks for the value that was written last.
    pub(crate) serves_latest: RefCell<Serves>,
    /// What becomes of swaps, one after the other: false for one that finds another value there. Then as it should be.
    pub(crate) swaps: RefCell<VecDeque<bool>>,
    /// How long a swap takes, in milliseconds.
    pub(crate) swap_takes: Cell<i64>,
    /// How far its clock is off, in milliseconds.
    pub(crate) off: Cell<i64>,
    pub(crate) may_wait: Cell<bool>,
    /// Whether what is asked for behind requests is done.
    pub(crate) behind: Cell<bool>,
    pub(crate) called: Cell<usize>,
    pub(crate) reads: RefCell<Vec<i64>>,
    pub(crate) requests: RefCell<Vec<OutboundRequest>>,
    pub(crate) answer: RefCell<Option<InboundAnswer>>,
    jobs: RefCell<Vec<Begun<()>>>,
}

impl Runtime {
    async fn served(&self, how: Serves, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        match how {
            Serves::This(value) => Ok(value),
            Serves::Error => Err(HostError("the store is down".to_owned())),
            Serves::Truth => Ok(self.store.values.borrow().get(key).cloned()),
            Serves::Late(milliseconds) => {
                self.time.sleep(milliseconds).await;
                Ok(self.store.values.borrow().get(key).cloned())
            }
        }
    }
}

impl Host for Runtime {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.time.now() + self.off.get())
    }

    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), HostError> {
        buffer.fill(7);
        Ok(())
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        if key != DENY_SNAPSHOT_KEY {
            return Ok(self.store.values.borrow().get(key).cloned());
        }
        self.reads.borrow_mut().push(self.time.now());
        let how = self.serves.borrow().clone();
        self.served(how, key).await
    }

    async fn read_within(&self, key: &str, timeout: u32) -> Result<Option<Vec<u8>>, HostError> {
        if let Serves::Late(milliseconds) = *self.serves.borrow()
            && milliseconds > timeout.into()
            && key == DENY_SNAPSHOT_KEY
        {
            self.reads.borrow_mut().push(self.time.now());
        } else {
            return self.read(key).await;
        }
        self.time.sleep(timeout.into()).await;
        Err(HostError(format!("the store did not answer within {timeout} ms")))
    }

    async fn read_latest(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        let how = self.serves_latest.borrow().clone();
        self.served(how, key).await
    }

    async fn swap(&self, key: &str, expected: Option<&[u8]>, value: Option<&[u8]>) -> Result<bool, HostError> {
        if self.swap_takes.get() > 0 {
            self.time.sleep(self.swap_takes.get()).await;
        }
        self.store.swaps.set(self.store.swaps.get() + 1);
        if self.swaps.borrow_mut().pop_front() == Some(false) {
            return Ok(false);
        }
        let mut values = self.store.values.borrow_mut();
        if values.get(key).map(Vec::as_slice) != expected {
            return Ok(false);
        }
        match value {
            Some(value) => values.insert(key.to_owned(), value.to_vec()),
            None => values.remove(key),
        };
        Ok(true)
    }

    async fn wait(&self, milliseconds: u32) -> Result<(), HostError> {
        self.time.sleep(milliseconds.into()).await;
        Ok(())
    }

    fn may_wait(&self) -> bool {
        self.may_wait.get()
    }

    fn refresh_later(&self, work: u32) {
        if work == USAGE_NOTES {
            return;
        }
        assert_eq!(work, DENY_SNAPSHOT);
        self.called.set(self.called.get() + 1);
        if let (Some(me), Some(gate), true) = (self.me.upgrade(), self.gate.borrow().upgrade(), self.behind.get()) {
            self.jobs.borrow_mut().push(self.time.begin(async move { gate.refresh(&*me, work).await }));
        }
    }

    async fn fetch(&self, request: OutboundRequest) -> Result<InboundAnswer, HostError> {
        self.requests.borrow_mut().push(request);
        self.answer.borrow().clone().ok_or_else(|| HostError("no answer".to_owned()))
    }

    fn has_native(&self, _: Algorithm) -> bool {
        false
    }

    async fn verify_signature(&self, _: NativeCheck<'_>) -> Result<bool, HostError> {
        Err(HostError("not here".to_owned()))
    }
}

/// Time and a store.
pub(crate) struct World {
    pub(crate) time: Rc<Time>,
    pub(crate) store: Rc<SharedStore>,
}

/// One isolate: a gate, and what its runtime lends it.
pub(crate) struct Isolate {
    pub(crate) gate: Rc<Gate>,
    pub(crate) runtime: Rc<Runtime>,
}

/// The policy of the tests.
pub(crate) fn policy() -> Value {
    json!({
        "issuers": [issuer(&Signer::HS256)],
        "apiKeys": { "prefix": "acme", "environment": "live", "usageInterval": 0 },
        "routes": [{ "methods": ["GET"], "path": "/", "classes": ["m2m_token", "api_key"] }],
        "denySnapshot": { "maxAge": MAX_AGE, "jwks": { "keys": [public("ed25519", "deny")] } },
    })
}

pub(crate) fn signer() -> DenySigner {
    DenySigner::from_jwk(&with(&key("ed25519"), "kid", "deny".into()).to_string()).expect("a key")
}

impl World {
    pub(crate) fn new() -> Self {
        // Not on a whole second: nothing in the world is.
        Self { time: Time::starting_at(NOW * 1000 + 437), store: Rc::default() }
    }

    /// An isolate that only verifies.
    pub(crate) fn isolate(&self) -> Isolate {
        self.isolate_with(&policy(), None)
    }

    /// An isolate that publishes too.
    pub(crate) fn publisher(&self) -> Isolate {
        self.isolate_with(&policy(), Some(signer()))
    }

    pub(crate) fn isolate_with(&self, policy: &Value, deny_signer: Option<DenySigner>) -> Isolate {
        let policy = read_policy(&policy.to_string()).expect("a policy");
        let resources = Resources { deny_signer, ..Resources::default() };
        let gate = Rc::new(Gate::new(policy, resources).expect("a gate"));
        let runtime = Rc::new_cyclic(|me| Runtime {
            me: me.clone(),
            time: Rc::clone(&self.time),
            store: Rc::clone(&self.store),
            gate: RefCell::new(Rc::downgrade(&gate)),
            serves: RefCell::new(Serves::Truth),
            serves_latest: RefCell::new(Serves::Truth),
            swaps: RefCell::default(),
            swap_takes: Cell::new(0),
            off: Cell::new(0),
            may_wait: Cell::new(true),
            behind: Cell::new(true),
            called: Cell::new(0),
            reads: RefCell::default(),
            requests: RefCell::default(),
            answer: RefCell::default(),
            jobs: RefCell::default(),
        });
        Isolate { gate, runtime }
    }

    /// What stands in the store.
    pub(crate) fn stored(&self) -> Option<Vec<u8>> {
        self.store.values.borrow().get(DENY_SNAPSHOT_KEY).cloned()
    }

    pub(crate) fn put(&self, text: impl Into<Vec<u8>>) {
        self.store.values.borrow_mut().insert(DENY_SNAPSHOT_KEY.to_owned(), text.into());
    }
}

impl Isolate {
    /// Begins to decide about a request with this credential.
    pub(crate) fn begin(&self, credential: &str) -> Begun<Verdict> {
        let (gate, runtime) = (Rc::clone(&self.gate), Rc::clone(&self.runtime));
        let request = GateRequest {
            method: "GET".to_owned(),
            url: "https://api.example/".to_owned(),
            headers: vec![("authorization".to_owned(), format!("Bearer {credential}"))],
            address: None,
            certificate: None,
        };
        self.runtime.time.begin(async move { gate.check(&*runtime, &request).await.verdict })
    }

    /// The code of the reason for which a request with this credential is denied now, or `ok`.
    pub(crate) fn code(&self, credential: &str) -> &'static str {
        match self.begin(credential).wait(60_000) {
            Ok(_) => "ok",
            Err(denial) => denial.reason.code(),
        }
    }

    pub(crate) fn serve(&self, how: Serves) {
        *self.runtime.serves.borrow_mut() = how;
    }

    /// Publishes that these are denied.
    pub(crate) fn deny(&self, entries: &Value) {
        self.begin_denial(entries).wait(60_000).expect("published");
    }

    pub(crate) fn begin_denial(
        &self,
        entries: &Value,
    ) -> Begun<Result<edgeward::revocation::Published, edgeward::revocation::PublishError>> {
        let entries: Vec<DenyEntry> = serde_json::from_value(entries.clone()).expect("entries");
        let (gate, runtime) = (Rc::clone(&self.gate), Rc::clone(&self.runtime));
        self.runtime.time.begin(async move { gate.deny(&*runtime, entries).await })
    }

    pub(crate) fn republish(&self) -> Result<edgeward::revocation::Published, edgeward::revocation::PublishError> {
        let (gate, runtime) = (Rc::clone(&self.gate), Rc::clone(&self.runtime));
        self.runtime.time.begin(async move { gate.revocation().republish(&*runtime).await }).wait(60_000)
    }

    /// What the clock of a deployment sets off.
    pub(crate) fn schedule(&self) {
        let (gate, runtime) = (Rc::clone(&self.gate), Rc::clone(&self.runtime));
        self.runtime.time.begin(async move { gate.refresh_on_schedule(&*runtime).await }).wait(60_000);
    }
}
