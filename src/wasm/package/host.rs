//! The host, in JavaScript.

use std::{cell::Cell, rc::Rc};

use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::{
    JsCast,
    prelude::{JsValue, wasm_bindgen},
};

use super::task::Exchange;
use crate::{
    host::{
        BodyError, Host, HostError, InboundAnswer, Listing, NativeCheck, OutboundRequest, Surroundings, UnixMillis,
    },
    jose::Algorithm,
    json,
};

#[wasm_bindgen]
extern "C" {
    /// What the shell lends. Each function that may take time returns its value or a promise of it.
    #[derive(Clone)]
    pub type JsHost;

    #[wasm_bindgen(method, catch)]
    fn now(this: &JsHost) -> Result<f64, JsValue>;

    /// A string, a `Uint8Array`, or null where the store has nothing.
    #[wasm_bindgen(method, catch)]
    fn read(this: &JsHost, key: &str) -> Result<JsValue, JsValue>;

    /// The same, within so many milliseconds.
    #[wasm_bindgen(method, catch, js_name = readWithin)]
    fn read_within(this: &JsHost, key: &str, timeout: u32) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = readNearby)]
    fn read_nearby(this: &JsHost, key: &str, timeout: u32, cached: u32) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = readLatest)]
    fn read_latest(this: &JsHost, key: &str) -> Result<JsValue, JsValue>;

    /// An array of what `read` hands back.
    #[wasm_bindgen(method, catch, js_name = readMany)]
    fn read_many(this: &JsHost, keys: Array) -> Result<JsValue, JsValue>;

    /// A boolean.
    #[wasm_bindgen(method, catch)]
    fn swap(this: &JsHost, key: &str, expected: Option<&str>, value: Option<&str>) -> Result<JsValue, JsValue>;

    /// `{ keys: [{ name }], list_complete, cursor }`.
    #[wasm_bindgen(method, catch)]
    fn list(this: &JsHost, prefix: &str, cursor: Option<&str>, most: u32) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn write(this: &JsHost, key: &str, value: &str, seconds: u32) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn wait(this: &JsHost, milliseconds: u32) -> Result<JsValue, JsValue>;

    /// `{ success }`, a boolean.
    #[wasm_bindgen(method, catch)]
    fn limit(this: &JsHost, limiter: &str, key: &str, timeout: u32) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = refreshLater)]
    fn refresh_later(this: &JsHost, work: u32) -> Result<(), JsValue>;

    /// Keeps the runtime going until this promise is settled, whoever leaves.
    #[wasm_bindgen(method, catch)]
    fn outlive(this: &JsHost, work: &JsValue) -> Result<(), JsValue>;

    /// What is kept count of, as JSON.
    #[wasm_bindgen(method, catch)]
    fn surroundings(this: &JsHost) -> Result<String, JsValue>;

    #[wasm_bindgen(method, catch, js_name = forgetKey)]
    fn forget_key(this: &JsHost, key: u32) -> Result<(), JsValue>;

    /// `{ status, headers, body }`, the body a `Uint8Array`; headers are an array of pairs, here and there.
    #[wasm_bindgen(method, catch)]
    fn send(
        this: &JsHost,
        method: &str,
        url: &str,
        headers: Array,
        body: Option<&str>,
        longest: u32,
        timeout: u32,
    ) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = hasNative)]
    fn has_native(this: &JsHost, algorithm: &str, synchronously: bool) -> Result<bool, JsValue>;

    /// Undefined where the key was not imported yet.
    #[wasm_bindgen(method, catch)]
    fn verify(this: &JsHost, key: u32, algorithm: &str, message: &[u8], signature: &[u8]) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch, js_name = importKey)]
    fn import_key(this: &JsHost, key: u32, algorithm: &str, jwk: &str) -> Result<JsValue, JsValue>;
}

/// One check's view of the host.
pub(super) struct Lent {
    js: JsHost,
    exchange: Rc<Exchange>,
    now: Option<f64>,
    synchronous: bool,
    for_others: Cell<bool>,
    /// Reads the body of the request, where there is one: at most so many bytes, and null where it has more.
    body: Option<Function>,
}

impl Lent {
    /// The host for one check. `now` stands in for the host's clock, in milliseconds.
    pub(super) fn new(js: JsHost, now: Option<f64>) -> Self {
        Self { js, exchange: Rc::default(), now, synchronous: false, for_others: Cell::new(false), body: None }
    }

    /// The same host, for a request with this body.
    pub(super) fn with_body(mut self, body: Option<Function>) -> Self {
        self.body = body;
        self
    }

    /// The same host, asked for nothing that could take time.
    pub(super) fn synchronously(mut self) -> Self {
        self.synchronous = true;
        self
    }

    pub(super) fn exchange(&self) -> Rc<Exchange> {
        Rc::clone(&self.exchange)
    }

    /// The value itself, or what its promise is settled with.
    async fn settle(&self, returned: Result<JsValue, JsValue>) -> Result<JsValue, HostError> {
        let value = returned.map_err(|error| failure(&error))?;
        if value.is_instance_of::<Promise>() {
            if self.for_others.get() {
                // A host that fails here may end the work with its request, and another one takes it over.
                let _ = self.js.outlive(&value);
            }
            self.exchange.settle(value).await.map_err(|error| failure(&error))
        } else {
            Ok(value)
        }
    }
}

/// What a thrown value says of itself, with its cause: a platform's `fetch` says there what went wrong. An operator reads
/// it, a client never does.
fn failure(error: &JsValue) -> HostError {
    // A getter that throws would take the core's own frames with it.
    let member = |error: &JsValue, name: &str| Reflect::get(error, &name.into()).unwrap_or_default();
    let message = |error: &JsValue| member(error, "message").as_string().unwrap_or_default();
    let is_error = |error: &JsValue| error.is_instance_of::<js_sys::Error>();
    if !is_error(error) {
        let words = error.as_string();
        return HostError(words.unwrap_or_else(|| "the host threw a value that is no error".to_owned()));
    }
    let cause = member(error, "cause");
    match Some(cause).filter(is_error).map(|cause| message(&cause)).filter(|words| !words.is_empty()) {
        Some(cause) => HostError(format!("{}: {cause}", message(error))),
        None => HostError(message(error)),
    }
}

/// A clock that fails stands at the end of time, where every credential with an end has ended.
fn milliseconds(now: f64) -> UnixMillis {
    #[expect(clippy::cast_possible_truncation, reason = "a clock within 2^53 milliseconds, by the test before it")]
    if now.abs() <= 9_007_199_254_740_991.0 { UnixMillis(now.floor() as i64) } else { UnixMillis(i64::MAX) }
}

/// What a store had under a key.
fn stored(value: JsValue) -> Result<Option<Vec<u8>>, HostError> {
    if value.is_null() || value.is_undefined() {
        return Ok(None);
    }
    if let Some(text) = value.as_string() {
        return Ok(Some(text.into_bytes()));
    }
    match value.dyn_into::<Uint8Array>() {
        Ok(bytes) => Ok(Some(bytes.to_vec())),
        Err(_) => Err(HostError("the store answered with neither text nor bytes".to_owned())),
    }
}

/// A page of names, as Cloudflare KV writes it. What is none is an error: half a list would pass for all of it.
fn listing(value: &JsValue) -> Result<Listing, HostError> {
    let wrong = || HostError("the store answered with no list".to_owned());
    let member = |value: &JsValue, name: &str| Reflect::get(value, &name.into()).map_err(|_| wrong());
    let name = |key: JsValue| member(&key, "name")?.as_string().ok_or_else(wrong);
    let keys = member(value, "keys")?.dyn_into::<Array>().map_err(|_| wrong())?;
    let keys = keys.iter().map(name).collect::<Result<_, _>>()?;
    let cursor = match member(value, "list_complete")?.as_bool() {
        Some(true) => None,
        Some(false) => Some(member(value, "cursor")?.as_string().ok_or_else(wrong)?),
        None => return Err(wrong()),
    };
    Ok(Listing { keys, cursor })
}

/// Headers, their names in lower case. What is no pair of strings is left out.
fn pairs(headers: &JsValue) -> Vec<(String, String)> {
    let pair = |pair: JsValue| {
        let pair = pair.dyn_into::<Array>().ok()?;
        Some((pair.get(0).as_string()?.to_ascii_lowercase(), pair.get(1).as_string()?))
    };
    headers.dyn_ref::<Array>().map(|pairs| pairs.iter().filter_map(pair).collect()).unwrap_or_default()
}

impl Host for Lent {
    fn now(&self) -> UnixMillis {
        self.now.map_or_else(|| self.clock(), milliseconds)
    }

    fn clock(&self) -> UnixMillis {
        milliseconds(self.js.now().unwrap_or(f64::NAN))
    }

    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), HostError> {
        getrandom::fill(buffer).map_err(|error| HostError(error.to_string()))
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        stored(self.settle(self.js.read(key)).await?)
    }

    async fn read_within(&self, key: &str, timeout: u32) -> Result<Option<Vec<u8>>, HostError> {
        stored(self.settle(self.js.read_within(key, timeout)).await?)
    }

    async fn read_nearby(&self, key: &str, timeout: u32, cached: u32) -> Result<Option<Vec<u8>>, HostError> {
        stored(self.settle(self.js.read_nearby(key, timeout, cached)).await?)
    }

    async fn read_latest(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        stored(self.settle(self.js.read_latest(key)).await?)
    }

    async fn read_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, HostError> {
        let names = keys.iter().map(|key| JsValue::from_str(key)).collect();
        let values = self.settle(self.js.read_many(names)).await?.dyn_into::<Array>();
        let values = values.map_err(|_| HostError("the store answered with no values".to_owned()))?;
        values.iter().map(stored).collect()
    }

    async fn swap(&self, key: &str, expected: Option<&[u8]>, value: Option<&[u8]>) -> Result<bool, HostError> {
        let text = |bytes: Option<&[u8]>| match bytes.map(|bytes| String::from_utf8(bytes.to_vec())) {
            Some(Err(_)) => Err(HostError("what is stored is text".to_owned())),
            Some(Ok(text)) => Ok(Some(text)),
            None => Ok(None),
        };
        let (expected, value) = (text(expected)?, text(value)?);
        self.exchange.changes();
        let swapped = self.settle(self.js.swap(key, expected.as_deref(), value.as_deref())).await?;
        swapped.as_bool().ok_or_else(|| HostError("the store answered a swap with neither true nor false".to_owned()))
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>, most: u32) -> Result<Listing, HostError> {
        listing(&self.settle(self.js.list(prefix, cursor, most)).await?)
    }

    async fn body(&self, longest: usize) -> Result<Vec<u8>, BodyError> {
        let Some(read) = &self.body else {
            return Err(BodyError::Failed(HostError("the request came without a body".to_owned())));
        };
        #[expect(clippy::cast_precision_loss, reason = "bodies that are read are short")]
        let returned = read.call1(&JsValue::UNDEFINED, &JsValue::from_f64(longest as f64));
        let body = self.settle(returned).await.map_err(BodyError::Failed)?;
        if body.is_null() || body.is_undefined() {
            return Err(BodyError::TooLong);
        }
        let wrong = |_| BodyError::Failed(HostError("the host handed back no body".to_owned()));
        body.dyn_into::<Uint8Array>().map(|body| body.to_vec()).map_err(wrong)
    }

    async fn write(&self, key: &str, value: Vec<u8>, seconds: u32) -> Result<(), HostError> {
        let text = String::from_utf8(value).map_err(|_| HostError("what is stored is text".to_owned()))?;
        self.settle(self.js.write(key, &text, seconds)).await.map(|_| ())
    }

    async fn wait(&self, milliseconds: u32) -> Result<(), HostError> {
        self.settle(self.js.wait(milliseconds)).await.map(|_| ())
    }

    fn may_wait(&self) -> bool {
        !self.synchronous
    }

    fn refresh_later(&self, work: u32) {
        // A host that fails here is asked again.
        let _ = self.js.refresh_later(work);
    }

    fn work_for_others(&self, does: bool) {
        self.for_others.set(does);
    }

    fn surroundings(&self) -> Surroundings {
        // A host that keeps no count says nothing.
        self.js.surroundings().ok().and_then(|text| json::read_open_bytes(text.as_bytes())).unwrap_or_default()
    }

    fn forget_key(&self, key: u32) {
        let _ = self.js.forget_key(key);
    }

    async fn fetch(&self, request: OutboundRequest) -> Result<InboundAnswer, HostError> {
        if self.synchronous {
            return Err(HostError("a server would have to be asked, and the check waits for nothing".to_owned()));
        }
        let headers = request.headers.iter().map(|(name, value)| Array::of2(&(*name).into(), &value.as_str().into()));
        let longest = u32::try_from(request.longest_answer).unwrap_or(u32::MAX);
        let body = request.body.as_deref();
        let sent = self.js.send(request.method, &request.url, headers.collect(), body, longest, request.timeout);
        let answer = self.settle(sent).await?;
        let member = |name: &str| Reflect::get(&answer, &name.into()).unwrap_or_default();
        let body = member("body").dyn_into::<Uint8Array>();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a status, by the test before it")]
        match (member("status").as_f64(), body) {
            (Some(status), Ok(body)) if (0.0..=999.0).contains(&status) => {
                Ok(InboundAnswer { status: status as u16, headers: pairs(&member("headers")), body: body.to_vec() })
            }
            _ => Err(HostError("the host handed back no answer".to_owned())),
        }
    }

    async fn limit(&self, limiter: &str, key: &str, timeout: u32) -> Result<bool, HostError> {
        let answer = self.settle(self.js.limit(limiter, key, timeout)).await?;
        let success = Reflect::get(&answer, &"success".into()).unwrap_or_default();
        success.as_bool().ok_or_else(|| HostError("the limiter answered with neither true nor false".to_owned()))
    }

    fn has_native(&self, algorithm: Algorithm) -> bool {
        self.js.has_native(algorithm.name(), self.synchronous).unwrap_or(false)
    }

    async fn verify_signature(&self, check: NativeCheck<'_>) -> Result<bool, HostError> {
        let (key, algorithm) = (check.key.id(), check.algorithm.name());
        let verify = || self.js.verify(key, algorithm, check.message, check.signature);
        let mut answer = self.settle(verify()).await?;
        if answer.is_undefined() {
            self.settle(self.js.import_key(key, algorithm, check.key.jwk())).await?;
            answer = self.settle(verify()).await?;
        }
        answer.as_bool().ok_or_else(|| HostError("the native check answered with neither true nor false".to_owned()))
    }
}
