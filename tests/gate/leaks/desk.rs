//! A gate that takes reports, over a store that it writes to, and a sender that signs.

use std::cell::{Cell, RefCell};

use data_encoding::{BASE64, HEXLOWER};
use edgeward::{
    api_key::{Issued, Record, Usage, store_key, usage_key},
    gate::{Answer, Gate, GateRequest, Outcome, Resources},
    host::{BodyError, Host, HostError, InboundAnswer, NativeCheck, OutboundRequest, UnixMillis},
    jose::Algorithm,
    policy::read_policy,
};
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer},
    pkcs8::{EncodePublicKey, LineEnding},
};
use pollster::block_on;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    stage::{self, Stage, assert_hidden},
    support::FakeHost,
};

/// A key of the sender, by its number.
pub(crate) fn signing(number: u8) -> SigningKey {
    SigningKey::from_slice(&[number; 32]).expect("a key")
}

/// The list that the sender publishes: keys by their names.
pub(crate) fn list(keys: &[(&str, u8)]) -> Value {
    let entry = |(place, (name, number)): (usize, &(&str, u8))| {
        let key = p256::PublicKey::from(signing(*number).verifying_key());
        json!({
            "key_identifier": name, "key": key.to_public_key_pem(LineEnding::LF).expect("a PEM"), "is_current": place == 0,
        })
    };
    json!({ "public_keys": keys.iter().enumerate().map(entry).collect::<Vec<_>>() })
}

pub(crate) fn published(list: &Value, etag: Option<&str>) -> InboundAnswer {
    let headers = etag.map(|etag| ("etag".to_owned(), etag.to_owned())).into_iter().collect();
    InboundAnswer { status: 200, headers, body: list.to_string().into_bytes() }
}

pub(crate) fn status(status: u16) -> InboundAnswer {
    InboundAnswer {
        status,
        headers: vec![("location".to_owned(), "https://evil.example/".to_owned())],
        body: Vec::new(),
    }
}

/// A signature as the protocol has it.
pub(crate) fn signed(number: u8, body: &[u8]) -> String {
    let signature: Signature = signing(number).sign(body);
    BASE64.encode(signature.to_der().as_bytes())
}

/// A report that the key `k1`, of number 1, signed.
pub(crate) struct Report {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Report {
    pub(crate) fn of(entries: &Value) -> Self {
        Self::signed_by("k1", 1, entries.to_string().into_bytes())
    }

    /// A report of these tokens, found in a commit.
    pub(crate) fn tokens<'t>(tokens: impl IntoIterator<Item = &'t str>) -> Self {
        Self::of(&tokens.into_iter().map(entry).collect())
    }

    pub(crate) fn signed_by(name: &str, number: u8, body: Vec<u8>) -> Self {
        Self::with(name, &signed(number, &body), body)
    }

    pub(crate) fn with(name: &str, signature: &str, body: Vec<u8>) -> Self {
        let headers = [("Github-Public-Key-Identifier", name), ("GITHUB-PUBLIC-KEY-SIGNATURE", signature)];
        Self { headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(), body }
    }
}

pub(crate) fn entry(token: &str) -> Value {
    json!({ "token": token, "type": "acme_key", "url": "https://git.example/a/b#L3", "source": "commit" })
}

pub(crate) fn hash(token: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(token))
}

/// What of the store fails: a verb and the beginning of a name, as in `swap key/`.
type Broken = String;

/// A host whose store takes writes.
pub(crate) struct Desk {
    pub(crate) host: FakeHost,
    pub(crate) gate: Gate,
    pub(crate) broken: RefCell<Vec<Broken>>,
    /// How often the body was asked for.
    pub(crate) bodies: Cell<usize>,
    /// Which reports are remembered, and for how long.
    pub(crate) written: RefCell<Vec<(String, u32)>>,
    /// How many swaps somebody else still comes before.
    pub(crate) rivals: Cell<usize>,
    pub(crate) swaps: Cell<usize>,
    /// Every event of the last request.
    pub(crate) events: RefCell<Vec<Value>>,
    body: RefCell<Vec<u8>>,
}

impl Desk {
    /// A gate that takes reports, whose sender publishes `k1` once.
    pub(crate) fn new() -> Self {
        let desk = Self::of(&json!({ "leaks": {} }));
        desk.sender_answers(published(&list(&[("k1", 1)]), None));
        desk
    }

    /// A gate of the usual policy with these members.
    pub(crate) fn of(members: &Value) -> Self {
        let mut policy = stage::policy();
        policy.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
        let policy = read_policy(&policy.to_string()).expect("a policy");
        Self {
            host: FakeHost::new(),
            gate: Gate::new(policy, Resources::default()).expect("a gate"),
            broken: RefCell::default(),
            bodies: Cell::new(0),
            written: RefCell::default(),
            rivals: Cell::new(0),
            swaps: Cell::new(0),
            events: RefCell::default(),
            body: RefCell::default(),
        }
    }

    pub(crate) fn sender_answers(&self, answer: InboundAnswer) {
        self.host.answers.borrow_mut().push_back(Ok(answer));
    }

    /// How often the sender was asked for its keys.
    pub(crate) fn asked(&self) -> usize {
        self.host.requests.borrow().len()
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.host.now.set(self.host.now.get() + seconds * 1000);
    }

    /// A key in the store, of which something was changed before. Each has its own text.
    pub(crate) fn key_with(&self, change: impl FnOnce(&mut Issued)) -> Issued {
        // The stage issues by its own host, whose chance is the same each time.
        let stage = Stage { host: FakeHost::seeded(u64::from(self.chance())), ..Stage::new() };
        let issued = stage.key_with(change);
        self.host.put(&issued);
        issued
    }

    fn chance(&self) -> u32 {
        let mut bytes = [0; 4];
        self.host.fill_random(&mut bytes).expect("chance");
        u32::from_be_bytes(bytes)
    }

    pub(crate) fn key(&self) -> Issued {
        self.key_with(|_| {})
    }

    pub(crate) fn record(&self, id: &str) -> Record {
        Record::from_store(&self.host.store.borrow()[&store_key(id)]).expect("a record")
    }

    /// Where the key was seen, as its notes say.
    pub(crate) fn exposed(&self, id: &str) -> Option<String> {
        let notes = self.host.store.borrow().get(&usage_key(id)).cloned();
        Usage::from_store(notes.as_deref()).exposed.map(|exposure| exposure.place)
    }

    pub(crate) fn send(&self, report: &Report) -> Answer {
        self.request("POST", report)
    }

    pub(crate) fn request(&self, method: &str, report: &Report) -> Answer {
        self.body.borrow_mut().clone_from(&report.body);
        let request =
            GateRequest { headers: report.headers.clone(), ..stage::request(method, "/_edgeward/leaks", &[]) };
        let tokens = serde_json::from_slice::<Value>(&report.body).unwrap_or_default();
        let tokens: Vec<&str> =
            tokens.as_array().into_iter().flatten().filter_map(|entry| entry["token"].as_str()).collect();
        self.watched(&request, &tokens)
    }

    /// Sends a request, and sees that nothing of these tokens shows itself.
    pub(crate) fn watched(&self, request: &GateRequest, tokens: &[&str]) -> Answer {
        let outcome = block_on(self.gate.handle(self, request));
        let shown = serde_json::to_string(&outcome).expect("JSON");
        for token in tokens {
            let watched = stage::request("GET", "/", &[("x-token", token)]);
            assert_hidden(&shown, &watched);
            assert!(token.len() < 8 || !shown.contains(token), "{token:?} shows itself in {shown}");
        }
        let Outcome::Respond { answer, audit } = outcome else { panic!("forwarded") };
        *self.events.borrow_mut() = audit
            .iter()
            .map(|entry| {
                let event = serde_json::from_str(&entry.event).expect("an event is JSON");
                stage::assert_fits_schema(&event);
                event
            })
            .collect();
        answer
    }

    /// The labels of an answer that must be 200, by the tokens' digests.
    pub(crate) fn labels(&self, report: &Report) -> Vec<(String, String)> {
        let answer = self.send(report);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let feedback: Vec<Value> = serde_json::from_str(&answer.body).expect("an array");
        let pair = |entry: &Value| {
            let members: Vec<&String> = entry.as_object().expect("an object").keys().collect();
            assert_eq!(members, ["label", "token_hash", "token_type"]);
            let text = |name: &str| entry[name].as_str().expect("a string").to_owned();
            (text("token_hash"), text("label"))
        };
        feedback.iter().map(pair).collect()
    }

    /// The code of an answer that must be a denial, which its own event must agree with.
    pub(crate) fn code(&self, report: &Report) -> (u16, String) {
        let answer = self.send(report);
        let code = stage::problem(&answer)["code"].as_str().expect("a code").to_owned();
        let events = self.events.borrow();
        let last = events.last().expect("an event");
        assert_eq!((&last["class_uid"], &last["status_code"]), (&json!(3002), &json!(code)));
        assert_eq!(last["unmapped"]["route"], "/_edgeward/leaks");
        (answer.status, code)
    }

    /// What was done about each key of the last report, by id.
    pub(crate) fn actions(&self) -> Vec<(String, String)> {
        let events = self.events.borrow();
        let findings = events.iter().filter(|event| event["class_uid"] == 2004);
        let text = |event: &Value, name: &str| event["unmapped"][name].as_str().expect("a string").to_owned();
        findings.map(|event| (text(event, "credential_id"), text(event, "action"))).collect()
    }

    fn fails(&self, verb: &str, key: &str) -> Result<(), HostError> {
        let does = |broken: &Broken| format!("{verb} {key}").starts_with(broken.as_str());
        if self.broken.borrow().iter().any(does) { Err(HostError("the store is away".to_owned())) } else { Ok(()) }
    }
}

impl Host for Desk {
    fn now(&self) -> UnixMillis {
        self.host.now()
    }

    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), HostError> {
        self.host.fill_random(buffer)
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        self.fails("read", key)?;
        self.host.read(key).await
    }

    async fn swap(&self, key: &str, expected: Option<&[u8]>, value: Option<&[u8]>) -> Result<bool, HostError> {
        self.fails("swap", key)?;
        self.swaps.set(self.swaps.get() + 1);
        let mut store = self.host.store.borrow_mut();
        if self.rivals.get() > 0 {
            self.rivals.set(self.rivals.get() - 1);
            return Ok(false);
        }
        if store.get(key).map(Vec::as_slice) != expected {
            return Ok(false);
        }
        match value {
            Some(value) => store.insert(key.to_owned(), value.to_vec()),
            None => store.remove(key),
        };
        Ok(true)
    }

    async fn write(&self, key: &str, value: Vec<u8>, seconds: u32) -> Result<(), HostError> {
        self.fails("write", key)?;
        if key.starts_with("leak/") {
            self.written.borrow_mut().push((key.to_owned(), seconds));
        }
        self.host.store.borrow_mut().insert(key.to_owned(), value);
        Ok(())
    }

    async fn body(&self, longest: usize) -> Result<Vec<u8>, BodyError> {
        self.bodies.set(self.bodies.get() + 1);
        let body = self.body.borrow().clone();
        if body.len() > longest { Err(BodyError::TooLong) } else { Ok(body) }
    }

    async fn fetch(&self, request: OutboundRequest) -> Result<InboundAnswer, HostError> {
        self.host.fetch(request).await
    }

    fn has_native(&self, algorithm: Algorithm) -> bool {
        self.host.has_native(algorithm)
    }

    async fn verify_signature(&self, check: NativeCheck<'_>) -> Result<bool, HostError> {
        self.host.verify_signature(check).await
    }
}
