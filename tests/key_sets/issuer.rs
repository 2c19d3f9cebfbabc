//! An issuer in virtual time: its keys, how fast it answers, and in which ways it does not.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    sync::LazyLock,
};

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer as _, SigningKey};
use edgeward::host::{HostError, InboundAnswer, OutboundRequest};
use serde_json::{Value, json};

use super::{
    support::{AUDIENCE, ISSUER},
    time::Time,
};

/// Where the key set is.
pub(crate) const JWKS: &str = "https://issuer.example/jwks";

/// The keys by their numbers. Those of the tests are few, and each is made once.
static SIGNERS: LazyLock<Vec<SigningKey>> =
    LazyLock::new(|| (0..=u8::MAX).map(|number| SigningKey::from_bytes(&[number; 32])).collect());

/// Good tokens of the usual issuer, by the number of their key.
static TOKENS: LazyLock<Vec<String>> = LazyLock::new(|| (0..=u8::MAX).map(|number| token_of(ISSUER, number)).collect());

/// The public part of a key.
pub(crate) fn jwk(number: u8) -> Value {
    let x = BASE64URL_NOPAD.encode(SIGNERS[usize::from(number)].verifying_key().as_bytes());
    json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": format!("k{number}"), "use": "sig" })
}

/// The key with its private part, which no issuer should publish.
pub(crate) fn private_jwk(number: u8) -> Value {
    let mut jwk = jwk(number);
    jwk["d"] = BASE64URL_NOPAD.encode(SIGNERS[usize::from(number)].as_bytes()).into();
    jwk
}

/// A token that was signed with a key, and ends when the tests are long over.
pub(crate) fn token(number: u8) -> String {
    TOKENS[usize::from(number)].clone()
}

pub(crate) fn token_of(issuer: &str, number: u8) -> String {
    let signing_input = signing_input(issuer, Some(&format!("k{number}")));
    let signature = SIGNERS[usize::from(number)].sign(signing_input.as_bytes());
    format!("{signing_input}.{}", BASE64URL_NOPAD.encode(&signature.to_bytes()))
}

/// A token without a `kid`, signed with a key.
pub(crate) fn nameless_token(number: u8) -> String {
    let signing_input = signing_input(ISSUER, None);
    let signature = SIGNERS[usize::from(number)].sign(signing_input.as_bytes());
    format!("{signing_input}.{}", BASE64URL_NOPAD.encode(&signature.to_bytes()))
}

/// A token that names a key, and that nobody signed.
pub(crate) fn unsigned_token(kid: &str) -> String {
    format!("{}.{}", signing_input(ISSUER, Some(kid)), BASE64URL_NOPAD.encode(&[0; 64]))
}

fn signing_input(issuer: &str, kid: Option<&str>) -> String {
    let header = match kid {
        Some(kid) => json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": kid }),
        None => json!({ "alg": "EdDSA", "typ": "at+jwt" }),
    };
    let claims = json!({ "iss": issuer, "aud": AUDIENCE, "sub": "client-1", "client_id": "client-1",
        "iat": 1_000_000_000, "exp": 4_000_000_000_i64 });
    let encode = |json: Value| BASE64URL_NOPAD.encode(json.to_string().as_bytes());
    format!("{}.{}", encode(header), encode(claims))
}

/// How the issuer answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Manner {
    Works,
    /// It takes the question and never answers.
    Hangs,
    /// The connection breaks.
    Resets,
    /// Another status than 200, a redirect among them.
    Status(u16),
    /// This, in place of a set.
    Says(Vec<u8>),
}

impl Manner {
    pub(crate) fn says(text: impl Into<String>) -> Self {
        Self::Says(text.into().into_bytes())
    }
}

/// A question that it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// When, in milliseconds since the Unix epoch.
    pub(crate) at: i64,
    pub(crate) url: String,
    pub(crate) etag: Option<String>,
}

/// The issuer: a server with a few documents.
pub(crate) struct IssuerServer {
    time: Rc<Time>,
    /// The documents at their URLs.
    documents: RefCell<BTreeMap<String, Value>>,
    pub(crate) manner: RefCell<Manner>,
    /// How long it takes to answer, in milliseconds.
    pub(crate) delay: Cell<i64>,
    pub(crate) cache_control: RefCell<Option<&'static str>>,
    /// Whether it sends entity tags, and answers 304.
    pub(crate) tags: Cell<bool>,
    /// Whether its 304 repeats `Cache-Control`.
    pub(crate) repeats: Cell<bool>,
    pub(crate) asked: RefCell<Vec<Asked>>,
}

impl IssuerServer {
    pub(crate) fn new(time: &Rc<Time>) -> Rc<Self> {
        Rc::new(Self {
            time: Rc::clone(time),
            documents: RefCell::default(),
            manner: RefCell::new(Manner::Works),
            delay: Cell::new(100),
            cache_control: RefCell::default(),
            tags: Cell::new(false),
            repeats: Cell::new(true),
            asked: RefCell::default(),
        })
    }

    /// Publishes these keys, and no others.
    pub(crate) fn publish(&self, numbers: &[u8]) {
        self.publish_keys(&numbers.iter().copied().map(jwk).collect::<Vec<_>>());
    }

    pub(crate) fn publish_keys(&self, keys: &[Value]) {
        self.put(JWKS, json!({ "keys": keys }));
    }

    /// Puts a document at a URL.
    pub(crate) fn put(&self, url: &str, document: Value) {
        self.documents.borrow_mut().insert(url.to_owned(), document);
    }

    /// Takes a document away.
    pub(crate) fn remove(&self, url: &str) {
        self.documents.borrow_mut().remove(url);
    }

    pub(crate) fn behaves(&self, manner: Manner) {
        self.manner.replace(manner);
    }

    /// How often it was asked.
    pub(crate) fn times_asked(&self) -> usize {
        self.asked.borrow().len()
    }

    /// Whether a question of now is answered with a set.
    pub(crate) fn is_well(&self) -> bool {
        *self.manner.borrow() == Manner::Works
    }

    pub(crate) async fn answer(&self, request: OutboundRequest) -> Result<InboundAnswer, HostError> {
        let header =
            |name: &str| request.headers.iter().find(|(found, _)| *found == name).map(|(_, text)| text.clone());
        let etag = header("if-none-match");
        self.asked.borrow_mut().push(Asked { at: self.time.now(), url: request.url.clone(), etag: etag.clone() });
        // What it knows when it is asked: an answer is as old as its question, at the worst.
        let answer = self.now_says(&request.url, etag.as_deref());
        let timeout = i64::from(request.timeout);
        let hangs = *self.manner.borrow() == Manner::Hangs;
        let takes = if hangs { i64::MAX } else { self.delay.get() };
        if takes > timeout {
            self.time.sleep(timeout).await;
            return Err(HostError("no answer in time".to_owned()));
        }
        self.time.sleep(takes).await;
        match answer {
            Ok(answer) if answer.body.len() > request.longest_answer => Err(HostError("too long an answer".to_owned())),
            answer => answer,
        }
    }

    fn now_says(&self, url: &str, etag: Option<&str>) -> Result<InboundAnswer, HostError> {
        let mut headers = Vec::new();
        if let Some(control) = *self.cache_control.borrow() {
            headers.push(("cache-control".to_owned(), control.to_owned()));
        }
        let (status, body) = match &*self.manner.borrow() {
            Manner::Works | Manner::Hangs => match self.documents.borrow().get(url) {
                Some(document) => (200, document.to_string().into_bytes()),
                None => (404, Vec::new()),
            },
            Manner::Resets => return Err(HostError("the connection was reset".to_owned())),
            Manner::Status(status) => (*status, b"{}".to_vec()),
            Manner::Says(body) => (200, body.clone()),
        };
        if self.tags.get() && status == 200 {
            // FNV-1a: another document has another tag.
            let hash = body.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
            });
            let tag = format!("\"{hash:x}\"");
            if etag == Some(&tag) {
                headers.retain(|_| self.repeats.get());
                return Ok(InboundAnswer { status: 304, headers, body: Vec::new() });
            }
            headers.push(("etag".to_owned(), tag));
        }
        Ok(InboundAnswer { status, headers, body })
    }
}
